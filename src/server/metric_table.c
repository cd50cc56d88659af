#include "server/metric_table.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

const uint64_t pawl_time_bounds[PAWL_TIME_BOUND_COUNT] = {
    50000,    100000,   250000,    500000,    1000000,   2500000,    5000000,     10000000,
    25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000u, 10000000000u,
};

static const uint64_t size_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

const struct pawl_distribution pawl_distributions[PAWL_HISTOGRAM_COUNT] = {
    [PAWL_HISTOGRAM_BATCH_SIZE] = {"pawl_commit_batch_size",
                                   "Commits that shared a transaction with each other.",
                                   size_bounds, ARRAY_SIZE(size_bounds), 1},
    [PAWL_HISTOGRAM_BATCH_TIME] = {"pawl_commit_batch_seconds",
                                   "Time that a batch of commits took until it was durable.",
                                   pawl_time_bounds, PAWL_TIME_BOUND_COUNT, PAWL_NS_PER_SECOND},
};

static const char *outcome_name(unsigned value)
{
    static const char *const names[PAWL_OUTCOME_COUNT] = {
        "idle", "download", "hold", "repeat", "malformed", "untrusted", "failed",
    };
    return names[value];
}

static const char *cause_name(unsigned value)
{
    static const char *const names[PAWL_CAUSE_COUNT - PAWL_RESULT_COUNT] = {
        "exit", "signal", "deadline", "power", "run",
    };
    if (value == 0)
        return "other";
    return value < PAWL_RESULT_COUNT ? pawl_result_name((enum pawl_result)value)
                                     : names[value - PAWL_RESULT_COUNT];
}

static const char *commit_name(unsigned value)
{
    static const char *const names[PAWL_COMMIT_OUTCOME_COUNT] = {"written", "overtaken", "failed"};
    return names[value];
}

static const char *lookup_name(unsigned value)
{
    return value == 0 ? "hit" : "miss";
}

static const char *grant_name(unsigned value)
{
    return value == 0 ? "given" : "refused";
}

static const char *verdict_name(unsigned value)
{
    return pawl_verdict_name((enum pawl_verdict)value);
}

static const char *finding_name(unsigned value)
{
    return pawl_finding_name((enum pawl_finding)value);
}

static const char *reason_name(unsigned value)
{
    return pawl_offer_reason_name((enum pawl_offer_reason)value);
}

static const struct pawl_counter_family families[] = {
    {"pawl_reports_total", "Reports of devices, by how they were answered.", PAWL_COUNT_REPORTS, 0,
     PAWL_OUTCOME_COUNT, "outcome", outcome_name},
    {"pawl_verdicts_total", "Authentic and fresh reports, by how they compare with the record.",
     PAWL_COUNT_VERDICTS, 0, PAWL_VERDICT_COUNT, "verdict", verdict_name},
    {"pawl_findings_total", "What reports gave reason to audit, told or not.", PAWL_COUNT_FINDINGS,
     1, PAWL_FINDING_COUNT, "finding", finding_name},
    {"pawl_offers_total", "Decisions on what a device should run, by reason.", PAWL_COUNT_OFFERS, 0,
     PAWL_OFFER_REASON_COUNT, "reason", reason_name},
    {"pawl_attempt_failures_total", "Failed attempts that devices reported, by cause.",
     PAWL_COUNT_FAILURES, 0, PAWL_CAUSE_COUNT, "cause", cause_name},
    {"pawl_confirmations_total", "Downloads that were confirmed, durably.",
     PAWL_COUNT_CONFIRMATIONS, 0, 1, NULL, NULL},
    {"pawl_quarantines_total", "Devices that were put into quarantine.", PAWL_COUNT_QUARANTINES, 0,
     1, NULL, NULL},
    {"pawl_alarms_suppressed_total", "Findings that were not told again within the hour.",
     PAWL_COUNT_ALARMS_SUPPRESSED, 0, 1, NULL, NULL},
    {"pawl_device_cache_lookups_total", "Look-ups among the devices that reported lately.",
     PAWL_COUNT_CACHE_HITS, 0, 2, "result", lookup_name},
    {"pawl_commits_total", "What reports changed, by how writing it ended.", PAWL_COUNT_COMMITS, 0,
     PAWL_COMMIT_OUTCOME_COUNT, "result", commit_name},
    {"pawl_plan_refreshes_total", "Times that the plan of what devices should run was read anew.",
     PAWL_COUNT_PLAN_REFRESHES, 0, 1, NULL, NULL},
    {"pawl_plan_refresh_failures_total", "Times that the plan could not be read.",
     PAWL_COUNT_PLAN_FAILURES, 0, 1, NULL, NULL},
    {"pawl_sightings_dropped_total", "Times of devices that were not noted: too many in a second.",
     PAWL_COUNT_SIGHTINGS_DROPPED, 0, 1, NULL, NULL},
    {"pawl_http_slow_clients_total", "Connections that were ended: head or body came too slowly.",
     PAWL_COUNT_REAPED, 0, 1, NULL, NULL},
    {"pawl_content_grants_total", "Content keys that devices asked for, by whether they got them.",
     PAWL_COUNT_GRANTS_GIVEN, 0, 2, "result", grant_name},
    {"pawl_package_bytes_total", "Bytes of packages and content in answers that were sent whole.",
     PAWL_COUNT_PACKAGE_BYTES, 0, 1, NULL, NULL},
};

static void family_write(struct pawl_metrics_text *text, const struct pawl_counter_family *family)
{
    pawl_metrics_family(text, family->name, "counter", family->help);
    for (unsigned value = family->skip; value < family->count; value++) {
        uint64_t count = pawl_counter_read(family->first + value);
        if (family->label == NULL)
            pawl_metrics_number(text, family->name, NULL, count);
        else
            pawl_metrics_number(
                text, family->name,
                (const char *const[]){family->label, family->value_name(value), NULL}, count);
    }
}

static void distribution_write(struct pawl_metrics_text *text, enum pawl_histogram histogram)
{
    const struct pawl_distribution *about = &pawl_distributions[histogram];
    uint64_t buckets[PAWL_BUCKETS_MAX];
    for (size_t i = 0; i <= about->count; i++)
        buckets[i] = pawl_histogram_bucket(histogram, i);
    pawl_metrics_family(text, about->name, "histogram", about->help);
    pawl_metrics_distribution(text, about, NULL, buckets, pawl_histogram_sum(histogram));
}

void pawl_metric_table_write(struct pawl_metrics_text *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++)
        family_write(text, &families[i]);
    for (unsigned i = 0; i < PAWL_HISTOGRAM_COUNT; i++)
        distribution_write(text, (enum pawl_histogram)i);
}
