#include "fleet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "host/hex.h"
#include "host/log.h"

#define ERRORS_TOLD 10u
#define ERRORS_MOST 100u /* no more devices are tried then */
#define REPEATS_MOST 3u
#define EVENTS 128

/* What a worker waits for. */
enum step { STEP_NONE, STEP_PREPARE, STEP_POLL, STEP_OFFER, STEP_PACKAGE, STEP_CONFIRM };

/* A connection and the device that uses it now. */
struct worker {
    struct connection connection;
    struct device *device;
    enum step step;
    unsigned repeats;
    uint64_t started; /* the request, microseconds */
    struct pawl_directive directive;
};

struct fleet {
    const struct fleet_plan *plan;
    struct fleet_counts *counts;
    struct worker *workers;
    int epoll;
    bool is_preparing;
    uint64_t turn;   /* of the devices */
    uint64_t taken;  /* cycles that were handed out in this run */
    uint64_t most;   /* cycles to hand out */
    uint64_t end;    /* microseconds; 0 for none */
    unsigned active; /* workers with a device */
};

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void latency_add(struct fleet_counts *counts, uint64_t microseconds)
{
    double bucket = microseconds > 0 ? 8.0 * log2((double)microseconds) : 0.0;
    counts->latencies[bucket < LATENCY_BUCKETS - 1 ? (size_t)bucket : LATENCY_BUCKETS - 1]++;
    if (microseconds > counts->latency_most)
        counts->latency_most = microseconds;
}

uint64_t fleet_latency(const struct fleet_counts *counts, double share)
{
    double wanted = share * (double)counts->requests;
    double seen = 0.0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += (double)counts->latencies[i];
        if (seen >= wanted)
            return (uint64_t)exp2((double)(i + 1) / 8.0);
    }
    return counts->latency_most;
}

static void device_next(struct fleet *fleet, struct worker *worker);

/* Something was not as it must be: counted, and the device is left as it is. */
static void fail(struct fleet *fleet, struct worker *worker, const char *what,
                 enum pawl_result result)
{
    char id[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    if (fleet->counts->errors++ < ERRORS_TOLD)
        pawl_error(result, "device %s: %s (HTTP %d)",
                   pawl_hex_encode(worker->device->device_id, PAWL_ID_SIZE, id), what,
                   worker->connection.status);
    worker->device->challenge_size = 0;
    device_next(fleet, worker);
}

static void report_send(struct fleet *fleet, struct worker *worker, enum step step)
{
    uint8_t report[PAWL_REPORT_SIZE_MAX];
    size_t size;

    worker->step = step;
    worker->started = now_us();
    enum pawl_result result = device_report(worker->device, report, &size);
    if (result == PAWL_OK)
        result = connection_post(&worker->connection, report, size);
    if (result != PAWL_OK)
        fail(fleet, worker, "the report could not be sent", result);
}

/* Starts one cycle of the mode. */
static void cycle_start(struct fleet *fleet, struct worker *worker)
{
    static const enum step first[] = {
        [FLEET_POLL] = STEP_POLL,
        [FLEET_CONFIRM] = STEP_CONFIRM,
        [FLEET_FULL] = STEP_OFFER,
        [FLEET_BLIND] = STEP_POLL,
    };

    worker->repeats = 0;
    if (fleet->is_preparing) {
        report_send(fleet, worker, STEP_PREPARE);
        return;
    }
    if (fleet->plan->mode == FLEET_BLIND)
        device_blind(worker->device);
    if (fleet->plan->mode == FLEET_CONFIRM)
        device_commit(worker->device, worker->device->package_id);
    report_send(fleet, worker, first[fleet->plan->mode]);
}

/* The next device in turn. There are at least as many devices as workers, so one is free. */
static struct device *device_take(struct fleet *fleet)
{
    struct device_list *list = fleet->plan->list;
    struct device *device;
    do {
        device = &list->devices[fleet->turn++ % list->count];
    } while (device->is_busy);
    device->is_busy = true;
    fleet->taken++;
    return device;
}

static void device_next(struct fleet *fleet, struct worker *worker)
{
    if (worker->step != STEP_NONE) {
        worker->device->is_busy = false;
        fleet->active--;
    }
    worker->step = STEP_NONE;
    if (fleet->counts->errors >= ERRORS_MOST || fleet->taken == fleet->most ||
        (fleet->end != 0 && now_us() >= fleet->end))
        return;
    worker->device = device_take(fleet);
    fleet->active++;
    cycle_start(fleet, worker);
}

static void cycle_end(struct fleet *fleet, struct worker *worker)
{
    fleet->counts->cycles++;
    device_next(fleet, worker);
}

/* The directive offers a package: its entitlement must open. */
static bool offer_check(struct fleet *fleet, struct worker *worker)
{
    if (worker->directive.action != PAWL_ACTION_DOWNLOAD) {
        fail(fleet, worker, "nothing was offered", PAWL_STATE);
        return false;
    }
    enum pawl_result result = device_entitle(worker->device, &worker->directive);
    if (result != PAWL_OK) {
        fail(fleet, worker, "the entitlement does not open", result);
        return false;
    }
    return true;
}

static void prepare_take(struct fleet *fleet, struct worker *worker)
{
    if (fleet->plan->mode == FLEET_CONFIRM) {
        if (!offer_check(fleet, worker))
            return;
        memcpy(worker->device->package_id, worker->directive.package_id, PAWL_PACKAGE_ID_SIZE);
    } else if (worker->directive.action != PAWL_ACTION_IDLE) {
        fail(fleet, worker, "the device is not left alone", PAWL_STATE);
        return;
    }
    cycle_end(fleet, worker);
}

static void poll_take(struct fleet *fleet, struct worker *worker)
{
    if (worker->directive.action != PAWL_ACTION_IDLE) {
        fail(fleet, worker, "an idle poll was answered with something to do", PAWL_STATE);
        return;
    }
    fleet->counts->polls++;
    cycle_end(fleet, worker);
}

static void offer_take(struct fleet *fleet, struct worker *worker)
{
    if (!offer_check(fleet, worker))
        return;
    worker->step = STEP_PACKAGE;
    worker->started = now_us();
    enum pawl_result result =
        connection_get(&worker->connection, worker->directive.url, worker->directive.url_size);
    if (result != PAWL_OK)
        fail(fleet, worker, "the package could not be asked for", result);
}

static void confirm_take(struct fleet *fleet, struct worker *worker)
{
    if (worker->directive.action != PAWL_ACTION_IDLE) {
        fail(fleet, worker, "a confirmation was not answered with idle", PAWL_STATE);
        return;
    }
    fleet->counts->confirmations++;
    cycle_end(fleet, worker);
}

static void package_take(struct fleet *fleet, struct worker *worker)
{
    struct pawl_package package;
    size_t size;
    const uint8_t *body = connection_body(&worker->connection, &size);

    if (worker->connection.status != 200 ||
        worker->connection.body_size != worker->directive.package_size ||
        pawl_package_read(body, size, &package) != PAWL_OK ||
        memcmp(package.package_id, worker->directive.package_id, PAWL_PACKAGE_ID_SIZE) != 0) {
        fail(fleet, worker, "what was sent is not the offered package", PAWL_CORRUPT);
        return;
    }
    fleet->counts->packages++;
    fleet->counts->bytes += worker->connection.body_size;
    device_commit(worker->device, package.package_id);
    report_send(fleet, worker, STEP_CONFIRM);
}

/* A report was answered. */
static void directive_take(struct fleet *fleet, struct worker *worker)
{
    static void (*const takers[])(struct fleet *, struct worker *) = {
        [STEP_PREPARE] = prepare_take,
        [STEP_POLL] = poll_take,
        [STEP_OFFER] = offer_take,
        [STEP_CONFIRM] = confirm_take,
    };
    size_t size;
    const uint8_t *body = connection_body(&worker->connection, &size);

    if (worker->connection.status != 200) {
        fail(fleet, worker, "the report was refused", PAWL_IO);
        return;
    }
    if (fleet->plan->mode == FLEET_BLIND) {
        fleet->counts->polls++;
        cycle_end(fleet, worker);
        return;
    }
    enum pawl_result result = device_direct(worker->device, body, size, &worker->directive);
    if (result != PAWL_OK) {
        fail(fleet, worker, "the answer is no directive for this report", result);
    } else if (worker->directive.action != PAWL_ACTION_REPEAT) {
        takers[worker->step](fleet, worker);
    } else if (++worker->repeats > REPEATS_MOST) {
        fail(fleet, worker, "one challenge follows another", PAWL_STATE);
    } else {
        fleet->counts->repeats++;
        report_send(fleet, worker, worker->step);
    }
}

static void worker_wake(struct fleet *fleet, struct worker *worker)
{
    int fd = worker->connection.fd;
    enum pawl_result result = connection_receive(&worker->connection);

    if (worker->connection.fd != fd) {
        /* It was connected anew. */
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
        epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, worker->connection.fd, &event);
    }
    if (result == PAWL_EXHAUSTED || worker->step == STEP_NONE)
        return;
    fleet->counts->requests++;
    fleet->counts->answer = worker->connection.body_size;
    latency_add(fleet->counts, now_us() - worker->started);
    if (result != PAWL_OK)
        fail(fleet, worker, "the answer did not come", result);
    else if (worker->step == STEP_PACKAGE)
        package_take(fleet, worker);
    else
        directive_take(fleet, worker);
}

/* Hands out `most` cycles, or as many as fit into `seconds`, and waits until all are done. */
static void work(struct fleet *fleet, uint64_t most, uint64_t seconds)
{
    uint64_t started = now_us();
    struct epoll_event events[EVENTS];

    fleet->taken = 0;
    fleet->most = most;
    fleet->end = seconds > 0 ? started + seconds * 1000000u : 0;
    for (unsigned i = 0; i < fleet->plan->connections; i++)
        device_next(fleet, &fleet->workers[i]);
    while (fleet->active > 0) {
        int ready = epoll_wait(fleet->epoll, events, EVENTS, 30000);
        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            fleet->counts->errors += fleet->active;
            pawl_error(PAWL_IO, "%u requests were not answered in 30 s", fleet->active);
            return;
        }
        for (int i = 0; i < ready; i++)
            worker_wake(fleet, events[i].data.ptr);
    }
    fleet->counts->seconds = (double)(now_us() - started) / 1e6;
}

static enum pawl_result workers_open(struct fleet *fleet)
{
    for (unsigned i = 0; i < fleet->plan->connections; i++) {
        struct worker *worker = &fleet->workers[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
        if (connection_open(&worker->connection, fleet->plan->target) != PAWL_OK ||
            epoll_ctl(fleet->epoll, EPOLL_CTL_ADD, worker->connection.fd, &event) != 0)
            return pawl_error(PAWL_IO, "%s: %s", fleet->plan->target->host, strerror(errno));
    }
    return PAWL_OK;
}

static void fleet_work(struct fleet *fleet)
{
    const struct fleet_plan *plan = fleet->plan;
    struct fleet_counts prepared;

    /* A device with a challenge starts a download with one report: in full mode nothing is
     * prepared, for the first exchange is a part of it. */
    if (plan->mode == FLEET_POLL || plan->mode == FLEET_CONFIRM) {
        fleet->is_preparing = true;
        work(fleet, plan->list->count, 0);
        fleet->is_preparing = false;
    }
    prepared = *fleet->counts;
    *fleet->counts = (struct fleet_counts){.errors = prepared.errors};
    if (prepared.errors == 0)
        work(fleet, plan->rounds > 0 ? plan->rounds * plan->list->count : UINT64_MAX,
             plan->seconds);
}

enum pawl_result fleet_run(const struct fleet_plan *plan, struct fleet_counts *counts)
{
    struct fleet fleet = {.plan = plan, .counts = counts, .epoll = epoll_create1(EPOLL_CLOEXEC)};

    *counts = (struct fleet_counts){0};
    fleet.workers = calloc(plan->connections, sizeof *fleet.workers);
    if (fleet.workers == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for %u connections", plan->connections);
    for (unsigned i = 0; i < plan->connections; i++)
        fleet.workers[i].connection.fd = -1;

    enum pawl_result result = workers_open(&fleet);
    if (result == PAWL_OK)
        fleet_work(&fleet);
    for (unsigned i = 0; i < plan->connections; i++)
        connection_close(&fleet.workers[i].connection);
    free(fleet.workers);
    return result;
}
