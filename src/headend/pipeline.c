#include "headend/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 4u
#define MEMORY_MAX ((size_t)2048 * 1024)

struct state {
    const struct pawl_pipeline *pipeline;
    pthread_mutex_t lock;
    pthread_cond_t turned;
    size_t next; /* the next unit that nobody has taken */
    size_t turn; /* the next unit to finish */
    enum pawl_result result;
    int cause; /* errno of the thread that failed */
};

unsigned pawl_pipeline_threads(unsigned wanted, size_t units, size_t worker_bytes)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads = wanted != 0 ? wanted : processors > 0 ? (uint64_t)processors : 1;
    uint64_t fit = worker_bytes != 0 ? MEMORY_MAX / worker_bytes : THREADS_MAX;
    const uint64_t limits[] = {THREADS_MAX, units, fit};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (threads > limits[i])
            threads = limits[i];
    }
    return threads > 0 ? (unsigned)threads : 1;
}

/* Takes the next unit; false when there is none left or something failed. */
static bool unit_take(struct state *state, size_t *unit)
{
    pthread_mutex_lock(&state->lock);
    bool taken = state->result == PAWL_OK && state->next < state->pipeline->units;
    if (taken)
        *unit = state->next++;
    pthread_mutex_unlock(&state->lock);
    return taken;
}

static void fail(struct state *state, enum pawl_result result, int cause)
{
    pthread_mutex_lock(&state->lock);
    if (state->result == PAWL_OK) {
        state->result = result;
        state->cause = cause;
    }
    pthread_cond_broadcast(&state->turned);
    pthread_mutex_unlock(&state->lock);
}

/* Waits for the unit's turn and finishes it. The turn itself excludes other threads, so the lock is
 * not held meanwhile. */
static enum pawl_result unit_finish(struct state *state, void *worker, size_t unit)
{
    pthread_mutex_lock(&state->lock);
    while (state->turn != unit && state->result == PAWL_OK)
        pthread_cond_wait(&state->turned, &state->lock);
    enum pawl_result result = state->result;
    pthread_mutex_unlock(&state->lock);
    if (result != PAWL_OK)
        return result;

    result = state->pipeline->finish(state->pipeline->context, worker, unit);
    if (result != PAWL_OK)
        return result;
    pthread_mutex_lock(&state->lock);
    state->turn = unit + 1;
    pthread_cond_broadcast(&state->turned);
    pthread_mutex_unlock(&state->lock);
    return PAWL_OK;
}

static enum pawl_result units_do(struct state *state, void *worker)
{
    const struct pawl_pipeline *pipeline = state->pipeline;
    enum pawl_result result = PAWL_OK;
    size_t unit;
    while (result == PAWL_OK && unit_take(state, &unit)) {
        result = pipeline->work(pipeline->context, worker, unit);
        if (result == PAWL_OK)
            result = unit_finish(state, worker, unit);
    }
    return result;
}

static void *worker_run(void *argument)
{
    struct state *state = argument;
    const struct pawl_pipeline *pipeline = state->pipeline;
    void *worker = calloc(1, pipeline->worker_size);
    enum pawl_result result = PAWL_EXHAUSTED;
    int cause = ENOMEM;
    if (worker != NULL) {
        result = pipeline->start(pipeline->context, worker);
        if (result == PAWL_OK)
            result = units_do(state, worker);
        cause = errno;
        pipeline->stop(pipeline->context, worker);
        free(worker);
    }
    if (result != PAWL_OK)
        fail(state, result, cause);
    return NULL;
}

enum pawl_result pawl_pipeline_run(const struct pawl_pipeline *pipeline)
{
    struct state state = {.pipeline = pipeline, .result = PAWL_OK};
    pthread_mutex_init(&state.lock, NULL);
    pthread_cond_init(&state.turned, NULL);

    pthread_t helpers[THREADS_MAX];
    unsigned started = 0;
    /* Fewer threads than asked for are slower, not wrong. */
    while (started + 1 < pipeline->threads && started < THREADS_MAX &&
           pthread_create(&helpers[started], NULL, worker_run, &state) == 0)
        started++;
    worker_run(&state);
    for (unsigned i = 0; i < started; i++)
        pthread_join(helpers[i], NULL);

    pthread_cond_destroy(&state.turned);
    pthread_mutex_destroy(&state.lock);
    if (state.result != PAWL_OK)
        errno = state.cause;
    return state.result;
}
