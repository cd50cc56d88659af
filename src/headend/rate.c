#include "headend/rate.h"

uint64_t pawl_bucket_take(struct pawl_bucket *bucket, const struct pawl_rate *rate, uint64_t now)
{
    uint64_t empty_at = bucket->empty_at > now ? bucket->empty_at : now;
    uint64_t after = empty_at + rate->interval;
    uint64_t most = now + rate->interval * rate->burst;
    if (after > most)
        return after - most;
    bucket->empty_at = after;
    return 0;
}
