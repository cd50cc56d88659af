/*
 * Brings package bytes from the server to the processor: a streaming download whose parts go to the
 * processor as they come. Nothing is kept; what the processor has taken is where a later one goes
 * on.
 */
#ifndef PAWL_AGENT_FETCH_H
#define PAWL_AGENT_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/http.h"
#include "agent/link_client.h"
#include "host/progress.h"

enum pawl_fetch_outcome {
    PAWL_FETCH_WHOLE = 0,    /* the processor has all of it */
    PAWL_FETCH_BROKEN = 1,   /* server or network failed: try again from `offset` */
    PAWL_FETCH_MOVED = 2,    /* the processor wants another offset: try again from there */
    PAWL_FETCH_REFUSED = 3,  /* the processor has given up this package: `result` */
    PAWL_FETCH_UNLINKED = 4, /* the link failed */
    PAWL_FETCH_YIELDED = 5   /* something else is to be done first: go on from `offset` */
};

struct pawl_fetch {
    /* Set by the caller: */
    const char *url;
    const uint8_t *package_id; /* 32 bytes */
    uint64_t package_size;
    uint64_t offset; /* where to begin; moves on with what the processor took */
    struct pawl_progress *progress;
    bool (*yields)(void *context); /* looked at between two parts; NULL: never */
    void *context;

    /* Told to the caller: */
    enum pawl_result result; /* why it did not succeed */

    /* Private. */
    struct pawl_http *http;
    struct pawl_link_client *link;
    enum pawl_fetch_outcome outcome;
    uint64_t sent;   /* end of what was sent to the processor */
    uint64_t skip;   /* bytes to drop because the server sends all from the start */
    size_t filled;   /* bytes waiting in the link's write area */
    int64_t flushed; /* when it was last sent (pawl_clock_now) */
    bool is_checked; /* the head of the answer was looked at */
    bool is_refusal; /* its status is an error: the body is dropped */
    size_t dropped;
};

/* Downloads from `offset` on. When it does not end well `http->problem` or `link->problem` says
 * why. */
enum pawl_fetch_outcome pawl_fetch_run(struct pawl_fetch *fetch, struct pawl_http *http,
                                       struct pawl_link_client *link);

#endif
