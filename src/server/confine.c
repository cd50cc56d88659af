#include "server/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "host/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* A list of what is denied: libraries' other calls change with their versions, and the units in
 * systemd/ have a list of what is allowed. */
static const char *const denied[] = {
    /* programs and other processes */
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    /* the machine */
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "swapon",
    "swapoff",
    "reboot",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "acct",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "quotactl",
    "quotactl_fd",
    "nfsservctl",
    /* interfaces that are large, and used by nothing here */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "personality",
    "modify_ldt",
    "lookup_dcookie",
    "vmsplice",
    "name_to_handle_at",
    "open_by_handle_at",
    "fanotify_init",
};

enum pawl_result pawl_server_confine(void)
{
    if (SANITIZED)
        return PAWL_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return pawl_error(PAWL_IO, "no_new_privs: %s", strerror(errno));
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int code = filter == NULL ? -ENOMEM : 0;
    for (size_t i = 0; code == 0 && i < sizeof denied / sizeof denied[0]; i++) {
        int number = seccomp_syscall_resolve_name(denied[i]);
        if (number != __NR_SCMP_ERROR) /* not known to this version of the library */
            code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    }
    if (code == 0) /* threads that libraries started already, too */
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (code == 0)
        code = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return code == 0 ? PAWL_OK : pawl_error(PAWL_IO, "system call filter: %s", strerror(-code));
}
