/*
 * Writing the Prometheus text exposition format, version 0.0.4. A text grows as it is written; once
 * memory ran out it stays empty, to be looked at once, in the end.
 */
#ifndef PAWL_SERVER_METRICS_TEXT_H
#define PAWL_SERVER_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAWL_METRICS_MEDIA "text/plain; version=0.0.4; charset=utf-8"

struct pawl_distribution;

/* Zeroed, it is empty. */
struct pawl_metrics_text {
    char *bytes; /* owned */
    size_t size, room;
    bool failed; /* memory ran out */
};

void pawl_metrics_release(struct pawl_metrics_text *text);

/* Begins a family: its HELP and TYPE lines. All its samples follow at once. */
void pawl_metrics_family(struct pawl_metrics_text *text, const char *name, const char *type,
                         const char *help);

/* One sample. `labels` are names and values in turn, a NULL ends them; or NULL. Values may be any
 * text. */
void pawl_metrics_number(struct pawl_metrics_text *text, const char *name,
                         const char *const *labels, uint64_t value);
void pawl_metrics_real(struct pawl_metrics_text *text, const char *name, const char *const *labels,
                       double value);

/* A gauge or counter of one sample, with its family. */
void pawl_metrics_single(struct pawl_metrics_text *text, const char *name, const char *type,
                         const char *help, double value);

/* The samples of a histogram: `buckets` holds what fell into each, one more than there are bounds;
 * `sum` is in the distribution's own unit. At most 3 labels. */
void pawl_metrics_distribution(struct pawl_metrics_text *text,
                               const struct pawl_distribution *about, const char *const *labels,
                               const uint64_t *buckets, uint64_t sum);

#endif
