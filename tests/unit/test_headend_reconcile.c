/* The reconciliation table (SPEC 11.5; invariant I5): its rows one by one, then every combination
 * of what can differ against a second reading of the rules. */
#include <string.h>

#include "headend/reconcile.h"
#include "pawl_test.h"

static const uint8_t instance_a[PAWL_INSTANCE_SIZE] = {0xa1},
                     instance_b[] = {0xb1, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t package_a[PAWL_PACKAGE_ID_SIZE] = {0xa2};
static const uint8_t package_b[PAWL_PACKAGE_ID_SIZE] = {0xb2};

/* 0: none, 1: a, 2: b. */
static struct pawl_device_record record_make(uint64_t sequence, int instance, int package)
{
    struct pawl_device_record record = {.sequence = sequence};
    record.has_instance = instance != 0;
    record.has_package = package != 0;
    if (instance != 0)
        memcpy(record.instance, instance == 1 ? instance_a : instance_b, PAWL_INSTANCE_SIZE);
    if (package != 0)
        memcpy(record.package_id, package == 1 ? package_a : package_b, PAWL_PACKAGE_ID_SIZE);
    return record;
}

static struct pawl_report report_make(uint64_t sequence, int instance, int package)
{
    struct pawl_device_record record = record_make(sequence, instance, package);
    struct pawl_report report = {.sequence = sequence,
                                 .has_instance = record.has_instance,
                                 .has_package = record.has_package};
    memcpy(report.instance, record.instance, sizeof report.instance);
    memcpy(report.package_id, record.package_id, sizeof report.package_id);
    return report;
}

static void assert_record(const struct pawl_device_record *expected,
                          const struct pawl_device_record *actual)
{
    assert_int_equal(expected->standing, actual->standing);
    assert_true(expected->sequence == actual->sequence);
    assert_int_equal(expected->has_instance, actual->has_instance);
    assert_int_equal(expected->has_package, actual->has_package);
    assert_int_equal(expected->has_maximum, actual->has_maximum);
    assert_true(expected->maximum == actual->maximum);
    assert_memory_equal(expected->instance, actual->instance, PAWL_INSTANCE_SIZE);
    assert_memory_equal(expected->package_id, actual->package_id, PAWL_PACKAGE_ID_SIZE);
}

struct expectation {
    const char *name;
    uint64_t held;
    int held_instance, held_package;
    enum pawl_standing standing;
    uint64_t maximum; /* 0: none */
    uint64_t reported;
    int instance, package;
    enum pawl_verdict verdict;
    enum pawl_finding finding;
};

static const struct expectation rows[] = {
    {"first contact", 0, 0, 0, 0, 0, 0, 0, 0, PAWL_VERDICT_NORMAL, PAWL_FINDING_NONE},
    {"as recorded", 5, 1, 1, 0, 0, 5, 1, 1, PAWL_VERDICT_NORMAL, PAWL_FINDING_NONE},
    {"flash lost", 5, 1, 1, 0, 0, 5, 0, 0, PAWL_VERDICT_NORMAL, PAWL_FINDING_INSTANCE_LOST},
    {"flash still lost", 5, 0, 0, 0, 0, 5, 0, 0, PAWL_VERDICT_NORMAL, PAWL_FINDING_NONE},
    {"flash found", 5, 0, 0, 0, 0, 5, 1, 1, PAWL_VERDICT_ADOPT, PAWL_FINDING_INSTANCE_FOUND},
    {"instance before any commit", 0, 0, 0, 0, 0, 0, 1, 1, PAWL_VERDICT_QUARANTINE,
     PAWL_FINDING_OTHER_INSTANCE},
    {"first confirmation", 0, 0, 0, 0, 0, 1, 1, 1, PAWL_VERDICT_CONFIRM, PAWL_FINDING_NONE},
    {"confirmation", 5, 1, 1, 0, 0, 6, 2, 2, PAWL_VERDICT_CONFIRM, PAWL_FINDING_NONE},
    {"confirmation after flash loss", 5, 1, 1, 0, 0, 6, 0, 0, PAWL_VERDICT_CONFIRM,
     PAWL_FINDING_NONE},
    {"two ahead", 5, 1, 1, 0, 0, 7, 2, 2, PAWL_VERDICT_CATCH_UP, PAWL_FINDING_CAUGHT_UP},
    {"furthest ahead", 5, 1, 1, 0, 0, 65541, 2, 2, PAWL_VERDICT_CATCH_UP, PAWL_FINDING_CAUGHT_UP},
    {"too far ahead", 5, 1, 1, 0, 0, 65542, 2, 2, PAWL_VERDICT_IMPOSSIBLE, PAWL_FINDING_TOO_FAR},
    {"last number of all", 5, 1, 1, 0, 0, UINT64_MAX, 2, 2, PAWL_VERDICT_IMPOSSIBLE,
     PAWL_FINDING_TOO_FAR},
    {"to the last number", UINT64_MAX - 1, 1, 1, 0, 0, UINT64_MAX, 2, 2, PAWL_VERDICT_CONFIRM,
     PAWL_FINDING_NONE},
    {"no wrap to zero", UINT64_MAX, 1, 1, 0, 0, 0, 0, 0, PAWL_VERDICT_QUARANTINE,
     PAWL_FINDING_BEHIND},
    {"restored memory", 5, 1, 1, 0, 0, 4, 2, 2, PAWL_VERDICT_QUARANTINE, PAWL_FINDING_BEHIND},
    {"erased counter", 5, 1, 1, 0, 0, 0, 0, 0, PAWL_VERDICT_QUARANTINE, PAWL_FINDING_BEHIND},
    {"a clone committed too", 5, 1, 1, 0, 0, 5, 2, 1, PAWL_VERDICT_QUARANTINE,
     PAWL_FINDING_OTHER_INSTANCE},
    {"altered package", 5, 1, 1, 0, 0, 5, 1, 2, PAWL_VERDICT_QUARANTINE,
     PAWL_FINDING_OTHER_PACKAGE},
    {"package without its name", 5, 1, 1, 0, 0, 5, 1, 0, PAWL_VERDICT_QUARANTINE,
     PAWL_FINDING_OTHER_PACKAGE},
    {"up to the maximum", 5, 1, 1, 0, 6, 6, 2, 2, PAWL_VERDICT_CONFIRM, PAWL_FINDING_NONE},
    {"above the maximum", 5, 1, 1, 0, 6, 7, 2, 2, PAWL_VERDICT_IMPOSSIBLE,
     PAWL_FINDING_ABOVE_MAXIMUM},
    {"held", 5, 1, 1, PAWL_STANDING_QUARANTINED, 0, 6, 2, 2, PAWL_VERDICT_HELD, PAWL_FINDING_NONE},
    {"held though as recorded", 5, 1, 1, PAWL_STANDING_QUARANTINED, 0, 5, 1, 1, PAWL_VERDICT_HELD,
     PAWL_FINDING_NONE},
    {"released, behind", 5, 1, 1, PAWL_STANDING_RELEASED, 0, 2, 2, 2, PAWL_VERDICT_ADOPT,
     PAWL_FINDING_ADOPTED},
    {"released, without instance", 5, 1, 1, PAWL_STANDING_RELEASED, 0, 5, 0, 0, PAWL_VERDICT_ADOPT,
     PAWL_FINDING_ADOPTED},
    {"released, far ahead", 5, 1, 1, PAWL_STANDING_RELEASED, 0, 900000, 2, 2, PAWL_VERDICT_ADOPT,
     PAWL_FINDING_ADOPTED},
    {"released, above the maximum", 5, 1, 1, PAWL_STANDING_RELEASED, 9, 10, 2, 2,
     PAWL_VERDICT_IMPOSSIBLE, PAWL_FINDING_ABOVE_MAXIMUM},
};

static void rows_decide_as_specified_i5(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct expectation *row = &rows[i];
        struct pawl_device_record record =
            record_make(row->held, row->held_instance, row->held_package);
        struct pawl_report report = report_make(row->reported, row->instance, row->package);
        struct pawl_decision decision;
        record.standing = row->standing;
        record.has_maximum = row->maximum != 0;
        record.maximum = row->maximum;
        pawl_reconcile_decide(&record, &report, &decision);
        if (decision.verdict != row->verdict || decision.finding != row->finding)
            fail_msg("%s: %s, %s", row->name, pawl_verdict_name(decision.verdict),
                     pawl_finding_name(decision.finding));
    }
}

/* The rules a second time, in the order of SPEC 11.5 but not in the form of the product. */
static enum pawl_verdict verdict_expect(const struct pawl_device_record *held,
                                        const struct pawl_report *report)
{
    if (held->standing == PAWL_STANDING_QUARANTINED)
        return PAWL_VERDICT_HELD;
    if (held->has_maximum && report->sequence > held->maximum)
        return PAWL_VERDICT_IMPOSSIBLE;
    if (held->standing == PAWL_STANDING_RELEASED)
        return PAWL_VERDICT_ADOPT;
    if (report->sequence < held->sequence)
        return PAWL_VERDICT_QUARANTINE;
    uint64_t ahead = report->sequence - held->sequence;
    if (ahead > 0)
        return ahead == 1       ? PAWL_VERDICT_CONFIRM
               : ahead <= 65536 ? PAWL_VERDICT_CATCH_UP
                                : PAWL_VERDICT_IMPOSSIBLE;
    if (!report->has_instance)
        return PAWL_VERDICT_NORMAL;
    if (!held->has_instance)
        return held->sequence > 0 ? PAWL_VERDICT_ADOPT : PAWL_VERDICT_QUARANTINE;
    struct pawl_device_record other = *held;
    other.has_package = report->has_package;
    memcpy(other.instance, report->instance, sizeof other.instance);
    memcpy(other.package_id, report->package_id, sizeof other.package_id);
    bool same = memcmp(other.instance, held->instance, sizeof other.instance) == 0 &&
                other.has_package == held->has_package &&
                memcmp(other.package_id, held->package_id, sizeof other.package_id) == 0;
    return same ? PAWL_VERDICT_NORMAL : PAWL_VERDICT_QUARANTINE;
}

/* What must be true of every decision, whatever the verdict. */
static void consequences_check(const struct pawl_device_record *held,
                               const struct pawl_report *report,
                               const struct pawl_decision *decision)
{
    bool takes = decision->verdict == PAWL_VERDICT_CONFIRM ||
                 decision->verdict == PAWL_VERDICT_CATCH_UP ||
                 decision->verdict == PAWL_VERDICT_ADOPT;
    struct pawl_device_record expected = *held;
    if (decision->verdict == PAWL_VERDICT_QUARANTINE)
        expected.standing = PAWL_STANDING_QUARANTINED;
    if (takes) {
        expected.standing = PAWL_STANDING_ACTIVE;
        expected.sequence = report->sequence;
        expected.has_instance = report->has_instance;
        expected.has_package = report->has_package;
        memcpy(expected.instance, report->instance, sizeof expected.instance);
        memcpy(expected.package_id, report->package_id, sizeof expected.package_id);
    }
    assert_record(&expected, &decision->record);
    assert_int_equal(decision->writes, takes || decision->verdict == PAWL_VERDICT_QUARANTINE);
    bool quiet =
        decision->verdict == PAWL_VERDICT_CONFIRM || decision->verdict == PAWL_VERDICT_HELD;
    if (quiet)
        assert_int_equal(decision->finding, PAWL_FINDING_NONE);
    else if (decision->verdict != PAWL_VERDICT_NORMAL)
        assert_int_not_equal(decision->finding, PAWL_FINDING_NONE);

    /* Decided again on what it wrote, the same report is normal, or held. */
    struct pawl_decision again;
    if (decision->writes) {
        pawl_reconcile_decide(&decision->record, report, &again);
        assert_int_equal(again.verdict, takes && !(report->has_instance && report->sequence == 0 &&
                                                   !decision->record.has_instance)
                                            ? PAWL_VERDICT_NORMAL
                                            : PAWL_VERDICT_HELD);
    }
}

static const uint64_t sequences[] = {0, 1, 4, 5, 6, 7, 65541, 65542, UINT64_MAX - 1, UINT64_MAX};
#define SEQUENCES (sizeof sequences / sizeof *sequences)

static unsigned standing_run(struct pawl_device_record *held, const struct pawl_report *report)
{
    unsigned tried = 0;
    for (unsigned standing = 0; standing <= PAWL_STANDING_RELEASED; standing++)
        for (unsigned limit = 0; limit < 4; limit++) {
            struct pawl_decision decision;
            held->standing = (enum pawl_standing)standing;
            held->has_maximum = limit > 0;
            held->maximum = limit == 1   ? report->sequence
                            : limit == 2 ? report->sequence - (report->sequence > 0)
                            : limit == 3 ? held->sequence
                                         : 0;
            pawl_reconcile_decide(held, report, &decision);
            assert_int_equal(decision.verdict, verdict_expect(held, report));
            consequences_check(held, report, &decision);
            tried++;
        }
    return tried;
}

static void every_combination_decides_alike_i5(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t i = 0; i < SEQUENCES * SEQUENCES; i++)
        for (int identity = 0; identity < 81; identity++) {
            struct pawl_device_record held =
                record_make(sequences[i / SEQUENCES], identity % 3, identity / 3 % 3);
            struct pawl_report report =
                report_make(sequences[i % SEQUENCES], identity / 9 % 3, identity / 27);
            tried += standing_run(&held, &report);
        }
    assert_int_equal(tried, SEQUENCES * SEQUENCES * 81 * 12);
}

static void names_are_given_to_all_values(void **state)
{
    (void)state;
    for (int i = 0; i < PAWL_VERDICT_COUNT; i++)
        assert_string_not_equal(pawl_verdict_name((enum pawl_verdict)i), "unknown");
    for (int i = 0; i < PAWL_FINDING_COUNT; i++)
        assert_string_not_equal(pawl_finding_name((enum pawl_finding)i), "unknown");
    assert_string_equal(pawl_finding_name(PAWL_FINDING_COUNT), "unknown");
    assert_string_equal(pawl_standing_name(PAWL_STANDING_RELEASED), "released");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_decide_as_specified_i5),
        cmocka_unit_test(every_combination_decides_alike_i5),
        cmocka_unit_test(names_are_given_to_all_values),
    };
    return cmocka_run_group_tests_name("reconcile, SPEC 11.5", tests, NULL, NULL);
}
