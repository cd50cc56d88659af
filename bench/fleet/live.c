#include "live.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "host/hex.h"
#include "host/log.h"

#define ERRORS_TOLD 10u
#define EVENTS 128
#define AWAY_US 50000u      /* until a server that was away is tried again */
#define FINISH_US 10000000u /* for the requests in hand, at the end */
#define UNAVAILABLE 503

/* A connection, and the device that uses it now. */
struct worker {
    struct connection connection;
    struct device *device; /* NULL: none */
    bool is_open;
    uint64_t rests_until; /* microseconds */
};

struct life {
    const struct fleet_plan *plan;
    struct fleet_counts *counts;
    struct worker *workers;
    int epoll;
    uint64_t turn;   /* of the devices, which come due one after the other */
    uint64_t active; /* workers with a device */
};

static volatile sig_atomic_t is_told_to_stop;

static void stop_note(int signal_number)
{
    (void)signal_number;
    is_told_to_stop = 1;
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

bool device_is_failing(const struct device *device, unsigned percent)
{
    uint32_t number;
    memcpy(&number, device->device_id, sizeof number);
    return number % 100u < percent;
}

/* The device is done for now, and polls again after the interval. */
static void turn_end(struct life *life, struct worker *worker)
{
    worker->device->due = now_us() + life->plan->interval * 1000u;
    worker->device->is_busy = false;
    worker->device = NULL;
    life->active--;
}

/* The server is away, or went away in between: the device does not know what became of its report.
 */
static void away(struct life *life, struct worker *worker)
{
    connection_close(&worker->connection);
    worker->is_open = false;
    worker->rests_until = now_us() + AWAY_US;
    life->counts->repeats++;
    turn_end(life, worker);
}

static void fail(struct life *life, struct worker *worker, const char *what,
                 enum pawl_result result)
{
    char id[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    if (life->counts->errors++ < ERRORS_TOLD)
        pawl_error(result, "device %s: %s (HTTP %d)",
                   pawl_hex_encode(worker->device->device_id, PAWL_ID_SIZE, id), what,
                   worker->connection.status);
    turn_end(life, worker);
}

static void report_send(struct life *life, struct worker *worker)
{
    uint8_t report[PAWL_REPORT_SIZE_MAX];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
    size_t size;
    enum pawl_result result = device_report(worker->device, report, &size);
    if (result == PAWL_OK)
        result = connection_post(&worker->connection, report, size);
    if (result != PAWL_OK)
        away(life, worker);
    else /* when it was connected anew, maybe with the same descriptor; else it is there already */
        epoll_ctl(life->epoll, EPOLL_CTL_ADD, worker->connection.fd, &event);
}

/* Takes the offer: the package runs, or it fails. Either is told at once. */
static void offer_take(struct life *life, struct worker *worker,
                       const struct pawl_directive *directive)
{
    struct device *device = worker->device;
    enum pawl_result result = device_entitle(device, directive);
    if (result != PAWL_OK) {
        fail(life, worker, "the entitlement does not open", result);
        return;
    }
    if (device_is_failing(device, life->plan->fail_percent)) {
        device_fail(device, directive->package_id);
        life->counts->failures++;
    } else {
        device_commit(device, directive->package_id);
        life->counts->cycles++;
        device->is_unconfirmed = true;
    }
    report_send(life, worker);
}

static void directive_take(struct life *life, struct worker *worker)
{
    struct pawl_directive directive;
    size_t size;
    const uint8_t *body = connection_body(&worker->connection, &size);
    enum pawl_result result = device_direct(worker->device, body, size, &directive);
    if (result != PAWL_OK) {
        fail(life, worker, "the answer is no directive for this report", result);
        return;
    }
    if (directive.action == PAWL_ACTION_REPEAT) {
        report_send(life, worker);
        return;
    }
    life->counts->confirmations += worker->device->is_unconfirmed;
    worker->device->is_unconfirmed = false;
    if (directive.action == PAWL_ACTION_DOWNLOAD) {
        offer_take(life, worker, &directive);
    } else if (directive.action != PAWL_ACTION_IDLE) {
        fail(life, worker, "an honest device is held", PAWL_STATE);
    } else {
        life->counts->polls++;
        turn_end(life, worker);
    }
}

static void worker_wake(struct life *life, struct worker *worker)
{
    if (worker->device == NULL) { /* closed while it had nothing to do */
        connection_close(&worker->connection);
        worker->is_open = false;
        return;
    }
    worker->connection.is_retried = true; /* a report whose fate is not known is made anew */
    enum pawl_result result = connection_receive(&worker->connection);
    if (result == PAWL_EXHAUSTED)
        return;
    life->counts->requests++;
    if (result == PAWL_IO || worker->connection.status == UNAVAILABLE)
        away(life, worker);
    else if (result != PAWL_OK || worker->connection.status != 200)
        fail(life, worker, "the report was refused", PAWL_IO);
    else
        directive_take(life, worker);
}

static bool worker_open(struct life *life, struct worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
    if (worker->is_open)
        return true;
    worker->is_open = connection_open(&worker->connection, life->plan->target) == PAWL_OK &&
                      epoll_ctl(life->epoll, EPOLL_CTL_ADD, worker->connection.fd, &event) == 0;
    if (!worker->is_open) {
        connection_close(&worker->connection);
        worker->rests_until = now_us() + AWAY_US;
    }
    return worker->is_open;
}

/* The device whose turn it is, when it is due; NULL: none is. */
static struct device *device_take(struct life *life, uint64_t now)
{
    const struct device_list *list = life->plan->list;
    struct device *device = &list->devices[life->turn % list->count];
    if (device->is_busy || device->due > now)
        return NULL;
    device->is_busy = true;
    life->turn++;
    return device;
}

/* Gives each free worker a device that is due. */
static void workers_start(struct life *life)
{
    uint64_t now = now_us();
    for (unsigned i = 0; i < life->plan->connections; i++) {
        struct worker *worker = &life->workers[i];
        if (worker->device != NULL || worker->rests_until > now || !worker_open(life, worker))
            continue;
        worker->device = device_take(life, now);
        if (worker->device == NULL)
            return;
        life->active++;
        report_send(life, worker);
    }
}

static void events_take(struct life *life)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(life->epoll, events, EVENTS, 10);
    for (int i = 0; i < ready; i++)
        worker_wake(life, events[i].data.ptr);
}

static void live(struct life *life)
{
    uint64_t began = now_us(), seconds = life->plan->seconds;
    while (!is_told_to_stop && (seconds == 0 || now_us() < began + seconds * 1000000u)) {
        workers_start(life);
        events_take(life);
    }
    for (uint64_t ended = now_us(); life->active > 0 && now_us() < ended + FINISH_US;)
        events_take(life);
    life->counts->seconds = (double)(now_us() - began) / 1e6;
}

enum pawl_result live_run(const struct fleet_plan *plan, struct fleet_counts *counts)
{
    const struct sigaction action = {.sa_handler = stop_note};
    struct life life = {.plan = plan, .counts = counts, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    *counts = (struct fleet_counts){0};
    life.workers = calloc(plan->connections, sizeof *life.workers);
    if (life.workers == NULL || life.epoll < 0)
        return pawl_error(PAWL_IO, "no memory for %u connections", plan->connections);
    for (unsigned i = 0; i < plan->connections; i++)
        life.workers[i].connection.fd = -1;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    live(&life);
    for (unsigned i = 0; i < plan->connections; i++)
        connection_close(&life.workers[i].connection);
    free(life.workers);
    return PAWL_OK;
}
