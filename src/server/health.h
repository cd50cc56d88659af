/*
 * Whether the server lives and can serve (SPEC 23). Alive: the main thread turns, the committer is
 * not stuck, no thread that serves devices is stuck. Ready: that, and what is written can be kept.
 * The service manager's watchdog and /readyz are told of it.
 */
#ifndef PAWL_SERVER_HEALTH_H
#define PAWL_SERVER_HEALTH_H

#include <stdatomic.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_DISK_FREE_LEAST \
    (64u << 20) /* bytes that the data directory's file system must have \
                                          */

struct pawl_server;

/* Why it is not alive or not ready: bits. */
enum pawl_complaint {
    PAWL_COMPLAINT_STOPPING = 1,
    PAWL_COMPLAINT_TICK = 2,      /* the main thread does not turn */
    PAWL_COMPLAINT_COMMITTER = 4, /* a batch takes too long */
    PAWL_COMPLAINT_LISTENER = 8,  /* a thread that serves devices is stuck in a request */
    PAWL_COMPLAINT_STORE = 16,    /* the database does not take what is written */
    PAWL_COMPLAINT_DISK = 32,     /* nearly full */
    PAWL_COMPLAINT_COUNT = 6
};

/* The complaints that mean that it is not alive. */
#define PAWL_COMPLAINTS_DEADLY \
    ((unsigned)(PAWL_COMPLAINT_TICK | PAWL_COMPLAINT_COMMITTER | PAWL_COMPLAINT_LISTENER))

struct pawl_health {
    atomic_bool stopping;
    atomic_uint_least64_t ticked; /* when the main thread turned last, ns of the monotonic clock */
    atomic_uint_least64_t disk_free; /* bytes; looked up at each tick */
    atomic_int store;                /* the result of the last write */
    atomic_uint_least64_t written;   /* when a write succeeded last, ns */
    atomic_uint stuck;               /* threads that were in the same request for too long */
    uint64_t patience;               /* ns after which something is stuck */
};

/* `patience`: seconds, 0 for the default of 20. */
void pawl_health_init(struct pawl_health *health, unsigned patience);

/* Notes how a write to the store ended. PAWL_STATE and refused input are no failures of it. */
void pawl_health_note_write(struct pawl_health *health, enum pawl_result result);

/* Looks after everything; for the main thread, each second. Where the last write failed, or there
 * was none for half a minute, it writes for a trial. */
void pawl_health_tick(struct pawl_server *server);

/* The complaints of now. */
unsigned pawl_health_complaints(const struct pawl_server *server);

/* The i-th complaint's name ("disk-space") and what it means; static memory. */
const char *pawl_complaint_name(unsigned i);
const char *pawl_complaint_text(unsigned i);

/* A thread that serves devices begins, and ends, a piece of work that must be short. */
void pawl_pulse_begin(void);
void pawl_pulse_end(void);

#endif
