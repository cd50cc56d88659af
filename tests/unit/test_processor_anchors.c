/* Revoked and replaced vendor keys, the security floor, and the last sequence number (SPEC 5.4,
 * 6.8, 13.6). */
#include "processor_fixture.h"

#define KEYS 3u

/* A device that trusts keys 0, 1 and 2, in this order, and runs the first release, by key 0. */
static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;

    pawl_test_device_stop(&f->device);
    pawl_test_pud_trust(&f->device.pud, KEYS);
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
    fixture_commit(f, &f->first);
    return 0;
}

/* A test with that device as its state. */
#define ANCHOR_TEST(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

/* The next of a row of releases that are all different. */
static struct pawl_test_release release(unsigned signer, unsigned revoked)
{
    static uint8_t seed = 100;

    return (struct pawl_test_release){.signer = signer, .revoked = revoked, .image_seed = seed++};
}

static void made(const struct pawl_test_release *wanted, struct pawl_test_package *package)
{
    pawl_test_package_make(wanted, package);
}

/* What comes of a release that is offered and would succeed. A refused one must be reported so and
 * leave what ran before running. */
static enum pawl_result outcome(struct fixture *f, const struct pawl_test_release *wanted)
{
    uint64_t sequence = f->device.ram.counter;
    struct pawl_test_package package;

    made(wanted, &package);
    enum pawl_result result =
        pawl_test_device_update(&f->device, &package, sequence, PAWL_RUN_EXITED_ZERO);
    if (result == PAWL_OK)
        assert_true(pawl_test_device_runs(&f->device, &package));
    else
        assert_int_equal(fixture_failure_get(f, &package), result);
    assert_int_equal(f->device.ram.counter, sequence + (result == PAWL_OK));
    pawl_test_package_free(&package);
    return result;
}

static void expect(struct fixture *f, unsigned signer, unsigned revoked, enum pawl_result expected)
{
    const struct pawl_test_release wanted = release(signer, revoked);

    assert_int_equal(outcome(f, &wanted), expected);
}

/* I7: from the commit on, over reboots and further commits. */
static void i7_a_revoked_key_is_refused_after_the_commit(void **state)
{
    struct fixture *f = *state;

    expect(f, 1, 1u << 0, PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 1, 0, PAWL_OK);
    expect(f, 2, 0, PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 1, 0, PAWL_OK);
}

/* What the revoked key signed before does not come back either: it is the key that is not trusted,
 * whenever it signed. */
static void i7_an_old_release_of_a_revoked_key_is_refused(void **state)
{
    struct fixture *f = *state;

    expect(f, 1, 1u << 0, PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 2), PAWL_UNTRUSTED);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_UNTRUSTED);
}

static void spec6_8_keys_are_replaced_one_after_another(void **state)
{
    struct fixture *f = *state;

    expect(f, 0, 0, PAWL_OK);
    expect(f, 1, 1u << 0, PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 2, 1u << 1, PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 1, 0, PAWL_UNTRUSTED);
    expect(f, 2, 1u << 0 | 1u << 1, PAWL_OK); /* they are gone already */
    expect(f, 2, 0, PAWL_OK);
}

/* A device that missed the first of two: the last key revokes both. */
static void spec6_8_one_release_revokes_several(void **state)
{
    struct fixture *f = *state;

    expect(f, 2, 1u << 0 | 1u << 1, PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 1, 0, PAWL_UNTRUSTED);
    expect(f, 2, 0, PAWL_OK);
}

/* A stolen key must not lock out its successors, nor may a key revoke itself. */
static void spec6_8_revocation_goes_forward_only(void **state)
{
    struct fixture *f = *state;

    for (unsigned signer = 0; signer < KEYS; signer++) {
        for (unsigned named = signer; named < KEYS; named++) {
            expect(f, signer, 1u << named, PAWL_UNTRUSTED);
            if (signer > 0)
                expect(f, signer, 1u << 0 | 1u << named, PAWL_UNTRUSTED);
        }
    }
    for (unsigned signer = 0; signer < KEYS; signer++)
        expect(f, signer, 0, PAWL_OK);
}

/* Key 3 is no anchor of this device. */
static void spec6_8_a_key_of_others_is_ignored(void **state)
{
    struct fixture *f = *state;

    expect(f, 3, 1u << 0, PAWL_UNTRUSTED);
    expect(f, 0, 1u << 3, PAWL_OK);
    expect(f, 1, 1u << 3 | 1u << 0, PAWL_OK);
    expect(f, 0, 0, PAWL_UNTRUSTED);
    expect(f, 1, 0, PAWL_OK);
}

/* SPEC 1.8: the signature comes before everything, what it revokes before class and floor. */
static void spec1_8_revocation_is_judged_before_the_class(void **state)
{
    struct pawl_test_release wanted = release(0, 1u << 1);
    struct fixture *f = *state;

    wanted.class_name = "gateway-b";
    assert_int_equal(outcome(f, &wanted), PAWL_UNTRUSTED);
    wanted.signer = 1;
    wanted.revoked = 1u << 0;
    assert_int_equal(outcome(f, &wanted), PAWL_WRONG_CLASS);
    expect(f, 0, 0, PAWL_OK);
}

/* Nothing but the commit revokes: not the download, the trial, nor its failure. */
static void spec6_8_a_failed_trial_does_not_revoke(void **state)
{
    const struct pawl_test_release wanted = release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    made(&wanted, &package);
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_CRASHED), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    expect(f, 0, 0, PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 2), PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK); /* power failed in the trial */
    expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

/* Nor what it would revoke once a later attempt commits that revokes nothing. */
static void spec6_8_what_failed_revokes_nothing_later(void **state)
{
    const struct pawl_test_release wanted = release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    made(&wanted, &package);
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_CRASHED), PAWL_OK);
    expect(f, 1, 0, PAWL_OK);
    expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

static void spec13_9_a_diagnostic_does_not_revoke(void **state)
{
    struct pawl_test_release wanted = release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    wanted.security_version = 9;
    made(&wanted, &package);
    f->device.diagnostic = 41;
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    assert_int_equal(fixture_failure_get(f, &package), PAWL_FAILURE_DONE);
    f->device.diagnostic = 0;
    expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

/* I4: whatever change power fails before, the key is revoked if and only if the counter moved. */
static void i4_a_power_cut_revokes_with_the_commit_or_not_at_all(void **state)
{
    const struct pawl_test_release wanted = release(1, 1u << 0);
    struct pawl_test_package package;
    unsigned cuts[2] = {0, 0};

    (void)state;
    made(&wanted, &package);
    for (uint64_t at = 1;; at++) {
        void *fresh = NULL;
        setup(&fresh);
        struct fixture *f = fresh;
        f->device.ram.cut_at = f->device.ram.operations + at;
        (void)pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_EXITED_ZERO);
        bool cut = f->device.ram.dead;
        bool committed = f->device.ram.counter == 2;
        pawl_test_device_stop(&f->device);
        pawl_ram_port_restart(&f->device.ram);
        assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
        assert_true(pawl_test_device_runs(&f->device, committed ? &package : &f->first));
        cuts[committed] += cut;
        expect(f, 0, 0, committed ? PAWL_UNTRUSTED : PAWL_OK);
        fixture_teardown(&fresh);
        if (!cut)
            break;
    }
    assert_true(cuts[false] > 10);
    assert_int_equal(cuts[true], 0); /* after the counter nothing is written */
    pawl_test_package_free(&package);
}

/* I2: flash of before the revocation is not honoured, so its mask isn't either. What is committed
 * is lost with it, and the mask begins anew: SPEC 13.6 says so, and the server sees it. */
static void i2_older_flash_does_not_bring_a_key_back(void **state)
{
    static const struct pawl_ram_geometry geometry = {
        .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {16384, 16384}};
    struct fixture *f = *state;
    static struct pawl_ram_port before;

    pawl_ram_port_init(&before, &geometry);
    pawl_ram_port_copy(&before, &f->device.ram);
    expect(f, 1, 1u << 0, PAWL_OK);
    expect(f, 1, 0, PAWL_OK);
    memcpy(f->device.ram.flash, before.flash, before.flash_size);
    pawl_ram_port_release(&before);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_false(f->device.report.has_instance);
    assert_int_equal(f->device.report.sequence, 3);
}

/* Spoils the records of a slot, or mends them again. */
static void record_flip(struct fixture *f, unsigned slot)
{
    const struct pawl_area *area = &f->device.ram.port.flash.records[slot];

    f->device.ram.flash[area->offset + area->size / 2 + 12] ^= 0x80;
}

/* A package that was taken while the committed record could not be read, and so under the mask of
 * the start, is judged again when it can be. */
static void i7_a_trial_is_held_to_the_mask_that_is_known_when_it_starts(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    expect(f, 1, 1u << 0, PAWL_OK);
    record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 2, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_true(f->device.ram.running);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_UNTRUSTED);
    assert_int_equal(f->device.ram.counter, 2);
}

/* The same for the floor. */
static void spec13_6_a_trial_is_held_to_the_floor_that_is_known_when_it_starts(void **state)
{
    struct pawl_test_release wanted = release(0, 0);
    struct fixture *f = *state;
    struct pawl_work work;

    wanted.security_version = 5;
    assert_int_equal(outcome(f, &wanted), PAWL_OK);
    record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 2, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    record_flip(f, 1);
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
        struct pawl_test_release wanted = release(0, 0);
        wanted.security_version = steps[i].version;
        assert_int_equal(outcome(f, &wanted), steps[i].expected);
        assert_int_equal(fixture_reboot(f), PAWL_OK);
    }
}

/* SPEC 8.7: a release that is entitled at s no longer opens once another one raised the floor at
 * the same s, though its entitlement does. */
static void spec8_7_a_raised_floor_recalls_an_entitlement(void **state)
{
    struct pawl_test_release old = release(0, 0), raised = release(0, 0);
    struct fixture *f = *state;

    raised.security_version = 1;
    assert_int_equal(outcome(f, &raised), PAWL_OK);
    assert_int_equal(outcome(f, &old), PAWL_ROLLBACK);
}

/* SPEC 6.9, 13.7: a port that does not say that it runs a profile is not given it, nor is an image
 * that was committed when it did. */
static void spec6_9_a_profile_that_the_port_cannot_run_is_unsupported(void **state)
{
    struct pawl_test_release wanted = release(0, 0);
    struct fixture *f = *state;

    wanted.profile = PAWL_PROFILE_NETWORK;
    assert_int_equal(outcome(f, &wanted), PAWL_UNSUPPORTED);
    f->device.ram.port.executor.network = true;
    assert_int_equal(outcome(f, &wanted), PAWL_OK);
    f->device.ram.port.executor.network = false;
    assert_int_equal(fixture_reboot(f), PAWL_UNSUPPORTED);
    assert_false(f->device.ram.running);
    expect(f, 0, 0, PAWL_OK);
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
    struct pawl_test_release wanted = release(0, 0);

    sequence_set(f, maximum - 2);
    assert_int_equal(outcome(f, &wanted), PAWL_OK);
    wanted = release(0, 0);
    assert_int_equal(outcome(f, &wanted), PAWL_OK);
    assert_true(f->device.ram.counter == maximum);
    uint64_t operations = f->device.ram.operations;
    wanted = release(0, 0);
    assert_int_equal(outcome(f, &wanted), PAWL_EXHAUSTED);
    wanted = release(0, 0);
    wanted.mode = PAWL_MODE_DIRECT;
    wanted.pud = &f->device.pud;
    wanted.sequence = maximum;
    assert_int_equal(outcome(f, &wanted), PAWL_EXHAUSTED);
    f->device.diagnostic = 41;
    wanted = release(0, 0);
    assert_int_equal(outcome(f, &wanted), PAWL_EXHAUSTED);
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
    expect(f, 0, 0, PAWL_EXHAUSTED);
}

/* 0 is a device that runs nothing, ever. */
static void spec5_4_a_maximum_of_nothing(void **state)
{
    struct fixture *f = *state;

    f->device.pud.has_maximum = true;
    f->device.pud.maximum = 0;
    sequence_set(f, 0);
    expect(f, 0, 0, PAWL_EXHAUSTED);
    assert_false(f->device.ram.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ANCHOR_TEST(i7_a_revoked_key_is_refused_after_the_commit),
        ANCHOR_TEST(i7_an_old_release_of_a_revoked_key_is_refused),
        ANCHOR_TEST(spec6_8_keys_are_replaced_one_after_another),
        ANCHOR_TEST(spec6_8_one_release_revokes_several),
        ANCHOR_TEST(spec6_8_revocation_goes_forward_only),
        ANCHOR_TEST(spec6_8_a_key_of_others_is_ignored),
        ANCHOR_TEST(spec1_8_revocation_is_judged_before_the_class),
        ANCHOR_TEST(spec6_8_a_failed_trial_does_not_revoke),
        ANCHOR_TEST(spec6_8_what_failed_revokes_nothing_later),
        ANCHOR_TEST(spec13_9_a_diagnostic_does_not_revoke),
        cmocka_unit_test(i4_a_power_cut_revokes_with_the_commit_or_not_at_all),
        ANCHOR_TEST(i2_older_flash_does_not_bring_a_key_back),
        ANCHOR_TEST(i7_a_trial_is_held_to_the_mask_that_is_known_when_it_starts),
        ANCHOR_TEST(spec13_6_a_trial_is_held_to_the_floor_that_is_known_when_it_starts),
        ANCHOR_TEST(spec13_6_the_floor_never_falls),
        ANCHOR_TEST(spec8_7_a_raised_floor_recalls_an_entitlement),
        ANCHOR_TEST(spec6_9_a_profile_that_the_port_cannot_run_is_unsupported),
        ANCHOR_TEST(spec5_4_the_maximum_is_reached_and_not_passed),
        ANCHOR_TEST(spec5_4_a_trial_in_flight_reaches_the_maximum),
        ANCHOR_TEST(spec5_4_a_maximum_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
