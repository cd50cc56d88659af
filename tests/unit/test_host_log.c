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

static const char *name_of(void *context)
{
    return context;
}

/* What one call printed. */
#define PRINTED(call)                                                                              \
    (capture_start(&capture, STDERR_FILENO), call, capture_end(&capture, printed, sizeof printed), \
     printed)

/* SPEC 23.7: keys of a line are members of the object, and nothing from outside makes another. */
static void test_lines_as_json(void **state)
{
    static const struct {
        const char *said, *members;
    } cases[] = {
        {"event=stopped", "\"event\":\"stopped\"}\n"},
        {"event=a n=17 z=0 big=1234567890123456 lead=007 q=\"x \\\"y\\\" \\\\\" end=1",
         "\"event\":\"a\",\"n\":17,\"z\":0,\"big\":\"1234567890123456\",\"lead\":\"007\","
         "\"q\":\"x \\\"y\\\" \\\\\",\"end\":1}\n"},
        {"event=a text=two words next=b",
         "\"event\":\"a\",\"text\":\"two words\",\"next\":\"b\"}\n"},
        {"event=a n=1 stray", "\"event\":\"a\",\"n\":1,\"rest\":\"stray\"}\n"},
        {"event=", "\"event\":\"\"}\n"},
        {"a sentence, \"quoted\"", "\"message\":\"a sentence, \\\"quoted\\\"\"}\n"},
        {"bad \377\303 good \303\244 control \001",
         "\"message\":\"bad ?? good \303\244 control ?\"}\n"},
        {"event=x v=\"open", "\"event\":\"x\",\"v\":\"open\"}\n"},
    };

    (void)state;
    pawl_log_init("pawld", PAWL_LOG_INFO);
    pawl_log_set_format(PAWL_LOG_JSON);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PRINTED(pawl_log(PAWL_LOG_INFO, "%s", cases[i].said));
        const char *program = strstr(printed, "\"program\":\"pawld\",");
        assert_memory_equal(printed, "{\"time\":\"20", 11);
        assert_non_null(program);
        assert_string_equal(program + strlen("\"program\":\"pawld\","), cases[i].members);
    }
    PRINTED(pawl_error(PAWL_IO, "a \"%s\"", "b"));
    assert_non_null(strstr(printed, "\"class\":\"io\",\"message\":\"a \\\"b\\\"\"}\n"));
    pawl_log_set_format(PAWL_LOG_TEXT);
}

/* SPEC 23.6: lines of a thread that works for a request end with its name, cut or not. */
static void test_lines_have_a_context(void **state)
{
    char name[] = "77", text[2000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    pawl_log_context_set(name_of, name);
    PRINTED(pawl_log(PAWL_LOG_INFO, "event=a"));
    assert_non_null(strstr(printed, "event=a request=77\n"));
    PRINTED(pawl_log(PAWL_LOG_INFO, "event=%s", text));
    assert_non_null(strstr(printed, "x request=77\n"));
    pawl_log_set_format(PAWL_LOG_JSON);
    PRINTED(pawl_log(PAWL_LOG_INFO, "event=a"));
    assert_non_null(strstr(printed, "\"request\":\"77\"}\n"));
    pawl_log_set_format(PAWL_LOG_TEXT);
    pawl_log_context_set(NULL, NULL);
    PRINTED(pawl_log(PAWL_LOG_INFO, "event=a"));
    assert_null(strstr(printed, "request"));
}

static void test_values_are_quoted_where_they_must_be(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"a-b/c.d", "a-b/c.d"},
        {"", "\"\""},
        {"17", "\"17\""},
        {"a b", "\"a b\""},
        {"k=v", "\"k=v\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"a\n", "\"a\n\""},
        {"abcdefghijklmno", "abcdefghi"},
        {"abc efghijklmno", "\"abc ef\""},
    };
    char value[10];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(pawl_log_value(cases[i].text, value, sizeof value), cases[i].value);
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
        cmocka_unit_test(test_lines_as_json),
        cmocka_unit_test(test_lines_have_a_context),
        cmocka_unit_test(test_values_are_quoted_where_they_must_be),
        cmocka_unit_test(test_levels_have_names),
        cmocka_unit_test(test_exit_codes_are_stable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
