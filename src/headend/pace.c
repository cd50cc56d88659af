/* A token bucket, kept as the time at which the next token is due (the generic cell rate
 * algorithm): one number, so that taking one is one compare-and-swap. */
#include "headend/pace.h"

#define MINUTE_US INT64_C(60000000)
#define BURST_US INT64_C(1000000)

bool pawl_pace_take(struct pawl_pace *pace, uint32_t rate, int64_t now)
{
    int64_t step = MINUTE_US / rate;
    int64_t slack = step > BURST_US ? 0 : BURST_US - step;
    int64_t due = atomic_load_explicit(&pace->due, memory_order_relaxed);
    int64_t taken;
    do {
        taken = due > now ? due : now;
        if (taken > now + slack)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&pace->due, &due, taken + step,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}
