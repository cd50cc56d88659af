/* SPEC 9, 17: what the codes of failed attempts mean to users and scripts. */
#include <string.h>

#include "agent/outcome.h"
#include "host/log.h"
#include "pawl/report.h"
#include "pawl_test.h"

static void test_result_classes_keep_their_exit_codes(void **state)
{
    (void)state;
    for (unsigned result = PAWL_MALFORMED; result < PAWL_RESULT_COUNT; result++)
        assert_int_equal(9 + result, pawl_failure_exit_code(result));
}

static void test_failed_trials_have_no_class(void **state)
{
    (void)state;
    for (unsigned failure = PAWL_FAILURE_EXIT; failure <= PAWL_FAILURE_RUN; failure++)
        assert_int_equal(PAWL_EXIT_FAILURE, pawl_failure_exit_code(failure));
    assert_int_equal(PAWL_EXIT_FAILURE, pawl_failure_exit_code(PAWL_OK));
    assert_int_equal(PAWL_EXIT_FAILURE, pawl_failure_exit_code(PAWL_RESULT_COUNT));
    assert_int_equal(PAWL_EXIT_FAILURE, pawl_failure_exit_code(UINT64_MAX));
    assert_int_equal(PAWL_EXIT_DONE, pawl_failure_exit_code(PAWL_FAILURE_DONE));
}

static void test_each_trial_failure_has_words_of_its_own(void **state)
{
    (void)state;
    for (unsigned a = PAWL_FAILURE_EXIT; a <= PAWL_FAILURE_DONE; a++) {
        assert_string_not_equal(pawl_failure_text(a), pawl_failure_text(UINT64_MAX));
        for (unsigned b = PAWL_FAILURE_EXIT; b < a; b++)
            assert_string_not_equal(pawl_failure_text(a), pawl_failure_text(b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_classes_keep_their_exit_codes),
        cmocka_unit_test(test_failed_trials_have_no_class),
        cmocka_unit_test(test_each_trial_failure_has_words_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
