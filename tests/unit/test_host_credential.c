/* Files with secrets (I8): private ones are taken, and what systemd hands to a service, which shows
 * as readable by root's group; nothing else. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/credential.h"
#include "pawl_test.h"

static void test_who_may_read(void **state)
{
    static const struct {
        const char *path;
        mode_t mode;
        uid_t user;
        gid_t group;
        bool is_private;
    } cases[] = {
        {"/etc/x", 0600, 7, 7, true},       {"/etc/x", 0400, 0, 0, true},
        {"/etc/x", 0440, 0, 0, false},      {"/etc/x", 0604, 7, 7, false},
        {"/run/c/x", 0400, 7, 7, true},     {"/run/c/x", 0440, 0, 0, true},
        {"/run/c/x", 0440, 7, 0, false},    {"/run/c/x", 0440, 0, 7, false},
        {"/run/c/x", 0460, 0, 0, false},    {"/run/c/x", 0444, 0, 0, false},
        {"/run/c/../x", 0440, 0, 0, false}, {"/run/c/y/x", 0440, 0, 0, false},
        {"/run/cx", 0440, 0, 0, false},     {"c/x", 0440, 0, 0, false},
    };

    (void)state;
    setenv("CREDENTIALS_DIRECTORY", "/run/c", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct stat status = {
            .st_mode = S_IFREG | cases[i].mode, .st_uid = cases[i].user, .st_gid = cases[i].group};
        assert_int_equal(pawl_status_is_private(cases[i].path, &status), cases[i].is_private);
    }
    const struct stat credential = {.st_mode = S_IFREG | 0440};
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_false(pawl_status_is_private("/run/c/x", &credential));
    setenv("CREDENTIALS_DIRECTORY", "", 1);
    assert_false(pawl_status_is_private("/x", &credential));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_may_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
