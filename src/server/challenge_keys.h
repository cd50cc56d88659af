/*
 * The challenge secrets in use (SPEC 11, 22). Every report asks for them, and a rotation replaces
 * them, without a lock: they are in a ring of which one place is the present one. A place is used
 * again only after as many changes as it has, which are minutes apart at least, while a report
 * holds on to one for microseconds.
 */
#ifndef PAWL_SERVER_CHALLENGE_KEYS_H
#define PAWL_SERVER_CHALLENGE_KEYS_H

#include <stdatomic.h>
#include <stdint.h>

#include "headend/challenge.h"
#include "headend/master.h"
#include "store/store.h"

#define PAWL_CHALLENGE_RING 4u
#define PAWL_CHALLENGE_ROTATION_LEAST 60 /* seconds between two rotations */

struct pawl_server;

struct pawl_challenges {
    struct pawl_challenge_key ring[PAWL_CHALLENGE_RING];
    atomic_uint present;
    _Atomic int64_t created; /* the current secret; Unix seconds */
};

static inline const struct pawl_challenge_key *pawl_challenges_get(
    const struct pawl_challenges *challenges)
{
    return &challenges->ring[atomic_load_explicit(&challenges->present, memory_order_acquire)];
}

/* Reads the secrets. The previous one is left out once every challenge made with it is too old. */
enum pawl_result pawl_challenges_load(struct pawl_server *server, struct pawl_reader *reader);

/* Makes a new secret; the present one stays good for challenges made before. PAWL_STATE when the
 * last rotation was less than a minute ago. */
enum pawl_result pawl_challenges_rotate(struct pawl_server *server, const char *actor,
                                        struct pawl_trouble *trouble);

/* Once a second: rotates when the secret's time is up, and ends the previous one's. */
void pawl_challenges_tick(struct pawl_server *server);

#endif
