#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "filter.h"
#include "filter_rules.h"

static const char *const allowed[] = {
    /* descriptors that are open already, and those of agents */
    "read", "write", "writev", "pread64", "pwrite64", "recvmsg", "recvfrom", "sendmsg", "sendto",
    "accept4", "close", "fcntl", "fstat", "newfstatat", "fdatasync", "fallocate", "ftruncate",
    "fchmod", "unlinkat",
    /* waiting and time */
    "poll", "ppoll", "timerfd_settime", "clock_gettime", "restart_syscall",
    /* memory that never becomes executable here; the image's, whose code runs elsewhere */
    "brk", "munmap", "mremap", "madvise", "mlock", "munlock", "memfd_create",
    /* the rest of a C program's life */
    "getrandom", "getpid", "gettid", "futex", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "tgkill", "exit", "exit_group", NULL};

/* Sanitizers need calls of their own at run time and when they report; their builds are for tests
 * of the code, not of the filter. */
#if defined(__SANITIZE_ADDRESS__)
static const char *const denied[] = {"execve", "execveat", "socket", "connect",
                                     "bind",   "mount",    NULL};

enum pawl_result pawl_filter_engine_load(void)
{
    struct pawl_filter filter;

    pawl_filter_begin(&filter, SCMP_ACT_ALLOW);
    pawl_filter_add(&filter, SCMP_ACT_ERRNO(EPERM), denied);
    (void)allowed;
    return pawl_filter_load(&filter);
}
#else
enum pawl_result pawl_filter_engine_load(void)
{
    struct pawl_filter filter;

    pawl_filter_begin(&filter, SCMP_ACT_ERRNO(EPERM));
    pawl_filter_add(&filter, SCMP_ACT_ALLOW, allowed);
    pawl_filter_add_masked(&filter, SCMP_ACT_ALLOW, "mmap", 2, PROT_EXEC, 0);
    pawl_filter_add_masked(&filter, SCMP_ACT_ALLOW, "mprotect", 2, PROT_EXEC, 0);
    return pawl_filter_load(&filter);
}
#endif
