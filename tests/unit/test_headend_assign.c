/* The plan of assignments and what is offered (SPEC 11.8). */
#include <string.h>

#include "headend/assign.h"
#include "pawl_test.h"

static const uint8_t device[PAWL_ID_SIZE] = {1}, other_device[PAWL_ID_SIZE] = {2};
static const uint8_t class_a[PAWL_ID_SIZE] = {3}, class_b[PAWL_ID_SIZE] = {4};
static const struct pawl_subject subject = {device, class_a, "lab", 1};

/* An assignment of package `package` (its first byte), made for devices of `class_id`. */
static struct pawl_plan_entry entry_make(uint64_t id, enum pawl_target_kind kind,
                                         const void *target, uint8_t package,
                                         const uint8_t *class_id)
{
    struct pawl_plan_entry entry = {.assignment = id, .target = {.kind = kind}};
    if (kind == PAWL_TARGET_GROUP)
        strcpy(entry.target.group, target);
    else
        memcpy(entry.target.id, target, PAWL_ID_SIZE);
    entry.package_id[0] = package;
    memcpy(entry.class_id, class_id, PAWL_ID_SIZE);
    return entry;
}

static uint64_t found(const struct pawl_plan_entry *entries, size_t count,
                      const struct pawl_subject *who)
{
    struct pawl_plan *plan;
    assert_result(PAWL_OK, pawl_plan_build(entries, count, &plan));
    const struct pawl_plan_entry *entry = pawl_plan_find(plan, who, NULL);
    uint64_t id = entry == NULL ? 0 : entry->assignment;
    pawl_plan_free(plan);
    return id;
}

static void device_goes_before_group_before_class(void **state)
{
    (void)state;
    const struct pawl_plan_entry entries[] = {
        entry_make(1, PAWL_TARGET_DEVICE, device, 1, class_a),
        entry_make(2, PAWL_TARGET_GROUP, "lab", 2, class_a),
        entry_make(3, PAWL_TARGET_CLASS, class_a, 3, class_a),
    };
    const struct pawl_subject groupless = {other_device, class_a, "", 2};
    const struct pawl_subject grouped = {other_device, class_a, "lab", 2};
    assert_int_equal(found(entries, 3, &subject), 1);
    assert_int_equal(found(entries, 3, &grouped), 2);
    assert_int_equal(found(entries, 3, &groupless), 3);
    assert_int_equal(found(entries + 1, 2, &subject), 2);
    assert_int_equal(found(entries + 2, 1, &subject), 3);
    assert_int_equal(found(entries, 0, &subject), 0);
}

static void newest_of_a_kind_wins_in_any_order(void **state)
{
    (void)state;
    const struct pawl_plan_entry entries[] = {
        entry_make(7, PAWL_TARGET_CLASS, class_a, 1, class_a),
        entry_make(9, PAWL_TARGET_CLASS, class_a, 2, class_a),
        entry_make(8, PAWL_TARGET_CLASS, class_a, 3, class_a),
        entry_make(10, PAWL_TARGET_CLASS, class_b, 3, class_b),
    };
    assert_int_equal(found(entries, 4, &subject), 9);
}

static void package_of_another_class_is_passed_over(void **state)
{
    (void)state;
    const struct pawl_plan_entry entries[] = {
        entry_make(1, PAWL_TARGET_GROUP, "lab", 1, class_a),
        entry_make(2, PAWL_TARGET_GROUP, "lab", 2, class_b),
        entry_make(3, PAWL_TARGET_DEVICE, device, 3, class_b),
    };
    assert_int_equal(found(entries, 3, &subject), 1);
}

static void similar_groups_are_apart(void **state)
{
    (void)state;
    const struct pawl_plan_entry entries[] = {
        entry_make(1, PAWL_TARGET_GROUP, "la", 1, class_a),
        entry_make(2, PAWL_TARGET_GROUP, "lab2", 2, class_a),
    };
    assert_int_equal(found(entries, 2, &subject), 0);
}

static void confirmation_is_credited_to_what_offered_it(void **state)
{
    (void)state;
    const struct pawl_plan_entry entries[] = {
        entry_make(1, PAWL_TARGET_CLASS, class_a, 5, class_a),
        entry_make(2, PAWL_TARGET_CLASS, class_a, 6, class_a),
        entry_make(3, PAWL_TARGET_CLASS, class_a, 5, class_a),
    };
    const uint8_t five[PAWL_PACKAGE_ID_SIZE] = {5}, six[PAWL_PACKAGE_ID_SIZE] = {6};
    const uint8_t seven[PAWL_PACKAGE_ID_SIZE] = {7};
    struct pawl_plan *plan;
    assert_result(PAWL_OK, pawl_plan_build(entries, 3, &plan));
    struct pawl_credit credit;
    pawl_plan_credit(plan, &subject, five, &credit);
    assert_int_equal(credit.assignment, 3);
    pawl_plan_credit(plan, &subject, six, &credit);
    assert_int_equal(credit.assignment, 2);
    pawl_plan_credit(plan, &subject, seven, &credit);
    assert_int_equal(credit.assignment, 0);
    assert_int_equal(credit.campaign, 0);
    pawl_plan_free(plan);
}

static void many_assignments_are_all_found(void **state)
{
    (void)state;
    static struct pawl_plan_entry entries[3000];
    struct pawl_plan *plan;
    uint8_t id[PAWL_ID_SIZE] = {0};
    for (unsigned i = 0; i < 3000; i++) {
        id[5] = (uint8_t)(i * 7 % 251);
        id[6] = (uint8_t)(i / 251);
        entries[i] = entry_make(i + 1, PAWL_TARGET_DEVICE, id, 1, class_a);
    }
    assert_result(PAWL_OK, pawl_plan_build(entries, 3000, &plan));
    for (unsigned i = 0; i < 3000; i++) {
        const struct pawl_subject who = {entries[i].target.id, class_a, "", 1};
        assert_int_equal(pawl_plan_find(plan, &who, NULL)->assignment, i + 1);
    }
    pawl_plan_free(plan);
}

/* What is offered, with package 5 assigned to the class. */
struct scene {
    struct pawl_device_record record;
    struct pawl_failure_note note;
    struct pawl_report report;
    struct pawl_offer offer;
};

static void decide(struct scene *scene)
{
    const struct pawl_plan_entry entry = entry_make(1, PAWL_TARGET_CLASS, class_a, 5, class_a);
    const struct pawl_offer_terms terms = {.now = 1};
    struct pawl_plan *plan;
    assert_result(PAWL_OK, pawl_plan_build(&entry, 1, &plan));
    pawl_offer_decide(plan, &subject, &scene->record, &scene->note, &scene->report, &terms,
                      &scene->offer);
    scene->offer.entry = NULL; /* goes with the plan */
    if (scene->offer.note_changed)
        scene->note = scene->offer.note;
    pawl_plan_free(plan);
}

static void fail_with(struct scene *scene, uint8_t package, uint64_t code)
{
    scene->report.has_failure = true;
    scene->report.failed_package_id[0] = package;
    scene->report.failure = code;
    scene->report.state = PAWL_STATE_FAILED;
}

static void fresh_device_is_offered_the_package(void **state)
{
    (void)state;
    struct scene scene = {0};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_false(scene.offer.note_changed);
}

static void running_device_is_left_alone(void **state)
{
    (void)state;
    struct scene scene = {.report = {.has_package = true, .package_id = {5}}};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_CURRENT);
}

static void device_that_lost_its_flash_gets_it_again(void **state)
{
    (void)state;
    struct scene scene = {.record = {.has_package = true, .package_id = {5}}};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
}

static void used_up_device_is_offered_nothing(void **state)
{
    (void)state;
    struct scene scene = {.record = {.sequence = 4, .has_maximum = true, .maximum = 4}};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_MAXIMUM);
    scene.record.maximum = 5;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
}

static void failed_package_is_not_offered_again(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_EXIT);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_true(scene.offer.note_changed);
    assert_int_equal(scene.note.code, PAWL_FAILURE_EXIT);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_false(scene.offer.note_changed); /* one write when it changes, none at each poll */
}

static void failure_of_another_package_hinders_nothing(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 6, PAWL_FAILURE_EXIT);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_true(scene.offer.note_changed);
}

static void lost_power_is_forgiven_three_times(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_POWER);
    for (unsigned i = 0; i < PAWL_POWER_RETRIES_MAX; i++) {
        decide(&scene);
        assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
        assert_int_equal(scene.note.retries, i + 1);
    }
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_false(scene.offer.note_changed);
}

static void device_at_work_on_a_retry_keeps_its_offer(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_POWER);
    decide(&scene);
    scene.report.state = PAWL_STATE_WRITING;
    for (unsigned i = 0; i < 10; i++) {
        decide(&scene);
        assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
        assert_int_equal(scene.note.retries, 1);
    }
}

static void device_at_work_on_something_else_is_offered_no_failed_package(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_SIGNAL);
    scene.report.state = PAWL_STATE_WRITING;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
}

static void operator_grants_one_more_attempt(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_SIGNAL);
    decide(&scene);
    scene.note.retry_asked = true;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_true(scene.offer.note_changed);
    assert_false(scene.note.retry_asked);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
}

static void another_failure_starts_a_new_note(void **state)
{
    (void)state;
    struct scene scene = {0};
    fail_with(&scene, 5, PAWL_FAILURE_POWER);
    decide(&scene);
    fail_with(&scene, 5, PAWL_FAILURE_DEADLINE);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_int_equal(scene.note.code, PAWL_FAILURE_DEADLINE);
    assert_int_equal(scene.note.retries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_goes_before_group_before_class),
        cmocka_unit_test(newest_of_a_kind_wins_in_any_order),
        cmocka_unit_test(package_of_another_class_is_passed_over),
        cmocka_unit_test(similar_groups_are_apart),
        cmocka_unit_test(confirmation_is_credited_to_what_offered_it),
        cmocka_unit_test(many_assignments_are_all_found),
        cmocka_unit_test(fresh_device_is_offered_the_package),
        cmocka_unit_test(running_device_is_left_alone),
        cmocka_unit_test(device_that_lost_its_flash_gets_it_again),
        cmocka_unit_test(used_up_device_is_offered_nothing),
        cmocka_unit_test(failed_package_is_not_offered_again),
        cmocka_unit_test(failure_of_another_package_hinders_nothing),
        cmocka_unit_test(lost_power_is_forgiven_three_times),
        cmocka_unit_test(device_at_work_on_a_retry_keeps_its_offer),
        cmocka_unit_test(device_at_work_on_something_else_is_offered_no_failed_package),
        cmocka_unit_test(operator_grants_one_more_attempt),
        cmocka_unit_test(another_failure_starts_a_new_note),
    };
    return cmocka_run_group_tests_name("assign, SPEC 11.8", tests, NULL, NULL);
}
