/* Settings come from the environment, then the file's own section, then its common part. */
#include <stdlib.h>
#include <string.h>

#include "host/config.h"
#include "host/file.h"
#include "pawl_capture.h"

static char path[] = "/tmp/pawl-config-XXXXXX";

static int file_make(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0)
        return -1;
    close(fd);
    return setenv("PAWL_CONFIG", path, 1);
}

static int file_remove(void **state)
{
    (void)state;
    return unlink(path);
}

static void file_fill(const char *text)
{
    assert_result(PAWL_OK, pawl_file_write(path, 0600, true, text, strlen(text)));
}

static void test_most_particular_value_wins(void **state)
{
    struct pawl_config config = {0};
    enum pawl_config_source source;

    (void)state;
    file_fill("poll = 5\nurl = a\nsame = x\n[pawl]\nurl = b\n[pawld]\nurl = c\nother = d\n");
    assert_result(PAWL_OK, pawl_config_load(&config, "pawl"));
    assert_string_equal(pawl_config_find(&config, "poll", NULL), "5");
    assert_string_equal(pawl_config_find(&config, "url", &source), "b");
    assert_int_equal(PAWL_CONFIG_FILE, source);
    assert_null(pawl_config_find(&config, "other", &source));
    assert_int_equal(PAWL_CONFIG_NONE, source);

    setenv("PAWL_SERVER_CERT", "e", 1);
    assert_string_equal(pawl_config_find(&config, "server-cert", &source), "e");
    assert_int_equal(PAWL_CONFIG_ENVIRONMENT, source);
    unsetenv("PAWL_SERVER_CERT");
    pawl_config_release(&config);
    assert_null(pawl_config_find(&config, "url", NULL));
}

static void test_broken_file_is_refused_by_line(void **state)
{
    struct pawl_config config = {0};
    struct pawl_capture capture;
    char printed[512];

    (void)state;
    file_fill("url = a\nno setting\n");
    capture_start(&capture, STDERR_FILENO);
    assert_result(PAWL_MALFORMED, pawl_config_load(&config, "pawl"));
    capture_end(&capture, printed, sizeof printed);
    assert_non_null(strstr(printed, "line 2"));
    assert_null(config.entries);
}

static void test_too_many_settings_are_refused(void **state)
{
    char text[2000] = "";
    struct pawl_config config = {0};
    struct pawl_capture capture;
    char printed[512];

    (void)state;
    for (size_t i = 0; i < 100; i++)
        strcat(text, "a = b\n");
    file_fill(text);
    capture_start(&capture, STDERR_FILENO);
    assert_result(PAWL_MALFORMED, pawl_config_load(&config, "pawl"));
    capture_end(&capture, printed, sizeof printed);
}

static void test_named_file_must_exist(void **state)
{
    struct pawl_config config = {0};
    struct pawl_capture capture;
    char printed[512];

    (void)state;
    setenv("PAWL_CONFIG", "/nonexistent/pawl.conf", 1);
    capture_start(&capture, STDERR_FILENO);
    assert_result(PAWL_IO, pawl_config_load(&config, "pawl"));
    capture_end(&capture, printed, sizeof printed);
    setenv("PAWL_CONFIG", "", 1);
    assert_result(PAWL_OK, pawl_config_load(&config, "pawl"));
    assert_null(config.path);
    setenv("PAWL_CONFIG", path, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_most_particular_value_wins),
        cmocka_unit_test(test_broken_file_is_refused_by_line),
        cmocka_unit_test(test_too_many_settings_are_refused),
        cmocka_unit_test(test_named_file_must_exist),
    };

    return cmocka_run_group_tests(tests, file_make, file_remove);
}
