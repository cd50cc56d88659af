/* Commands, and images that run once (SPEC 13.9, 19). */
#include "processor_fixture.h"

#define NUMBER 41u

static void offer_once(struct fixture *f, uint64_t number)
{
    f->device.diagnostic = number;
}

/* The number of the last command taken, as the newest report tells it. */
static uint64_t taken(struct fixture *f)
{
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_true(f->device.report.has_command);
    return f->device.report.command;
}

static void spec13_9_success_does_not_commit(void **state)
{
    struct fixture *f = *state;
    uint8_t instance[PAWL_INSTANCE_SIZE];

    fixture_commit(f, &f->first);
    assert_int_equal(taken(f), 0);
    memcpy(instance, f->device.report.instance, sizeof instance);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    assert_true(f->device.ram.trial);
    assert_true(pawl_test_device_runs(&f->device, &f->second));
    assert_int_equal(taken(f), 0);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);

    assert_int_equal(f->device.ram.counter, 1);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    assert_false(f->device.ram.trial);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_DONE);
    assert_int_equal(taken(f), NUMBER);
    assert_memory_equal(f->device.report.instance, instance, sizeof instance);
    assert_memory_equal(f->device.report.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_STATE);
}

/* Contact, the other way to succeed, does not commit either. */
static void spec13_9_contact_does_not_commit(void **state)
{
    const struct pawl_test_release release = {.image_seed = 9, .success = PAWL_SUCCESS_CONTACT};
    struct fixture *f = *state;
    struct pawl_test_package package;
    struct pawl_work work;

    pawl_test_package_make(&release, &package);
    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 1), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->third, 1, &work), PAWL_OK);
    assert_int_equal(work.action, PAWL_ACTION_IDLE);
    assert_int_equal(f->device.ram.counter, 1);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    assert_int_equal(fixture_failure_get(f, &package), PAWL_FAILURE_DONE);
    pawl_test_package_free(&package);
}

static void spec13_9_a_failure_has_its_usual_cause(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_CRASHED), PAWL_OK);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_SIGNAL);
    assert_int_equal(taken(f), NUMBER);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

/* I4: whatever is known of the attempt is known after a reboot, and it does not run again. */
static void i4_after_a_reboot_it_is_not_run_again(void **state)
{
    static const uint64_t expected[] = {PAWL_FAILURE_POWER, PAWL_FAILURE_DONE};
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    for (unsigned ended = 0; ended < 2; ended++) {
        offer_once(f, NUMBER + ended);
        assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
        if (ended)
            assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
        assert_int_equal(fixture_reboot(f), PAWL_OK);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_FAILED);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        assert_int_equal(fixture_failure_get(f, &f->second), expected[ended]);
        assert_int_equal(taken(f), NUMBER + ended);
        assert_int_equal(pawl_processor_install(f->device.engine), PAWL_STATE);
    }
}

/* An interrupted download of one is still one when it goes on. */
static void spec13_9_it_stays_a_diagnostic_over_a_reboot(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, work.offset, 500, 3500),
                     PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_WRITING);
    assert_int_equal(taken(f), 0);
    f->device.fetched = 0;
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    assert_true(f->device.fetched < f->second.size);
    assert_int_equal(f->device.ram.counter, 1);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_FAILURE_DONE);
}

/* What was taken as the one is not gone on with as the other. */
static void i2_neither_passes_for_the_other(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_CANDIDATE);
    offer_once(f, 0);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
    assert_true(work.fetch);
    assert_int_equal(work.offset, 0);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 2);
    assert_true(pawl_test_device_runs(&f->device, &f->second));
    assert_int_equal(taken(f), 0);
}

/* I3: it is checked like any other. */
static void i3_it_needs_an_entitlement_like_any_other(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 0), PAWL_NOT_ENTITLED);
    assert_int_equal(taken(f), NUMBER);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_NOT_ENTITLED);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

/* I2: one that succeeded at s changes nothing of what opens at s. */
static void i2_it_moves_no_number(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    offer_once(f, NUMBER);
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    offer_once(f, 0);
    assert_int_equal(pawl_test_device_download(&f->device, &f->third, 0), PAWL_NOT_ENTITLED);
    fixture_commit(f, &f->third);
    assert_int_equal(f->device.ram.counter, 2);
    assert_int_equal(fixture_failure_get(f, &f->second), 0);
}

static void command_send(struct fixture *f, uint64_t number, struct pawl_work *work)
{
    struct pawl_directive directive;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, NULL, 0, &directive);
    directive.command = number;
    directive.message_size = 5;
    memcpy(directive.message, "hello", 5);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, work), PAWL_OK);
}

/* SPEC 19.2: at least once until it was carried out, and not again while that is remembered. */
static void spec19_2_a_command_is_taken_when_it_was_carried_out(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    for (unsigned i = 0; i < 2; i++) {
        command_send(f, NUMBER, &work);
        assert_int_equal(work.command, NUMBER);
        assert_int_equal(work.message_size, 5);
        assert_memory_equal(work.message, "hello", 5);
        assert_int_equal(taken(f), 0);
    }
    assert_int_equal(pawl_processor_taken(f->device.engine, NUMBER + 1), PAWL_STATE);
    assert_int_equal(pawl_processor_taken(f->device.engine, 0), PAWL_STATE);
    assert_int_equal(pawl_processor_taken(f->device.engine, NUMBER), PAWL_OK);
    assert_int_equal(pawl_processor_taken(f->device.engine, NUMBER), PAWL_OK);
    assert_int_equal(taken(f), NUMBER);
    command_send(f, NUMBER, &work);
    assert_int_equal(work.command, 0);
    assert_int_equal(work.message_size, 0);
    command_send(f, NUMBER + 1, &work);
    assert_int_equal(work.command, NUMBER + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec13_9_success_does_not_commit),
        FIXTURE_TEST(spec13_9_contact_does_not_commit),
        FIXTURE_TEST(spec13_9_a_failure_has_its_usual_cause),
        FIXTURE_TEST(i4_after_a_reboot_it_is_not_run_again),
        FIXTURE_TEST(spec13_9_it_stays_a_diagnostic_over_a_reboot),
        FIXTURE_TEST(i2_neither_passes_for_the_other),
        FIXTURE_TEST(i3_it_needs_an_entitlement_like_any_other),
        FIXTURE_TEST(i2_it_moves_no_number),
        FIXTURE_TEST(spec19_2_a_command_is_taken_when_it_was_carried_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
