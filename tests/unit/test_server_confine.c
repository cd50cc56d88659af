/* What pawld gives up (docs/control-server.md): a program that is not its own never runs in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/confine.h"

/* Runs `act` in a confined process: its errno, or 0 when it succeeded. */
static int confined(int (*act)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        if (pawl_server_confine() != PAWL_OK)
            _exit(255);
        _exit(act() == 0 ? 0 : errno);
    }
    int status;
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int execute(void)
{
    return execl("/bin/true", "true", NULL);
}

static int trace(void)
{
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int namespace_make(void)
{
    return unshare(CLONE_NEWUSER);
}

static int privilege_look(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1;
}

static void *nothing(void *context)
{
    return context;
}

/* What a server does all day. */
static int work(void)
{
    pthread_t thread;
    int ends[2];
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0 &&
                   pipe(ends) == 0 && write(ends[1], "x", 1) == 1
               ? 0
               : -1;
}

static void test_what_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(confined(execute), EPERM);
    assert_int_equal(confined(trace), EPERM);
    assert_int_equal(confined(namespace_make), EPERM);
    assert_int_equal(confined(privilege_look), 0);
    assert_int_equal(confined(work), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_given_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
