/*
 * Work cut into units: threads do units in any order, and what must happen in order (adding a hash,
 * writing to a pipe) happens in order.
 */
#ifndef PAWL_HEADEND_PIPELINE_H
#define PAWL_HEADEND_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_pipeline {
    unsigned threads; /* at least 1; the calling thread is one of them */
    size_t units;
    void *context; /* shared by all threads */

    /* A thread's own state: `worker_size` zeroed bytes, prepared by `start` and given back by
     * `stop`, which runs also when `start` failed. */
    size_t worker_size;
    enum pawl_result (*start)(void *context, void *worker);
    void (*stop)(void *context, void *worker);

    /* Does unit `unit`; runs beside other threads. */
    enum pawl_result (*work)(void *context, void *worker, size_t unit);
    /* Runs for one unit after the other, in order, after its `work` on the same thread. */
    enum pawl_result (*finish)(void *context, void *worker, size_t unit);
};

/* Runs until all units are finished or one fails; returns the first failure in order of time, with
 * its errno. All its threads have ended when it returns. PAWL_EXHAUSTED when not even one worker
 * could be set up. */
enum pawl_result pawl_pipeline_run(const struct pawl_pipeline *pipeline);

/* Threads for a job: `wanted`, or the processors when it is 0; at most 4, at most `units`, and at
 * most what keeps `worker_bytes` each within 2 MiB altogether: with what OpenSSL takes, a
 * program that seals or opens then stays below 8 MiB. */
unsigned pawl_pipeline_threads(unsigned wanted, size_t units, size_t worker_bytes);

#endif
