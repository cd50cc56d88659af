/* Reports and directives as the engine makes and takes them (SPEC 9, 10, 11). */
#include "processor_fixture.h"

static void spec9_a_fresh_device_reports_nothing_but_itself(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_int_equal(f->device.report.sequence, 0);
    assert_int_equal(f->device.report.state, PAWL_STATE_READY);
    assert_false(f->device.report.has_instance);
    assert_false(f->device.report.has_package);
    assert_false(f->device.report.has_failure);
    assert_false(f->device.report.has_challenge);
}

static void spec10_a_directive_counts_once(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive directive;
    struct pawl_work work;

    pawl_test_directive_fill(&f->device, NULL, 0, &directive);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_STATE);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, NULL, 0, &directive);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_STATE);
}

static void spec10_only_the_newest_report_is_answered(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive older, newer;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, &f->first, 0, &older);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, NULL, 0, &newer);
    assert_int_equal(pawl_test_device_direct(&f->device, &older, &work), PAWL_UNTRUSTED);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
    assert_int_equal(pawl_test_device_direct(&f->device, &newer, &work), PAWL_OK);
}

static void i7_a_forged_directive_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    uint8_t auth_key[PAWL_KEY_SIZE];
    struct pawl_directive directive;
    struct pawl_work work;
    size_t size = 0;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, &f->first, 0, &directive);
    pawl_auth_key_make(f->device.pud.unit_secret, auth_key);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        assert_int_not_equal(pawl_processor_directive(f->device.engine, bytes, size, &work),
                             PAWL_OK);
        bytes[i] ^= 1;
        assert_int_not_equal(pawl_processor_directive(f->device.engine, bytes, i, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
    }
    assert_int_equal(pawl_processor_directive(f->device.engine, bytes, size, &work), PAWL_OK);
    assert_true(work.fetch);
}

/* Reports and directives are lost, doubled and late at every step of a download. */
static void i5_lost_and_repeated_messages_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive late = {0};
    struct pawl_work work = {0};

    for (uint64_t sequence = 0; sequence < 3; sequence++) {
        for (unsigned step = 0; step < 40 && f->device.ram.counter == sequence; step++) {
            struct pawl_directive directive;
            assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
            if (step % 3 == 1)
                continue;
            assert_int_not_equal(pawl_test_device_direct(&f->device, &late, &work), PAWL_OK);
            pawl_test_directive_fill(&f->device, &f->first, sequence, &directive);
            late = directive;
            if (step % 4 == 2)
                continue;
            assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
            assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_STATE);
            if (work.fetch)
                assert_int_equal(
                    pawl_test_device_fetch(&f->device, &f->first, work.offset, 300, 900), PAWL_OK);
            if (work.install)
                assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
            if (pawl_test_device_state(&f->device) == PAWL_STATE_TRIAL && step % 2 == 0)
                assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO),
                                 PAWL_OK);
        }
        assert_int_equal(f->device.ram.counter, sequence + 1);
    }
}

static void spec11_the_last_challenge_goes_back_with_each_report(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive directive;
    struct pawl_work work;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
        pawl_test_directive_fill(&f->device, NULL, 0, &directive);
        directive.action = PAWL_ACTION_REPEAT;
        directive.challenge[0] = (uint8_t)i;
        assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
        assert_int_equal(work.action, PAWL_ACTION_REPEAT);
        for (unsigned repeat = 0; repeat < 2; repeat++) {
            assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
            assert_true(f->device.report.has_challenge);
            assert_int_equal(f->device.report.challenge_size, directive.challenge_size);
            assert_memory_equal(f->device.report.challenge, directive.challenge,
                                directive.challenge_size);
        }
    }
}

static void spec10_what_is_told_reaches_the_agent(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive directive;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, NULL, 0, &directive);
    directive.action = PAWL_ACTION_HOLD;
    directive.poll_after = 12345;
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
    assert_int_equal(work.action, PAWL_ACTION_HOLD);
    assert_int_equal(work.poll_after, 12345);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, &f->first, 0, &directive);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
    assert_int_equal(work.action, PAWL_ACTION_DOWNLOAD);
    assert_int_equal(work.url_size, directive.url_size);
    assert_memory_equal(work.url, directive.url, directive.url_size);
    assert_memory_equal(work.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
}

static void spec9_no_report_without_entropy_or_room(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    struct pawl_directive directive;
    struct pawl_work work;
    size_t size = 0;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, NULL, 0, &directive);
    assert_int_equal(pawl_processor_report(f->device.engine, bytes, 10, &size), PAWL_EXHAUSTED);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_STATE);
    f->device.ram.entropy_fails = true;
    assert_int_equal(pawl_processor_report(f->device.engine, bytes, sizeof bytes, &size), PAWL_IO);
}

static void spec9_nonces_differ(void **state)
{
    struct fixture *f = *state;
    uint8_t nonce[PAWL_NONCE_SIZE];

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    memcpy(nonce, f->device.report.nonce, sizeof nonce);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_memory_not_equal(nonce, f->device.report.nonce, sizeof nonce);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec9_a_fresh_device_reports_nothing_but_itself),
        FIXTURE_TEST(spec10_a_directive_counts_once),
        FIXTURE_TEST(spec10_only_the_newest_report_is_answered),
        FIXTURE_TEST(i7_a_forged_directive_changes_nothing),
        FIXTURE_TEST(i5_lost_and_repeated_messages_do_no_harm),
        FIXTURE_TEST(spec11_the_last_challenge_goes_back_with_each_report),
        FIXTURE_TEST(spec10_what_is_told_reaches_the_agent),
        FIXTURE_TEST(spec9_no_report_without_entropy_or_room),
        FIXTURE_TEST(spec9_nonces_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
