/* Errors have one form (SPEC 17), and nothing from outside forges a line (I9). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "pawl_capture.h"

static struct pawl_capture capture;
static char printed[4096];

static void test_error_names_program_verb_and_class(void **state)
{
    (void)state;
    pawl_log_init("pawl", PAWL_LOG_INFO);
    pawl_log_set_verb("keygen");
    capture_start(&capture, STDERR_FILENO);
    errno = ENOENT;
    assert_result(PAWL_WRONG_CLASS, pawl_error(PAWL_WRONG_CLASS, "made for %s", "x"));
    assert_int_equal(ENOENT, errno);
    pawl_hint("do %d", 7);
    capture_end(&capture, printed, sizeof printed);
    pawl_log_set_verb(NULL);
    assert_string_equal(printed, "pawl: keygen: wrong-class: made for x\nhint: do 7\n");
}

static void test_usage_error_says_where_help_is(void **state)
{
    (void)state;
    pawl_log_init("pawld", PAWL_LOG_INFO);
    capture_start(&capture, STDERR_FILENO);
    assert_int_equal(PAWL_EXIT_USAGE, pawl_usage_error("no"));
    capture_end(&capture, printed, sizeof printed);
    assert_string_equal(printed, "pawld: usage: no\nhint: see 'pawld --help'\n");
}

static void test_control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    pawl_log_init("p", PAWL_LOG_INFO);
    capture_start(&capture, STDERR_FILENO);
    pawl_error(PAWL_IO, "%s", "a\nb\033[1m\177\tc");
    capture_end(&capture, printed, sizeof printed);
    assert_string_equal(printed, "p: io: a?b?[1m??c\n");
}

static void test_long_line_is_cut_and_ends(void **state)
{
    char text[3000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    capture_start(&capture, STDERR_FILENO);
    pawl_log(PAWL_LOG_ERROR, "%s%s", text, text);
    capture_end(&capture, printed, sizeof printed);
    assert_in_range(strlen(printed), 1000, 1024);
    assert_ptr_equal(strchr(printed, '\n'), printed + strlen(printed) - 1);
}

static void test_level_decides_and_journal_gets_priorities(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:2", 1);
    capture_start(&capture, STDERR_FILENO);
    pawl_log_init("pawld", PAWL_LOG_NOTICE);
    pawl_log(PAWL_LOG_INFO, "not this");
    pawl_log(PAWL_LOG_NOTICE, "this");
    capture_end(&capture, printed, sizeof printed);
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(printed, "<5>this\n");

    pawl_log_init("pawld", PAWL_LOG_NOTICE);
    capture_start(&capture, STDERR_FILENO);
    pawl_log(PAWL_LOG_WARNING, "that");
    capture_end(&capture, printed, sizeof printed);
    assert_non_null(strstr(printed, "Z pawld warning: that\n"));
}

static void test_levels_have_names(void **state)
{
    enum pawl_log_level level = PAWL_LOG_DEBUG;

    (void)state;
    assert_result(PAWL_OK, pawl_log_level_parse("error", &level));
    assert_int_equal(PAWL_LOG_ERROR, level);
    assert_result(PAWL_MALFORMED, pawl_log_level_parse("Error", &level));
    assert_result(PAWL_MALFORMED, pawl_log_level_parse("", &level));
    assert_int_equal(PAWL_LOG_ERROR, level);
}

static void test_exit_codes_are_stable(void **state)
{
    (void)state;
    assert_int_equal(0, pawl_exit_code(PAWL_OK));
    assert_int_equal(10, pawl_exit_code(PAWL_MALFORMED));
    assert_int_equal(16, pawl_exit_code(PAWL_CORRUPT));
    assert_int_equal(21, pawl_exit_code(PAWL_CRYPTO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_names_program_verb_and_class),
        cmocka_unit_test(test_usage_error_says_where_help_is),
        cmocka_unit_test(test_control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(test_long_line_is_cut_and_ends),
        cmocka_unit_test(test_level_decides_and_journal_gets_priorities),
        cmocka_unit_test(test_levels_have_names),
        cmocka_unit_test(test_exit_codes_are_stable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
