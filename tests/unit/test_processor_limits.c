/* What bounds a device whatever it is offered: the security floor, its last sequence number, and
 * the profiles that its port runs (SPEC 5.4, 6.9, 8.7, 13.6, 13.7). */
#include "processor_fixture.h"

static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    return 0;
}

/* A test with a device that runs the first release as its state. */
#define LIMIT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

/* A package that was taken while the committed record could not be read, and so under the floor of
 * the start, is judged again when it can be. */
static void spec13_6_a_trial_is_held_to_the_floor_that_is_known_when_it_starts(void **state)
{
    struct pawl_test_release wanted = fixture_release(0, 0);
    struct fixture *f = *state;
    struct pawl_work work;

    wanted.security_version = 5;
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_OK);
    fixture_record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 2, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    fixture_record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_ROLLBACK);
    assert_int_equal(f->device.ram.counter, 2);
}

/* Over several commits the floor is the highest that was committed, whatever came after. */
static void spec13_6_the_floor_never_falls(void **state)
{
    static const struct {
        uint64_t version;
        enum pawl_result expected;
    } steps[] = {{3, PAWL_OK},          {3, PAWL_OK},
                 {2, PAWL_ROLLBACK},    {UINT64_MAX - 1, PAWL_OK},
                 {3, PAWL_ROLLBACK},    {UINT64_MAX - 2, PAWL_ROLLBACK},
                 {UINT64_MAX, PAWL_OK}, {UINT64_MAX - 1, PAWL_ROLLBACK},
                 {UINT64_MAX, PAWL_OK}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct pawl_test_release wanted = fixture_release(0, 0);
        wanted.security_version = steps[i].version;
        assert_int_equal(fixture_outcome(f, &wanted), steps[i].expected);
        assert_int_equal(fixture_reboot(f), PAWL_OK);
    }
}

/* SPEC 8.7: a release that is entitled at s no longer opens once another one raised the floor at
 * the same s, though its entitlement does. */
static void spec8_7_a_raised_floor_recalls_an_entitlement(void **state)
{
    struct pawl_test_release old = fixture_release(0, 0), raised = fixture_release(0, 0);
    struct fixture *f = *state;

    raised.security_version = 1;
    assert_int_equal(fixture_outcome(f, &raised), PAWL_OK);
    assert_int_equal(fixture_outcome(f, &old), PAWL_ROLLBACK);
}

/* SPEC 6.9, 13.7: a port that does not say that it runs a profile is not given it, nor is an image
 * that was committed when it did. */
static void spec6_9_a_profile_that_the_port_cannot_run_is_unsupported(void **state)
{
    struct pawl_test_release wanted = fixture_release(0, 0);
    struct fixture *f = *state;

    wanted.profile = PAWL_PROFILE_NETWORK;
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_UNSUPPORTED);
    f->device.ram.port.executor.network = true;
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_OK);
    f->device.ram.port.executor.network = false;
    assert_int_equal(fixture_reboot(f), PAWL_UNSUPPORTED);
    assert_false(f->device.ram.running);
    fixture_expect(f, 0, 0, PAWL_OK);
}

static void sequence_set(struct fixture *f, uint64_t sequence)
{
    pawl_test_device_stop(&f->device);
    f->device.ram.counter = sequence;
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
}

/* The last download is the one that makes the maximum; a device there takes none, in neither mode
 * and not to run it once. Every start of the attempt is refused, so nothing is written. */
static void maximum_holds(struct fixture *f, uint64_t maximum)
{
    struct pawl_test_release wanted = fixture_release(0, 0);

    sequence_set(f, maximum - 2);
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_OK);
    wanted = fixture_release(0, 0);
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_OK);
    assert_true(f->device.ram.counter == maximum);
    uint64_t operations = f->device.ram.operations;
    wanted = fixture_release(0, 0);
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_EXHAUSTED);
    wanted = fixture_release(0, 0);
    wanted.mode = PAWL_MODE_DIRECT;
    wanted.pud = &f->device.pud;
    wanted.sequence = maximum;
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_EXHAUSTED);
    f->device.diagnostic = 41;
    wanted = fixture_release(0, 0);
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_EXHAUSTED);
    f->device.diagnostic = 0;
    assert_true(f->device.ram.operations == operations);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_true(f->device.ram.running);
}

static void spec5_4_the_maximum_is_reached_and_not_passed(void **state)
{
    static const uint64_t maxima[] = {2, 3, 1000, (uint64_t)1 << 32, UINT64_MAX};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        f->device.pud.has_maximum = true;
        f->device.pud.maximum = maxima[i];
        maximum_holds(f, maxima[i]);
    }
    f->device.pud.has_maximum = false; /* the counter itself ends there */
    maximum_holds(f, UINT64_MAX);
}

/* A trial in flight reaches the maximum, over a reboot in the download, too. */
static void spec5_4_a_trial_in_flight_reaches_the_maximum(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    f->device.pud.has_maximum = true;
    f->device.pud.maximum = 2;
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, 3000), PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    fixture_commit(f, &f->second);
    assert_int_equal(f->device.ram.counter, 2);
    fixture_expect(f, 0, 0, PAWL_EXHAUSTED);
}

/* 0 is a device that runs nothing, ever. */
static void spec5_4_a_maximum_of_nothing(void **state)
{
    struct fixture *f = *state;

    f->device.pud.has_maximum = true;
    f->device.pud.maximum = 0;
    sequence_set(f, 0);
    fixture_expect(f, 0, 0, PAWL_EXHAUSTED);
    assert_false(f->device.ram.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMIT_TEST(spec13_6_a_trial_is_held_to_the_floor_that_is_known_when_it_starts),
        LIMIT_TEST(spec13_6_the_floor_never_falls),
        LIMIT_TEST(spec8_7_a_raised_floor_recalls_an_entitlement),
        LIMIT_TEST(spec6_9_a_profile_that_the_port_cannot_run_is_unsupported),
        LIMIT_TEST(spec5_4_the_maximum_is_reached_and_not_passed),
        LIMIT_TEST(spec5_4_a_trial_in_flight_reaches_the_maximum),
        LIMIT_TEST(spec5_4_a_maximum_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
