/*
 * How long to wait after a failure: exponential with full jitter, so that a fleet that lost its
 * server does not come back in step.
 *
 * Pure: the caller brings the random bits and does the waiting.
 */
#ifndef PAWL_AGENT_BACKOFF_H
#define PAWL_AGENT_BACKOFF_H

#include <stdint.h>

struct pawl_backoff {
    uint32_t base;     /* window after the first failure, milliseconds; at least 1 */
    uint32_t cap;      /* the window never grows beyond it, milliseconds */
    uint32_t failures; /* in a row */
};

void pawl_backoff_init(struct pawl_backoff *backoff, uint32_t base, uint32_t cap);

/* Counts a failure and returns how long to wait before the next attempt, in milliseconds: evenly
 * spread from an eighth of the base (no two attempts follow at once) to the window, which doubles
 * with each failure. */
uint32_t pawl_backoff_next(struct pawl_backoff *backoff, uint32_t random);

/* After a success. */
void pawl_backoff_reset(struct pawl_backoff *backoff);

/* Lengthens `milliseconds` by up to a tenth: for waits that a server sets for many alike. */
uint64_t pawl_jitter_add(uint64_t milliseconds, uint32_t random);

#endif
