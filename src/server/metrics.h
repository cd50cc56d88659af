/*
 * Counters of the process, for GET /metrics (SPEC 23). Like the log there is one set of them, which
 * any thread may add to at any time: it costs one relaxed addition to a cache line that other
 * threads do not write. Reading sums up; what is read never goes back.
 *
 * A counter of a family with a label is its family's first one plus the label's value. A new family
 * is a range here and a line in metric_table.c.
 */
#ifndef PAWL_SERVER_METRICS_H
#define PAWL_SERVER_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/assign.h"
#include "headend/reconcile.h"
#include "pawl/report.h"
#include "pawl/result.h"

#define PAWL_METRIC_SHARDS 16u /* threads that count without meeting; a power of two */
#define PAWL_BUCKETS_MAX 17u   /* of a histogram, the one without a bound included */

/* What became of a report; the first four are the values of enum pawl_action. */
enum pawl_report_outcome {
    PAWL_OUTCOME_IDLE = 0,
    PAWL_OUTCOME_DOWNLOAD = 1,
    PAWL_OUTCOME_HOLD = 2,
    PAWL_OUTCOME_REPEAT = 3,
    PAWL_OUTCOME_MALFORMED = 4, /* or unsupported */
    PAWL_OUTCOME_UNTRUSTED = 5, /* an unknown device, or a bad MAC */
    PAWL_OUTCOME_FAILED = 6,    /* we could not answer it */
    PAWL_OUTCOME_COUNT
};

/* Why a device says that an attempt failed: 0 stands for what we do not know, then result classes,
 * then PAWL_FAILURE_EXIT and those after it. */
#define PAWL_CAUSE_COUNT (PAWL_RESULT_COUNT + 5u)

/* How a commit ended. */
enum pawl_commit_outcome {
    PAWL_COMMIT_WRITTEN = 0,
    PAWL_COMMIT_OVERTAKEN = 1, /* the row was no longer as it was read */
    PAWL_COMMIT_FAILED = 2,
    PAWL_COMMIT_OUTCOME_COUNT
};

enum pawl_counter {
    PAWL_COUNT_REPORTS = 0,
    PAWL_COUNT_VERDICTS = PAWL_COUNT_REPORTS + PAWL_OUTCOME_COUNT,
    PAWL_COUNT_FINDINGS = PAWL_COUNT_VERDICTS + PAWL_VERDICT_COUNT,
    PAWL_COUNT_OFFERS = PAWL_COUNT_FINDINGS + PAWL_FINDING_COUNT,
    PAWL_COUNT_FAILURES = PAWL_COUNT_OFFERS + PAWL_OFFER_REASON_COUNT,
    PAWL_COUNT_CONFIRMATIONS = PAWL_COUNT_FAILURES + PAWL_CAUSE_COUNT,
    PAWL_COUNT_QUARANTINES,
    PAWL_COUNT_ALARMS_SUPPRESSED,
    PAWL_COUNT_CACHE_HITS,
    PAWL_COUNT_CACHE_MISSES,
    PAWL_COUNT_COMMITS,
    PAWL_COUNT_PLAN_REFRESHES = PAWL_COUNT_COMMITS + PAWL_COMMIT_OUTCOME_COUNT,
    PAWL_COUNT_PLAN_FAILURES,
    PAWL_COUNT_SIGHTINGS_DROPPED,
    PAWL_COUNT_PACKAGE_BYTES,
    PAWL_COUNT_GRANTS_GIVEN,
    PAWL_COUNT_GRANTS_REFUSED,
    PAWL_COUNT_REAPED,
    PAWL_COUNTER_COUNT
};

/* Distributions; buckets and units are in metric_table.c. */
enum pawl_histogram {
    PAWL_HISTOGRAM_BATCH_SIZE = 0, /* commits in a transaction */
    PAWL_HISTOGRAM_BATCH_TIME = 1, /* ns that one took */
    PAWL_HISTOGRAM_COUNT
};

struct pawl_metric_shard {
    _Alignas(64) atomic_uint_least64_t counters[PAWL_COUNTER_COUNT];
    struct {
        atomic_uint_least64_t sum;
        atomic_uint_least64_t buckets[PAWL_BUCKETS_MAX];
    } histograms[PAWL_HISTOGRAM_COUNT];
};

extern struct pawl_metric_shard pawl_metric_shards[PAWL_METRIC_SHARDS];

/* This thread's shard, plus one; 0: none was given to it yet. */
extern _Thread_local unsigned pawl_metric_shard_index;

/* Gives this thread a shard, and returns its index plus one. */
unsigned pawl_metric_shard_take(void);

/* The index of this thread's shard. */
static inline unsigned pawl_metric_shard_get(void)
{
    unsigned taken = pawl_metric_shard_index;
    return (taken != 0 ? taken : pawl_metric_shard_take()) - 1u;
}

/* Adds to a counter: PAWL_COUNT_REPORTS + PAWL_OUTCOME_IDLE. */
static inline void pawl_count_add(unsigned counter, uint64_t number)
{
    atomic_fetch_add_explicit(&pawl_metric_shards[pawl_metric_shard_get()].counters[counter],
                              number, memory_order_relaxed);
}

static inline void pawl_count(unsigned counter)
{
    pawl_count_add(counter, 1);
}

/* Adds one value to a distribution. */
void pawl_observe(enum pawl_histogram histogram, uint64_t value);

/* Index of the first of `count` ascending bounds that is not below `value`; `count` when all are.
 */
size_t pawl_bucket_find(const uint64_t *bounds, size_t count, uint64_t value);

/* Counts the cause that a device gave for a failed attempt (SPEC 9). */
void pawl_count_failure(uint64_t code);

/* The sum of all threads. */
uint64_t pawl_counter_read(unsigned counter);
uint64_t pawl_histogram_sum(enum pawl_histogram histogram);
uint64_t pawl_histogram_bucket(enum pawl_histogram histogram, size_t bucket);

/* Nanoseconds of the monotonic clock. */
uint64_t pawl_clock_ns(void);

#endif
