/* The agent's settings: flags before environment before file, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "agent/settings.h"
#include "host/file.h"
#include "pawl_capture.h"

static char path[] = "/tmp/pawl-agent-XXXXXX";

static int file_make(void **state)
{
    static const char text[] = "[pawl-agent]\nserver = http://file\nprocessor = unix:/file\n"
                               "min-poll = 7\nlog-level = debug\n[pawld]\nserver = x\n";
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0)
        return -1;
    close(fd);
    unsetenv("PAWL_SERVER");
    unsetenv("PAWL_PROCESSOR");
    setenv("PAWL_CONFIG", "", 1);
    return pawl_file_write(path, 0600, true, text, strlen(text)) == PAWL_OK ? 0 : -1;
}

static int file_remove(void **state)
{
    (void)state;
    unsetenv("PAWL_SERVER");
    setenv("PAWL_CONFIG", "", 1);
    return unlink(path);
}

/* Reads a command line; the settings point into it until the next one is read. */
static enum pawl_options_outcome read_line(struct pawl_agent_settings *settings, const char *line)
{
    static char words[512];
    char *argv[16] = {words};
    int argc = 1;

    snprintf(words, sizeof words, "pawl-agent %s", line);
    for (char *space = words; (space = strchr(space, ' ')) != NULL; argc++) {
        *space++ = '\0';
        argv[argc] = space;
    }
    return pawl_agent_settings_read(settings, argc, argv);
}

/* The options and the settings file's path. */
static const char *with_path(const char *options)
{
    static char line[256];

    snprintf(line, sizeof line, "%s %s", options, path);
    return line;
}

static void test_flag_wins_over_environment_over_file(void **state)
{
    struct pawl_agent_settings settings;

    (void)state;
    assert_int_equal(PAWL_OPTIONS_PROCEED, read_line(&settings, with_path("--config")));
    assert_string_equal("http://file", settings.server);
    assert_string_equal("unix:/file", settings.processor);
    assert_int_equal(7000, settings.min_poll);
    assert_int_equal(PAWL_LOG_DEBUG, settings.level);
    assert_false(settings.once);
    pawl_agent_settings_release(&settings);

    setenv("PAWL_SERVER", "http://environment", 1);
    assert_int_equal(PAWL_OPTIONS_PROCEED, read_line(&settings, with_path("--once -c")));
    assert_string_equal("http://environment", settings.server);
    assert_string_equal("unix:/file", settings.processor);
    assert_true(settings.once);
    pawl_agent_settings_release(&settings);

    assert_int_equal(PAWL_OPTIONS_PROCEED,
                     read_line(&settings, with_path("--server http://flag --min-poll 0 -c")));
    assert_string_equal("http://flag", settings.server);
    assert_int_equal(50, settings.min_poll);
    pawl_agent_settings_release(&settings);
}

static void test_defaults(void **state)
{
    struct pawl_agent_settings settings;

    (void)state;
    assert_int_equal(PAWL_OPTIONS_PROCEED, read_line(&settings, "-s http://h -p exec:x"));
    assert_int_equal(1000, settings.min_poll);
    assert_int_equal(5, settings.max_retries);
    assert_int_equal(30, settings.stall);
    assert_int_equal(PAWL_LOG_INFO, settings.level);
    assert_null(settings.ca);
    pawl_agent_settings_release(&settings);

    assert_int_equal(PAWL_OPTIONS_PROCEED, read_line(&settings, "-s http://h -p exec:x --quiet"));
    assert_int_equal(PAWL_LOG_WARNING, settings.level);
    pawl_agent_settings_release(&settings);
}

/* Reads what must be refused, and sees that the error names the cause. */
static void refuse(const char *cause, const char *line)
{
    struct pawl_agent_settings settings;
    struct pawl_capture errors;
    char said[1024];

    capture_start(&errors, STDERR_FILENO);
    enum pawl_options_outcome outcome = read_line(&settings, line);
    capture_end(&errors, said, sizeof said);
    pawl_agent_settings_release(&settings);
    assert_int_equal(PAWL_OPTIONS_WRONG, outcome);
    assert_non_null(strstr(said, cause));
}

static void test_what_cannot_work_is_refused(void **state)
{
    (void)state;
    refuse("no control server", "-p exec:x");
    refuse("no secure processor", "-s http://h");
    refuse("'h:80' is no http", "-s h:80 -p exec:x");
    refuse("'unix:' is none of", "-s http://h -p unix:");
    refuse("'tcp:x' is none of", "-s http://h -p tcp:x");
    refuse("'loud' is no level", "-s http://h -p exec:x --log-level loud");
    refuse("/nowhere/pawl.conf", "-c /nowhere/pawl.conf");
    refuse("--stall-timeout", "-s http://h -p exec:x --stall-timeout 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flag_wins_over_environment_over_file, file_make,
                                        file_remove),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_cannot_work_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
