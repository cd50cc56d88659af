/* Vendor keys that are revoked and replaced (SPEC 6.8, 13.6). */
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

/* I7: from the commit on, over reboots and further commits. */
static void i7_a_revoked_key_is_refused_after_the_commit(void **state)
{
    struct fixture *f = *state;

    fixture_expect(f, 1, 1u << 0, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 1, 0, PAWL_OK);
    fixture_expect(f, 2, 0, PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 1, 0, PAWL_OK);
}

/* What the revoked key signed before does not come back either: it is the key that is not trusted,
 * whenever it signed. */
static void i7_an_old_release_of_a_revoked_key_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_expect(f, 1, 1u << 0, PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 2), PAWL_UNTRUSTED);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_UNTRUSTED);
}

static void spec6_8_keys_are_replaced_one_after_another(void **state)
{
    struct fixture *f = *state;

    fixture_expect(f, 0, 0, PAWL_OK);
    fixture_expect(f, 1, 1u << 0, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 2, 1u << 1, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 1, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 2, 1u << 0 | 1u << 1, PAWL_OK); /* they are gone already */
    fixture_expect(f, 2, 0, PAWL_OK);
}

/* A device that missed the first of two: the last key revokes both. */
static void spec6_8_one_release_revokes_several(void **state)
{
    struct fixture *f = *state;

    fixture_expect(f, 2, 1u << 0 | 1u << 1, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 1, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 2, 0, PAWL_OK);
}

/* A stolen key must not lock out its successors, nor may a key revoke itself. */
static void spec6_8_revocation_goes_forward_only(void **state)
{
    struct fixture *f = *state;

    for (unsigned signer = 0; signer < KEYS; signer++) {
        for (unsigned named = signer; named < KEYS; named++) {
            fixture_expect(f, signer, 1u << named, PAWL_UNTRUSTED);
            if (signer > 0)
                fixture_expect(f, signer, 1u << 0 | 1u << named, PAWL_UNTRUSTED);
        }
    }
    for (unsigned signer = 0; signer < KEYS; signer++)
        fixture_expect(f, signer, 0, PAWL_OK);
}

/* Key 3 is no anchor of this device. */
static void spec6_8_a_key_of_others_is_ignored(void **state)
{
    struct fixture *f = *state;

    fixture_expect(f, 3, 1u << 0, PAWL_UNTRUSTED);
    fixture_expect(f, 0, 1u << 3, PAWL_OK);
    fixture_expect(f, 1, 1u << 3 | 1u << 0, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_UNTRUSTED);
    fixture_expect(f, 1, 0, PAWL_OK);
}

/* SPEC 1.8: the signature comes before everything, what it revokes before class and floor. */
static void spec1_8_revocation_is_judged_before_the_class(void **state)
{
    struct pawl_test_release wanted = fixture_release(0, 1u << 1);
    struct fixture *f = *state;

    wanted.class_name = "gateway-b";
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_UNTRUSTED);
    wanted.signer = 1;
    wanted.revoked = 1u << 0;
    assert_int_equal(fixture_outcome(f, &wanted), PAWL_WRONG_CLASS);
    fixture_expect(f, 0, 0, PAWL_OK);
}

/* Nothing but the commit revokes: not the download, the trial, nor its failure. */
static void spec6_8_a_failed_trial_does_not_revoke(void **state)
{
    const struct pawl_test_release wanted = fixture_release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    pawl_test_package_make(&wanted, &package);
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_CRASHED), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    fixture_expect(f, 0, 0, PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 2), PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK); /* power failed in the trial */
    fixture_expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

/* Nor what it would revoke once a later attempt commits that revokes nothing. */
static void spec6_8_what_failed_revokes_nothing_later(void **state)
{
    const struct pawl_test_release wanted = fixture_release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    pawl_test_package_make(&wanted, &package);
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_CRASHED), PAWL_OK);
    fixture_expect(f, 1, 0, PAWL_OK);
    fixture_expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

static void spec13_9_a_diagnostic_does_not_revoke(void **state)
{
    struct pawl_test_release wanted = fixture_release(1, 1u << 0);
    struct pawl_test_package package;
    struct fixture *f = *state;

    wanted.security_version = 9;
    pawl_test_package_make(&wanted, &package);
    f->device.diagnostic = 41;
    assert_int_equal(pawl_test_device_update(&f->device, &package, 1, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    assert_int_equal(fixture_failure_get(f, &package), PAWL_FAILURE_DONE);
    f->device.diagnostic = 0;
    fixture_expect(f, 0, 0, PAWL_OK);
    pawl_test_package_free(&package);
}

/* I4: whatever change power fails before, the key is revoked if and only if the counter moved. */
static void i4_a_power_cut_revokes_with_the_commit_or_not_at_all(void **state)
{
    const struct pawl_test_release wanted = fixture_release(1, 1u << 0);
    struct pawl_test_package package;
    unsigned cuts[2] = {0, 0};

    (void)state;
    pawl_test_package_make(&wanted, &package);
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
        fixture_expect(f, 0, 0, committed ? PAWL_UNTRUSTED : PAWL_OK);
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
    fixture_expect(f, 1, 1u << 0, PAWL_OK);
    fixture_expect(f, 1, 0, PAWL_OK);
    memcpy(f->device.ram.flash, before.flash, before.flash_size);
    pawl_ram_port_release(&before);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_false(f->device.report.has_instance);
    assert_int_equal(f->device.report.sequence, 3);
}

/* A package that was taken while the committed record could not be read, and so under the mask of
 * the start, is judged again when it can be. */
static void i7_a_trial_is_held_to_the_mask_that_is_known_when_it_starts(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_expect(f, 1, 1u << 0, PAWL_OK);
    fixture_record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 2, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 500, UINT64_MAX), PAWL_OK);
    fixture_record_flip(f, 1);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_true(f->device.ram.running);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_UNTRUSTED);
    assert_int_equal(f->device.ram.counter, 2);
}

/* How an attempt of the random history ends. */
enum ending { COMMITTED, CRASHED, POWER_LOST, DIAGNOSED, ENDING_COUNT };

/* The rules of SPEC 6.8 and 13.6 once more, in the words of the test. */
static enum pawl_result rule(const struct pawl_test_release *wanted, unsigned mask, uint64_t floor)
{
    unsigned own = 1u << wanted->signer;

    if (!(mask & own))
        return PAWL_UNTRUSTED;
    if (wanted->revoked & ((1u << KEYS) - own)) /* itself and those behind it */
        return PAWL_UNTRUSTED;
    return wanted->security_version < floor ? PAWL_ROLLBACK : PAWL_OK;
}

static void history_step(struct fixture *f, const struct pawl_test_release *wanted,
                         enum ending ending, enum pawl_result expected)
{
    uint64_t sequence = f->device.ram.counter;
    struct pawl_test_package package;

    pawl_test_package_make(wanted, &package);
    f->device.diagnostic = ending == DIAGNOSED ? sequence + 1 : 0;
    enum pawl_result result = pawl_test_device_download(&f->device, &package, sequence);
    if (result == PAWL_OK && ending != POWER_LOST)
        result = pawl_processor_ran(f->device.engine,
                                    ending == CRASHED ? PAWL_RUN_CRASHED : PAWL_RUN_EXITED_ZERO);
    if (ending == POWER_LOST)
        assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(result, expected);
    bool commits = expected == PAWL_OK && ending == COMMITTED;
    assert_int_equal(f->device.ram.counter, sequence + commits);
    if (commits)
        assert_true(pawl_test_device_runs(&f->device, &package));
    pawl_test_package_free(&package);
}

/* Releases of any key that revoke any keys, with any end, over and over: the device answers by the
 * rules, and keys go one way. */
static void spec6_8_any_history_follows_the_rules(void **state)
{
    unsigned refused = 0, revoked = 0, cut = 0;
    uint32_t random = 2463534242;

    (void)state;
    for (unsigned history = 0; history < 24; history++) {
        unsigned mask = (1u << KEYS) - 1;
        uint64_t floor = 0;
        void *fresh = NULL;
        setup(&fresh);
        for (unsigned step = 0; step < 16; step++) {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            struct pawl_test_release wanted = fixture_release(random >> 4 & 3, 0);
            /* Key 3 is a stranger. */
            wanted.revoked = random >> 12 & (random >> 20 & 1 ? 7 : 14);
            if (random >> 22 & 1)
                wanted.revoked &= (1u << wanted.signer) - 1; /* as a vendor does */
            wanted.security_version =
                floor + (random >> 24 & 7) / 6 - (floor > 0 && random >> 27 > 24);
            enum ending ending = (random >> 8 & 1) ? COMMITTED : random >> 9 & (ENDING_COUNT - 1);
            enum pawl_result expected = rule(&wanted, mask, floor);
            history_step(fresh, &wanted, ending, expected);
            refused += expected != PAWL_OK;
            cut += expected == PAWL_OK && ending != COMMITTED;
            if (expected != PAWL_OK || ending != COMMITTED)
                continue;
            revoked += (mask & wanted.revoked) != 0;
            mask &= ~wanted.revoked;
            if (wanted.security_version > floor)
                floor = wanted.security_version;
        }
        fixture_teardown(&fresh);
    }
    assert_true(refused > 100 && revoked > 10 && cut > 30);
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
        cmocka_unit_test(spec6_8_any_history_follows_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
