/* What the counters of metrics.h are called (SPEC 23), and their writing. */
#ifndef PAWL_SERVER_METRIC_TABLE_H
#define PAWL_SERVER_METRIC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "server/metrics.h"
#include "server/metrics_text.h"

/* Counters that share a name. */
struct pawl_counter_family {
    const char *name; /* with its _total */
    const char *help;
    unsigned first;       /* enum pawl_counter */
    unsigned skip, count; /* how many have a label's value, after those that are left out */
    const char *label;    /* NULL: it is one counter */
    const char *(*value_name)(unsigned value);
};

/* Where a distribution is cut, and what it is counted in. */
struct pawl_distribution {
    const char *name, *help;
    const uint64_t *bounds; /* ascending, in the unit of pawl_observe */
    size_t count;           /* of bounds: there is one bucket more */
    double unit;            /* a base unit (second, piece) has so many of them */
};

extern const struct pawl_distribution pawl_distributions[PAWL_HISTOGRAM_COUNT];

/* Bounds of everything that takes time, in nanoseconds. */
#define PAWL_TIME_BOUND_COUNT 16u
extern const uint64_t pawl_time_bounds[PAWL_TIME_BOUND_COUNT];
#define PAWL_NS_PER_SECOND 1e9

/* Writes every counter and distribution. */
void pawl_metric_table_write(struct pawl_metrics_text *text);

#endif
