/* Back-off: the window doubles up to its cap, the wait is spread over all of it, a success resets.
 * */
#include "agent/backoff.h"
#include "pawl_test.h"

static void test_window_doubles_up_to_the_cap(void **state)
{
    static const uint32_t windows[] = {1000, 2000, 4000, 8000, 10000, 10000};
    struct pawl_backoff backoff;

    (void)state;
    pawl_backoff_init(&backoff, 1000, 10000);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct pawl_backoff copy = backoff;
        assert_int_equal(125, pawl_backoff_next(&copy, 0));
        assert_int_equal(windows[i], pawl_backoff_next(&backoff, UINT32_MAX));
    }
}

static void test_jitter_spreads_evenly(void **state)
{
    struct pawl_backoff backoff;

    (void)state;
    pawl_backoff_init(&backoff, 8000, 8000);
    assert_int_equal(1000, pawl_backoff_next(&backoff, 0));
    assert_int_equal(4500, pawl_backoff_next(&backoff, 0x80000000u));
    assert_int_equal(8000, pawl_backoff_next(&backoff, UINT32_MAX));
}

static void test_success_resets(void **state)
{
    struct pawl_backoff backoff;

    (void)state;
    pawl_backoff_init(&backoff, 100, 100000);
    for (int i = 0; i < 5; i++)
        pawl_backoff_next(&backoff, 7);
    pawl_backoff_reset(&backoff);
    assert_int_equal(100, pawl_backoff_next(&backoff, UINT32_MAX));
}

static void test_no_number_overflows(void **state)
{
    struct pawl_backoff backoff;

    (void)state;
    pawl_backoff_init(&backoff, 3, UINT32_MAX);
    for (int i = 0; i < 100; i++)
        pawl_backoff_next(&backoff, UINT32_MAX);
    assert_int_equal(UINT32_MAX, pawl_backoff_next(&backoff, UINT32_MAX));
    backoff.failures = UINT32_MAX;
    assert_int_equal(UINT32_MAX, pawl_backoff_next(&backoff, UINT32_MAX));
    assert_int_equal(UINT32_MAX, backoff.failures);
}

static void test_senseless_limits_still_wait(void **state)
{
    struct pawl_backoff backoff;

    (void)state;
    pawl_backoff_init(&backoff, 0, 0);
    assert_int_equal(1, pawl_backoff_next(&backoff, UINT32_MAX));
    pawl_backoff_init(&backoff, 500, 20);
    assert_int_equal(500, pawl_backoff_next(&backoff, UINT32_MAX));
    assert_int_equal(500, pawl_backoff_next(&backoff, UINT32_MAX));
}

/* A poll comes never earlier than the server said, and at most a tenth later (SPEC 10). */
static void test_poll_jitter_only_lengthens(void **state)
{
    (void)state;
    assert_int_equal(60000, pawl_jitter_add(60000, 0));
    assert_int_equal(66000, pawl_jitter_add(60000, UINT32_MAX));
    assert_int_equal(0, pawl_jitter_add(0, UINT32_MAX));
    assert_true(pawl_jitter_add(UINT64_MAX / 2, UINT32_MAX) > UINT64_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_doubles_up_to_the_cap),
        cmocka_unit_test(test_jitter_spreads_evenly),
        cmocka_unit_test(test_success_resets),
        cmocka_unit_test(test_no_number_overflows),
        cmocka_unit_test(test_senseless_limits_still_wait),
        cmocka_unit_test(test_poll_jitter_only_lengthens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
