/* Trials: how they are judged, and what follows (SPEC 13.4). */
#include "processor_fixture.h"

static void i2_success_commits_and_the_next_report_confirms(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_TRIAL);
    assert_true(f->device.ram.trial);
    assert_int_equal(f->device.ram.counter, 0);
    assert_true(pawl_test_device_runs(&f->device, &f->first));

    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 1);
    assert_int_equal(pawl_test_device_exchange(&f->device, NULL, 0, &work), PAWL_OK);
    assert_int_equal(f->device.report.state, PAWL_STATE_UPDATED);
    assert_int_equal(f->device.report.sequence, 1);
    assert_true(f->device.report.has_instance);
    assert_memory_equal(f->device.report.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
}

static void i2_a_trial_is_not_reported_as_the_package(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_int_equal(f->device.report.state, PAWL_STATE_TRIAL);
    assert_int_equal(f->device.report.sequence, 1);
    assert_memory_equal(f->device.report.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
}

/* What each event means under each criterion: 0 commits, GOES_ON leaves the trial, else the
 * cause. */
#define GOES_ON UINT64_MAX
struct verdict {
    enum pawl_success success;
    enum pawl_run_event event;
    uint64_t expected;
};
static const struct verdict verdicts[] = {
    {PAWL_SUCCESS_EXIT, PAWL_RUN_EXITED_ZERO, 0},
    {PAWL_SUCCESS_EXIT, PAWL_RUN_EXITED_OTHER, PAWL_FAILURE_EXIT},
    {PAWL_SUCCESS_EXIT, PAWL_RUN_CRASHED, PAWL_FAILURE_SIGNAL},
    {PAWL_SUCCESS_EXIT, PAWL_RUN_READY, GOES_ON},
    {PAWL_SUCCESS_EXIT, PAWL_RUN_DEADLINE, PAWL_FAILURE_DEADLINE},
    {PAWL_SUCCESS_READY, PAWL_RUN_EXITED_ZERO, PAWL_FAILURE_EXIT},
    {PAWL_SUCCESS_READY, PAWL_RUN_EXITED_OTHER, PAWL_FAILURE_EXIT},
    {PAWL_SUCCESS_READY, PAWL_RUN_CRASHED, PAWL_FAILURE_SIGNAL},
    {PAWL_SUCCESS_READY, PAWL_RUN_READY, 0},
    {PAWL_SUCCESS_READY, PAWL_RUN_DEADLINE, PAWL_FAILURE_DEADLINE},
    {PAWL_SUCCESS_CONTACT, PAWL_RUN_EXITED_ZERO, PAWL_FAILURE_EXIT},
    {PAWL_SUCCESS_CONTACT, PAWL_RUN_EXITED_OTHER, PAWL_FAILURE_EXIT},
    {PAWL_SUCCESS_CONTACT, PAWL_RUN_CRASHED, PAWL_FAILURE_SIGNAL},
    {PAWL_SUCCESS_CONTACT, PAWL_RUN_READY, GOES_ON},
    {PAWL_SUCCESS_CONTACT, PAWL_RUN_DEADLINE, PAWL_FAILURE_DEADLINE},
};

static void verdict_check(struct fixture *f, const struct verdict *verdict)
{
    const struct pawl_test_release release = {.image_seed = 9, .success = verdict->success};
    struct pawl_test_package package;
    uint64_t sequence = f->device.ram.counter;

    pawl_test_package_make(&release, &package);
    assert_int_equal(pawl_test_device_download(&f->device, &package, sequence), PAWL_OK);
    assert_int_equal(pawl_processor_ran(f->device.engine, verdict->event), PAWL_OK);
    if (verdict->expected == 0) {
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_UPDATED);
        assert_int_equal(f->device.ram.counter, sequence + 1);
    } else if (verdict->expected == GOES_ON) {
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_TRIAL);
        assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_CRASHED), PAWL_OK);
    } else {
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_FAILED);
        assert_int_equal(fixture_failure_get(f, &package), verdict->expected);
        assert_int_equal(f->device.ram.counter, sequence);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        assert_false(f->device.ram.trial);
    }
    pawl_test_package_free(&package);
}

static void i4_each_end_of_a_trial_is_judged_by_its_criterion(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        fixture_commit(f, &f->first);
        verdict_check(f, &verdicts[i]);
    }
}

static void spec13_contact_commits_and_what_it_offered_is_stale(void **state)
{
    const struct pawl_test_release release = {.image_seed = 9, .success = PAWL_SUCCESS_CONTACT};
    struct fixture *f = *state;
    struct pawl_test_package package;
    struct pawl_work work;

    pawl_test_package_make(&release, &package);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 0), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 0, &work), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 1);
    assert_int_equal(work.action, PAWL_ACTION_IDLE);
    assert_false(work.fetch);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_UPDATED);
    pawl_test_package_free(&package);
}

static void spec13_contact_does_not_count_after_the_image_ended(void **state)
{
    const struct pawl_test_release release = {.image_seed = 9, .success = PAWL_SUCCESS_CONTACT};
    struct fixture *f = *state;
    struct pawl_test_package package;
    struct pawl_work work;

    pawl_test_package_make(&release, &package);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 0), PAWL_OK);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, NULL, 0, &work), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 0);
    pawl_test_package_free(&package);
}

static void spec13_a_trial_ignores_what_is_offered(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(work.action, PAWL_ACTION_IDLE);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 0, &work), PAWL_OK);
    assert_int_equal(work.action, PAWL_ACTION_IDLE);
    assert_int_equal(pawl_processor_cancel(f->device.engine), PAWL_STATE);
    assert_int_equal(pawl_processor_boot(f->device.engine), PAWL_STATE);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 1);
}

static void i4_power_lost_in_a_trial_is_its_failure(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_FAILED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_POWER);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    fixture_commit(f, &f->second);
    assert_int_equal(fixture_failure_get(f, &f->second), 0);
}

static void spec13_a_failure_is_reported_until_another_attempt(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_CRASHED), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, NULL, 0, &work), PAWL_OK);
    assert_int_equal(f->device.report.state, PAWL_STATE_FAILED);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_SIGNAL);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_FAILED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_SIGNAL);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->third, 1, &work), PAWL_OK);
    assert_int_equal(fixture_failure_get(f, &f->third), 0);
}

static void i4_an_image_that_cannot_be_started_is_a_failure(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    f->device.ram.run_fails = true;
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_IO);
    f->device.ram.run_fails = false;
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_FAILED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_RUN);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    fixture_commit(f, &f->second);
}

static void spec13_events_without_a_running_image_are_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STATE);
    fixture_commit(f, &f->first);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STATE);
    assert_int_equal(f->device.ram.counter, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_CRASHED), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(i2_success_commits_and_the_next_report_confirms),
        FIXTURE_TEST(i2_a_trial_is_not_reported_as_the_package),
        FIXTURE_TEST(i4_each_end_of_a_trial_is_judged_by_its_criterion),
        FIXTURE_TEST(spec13_contact_commits_and_what_it_offered_is_stale),
        FIXTURE_TEST(spec13_contact_does_not_count_after_the_image_ended),
        FIXTURE_TEST(spec13_a_trial_ignores_what_is_offered),
        FIXTURE_TEST(i4_power_lost_in_a_trial_is_its_failure),
        FIXTURE_TEST(spec13_a_failure_is_reported_until_another_attempt),
        FIXTURE_TEST(i4_an_image_that_cannot_be_started_is_a_failure),
        FIXTURE_TEST(spec13_events_without_a_running_image_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
