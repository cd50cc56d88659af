#include "server/health.h"

#include <sys/statvfs.h>

#include "host/log.h"
#include "server/metrics.h"
#include "server/server.h"

#define PATIENCE_DEFAULT 20u        /* seconds */
#define TRIAL_INTERVAL 30000000000u /* ns without a write until one is tried */
#define PULSES_MAX 128u             /* threads that are looked after */

/* One per thread that serves devices: odd while it is at work. */
static struct {
    _Alignas(64) atomic_uint beat;
} pulses[PULSES_MAX];
static atomic_uint pulse_count;
static _Thread_local unsigned pulse_index; /* plus one; 0: none yet */

/* What the main thread saw of them. */
static struct {
    unsigned beat;
    uint64_t since; /* ns */
} seen[PULSES_MAX];

static const struct {
    const char *name, *text;
} complaints[PAWL_COMPLAINT_COUNT] = {
    {"stopping", "the server is being stopped"},
    {"main-thread", "the main thread does not turn"},
    {"committer", "writing what devices report takes too long"},
    {"listener", "a thread that serves devices is stuck"},
    {"store", "the database does not take what is written"},
    {"disk-space", "the data directory's file system is nearly full"},
};

const char *pawl_complaint_name(unsigned i)
{
    return complaints[i].name;
}

const char *pawl_complaint_text(unsigned i)
{
    return complaints[i].text;
}

static void pulse_beat(void)
{
    if (pulse_index == 0)
        pulse_index = atomic_fetch_add_explicit(&pulse_count, 1, memory_order_relaxed) + 1u;
    if (pulse_index <= PULSES_MAX) { /* this thread alone writes it */
        atomic_uint *beat = &pulses[pulse_index - 1].beat;
        atomic_store_explicit(beat, atomic_load_explicit(beat, memory_order_relaxed) + 1u,
                              memory_order_relaxed);
    }
}

void pawl_pulse_begin(void)
{
    pulse_beat();
}

void pawl_pulse_end(void)
{
    pulse_beat();
}

void pawl_health_init(struct pawl_health *health, unsigned patience)
{
    uint64_t now = pawl_clock_ns();
    atomic_init(&health->stopping, false);
    atomic_init(&health->ticked, now);
    atomic_init(&health->disk_free, UINT64_MAX);
    atomic_init(&health->store, PAWL_OK);
    atomic_init(&health->written, now);
    atomic_init(&health->stuck, 0);
    health->patience = (patience != 0 ? patience : PATIENCE_DEFAULT) * (uint64_t)1000000000u;
}

void pawl_health_note_write(struct pawl_health *health, enum pawl_result result)
{
    if (result != PAWL_OK && result != PAWL_STORAGE && result != PAWL_EXHAUSTED)
        return;
    atomic_store_explicit(&health->store, (int)result, memory_order_relaxed);
    if (result == PAWL_OK)
        atomic_store_explicit(&health->written, pawl_clock_ns(), memory_order_relaxed);
}

/* Counts the threads that have been in one piece of work for longer than patience allows. */
static unsigned stuck_count(const struct pawl_health *health, uint64_t now)
{
    unsigned count = atomic_load_explicit(&pulse_count, memory_order_relaxed), stuck = 0;
    for (unsigned i = 0; i < count && i < PULSES_MAX; i++) {
        unsigned beat = atomic_load_explicit(&pulses[i].beat, memory_order_relaxed);
        if (beat % 2 == 0 || beat != seen[i].beat) {
            seen[i].beat = beat;
            seen[i].since = now;
        } else if (now - seen[i].since > health->patience) {
            stuck++;
        }
    }
    return stuck;
}

static uint64_t disk_free_get(const struct pawl_server *server)
{
    struct statvfs status;
    if (statvfs(server->data.path, &status) != 0)
        return UINT64_MAX; /* what cannot be known is no reason to be woken */
    return (uint64_t)status.f_bavail * status.f_frsize;
}

/* A server that nobody writes to is asked to write now and then: or it would learn that it cannot
 * from the first device that confirms, and never that it can again. */
static void trial_write(struct pawl_server *server, uint64_t now)
{
    struct pawl_health *health = &server->health;
    bool failing = atomic_load_explicit(&health->store, memory_order_relaxed) != PAWL_OK;
    if (failing ||
        now - atomic_load_explicit(&health->written, memory_order_relaxed) > TRIAL_INTERVAL)
        pawl_health_note_write(health, pawl_store_trial(server->store));
}

/* Says what changed, once. */
static void complaints_log(unsigned before, unsigned after)
{
    for (unsigned i = 0; i < PAWL_COMPLAINT_COUNT; i++) {
        unsigned bit = 1u << i;
        if ((before & bit) == (after & bit) || bit == PAWL_COMPLAINT_STOPPING)
            continue;
        pawl_log((after & bit) != 0 ? PAWL_LOG_ERROR : PAWL_LOG_NOTICE,
                 "event=%s reason=%s message=\"%s\"",
                 (after & bit) != 0 ? "unhealthy" : "healthy-again", complaints[i].name,
                 complaints[i].text);
    }
}

void pawl_health_tick(struct pawl_server *server)
{
    static unsigned told;
    struct pawl_health *health = &server->health;
    uint64_t now = pawl_clock_ns();
    atomic_store_explicit(&health->stuck, stuck_count(health, now), memory_order_relaxed);
    atomic_store_explicit(&health->disk_free, disk_free_get(server), memory_order_relaxed);
    trial_write(server, now);
    atomic_store_explicit(&health->ticked, pawl_clock_ns(), memory_order_relaxed);
    unsigned found = pawl_health_complaints(server);
    complaints_log(told, found);
    told = found;
}

unsigned pawl_health_complaints(const struct pawl_server *server)
{
    const struct pawl_health *health = &server->health;
    struct pawl_committer_state committer;
    uint64_t now = pawl_clock_ns();
    uint64_t ticked = atomic_load_explicit(&health->ticked, memory_order_relaxed);
    pawl_committer_look(server->committer, &committer);
    unsigned found = 0;
    if (atomic_load_explicit(&health->stopping, memory_order_relaxed))
        found |= PAWL_COMPLAINT_STOPPING;
    if (now > ticked && now - ticked > health->patience)
        found |= PAWL_COMPLAINT_TICK;
    if (committer.queued + committer.writing > 0 && now > committer.moved &&
        now - committer.moved > health->patience)
        found |= PAWL_COMPLAINT_COMMITTER;
    if (atomic_load_explicit(&health->stuck, memory_order_relaxed) > 0)
        found |= PAWL_COMPLAINT_LISTENER;
    if (atomic_load_explicit(&health->store, memory_order_relaxed) != PAWL_OK)
        found |= PAWL_COMPLAINT_STORE;
    if (atomic_load_explicit(&health->disk_free, memory_order_relaxed) < PAWL_DISK_FREE_LEAST)
        found |= PAWL_COMPLAINT_DISK;
    return found;
}
