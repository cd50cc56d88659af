/* Progress fits 100 columns, is plain in a log, and says nothing when quiet. */
#include <stdlib.h>
#include <string.h>

#include "host/progress.h"
#include "pawl_capture.h"

static char printed[65536];

static void run(enum pawl_progress_style style, enum pawl_progress_unit unit, uint64_t first,
                uint64_t total, uint64_t step)
{
    struct pawl_progress progress;
    struct pawl_capture capture;

    capture_start(&capture, STDERR_FILENO);
    pawl_progress_start(&progress, "a name that is much longer than there is room for it", first,
                        total, unit, style);
    for (uint64_t i = 1; i <= 100; i++)
        pawl_progress_update(&progress, first + i * step);
    pawl_progress_finish(&progress);
    capture_end(&capture, printed, sizeof printed);
}

static size_t count(char what)
{
    size_t found = 0;

    for (const char *next = printed; *next != '\0'; next++)
        found += *next == what;
    return found;
}

static void test_log_gets_a_line_at_each_tenth(void **state)
{
    (void)state;
    run(PAWL_PROGRESS_AUTO, PAWL_PROGRESS_ITEMS, 0, 1000, 10); /* stderr is a file here */
    assert_int_equal(count('\n'), 10);
    assert_int_equal(count('\033'), 0);
    assert_int_equal(count('\r'), 0);
    assert_non_null(strstr(printed, ": 10%, 100 of 1000, "));
    assert_non_null(strstr(printed, ": 100%, 1000 of 1000, "));
}

static void test_resumed_work_starts_where_it_was(void **state)
{
    (void)state;
    run(PAWL_PROGRESS_LINES, PAWL_PROGRESS_ITEMS, 500, 1000, 5);
    assert_int_equal(count('\n'), 5);
    assert_null(strstr(printed, "50%"));
}

static void test_quiet_is_silent(void **state)
{
    (void)state;
    run(PAWL_PROGRESS_QUIET, PAWL_PROGRESS_BYTES, 0, 1000, 10);
    assert_string_equal(printed, "");
}

/* The widest values there are: each drawn line, without its escapes, keeps to the bound. */
static void test_bar_keeps_to_100_columns(void **state)
{
    static const uint64_t totals[] = {0, 1, 1000, 1023 * 1024, UINT64_MAX};

    (void)state;
    setenv("NO_COLOR", "1", 1);
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        for (int unit = 0; unit < 2; unit++) {
            run(PAWL_PROGRESS_BAR, (enum pawl_progress_unit)unit, 0, totals[i], totals[i] / 100);
            assert_null(strstr(printed, "\033[3"));
            assert_true(count('\r') > 0);
            for (char *line = strtok(printed, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
                assert_memory_equal(line, "\033[K", 3);
                assert_in_range(strlen(line + 3), 1, 100);
            }
        }
    unsetenv("NO_COLOR");
    run(PAWL_PROGRESS_BAR, PAWL_PROGRESS_BYTES, 0, 100, 1);
    assert_non_null(strstr(printed, "\033[32m"));
}

static void test_sizes_are_readable(void **state)
{
    char text[16];

    (void)state;
    assert_string_equal(pawl_size_format(0, text), "0 B");
    assert_string_equal(pawl_size_format(1536, text), "1.5 KiB");
    assert_string_equal(pawl_size_format(UINT64_MAX, text), "16.0 EiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_gets_a_line_at_each_tenth),
        cmocka_unit_test(test_resumed_work_starts_where_it_was),
        cmocka_unit_test(test_quiet_is_silent),
        cmocka_unit_test(test_bar_keeps_to_100_columns),
        cmocka_unit_test(test_sizes_are_readable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
