/*
 * The one place where the agent waits: for a time, for a descriptor, and always for signals, so
 * that SIGTERM ends it at once wherever it is. SIGTERM and SIGINT stop; SIGUSR1 and SIGHUP ask for
 * a poll, and so does a push, from another thread.
 */
#ifndef PAWL_AGENT_WAKE_H
#define PAWL_AGENT_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_wake {
    int signals;        /* signalfd */
    int content;        /* eventfd of players that want a key; -1 when there is none */
    int push;           /* eventfd */
    bool is_stopped;    /* stays set */
    bool poll_asked;    /* until whoever polls clears it */
    bool content_asked; /* until whoever serves players clears it */
    bool push_asked;    /* the same as poll_asked, by a push */
};

enum pawl_wake_event {
    PAWL_WAKE_TIME = 0,  /* the time is over */
    PAWL_WAKE_READY = 1, /* the descriptor is ready, or failed */
    PAWL_WAKE_STOP = 2,
    PAWL_WAKE_POLL = 3,    /* a poll was asked for; only from pawl_wake_sleep, as the next */
    PAWL_WAKE_CONTENT = 4, /* a player wants a key */
};

/* Takes over the signals of the process. PAWL_IO. */
enum pawl_result pawl_wake_init(struct pawl_wake *wake);
void pawl_wake_release(struct pawl_wake *wake);

/* Waits until `fd` is ready for `events` of poll(2), at most until `deadline` (pawl_clock_now). */
enum pawl_wake_event pawl_wake_wait(struct pawl_wake *wake, int fd, short events, int64_t deadline);

/* Waits until `deadline`. A poll or a key that is asked for ends it early, and so does `fd` (-1 for
 * none) when something comes from it or its other end is gone. */
enum pawl_wake_event pawl_wake_sleep(struct pawl_wake *wake, int fd, int64_t deadline);

/* Says that a push came. Any thread may call this. */
void pawl_wake_push(struct pawl_wake *wake);

/* Takes the signals that have come, and notes whether a player has asked; for those who wait for
 * `signals` on their own. */
void pawl_wake_drain(struct pawl_wake *wake);

/* Monotonic time in milliseconds. */
int64_t pawl_clock_now(void);

/* Random bits for jitter. */
uint32_t pawl_random_draw(void);

#endif
