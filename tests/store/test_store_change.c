/* The store contract: what reports change (SPEC 11.6, 11.7; invariant I5). */
#include <string.h>

#include "store_fixture.h"

static void confirmation_advances_and_counts_i5(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    devices_import(fixture, 1, 3, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    struct pawl_device device = device_read(fixture, 2);
    struct pawl_change change = change_confirm(&device, 1, assignment);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);

    device = device_read(fixture, 2);
    assert_true(device.record.sequence == 1);
    assert_true(device.record.has_instance && device.record.has_package);
    assert_memory_equal(device.record.instance, change.after.instance, PAWL_INSTANCE_SIZE);
    assert_memory_equal(device.record.package_id, change.after.package_id, PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(confirmed_count(fixture, assignment), 1);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.confirmations, 1);
    assert_int_equal(totals.sequence_total, 1);
    assert_true(device_read(fixture, 1).record.sequence == 0);
}

static void second_of_two_equal_confirmations_loses_i5(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change pair[] = {change_confirm(&device, 1, assignment),
                                 change_confirm(&device, 1, assignment)};
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, pair, 2));
    assert_result(PAWL_OK, pair[0].result);
    assert_result(PAWL_STATE, pair[1].result);
    pair[0].result = PAWL_OK;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, pair, 1));
    assert_result(PAWL_STATE, pair[0].result);
    assert_int_equal(confirmed_count(fixture, assignment), 1);
    assert_true(device_read(fixture, 1).record.sequence == 1);
}

static void stale_reads_change_nothing_11_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change change = change_confirm(&device, 1, 0);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    device = device_read(fixture, 1);

    struct pawl_change stale[5];
    for (size_t i = 0; i < 5; i++)
        stale[i] = change_confirm(&device, 2, 0);
    stale[0].before.sequence = 0;
    stale[1].before.sequence = 2;
    stale[2].before.instance[0] ^= 1;
    stale[3].before.has_instance = false;
    stale[4].before.standing = PAWL_STANDING_RELEASED;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, stale, 5));
    for (size_t i = 0; i < 5; i++)
        assert_result(PAWL_STATE, stale[i].result);
    struct pawl_device after = device_read(fixture, 1);
    assert_true(after.record.sequence == 1 && after.record.has_instance);
    assert_memory_equal(after.record.instance, device.record.instance, PAWL_INSTANCE_SIZE);
    assert_memory_equal(after.record.package_id, device.record.package_id, PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(after.record.standing, PAWL_STANDING_ACTIVE);
}

static void conflict_in_a_batch_hinders_no_other_11_6(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_change changes[3];
    struct pawl_event event = {.time = 1, .actor = "device", .action = "caught-up"};
    devices_import(fixture, 1, 3, NULL);
    for (uint64_t i = 0; i < 3; i++) {
        struct pawl_device device = device_read(fixture, i + 1);
        changes[i] = change_confirm(&device, 1, 0);
        changes[i].event = &event;
    }
    changes[1].before.sequence = 9;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, 3));
    assert_result(PAWL_OK, changes[0].result);
    assert_result(PAWL_STATE, changes[1].result);
    assert_result(PAWL_OK, changes[2].result);
    assert_true(device_read(fixture, 1).record.sequence == 1);
    assert_true(device_read(fixture, 2).record.sequence == 0);
    assert_true(device_read(fixture, 3).record.sequence == 1);
}

static void device_counts_once_for_an_assignment_11_7(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    package_publish(fixture, 1, 1);
    package_publish(fixture, 2, 1);
    uint64_t first = class_assign(fixture, 1), second = class_assign(fixture, 2);
    /* To package 1, to 2, and back to 1. */
    const struct {
        uint64_t package, assignment;
    } steps[] = {{1, first}, {2, second}, {1, first}};
    for (size_t i = 0; i < 3; i++) {
        struct pawl_device device = device_read(fixture, 1);
        struct pawl_change change = change_confirm(&device, steps[i].package, steps[i].assignment);
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
        assert_result(PAWL_OK, change.result);
    }
    assert_true(device_read(fixture, 1).record.sequence == 3);
    assert_int_equal(confirmed_count(fixture, first), 1);
    assert_int_equal(confirmed_count(fixture, second), 1);
}

static void deleted_assignment_counts_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    devices_import(fixture, 1, 2, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change change = change_confirm(&device, 1, assignment);
    assert_result(PAWL_OK, pawl_store_assignment_delete(fixture->store, assignment, NULL));
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    uint64_t next = class_assign(fixture, 1);
    assert_true(next > assignment); /* a number is never used again */
    assert_int_equal(confirmed_count(fixture, next), 0);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.confirmations, 1);
    assert_int_equal(totals.assignments, 1);
}

static void many_assignments_in_a_batch_are_all_counted(void **state)
{
    struct store_fixture *fixture = *state;
    enum { DEVICES = 200, ASSIGNMENTS = 40 };
    static struct pawl_change changes[DEVICES];
    uint64_t assignments[ASSIGNMENTS];
    devices_import(fixture, 1, DEVICES, NULL);
    package_publish(fixture, 1, 1);
    for (size_t i = 0; i < ASSIGNMENTS; i++)
        assignments[i] = class_assign(fixture, 1);
    for (uint64_t i = 0; i < DEVICES; i++) {
        struct pawl_device device = device_read(fixture, i + 1);
        changes[i] = change_confirm(&device, 1, assignments[i % ASSIGNMENTS]);
    }
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, DEVICES));
    for (size_t i = 0; i < ASSIGNMENTS; i++)
        assert_int_equal(confirmed_count(fixture, assignments[i]), DEVICES / ASSIGNMENTS);
}

static void large_batches_count_each_device_once_11_7(void **state)
{
    struct store_fixture *fixture = *state;
    enum { DEVICES = 9000 };
    static struct pawl_change changes[DEVICES];
    devices_import(fixture, 1, DEVICES, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < DEVICES; i++) {
            struct pawl_device device = device_read(fixture, i + 1);
            changes[i] = change_confirm(&device, 1, assignment);
        }
        /* The first pass leaves every third device to the second. */
        for (uint64_t i = 0; pass == 0 && i < DEVICES; i += 3)
            changes[i].before.sequence = 5;
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, DEVICES));
        assert_int_equal(confirmed_count(fixture, assignment),
                         pass == 0 ? DEVICES - DEVICES / 3 : DEVICES);
    }
}

static void quarantine_release_and_adoption(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    devices_import(fixture, 1, 1, NULL);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change change = change_confirm(&device, 1, 0);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RELEASE), PAWL_ACT_NOT_QUARANTINED);

    device = device_read(fixture, 1);
    change = (struct pawl_change){.number = device.number,
                                  .before = device.record,
                                  .after = device.record,
                                  .quarantine = PAWL_FINDING_OTHER_INSTANCE};
    change.after.standing = PAWL_STANDING_QUARANTINED;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    device = device_read(fixture, 1);
    assert_int_equal(device.record.standing, PAWL_STANDING_QUARANTINED);
    assert_int_equal(device.quarantine, PAWL_FINDING_OTHER_INSTANCE);
    assert_true(device.record.sequence == 1);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.quarantined, 1);

    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RELEASE), PAWL_ACT_CHANGED);
    device = device_read(fixture, 1);
    assert_int_equal(device.record.standing, PAWL_STANDING_RELEASED);
    assert_int_equal(device.quarantine, PAWL_FINDING_NONE);
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RELEASE), PAWL_ACT_UNCHANGED);

    change = change_confirm(&device, 1, 0);
    change.after.sequence = 0; /* an earlier number is adopted too */
    change.after.standing = PAWL_STANDING_ACTIVE;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    assert_true(device_read(fixture, 1).record.sequence == 0);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.quarantined, 0);
    assert_int_equal(totals.sequence_total, 0);
    assert_int_equal(totals.confirmations, 1);
}

static void first_contact_can_quarantine(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change change = {.number = device.number,
                                 .before = device.record,
                                 .after = device.record,
                                 .quarantine = PAWL_FINDING_OTHER_INSTANCE};
    change.after.standing = PAWL_STANDING_QUARANTINED;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    assert_int_equal(device_read(fixture, 1).record.standing, PAWL_STANDING_QUARANTINED);
}

static void largest_numbers_are_kept_spec_9(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    devices_import(fixture, 1, 2, NULL);
    for (uint64_t i = 1; i <= 2; i++) {
        struct pawl_device device = device_read(fixture, i);
        struct pawl_change change = change_confirm(&device, 1, 0);
        change.after.sequence = UINT64_MAX - 1;
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
        assert_result(PAWL_OK, change.result);
        device = device_read(fixture, i);
        assert_true(device.record.sequence == UINT64_MAX - 1);
        change = change_confirm(&device, 1, 0);
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
        assert_result(PAWL_OK, change.result);
        assert_true(device_read(fixture, i).record.sequence == UINT64_MAX);
    }
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_true(totals.sequence_total == UINT64_MAX - 1); /* modulo 2^64 */
}

/* 11.8: an operator's retry that comes between a report and its note is not lost; and of two
 * reports that tell the same failure at once one is noted. */
static void failure_notes_are_compared_and_set_11_8(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    size_t count = 0;
    devices_import(fixture, 1, 1, NULL);
    struct pawl_failure_change first[2] = {
        {.number = 1,
         .note = {.present = true, .package_id = {5}, .code = 67},
         .attempted = true,
         .time = 1700000000}};
    first[1] = first[0];
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, first, 2));
    assert_result(PAWL_OK, first[0].result);
    assert_result(PAWL_STATE, first[1].result);
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 1, entries, &count));
    assert_int_equal(count, 1);

    struct pawl_device device = device_read(fixture, 1);
    struct pawl_failure_change change = {
        .number = 1, .record = device.record, .before = device.failure, .note = device.failure};
    change.note.retries = 1;
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RETRY), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &change, 1));
    assert_result(PAWL_STATE, change.result);
    device = device_read(fixture, 1);
    assert_true(device.failure.retry_asked && device.failure.retries == 0);
    change.before = device.failure;
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    device = device_read(fixture, 1);
    assert_true(!device.failure.retry_asked && device.failure.retries == 1);
}

static void failures_are_noted_and_cleared_by_success_11_8(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RETRY), PAWL_ACT_NO_FAILURE);
    struct pawl_failure_change failure = {
        .number = 1, .note = {.present = true, .package_id = {5}, .code = 67, .retries = 2}};
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &failure, 1));
    struct pawl_device device = device_read(fixture, 1);
    assert_true(device.failure.present && !device.failure.retry_asked);
    assert_int_equal(device.failure.code, 67);
    assert_int_equal(device.failure.retries, 2);
    assert_int_equal(device.failure.package_id[0], 5);
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RETRY), PAWL_ACT_CHANGED);
    assert_int_equal(device_do(fixture, 1, PAWL_ACT_RETRY), PAWL_ACT_UNCHANGED);
    device = device_read(fixture, 1);
    assert_true(device.failure.retry_asked);

    /* A note does not stand in the way of the compare and set. */
    struct pawl_change change = change_confirm(&device, 1, 0);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    device = device_read(fixture, 1);
    assert_false(device.failure.present || device.failure.retry_asked);
    assert_int_equal(device.failure.retries, 0);
}

static void restart_loses_nothing_i5(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals before, after;
    devices_import(fixture, 1, 100, "lab");
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    for (uint64_t i = 1; i <= 50; i++) {
        struct pawl_device device = device_read(fixture, i);
        struct pawl_change change = change_confirm(&device, 1, assignment);
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    }
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &before));
    store_restart(fixture);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(confirmed_count(fixture, assignment), 50);
    for (uint64_t i = 1; i <= 100; i++)
        assert_true(device_read(fixture, i).record.sequence == (i <= 50));
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(confirmation_advances_and_counts_i5),
        STORE_TEST(second_of_two_equal_confirmations_loses_i5),
        STORE_TEST(stale_reads_change_nothing_11_6),
        STORE_TEST(conflict_in_a_batch_hinders_no_other_11_6),
        STORE_TEST(device_counts_once_for_an_assignment_11_7),
        STORE_TEST(deleted_assignment_counts_nothing),
        STORE_TEST(many_assignments_in_a_batch_are_all_counted),
        STORE_TEST(large_batches_count_each_device_once_11_7),
        STORE_TEST(quarantine_release_and_adoption),
        STORE_TEST(first_contact_can_quarantine),
        STORE_TEST(largest_numbers_are_kept_spec_9),
        STORE_TEST(failure_notes_are_compared_and_set_11_8),
        STORE_TEST(failures_are_noted_and_cleared_by_success_11_8),
        STORE_TEST(restart_loses_nothing_i5),
    };
    return cmocka_run_group_tests_name("store: changes", tests, NULL, NULL);
}
