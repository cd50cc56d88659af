#include "server/committer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/commit_batch.h"
#include "server/http.h"
#include "server/metrics.h"

struct pawl_committer {
    struct pawl_store *store;
    struct pawl_device_cache *devices;
    struct pawl_health *health;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct pawl_commit *first, **last; /* the queue */
    bool stopping;
    atomic_uint_least64_t queued, writing, moved; /* as in pawl_committer_state */
    struct pawl_commit_batch batch;               /* the thread's own */
};

/* Waits for work and takes a batch of it; 0 when there will be none any more. */
static size_t batch_take(struct pawl_committer *committer)
{
    size_t count = 0;
    pthread_mutex_lock(&committer->lock);
    while (committer->first == NULL && !committer->stopping)
        pthread_cond_wait(&committer->wake, &committer->lock);
    for (; count < PAWL_COMMIT_BATCH_MAX && committer->first != NULL; count++) {
        committer->batch.commits[count] = committer->first;
        committer->first = committer->first->next;
    }
    if (committer->first == NULL)
        committer->last = &committer->first;
    atomic_fetch_sub(&committer->queued, count);
    atomic_store(&committer->writing, count);
    atomic_store(&committer->moved, pawl_clock_ns());
    pthread_mutex_unlock(&committer->lock);
    committer->batch.count = count;
    return count;
}

static void commit_count(const struct pawl_commit *commit)
{
    const struct pawl_change *change = &commit->change;
    if (commit->result != PAWL_OK) {
        pawl_count(PAWL_COUNT_COMMITS +
                   (commit->result == PAWL_STATE ? PAWL_COMMIT_OVERTAKEN : PAWL_COMMIT_FAILED));
        return;
    }
    pawl_count(PAWL_COUNT_COMMITS + PAWL_COMMIT_WRITTEN);
    if (commit->kind != PAWL_COMMIT_CHANGE)
        return;
    if (change->after.standing == PAWL_STANDING_QUARANTINED)
        pawl_count(PAWL_COUNT_QUARANTINES);
    else if (change->before.standing == PAWL_STANDING_ACTIVE &&
             change->after.sequence == change->before.sequence + 1)
        pawl_count(PAWL_COUNT_CONFIRMATIONS);
}

/* Lets the request go on: it may free the commit at once. */
static void commit_finish(struct pawl_committer *committer, const struct pawl_commit *commit)
{
    commit_count(commit);
    pawl_health_note_write(committer->health, commit->result);
    pawl_commit_cache(commit, committer->devices);
    pawl_request_resume(commit->request);
}

static void *committer_run(void *context)
{
    struct pawl_committer *committer = context;
    size_t count;
    while ((count = batch_take(committer)) > 0) {
        uint64_t begun = pawl_clock_ns();
        pawl_commit_batch_write(&committer->batch, committer->store);
        pawl_observe(PAWL_HISTOGRAM_BATCH_SIZE, count);
        pawl_observe(PAWL_HISTOGRAM_BATCH_TIME, pawl_clock_ns() - begun);
        for (size_t i = 0; i < count; i++)
            commit_finish(committer, committer->batch.commits[i]);
        atomic_store(&committer->moved, pawl_clock_ns());
        atomic_store(&committer->writing, 0);
    }
    return NULL;
}

void pawl_committer_look(struct pawl_committer *committer, struct pawl_committer_state *state)
{
    state->queued = atomic_load(&committer->queued);
    state->writing = atomic_load(&committer->writing);
    state->moved = atomic_load(&committer->moved);
}

enum pawl_result pawl_committer_start(struct pawl_store *store, struct pawl_device_cache *devices,
                                      struct pawl_health *health, struct pawl_committer **out)
{
    struct pawl_committer *committer = calloc(1, sizeof *committer);
    if (committer == NULL)
        return PAWL_EXHAUSTED;
    committer->store = store;
    committer->devices = devices;
    committer->health = health;
    committer->last = &committer->first;
    pthread_mutex_init(&committer->lock, NULL);
    pthread_cond_init(&committer->wake, NULL);
    if (pthread_create(&committer->thread, NULL, committer_run, committer) != 0) {
        pthread_cond_destroy(&committer->wake);
        pthread_mutex_destroy(&committer->lock);
        free(committer);
        return PAWL_EXHAUSTED;
    }
    pthread_setname_np(committer->thread, "committer");
    *out = committer;
    return PAWL_OK;
}

void pawl_committer_stop(struct pawl_committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    committer->stopping = true;
    pthread_cond_signal(&committer->wake);
    pthread_mutex_unlock(&committer->lock);
    pthread_join(committer->thread, NULL);
}

void pawl_committer_free(struct pawl_committer *committer)
{
    if (committer == NULL)
        return;
    if (!committer->stopping) /* a server that could not be opened is not settled before */
        pawl_committer_stop(committer);
    pthread_cond_destroy(&committer->wake);
    pthread_mutex_destroy(&committer->lock);
    free(committer);
}

bool pawl_commit_submit(struct pawl_committer *committer, struct pawl_commit *commit)
{
    commit->next = NULL;
    pthread_mutex_lock(&committer->lock);
    bool taken = !committer->stopping;
    if (taken) {
        /* Before it is queued, or it could be resumed first. */
        pawl_request_suspend(commit->request);
        if (committer->first == NULL) {
            if (atomic_load(&committer->writing) == 0)
                atomic_store(&committer->moved, pawl_clock_ns());
            pthread_cond_signal(&committer->wake);
        }
        atomic_fetch_add(&committer->queued, 1);
        *committer->last = commit;
        committer->last = &commit->next;
    }
    pthread_mutex_unlock(&committer->lock);
    return taken;
}
