#include "server/rewrap.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "server/server.h"

#define BATCH_ROWS 256u
#define REST_FACTOR 3   /* rests are so many times as long as the work before them */
#define REST_MS 500     /* when there is nothing to do but wait */
#define FAILURE_MS 5000 /* before another try */
#define GRACE_MS \
    5000 /* for calls that began before a data key was deleted: they take
                             microseconds */

struct batch {
    struct pawl_wrapped_row rows[BATCH_ROWS];
    size_t count;
};

struct pawl_rewrap {
    struct pawl_server *server;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool stopping, stopped, woken;
    struct pawl_rewrap_progress progress;
    struct batch batch; /* the thread's own, as the rest */
    uint32_t forgotten; /* a generation that is deleted and will be forgotten, 0: none */
    int64_t deleted;    /* when, milliseconds of the monotonic clock */
    bool scrubbing;     /* the files still have deleted rows in them */
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until woken or `most` milliseconds; negative: without end. False when it is to stop. */
static bool pause_take(struct pawl_rewrap *rewrap, int64_t most)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + most % 1000 * 1000000;
    until.tv_sec += (time_t)(most / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&rewrap->lock);
    int code = 0;
    while (!rewrap->stopping && !rewrap->woken && code == 0)
        code = most < 0 ? pthread_cond_wait(&rewrap->wake, &rewrap->lock)
                        : pthread_cond_timedwait(&rewrap->wake, &rewrap->lock, &until);
    rewrap->woken = false;
    bool goes_on = !rewrap->stopping;
    pthread_mutex_unlock(&rewrap->lock);
    return goes_on;
}

static enum pawl_result row_take(void *context, const struct pawl_wrapped_row *row)
{
    struct batch *batch = context;
    batch->rows[batch->count++] = *row;
    return PAWL_OK;
}

static enum pawl_result batch_read(struct pawl_rewrap *rewrap, enum pawl_vault_kind kind,
                                   uint64_t after)
{
    struct pawl_server *server = rewrap->server;
    struct pawl_reader *reader = NULL;
    rewrap->batch.count = 0;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_wrapped_list(reader, kind, pawl_vault_generation(server->vault), after,
                                         BATCH_ROWS, row_take, &rewrap->batch);
    pawl_reader_return(&server->readers, reader);
    return result;
}

/* Wraps the batch anew and writes it; tells the devices that are remembered. */
static enum pawl_result batch_move(struct pawl_rewrap *rewrap)
{
    struct pawl_server *server = rewrap->server;
    struct batch *batch = &rewrap->batch;
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < batch->count; i++) {
        struct pawl_wrapped_row *row = &batch->rows[i];
        memcpy(row->after, row->before, sizeof row->after);
        result = pawl_vault_rewrap(server->vault, row->kind, row->name, row->name_size, row->after);
    }
    if (result == PAWL_OK)
        result = pawl_store_wrapped_set(server->store, batch->rows, batch->count);
    for (size_t i = 0; result == PAWL_OK && i < batch->count; i++)
        if (batch->rows[i].kind == PAWL_VAULT_UNIT_SECRET)
            pawl_device_cache_rewrap(server->devices, batch->rows[i].name, batch->rows[i].after);
    return result;
}

static void progress_add(struct pawl_rewrap *rewrap, size_t rows)
{
    pthread_mutex_lock(&rewrap->lock);
    struct pawl_rewrap_progress *progress = &rewrap->progress;
    progress->done += rows;
    progress->left -= progress->left < rows ? progress->left : rows;
    pthread_mutex_unlock(&rewrap->lock);
}

/* Moves all rows of a kind. After each batch it rests for longer than the batch took: whoever else
 * writes comes in between. PAWL_STATE when it is to stop. */
static enum pawl_result kind_move(struct pawl_rewrap *rewrap, enum pawl_vault_kind kind)
{
    struct batch *batch = &rewrap->batch;
    uint64_t after = 0;
    do {
        int64_t began = clock_ms();
        enum pawl_result result = batch_read(rewrap, kind, after);
        if (result == PAWL_OK && batch->count > 0)
            result = batch_move(rewrap);
        if (result != PAWL_OK)
            return result;
        if (batch->count > 0)
            after = batch->rows[batch->count - 1].place;
        progress_add(rewrap, batch->count);
        if (batch->count > 0 && !pause_take(rewrap, REST_FACTOR * (clock_ms() - began)))
            return PAWL_STATE;
    } while (batch->count > 0);
    return PAWL_OK;
}

/* How many rows are not under the current data key. */
static enum pawl_result left_count(struct pawl_rewrap *rewrap, uint64_t *left)
{
    struct pawl_server *server = rewrap->server;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_wrapped_count(reader, pawl_vault_generation(server->vault), left);
    pawl_reader_return(&server->readers, reader);
    return result;
}

/* The rotation that the store says is under way: `*from` 0 for none. */
static enum pawl_result rotation_find(struct pawl_rewrap *rewrap, uint32_t *from)
{
    struct pawl_server *server = rewrap->server;
    struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX];
    struct pawl_reader *reader = NULL;
    size_t count = 0;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_data_keys_get(reader, keys, &count);
    pawl_reader_return(&server->readers, reader);
    /* The store has a new key a moment before the vault does. */
    bool ready = count == 2 && keys[1].generation == pawl_vault_generation(server->vault);
    if (result == PAWL_OK)
        *from = ready ? keys[0].generation : 0;
    return result;
}

static enum pawl_result progress_begin(struct pawl_rewrap *rewrap, uint32_t from)
{
    uint64_t left = 0;
    enum pawl_result result = left_count(rewrap, &left);
    pthread_mutex_lock(&rewrap->lock);
    struct pawl_rewrap_progress *progress = &rewrap->progress;
    if (!progress->running || progress->from != from)
        *progress = (struct pawl_rewrap_progress){.done = 0};
    progress->running = true;
    progress->from = from;
    progress->to = pawl_vault_generation(rewrap->server->vault);
    progress->left = left;
    pthread_mutex_unlock(&rewrap->lock);
    return result;
}

/* Deletes the old data key: nothing is wrapped under it, and nothing can come any more. */
static enum pawl_result rotation_end(struct pawl_rewrap *rewrap, uint32_t from)
{
    struct pawl_server *server = rewrap->server;
    char detail[96];
    snprintf(detail, sizeof detail, "{\"generation\":%" PRIu32 ",\"rewrapped\":%" PRIu64 "}", from,
             rewrap->progress.done);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = "pawld",
        .action = "data-key-destroyed",
        .detail = detail,
    };
    enum pawl_result result = pawl_store_data_key_delete(server->store, from, &event);
    if (result != PAWL_OK)
        return result;
    rewrap->forgotten = from;
    rewrap->deleted = clock_ms();
    rewrap->scrubbing = true;
    pthread_mutex_lock(&rewrap->lock);
    rewrap->progress.running = false;
    pthread_mutex_unlock(&rewrap->lock);
    pawl_log(PAWL_LOG_NOTICE, "event=data-key-destroyed generation=%" PRIu32 " rewrapped=%" PRIu64,
             from, rewrap->progress.done);
    return PAWL_OK;
}

/* Moves what there is. PAWL_OK also when something is still awaited; PAWL_STATE: it is to stop. */
static enum pawl_result rotation_step(struct pawl_rewrap *rewrap, uint32_t from)
{
    struct pawl_server *server = rewrap->server;
    uint64_t left = 0;
    /* Asked before the rows are: who pinned later wraps under the new key. */
    bool pinned = pawl_vault_is_pinned(server->vault, from);
    enum pawl_result result = progress_begin(rewrap, from);
    for (int kind = 0; result == PAWL_OK && kind < PAWL_VAULT_KIND_COUNT; kind++)
        result = kind_move(rewrap, (enum pawl_vault_kind)kind);
    if (result == PAWL_OK)
        result = left_count(rewrap, &left);
    if (result == PAWL_OK && left == 0 && !pinned && rewrap->forgotten == 0)
        result = rotation_end(rewrap, from);
    return result;
}

/* What comes after a rotation: the key leaves the files and the memory. */
static void remains_clear(struct pawl_rewrap *rewrap)
{
    if (rewrap->forgotten != 0 && clock_ms() - rewrap->deleted >= GRACE_MS) {
        pawl_vault_data_key_forget(rewrap->server->vault, rewrap->forgotten);
        rewrap->forgotten = 0;
    }
    if (rewrap->scrubbing && pawl_store_scrub(rewrap->server->store) == PAWL_OK)
        rewrap->scrubbing = false;
}

static void *rewrap_run(void *context)
{
    struct pawl_rewrap *rewrap = context;
    bool goes_on = true, resuming = true;
    rewrap->scrubbing = true; /* a crash may have come before it */
    while (goes_on) {
        uint32_t from = 0;
        enum pawl_result result = rotation_find(rewrap, &from);
        if (result == PAWL_OK && from != 0 && resuming)
            pawl_log(PAWL_LOG_NOTICE, "event=data-key-rotation-resumed from=%" PRIu32, from);
        resuming = false;
        if (result == PAWL_OK && from != 0)
            result = rotation_step(rewrap, from);
        pthread_mutex_lock(&rewrap->lock);
        bool failed = result != PAWL_OK && !rewrap->stopping;
        bool told = rewrap->progress.trouble == result;
        rewrap->progress.trouble = failed ? result : PAWL_OK;
        bool idle = !rewrap->progress.running;
        pthread_mutex_unlock(&rewrap->lock);
        if (failed && !told)
            pawl_log(PAWL_LOG_ERROR, "event=data-key-rotation-stalled class=%s",
                     pawl_result_name(result));
        remains_clear(rewrap);
        idle = idle && rewrap->forgotten == 0 && !rewrap->scrubbing;
        goes_on = pause_take(rewrap, failed ? FAILURE_MS : idle ? -1 : REST_MS);
    }
    return NULL;
}

enum pawl_result pawl_rewrap_start(struct pawl_server *server, struct pawl_rewrap **out)
{
    struct pawl_rewrap *rewrap = calloc(1, sizeof *rewrap);
    pthread_condattr_t attributes;
    if (rewrap == NULL)
        return PAWL_EXHAUSTED;
    rewrap->server = server;
    pthread_mutex_init(&rewrap->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&rewrap->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    rewrap->stopped = pthread_create(&rewrap->thread, NULL, rewrap_run, rewrap) != 0;
    if (rewrap->stopped) {
        pawl_rewrap_free(rewrap);
        return PAWL_EXHAUSTED;
    }
    *out = rewrap;
    return PAWL_OK;
}

void pawl_rewrap_wake(struct pawl_rewrap *rewrap)
{
    pthread_mutex_lock(&rewrap->lock);
    rewrap->woken = true;
    pthread_cond_signal(&rewrap->wake);
    pthread_mutex_unlock(&rewrap->lock);
}

void pawl_rewrap_progress_get(struct pawl_rewrap *rewrap, struct pawl_rewrap_progress *progress)
{
    pthread_mutex_lock(&rewrap->lock);
    *progress = rewrap->progress;
    pthread_mutex_unlock(&rewrap->lock);
}

void pawl_rewrap_stop(struct pawl_rewrap *rewrap)
{
    if (rewrap == NULL || rewrap->stopped)
        return;
    pthread_mutex_lock(&rewrap->lock);
    rewrap->stopping = true;
    pthread_cond_signal(&rewrap->wake);
    pthread_mutex_unlock(&rewrap->lock);
    pthread_join(rewrap->thread, NULL);
    rewrap->stopped = true;
}

void pawl_rewrap_free(struct pawl_rewrap *rewrap)
{
    if (rewrap == NULL)
        return;
    pthread_cond_destroy(&rewrap->wake);
    pthread_mutex_destroy(&rewrap->lock);
    free(rewrap);
}
