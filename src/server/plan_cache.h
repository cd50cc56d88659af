/* The plan of assignments and campaigns (headend/assign.h) in memory, shared by all threads that
 * answer reports. */
#ifndef PAWL_SERVER_PLAN_CACHE_H
#define PAWL_SERVER_PLAN_CACHE_H

#include <pthread.h>
#include <stdint.h>

#include "headend/assign.h"
#include "server/readers.h"

struct pawl_plan_cache {
    pthread_mutex_t refreshing; /* one refresh at a time */
    pthread_rwlock_t lock;      /* of the two below */
    struct pawl_plan *plan;
    uint64_t version; /* of the store's plan that it was built from */
};

/* Reads the first plan. An error of the store, or PAWL_EXHAUSTED. */
enum pawl_result pawl_plan_cache_open(struct pawl_plan_cache *cache, struct pawl_readers *readers);
void pawl_plan_cache_close(struct pawl_plan_cache *cache);

/* Builds the plan anew when the store's has changed: after a change of ours, and now and then for
 * those of others. On an error the plan stays as it was. */
enum pawl_result pawl_plan_cache_refresh(struct pawl_plan_cache *cache,
                                         struct pawl_readers *readers);

/* The present plan, which stays until it is given back; to be held for a decision only. */
const struct pawl_plan *pawl_plan_acquire(struct pawl_plan_cache *cache);
void pawl_plan_release(struct pawl_plan_cache *cache);

#endif
