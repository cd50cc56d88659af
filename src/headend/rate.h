/* How often somebody may do something: so many at once, then one for each interval. */
#ifndef PAWL_HEADEND_RATE_H
#define PAWL_HEADEND_RATE_H

#include <stdint.h>

struct pawl_rate {
    uint64_t interval; /* microseconds, at least 1 */
    uint32_t burst;    /* at least 1 */
};

/* What one of them has done. Zeroed: nothing yet. */
struct pawl_bucket {
    uint64_t empty_at; /* microseconds of the clock that `now` is of */
};

/* Takes one at `now` (microseconds of a clock that never goes back). 0; or how many microseconds to
 * wait, and nothing was taken. */
uint64_t pawl_bucket_take(struct pawl_bucket *bucket, const struct pawl_rate *rate, uint64_t now);

#endif
