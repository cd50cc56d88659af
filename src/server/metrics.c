#include "server/metrics.h"

#include <time.h>

#include "server/metric_table.h"

struct pawl_metric_shard pawl_metric_shards[PAWL_METRIC_SHARDS];
_Thread_local unsigned pawl_metric_shard_index;

unsigned pawl_metric_shard_take(void)
{
    static atomic_uint threads;
    unsigned thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
    pawl_metric_shard_index = thread % PAWL_METRIC_SHARDS + 1u;
    return pawl_metric_shard_index;
}

size_t pawl_bucket_find(const uint64_t *bounds, size_t count, uint64_t value)
{
    size_t bucket = 0;
    while (bucket < count && value > bounds[bucket])
        bucket++;
    return bucket;
}

void pawl_observe(enum pawl_histogram histogram, uint64_t value)
{
    const struct pawl_distribution *about = &pawl_distributions[histogram];
    struct pawl_metric_shard *shard = &pawl_metric_shards[pawl_metric_shard_get()];
    size_t bucket = pawl_bucket_find(about->bounds, about->count, value);
    atomic_fetch_add_explicit(&shard->histograms[histogram].buckets[bucket], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&shard->histograms[histogram].sum, value, memory_order_relaxed);
}

void pawl_count_failure(uint64_t code)
{
    unsigned cause = 0;
    if (code < PAWL_RESULT_COUNT)
        cause = (unsigned)code;
    else if (code >= PAWL_FAILURE_EXIT && code <= PAWL_FAILURE_RUN)
        cause = PAWL_RESULT_COUNT + (unsigned)(code - PAWL_FAILURE_EXIT);
    pawl_count(PAWL_COUNT_FAILURES + cause);
}

uint64_t pawl_counter_read(unsigned counter)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAWL_METRIC_SHARDS; i++)
        sum += atomic_load_explicit(&pawl_metric_shards[i].counters[counter], memory_order_relaxed);
    return sum;
}

uint64_t pawl_histogram_sum(enum pawl_histogram histogram)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAWL_METRIC_SHARDS; i++)
        sum += atomic_load_explicit(&pawl_metric_shards[i].histograms[histogram].sum,
                                    memory_order_relaxed);
    return sum;
}

uint64_t pawl_histogram_bucket(enum pawl_histogram histogram, size_t bucket)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAWL_METRIC_SHARDS; i++)
        sum += atomic_load_explicit(&pawl_metric_shards[i].histograms[histogram].buckets[bucket],
                                    memory_order_relaxed);
    return sum;
}

uint64_t pawl_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
