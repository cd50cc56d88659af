/* I8: a hardened process leaves no core and no readable file; secrets have pages of their own. */
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/file.h"
#include "host/secret.h"
#include "pawl_test.h"

static void test_hardened_process_cannot_dump(void **state)
{
    struct rlimit core;

    (void)state;
    assert_result(PAWL_OK, pawl_process_harden());
    assert_int_equal(0, getrlimit(RLIMIT_CORE, &core));
    assert_int_equal(0, core.rlim_cur);
    assert_int_equal(0, core.rlim_max);
    assert_int_equal(077, umask(077));
#ifndef __SANITIZE_ADDRESS__
    assert_int_equal(0, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
#endif
}

/* /proc/self belongs to root in such a process, and files get their names through it. */
static void test_hardened_process_still_writes_files(void **state)
{
    const char *path = "/tmp/pawl-test-hardened";

    (void)state;
    unlink(path);
    assert_result(PAWL_OK, pawl_file_write(path, 0600, false, "x", 1));
    assert_result(PAWL_OK, pawl_file_write(path, 0600, true, "y", 1));
    assert_int_equal(0, unlink(path));
}

static void test_secret_memory_starts_empty_and_is_not_inherited(void **state)
{
    uint8_t *secret = pawl_secret_alloc(5000);
    int status;

    (void)state;
    assert_non_null(secret);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(0, secret[i]);
    memset(secret, 1, 5000);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* a page that is not there makes read fail with EFAULT */
        int zero = open("/dev/zero", O_RDONLY);
        _exit(read(zero, secret, 1) == -1 ? 0 : 1);
    }
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_int_equal(0, status);
    pawl_secret_free(secret, 5000);
    pawl_secret_free(NULL, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hardened_process_cannot_dump),
        cmocka_unit_test(test_hardened_process_still_writes_files),
        cmocka_unit_test(test_secret_memory_starts_empty_and_is_not_inherited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
