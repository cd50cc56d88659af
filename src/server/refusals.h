/* How often each address failed to say who it is, so that nobody may guess, or fill the log, at the
 * speed of the network (SPEC 16.15). Bounded in size whoever comes. */
#ifndef PAWL_SERVER_REFUSALS_H
#define PAWL_SERVER_REFUSALS_H

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "headend/rate.h"
#include "pawl/result.h"

#define PAWL_REFUSALS_SETS 256u
#define PAWL_REFUSALS_WAYS 4u

struct pawl_refusals {
    pthread_mutex_t lock;
    uint64_t salt; /* so that nobody can choose addresses that meet in one set */
    struct pawl_refusal {
        uint64_t peer; /* 0: nobody */
        struct pawl_bucket bucket;
    } sets[PAWL_REFUSALS_SETS][PAWL_REFUSALS_WAYS];
};

/* PAWL_CRYPTO without randomness; to be released all the same. */
enum pawl_result pawl_refusals_init(struct pawl_refusals *refusals);
void pawl_refusals_release(struct pawl_refusals *refusals);

/* Notes a failure of the address at `now` (pawl_steady_now). 0; or the seconds for which it had
 * better stay away. Networks of IPv6 hosts (/64) count as one address. */
uint32_t pawl_refusals_note(struct pawl_refusals *refusals, const struct sockaddr *address,
                            uint64_t now);

#endif
