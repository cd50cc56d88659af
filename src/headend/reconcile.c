/* The reconciliation table (SPEC 11), row by row. */
#include "headend/reconcile.h"

#include <string.h>

const char *pawl_standing_name(enum pawl_standing standing)
{
    static const char *const names[] = {
        [PAWL_STANDING_ACTIVE] = "active",
        [PAWL_STANDING_QUARANTINED] = "quarantined",
        [PAWL_STANDING_RELEASED] = "released",
        [PAWL_STANDING_DECOMMISSIONED] = "decommissioned",
    };
    size_t index = (size_t)standing;
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

const char *pawl_verdict_name(enum pawl_verdict verdict)
{
    static const char *const names[PAWL_VERDICT_COUNT] = {
        [PAWL_VERDICT_NORMAL] = "normal",
        [PAWL_VERDICT_CONFIRM] = "confirm",
        [PAWL_VERDICT_CATCH_UP] = "catch-up",
        [PAWL_VERDICT_ADOPT] = "adopt",
        [PAWL_VERDICT_HELD] = "held",
        [PAWL_VERDICT_QUARANTINE] = "quarantine",
        [PAWL_VERDICT_IMPOSSIBLE] = "impossible",
    };
    return (size_t)verdict < PAWL_VERDICT_COUNT ? names[verdict] : "unknown";
}

const char *pawl_finding_name(enum pawl_finding finding)
{
    static const char *const names[PAWL_FINDING_COUNT] = {
        [PAWL_FINDING_NONE] = "none",
        [PAWL_FINDING_CAUGHT_UP] = "caught-up",
        [PAWL_FINDING_ADOPTED] = "adopted",
        [PAWL_FINDING_INSTANCE_LOST] = "instance-lost",
        [PAWL_FINDING_INSTANCE_FOUND] = "instance-found",
        [PAWL_FINDING_BEHIND] = "behind",
        [PAWL_FINDING_OTHER_INSTANCE] = "other-instance",
        [PAWL_FINDING_OTHER_PACKAGE] = "other-package",
        [PAWL_FINDING_TOO_FAR] = "too-far",
        [PAWL_FINDING_ABOVE_MAXIMUM] = "above-maximum",
        [PAWL_FINDING_CONTENT_REFUSED] = "content-refused",
    };
    return (size_t)finding < PAWL_FINDING_COUNT ? names[finding] : "unknown";
}

/* The conditions of the table's rows. */
typedef bool (*condition_fn)(const struct pawl_device_record *held,
                             const struct pawl_report *report);

/* One that is decommissioned has no report that could be authentic; it is held all the same. */
static bool is_quarantined(const struct pawl_device_record *held, const struct pawl_report *report)
{
    (void)report;
    return held->standing == PAWL_STANDING_QUARANTINED ||
           held->standing == PAWL_STANDING_DECOMMISSIONED;
}

static bool is_above_maximum(const struct pawl_device_record *held,
                             const struct pawl_report *report)
{
    return held->has_maximum && report->sequence > held->maximum;
}

static bool is_released(const struct pawl_device_record *held, const struct pawl_report *report)
{
    (void)report;
    return held->standing == PAWL_STANDING_RELEASED;
}

/* The differences are taken only once the order is known, so that nothing wraps around. */
static bool is_too_far(const struct pawl_device_record *held, const struct pawl_report *report)
{
    return report->sequence > held->sequence &&
           report->sequence - held->sequence > PAWL_CATCH_UP_MAX;
}

static bool is_several_ahead(const struct pawl_device_record *held,
                             const struct pawl_report *report)
{
    return report->sequence > held->sequence && report->sequence - held->sequence > 1;
}

static bool is_one_ahead(const struct pawl_device_record *held, const struct pawl_report *report)
{
    return report->sequence > held->sequence && report->sequence - held->sequence == 1;
}

static bool is_behind(const struct pawl_device_record *held, const struct pawl_report *report)
{
    return report->sequence < held->sequence;
}

/* From here on the sequence numbers are equal. */
static bool is_lost(const struct pawl_device_record *held, const struct pawl_report *report)
{
    return held->has_instance && !report->has_instance;
}

static bool is_without_instance(const struct pawl_device_record *held,
                                const struct pawl_report *report)
{
    (void)held;
    return !report->has_instance;
}

static bool is_found(const struct pawl_device_record *held, const struct pawl_report *report)
{
    return !held->has_instance && report->has_instance && held->sequence > 0;
}

static bool is_other_instance(const struct pawl_device_record *held,
                              const struct pawl_report *report)
{
    return held->has_instance != report->has_instance ||
           memcmp(held->instance, report->instance, PAWL_INSTANCE_SIZE) != 0;
}

static bool is_other_package(const struct pawl_device_record *held,
                             const struct pawl_report *report)
{
    return held->has_package != report->has_package ||
           (held->has_package &&
            memcmp(held->package_id, report->package_id, PAWL_PACKAGE_ID_SIZE) != 0);
}

static bool is_any(const struct pawl_device_record *held, const struct pawl_report *report)
{
    (void)held;
    (void)report;
    return true;
}

/* What becomes of the record. */
enum effect {
    KEEP = 0,
    TAKE = 1, /* the report's sequence number, instance and package, in good standing */
    HOLD = 2, /* as it is, but quarantined */
};

static const struct row {
    condition_fn holds;
    enum pawl_verdict verdict;
    enum pawl_finding finding;
    enum effect effect;
} table[] = {
    {is_quarantined, PAWL_VERDICT_HELD, PAWL_FINDING_NONE, KEEP},
    {is_above_maximum, PAWL_VERDICT_IMPOSSIBLE, PAWL_FINDING_ABOVE_MAXIMUM, KEEP},
    {is_released, PAWL_VERDICT_ADOPT, PAWL_FINDING_ADOPTED, TAKE},
    {is_too_far, PAWL_VERDICT_IMPOSSIBLE, PAWL_FINDING_TOO_FAR, KEEP},
    {is_several_ahead, PAWL_VERDICT_CATCH_UP, PAWL_FINDING_CAUGHT_UP, TAKE},
    {is_one_ahead, PAWL_VERDICT_CONFIRM, PAWL_FINDING_NONE, TAKE},
    {is_behind, PAWL_VERDICT_QUARANTINE, PAWL_FINDING_BEHIND, HOLD},
    {is_lost, PAWL_VERDICT_NORMAL, PAWL_FINDING_INSTANCE_LOST, KEEP},
    {is_without_instance, PAWL_VERDICT_NORMAL, PAWL_FINDING_NONE, KEEP},
    {is_found, PAWL_VERDICT_ADOPT, PAWL_FINDING_INSTANCE_FOUND, TAKE},
    {is_other_instance, PAWL_VERDICT_QUARANTINE, PAWL_FINDING_OTHER_INSTANCE, HOLD},
    {is_other_package, PAWL_VERDICT_QUARANTINE, PAWL_FINDING_OTHER_PACKAGE, HOLD},
    {is_any, PAWL_VERDICT_NORMAL, PAWL_FINDING_NONE, KEEP},
};

static void report_take(struct pawl_device_record *record, const struct pawl_report *report)
{
    record->standing = PAWL_STANDING_ACTIVE;
    record->sequence = report->sequence;
    record->has_instance = report->has_instance;
    record->has_package = report->has_package;
    memset(record->instance, 0, sizeof record->instance);
    memset(record->package_id, 0, sizeof record->package_id);
    if (report->has_instance)
        memcpy(record->instance, report->instance, sizeof record->instance);
    if (report->has_package)
        memcpy(record->package_id, report->package_id, sizeof record->package_id);
}

void pawl_reconcile_decide(const struct pawl_device_record *record,
                           const struct pawl_report *report, struct pawl_decision *decision)
{
    const struct row *row = table;
    while (!row->holds(record, report))
        row++;
    *decision = (struct pawl_decision){
        .verdict = row->verdict,
        .finding = row->finding,
        .writes = row->effect != KEEP,
        .record = *record,
    };
    if (row->effect == TAKE)
        report_take(&decision->record, report);
    if (row->effect == HOLD)
        decision->record.standing = PAWL_STANDING_QUARANTINED;
}
