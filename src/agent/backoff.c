#include "agent/backoff.h"

/* A random number spread evenly over 0..range: the high half of a product, without division. */
static uint64_t spread(uint64_t range, uint32_t random)
{
    return ((range + 1) * random) >> 32;
}

void pawl_backoff_init(struct pawl_backoff *backoff, uint32_t base, uint32_t cap)
{
    backoff->base = base > 0 ? base : 1;
    backoff->cap = cap > backoff->base ? cap : backoff->base;
    backoff->failures = 0;
}

uint32_t pawl_backoff_next(struct pawl_backoff *backoff, uint32_t random)
{
    uint32_t window = backoff->base;
    for (uint32_t i = 0; i < backoff->failures && window < backoff->cap; i++)
        window = window > backoff->cap / 2 ? backoff->cap : window * 2;
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;

    uint32_t least = backoff->base / 8;
    return least + (uint32_t)spread(window - least, random);
}

void pawl_backoff_reset(struct pawl_backoff *backoff)
{
    backoff->failures = 0;
}

uint64_t pawl_jitter_add(uint64_t milliseconds, uint32_t random)
{
    uint64_t range = milliseconds / 10;
    return milliseconds + spread(range < UINT32_MAX ? range : UINT32_MAX - 1, random);
}
