/* One table gives the options, their checks and their help (SPEC 17: usage is exit code 2). */
#include <stdlib.h>
#include <string.h>

#include "host/options.h"
#include "pawl_capture.h"

static bool force;
static const char *out;
static const char *server;
static uint64_t size;
static struct pawl_option_list puds;
static struct pawl_option_list operands;
static char printed[8192];

static const struct pawl_option options[] = {
    {"force", 'f', NULL, "overwrite", .flag = &force},
    {"out", 'o', "FILE", "where to", .text = &out, .required = true},
    {"pud", 0, "FILE", "units", .list = &puds},
    {"server", 0, "URL", "the server", .text = &server, .configurable = true},
    {"size", 0, "BYTES", "how much", .number = &size, .least = 2, .most = 1048576},
    {0},
};

static const struct pawl_usage usage = {
    .command = "pawl try",
    .operands = "FILE",
    .summary = "Tries.",
    .details = "EXAMPLES\n  none",
    .least = 1,
    .most = 2,
};

/* Parses a command line that is cut at blanks; what is printed goes to `printed`. */
static enum pawl_options_outcome parse(const char *line)
{
    static char copy[256];
    static char *argv[32];
    struct pawl_capture errors, help;
    struct pawl_config none = {0};
    char said[2048];
    int argc = 0;

    force = false;
    out = server = NULL;
    size = 0;
    pawl_option_list_release(&puds);
    pawl_option_list_release(&operands);
    strncpy(copy, line, sizeof copy - 1);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;

    capture_start(&errors, STDERR_FILENO);
    capture_start(&help, STDOUT_FILENO);
    enum pawl_options_outcome outcome =
        pawl_options_parse(&usage, options, argc, argv, &none, &operands);
    capture_end(&help, printed, sizeof printed);
    capture_end(&errors, said, sizeof said);
    strncat(printed, said, sizeof printed - strlen(printed) - 1);
    return outcome;
}

static void test_options_and_operands_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(PAWL_OPTIONS_PROCEED, parse("try a -f --out=x --size 64K b"));
    assert_true(force);
    assert_string_equal(out, "x");
    assert_int_equal(size, 65536);
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[1], "b");
}

static void test_list_takes_what_follows(void **state)
{
    (void)state;
    assert_int_equal(PAWL_OPTIONS_PROCEED, parse("try --pud a b c -o x d --pud e"));
    assert_int_equal(puds.count, 4);
    assert_string_equal(puds.items[3], "e");
    assert_int_equal(operands.count, 1);
    assert_string_equal(operands.items[0], "d");
    assert_int_equal(PAWL_OPTIONS_PROCEED, parse("try -o x --pud a -- --d"));
    assert_int_equal(puds.count, 1);
    assert_string_equal(operands.items[0], "--d");
}

static void test_wrong_lines_are_refused_with_a_hint(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"try a", "--out FILE is missing"},
        {"try -o x", "FILE is missing"},
        {"try -o x a b c", "'c' is one argument too many"},
        {"try -o x a --what", "'--what' is not an option"},
        {"try -o x a -q", "unknown option '-q'"},
        {"try a --out", "'--out' needs an argument"},
        {"try -o x a --size 1", "1 is not in 2..1048576"},
        {"try -o x a --size 2M", "is not in"},
        {"try -o x a --size -3", "is not a number"},
        {"try -o x a --size 99999999999999999999", "is not a number"},
        {"try -o x a --size 17179869184G", "is not a number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(PAWL_OPTIONS_WRONG, parse(cases[i].line));
        if (strstr(printed, cases[i].said) == NULL)
            fail_msg("'%s' gave '%s'", cases[i].line, printed);
        assert_non_null(strstr(printed, "hint: "));
    }
}

static void test_environment_is_asked_when_no_flag_was_given(void **state)
{
    (void)state;
    setenv("PAWL_SERVER", "from environment", 1);
    setenv("PAWL_OUT", "not configurable", 1);
    assert_int_equal(PAWL_OPTIONS_WRONG, parse("try a"));
    assert_int_equal(PAWL_OPTIONS_PROCEED, parse("try a -o x"));
    assert_string_equal(server, "from environment");
    assert_int_equal(PAWL_OPTIONS_PROCEED, parse("try a -o x --server flag"));
    assert_string_equal(server, "flag");
    unsetenv("PAWL_SERVER");
    unsetenv("PAWL_OUT");
}

static void test_help_is_the_table(void **state)
{
    (void)state;
    assert_int_equal(PAWL_OPTIONS_HELPED, parse("try --help"));
    assert_non_null(strstr(printed, "usage: pawl try --out FILE [OPTION...] FILE\n\nTries.\n"));
    for (size_t i = 0; options[i].name != NULL; i++)
        assert_non_null(strstr(printed, options[i].help));
    assert_non_null(strstr(printed, "EXAMPLES\n"));
    for (char *line = strtok(printed, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 0, 100);
    assert_int_equal(PAWL_OPTIONS_HELPED, parse("try --version"));
}

static int lists_release(void **state)
{
    (void)state;
    pawl_option_list_release(&puds);
    pawl_option_list_release(&operands);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_and_operands_in_any_order),
        cmocka_unit_test(test_list_takes_what_follows),
        cmocka_unit_test(test_wrong_lines_are_refused_with_a_hint),
        cmocka_unit_test(test_environment_is_asked_when_no_flag_was_given),
        cmocka_unit_test(test_help_is_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, lists_release);
}
