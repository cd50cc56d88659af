/*
 * When to poll because of a push (SPEC 19.7). Pure: the caller brings time and randomness.
 *
 * A notification for many is answered at a random time in the window that the server gave, one for
 * this device in an eighth of it: a broker that forges them for every single device must not bring
 * a fleet together either. Neither comes before a floor after the last poll. The floor doubles with
 * each push that brought nothing, so that forged notifications make a device poll ever less often;
 * one that brought something, or a while of silence, sets it back.
 */
#ifndef PAWL_AGENT_SUMMONS_H
#define PAWL_AGENT_SUMMONS_H

#include <stdbool.h>
#include <stdint.h>

#define PAWL_SUMMONS_FLOOR_CAP_MS (5 * 60 * 1000)
#define PAWL_SUMMONS_OWN_SHARE 8u

struct pawl_summoned {
    int64_t floor;      /* the shortest, milliseconds: --min-poll */
    unsigned fruitless; /* pushes in a row that brought nothing */
    int64_t answered;   /* when a push was answered last; 0: never */
    bool waits;         /* one was, and it is not known yet what it brought */
};

void pawl_summoned_init(struct pawl_summoned *summoned, int64_t floor);

/* When to poll, given the last poll. `own`: it was for this device alone. `window` in seconds.
 * `random` is to be drawn once for each poll, so that many notifications come to no other time
 * than one. */
int64_t pawl_summoned_due(const struct pawl_summoned *summoned, int64_t now, int64_t last_poll,
                          bool own, uint32_t window, uint32_t random);

/* The poll that a push caused is made now. */
void pawl_summoned_answer(struct pawl_summoned *summoned, int64_t now);

/* What a poll brought, after an authentic directive: something to do, or nothing. */
void pawl_summoned_settle(struct pawl_summoned *summoned, bool fruitful);

#endif
