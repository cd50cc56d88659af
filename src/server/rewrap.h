/*
 * Moves everything that is wrapped from one data key to the next (SPEC 22): a thread of its own, in
 * small durable batches with rests between, while devices are served. Each row says under which key
 * it is, so that after a crash the work goes on with the rows that are left. The old data key is
 * deleted when there are none, and forgotten when nobody can be at work with it any more.
 */
#ifndef PAWL_SERVER_REWRAP_H
#define PAWL_SERVER_REWRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_server;
struct pawl_rewrap;

struct pawl_rewrap_progress {
    bool running;
    uint32_t from, to;        /* generations */
    uint64_t done, left;      /* rows, since this process began with it */
    enum pawl_result trouble; /* of the last try; it is tried again */
};

/* Starts the thread, which takes up a rotation that was interrupted. PAWL_EXHAUSTED. */
enum pawl_result pawl_rewrap_start(struct pawl_server *server, struct pawl_rewrap **rewrap);

/* A rotation has begun. */
void pawl_rewrap_wake(struct pawl_rewrap *rewrap);

void pawl_rewrap_progress_get(struct pawl_rewrap *rewrap, struct pawl_rewrap_progress *progress);

/* Ends the thread after its batch. Harmless on NULL; may be repeated. */
void pawl_rewrap_stop(struct pawl_rewrap *rewrap);
void pawl_rewrap_free(struct pawl_rewrap *rewrap);

#endif
