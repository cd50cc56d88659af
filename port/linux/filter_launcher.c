#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "filter.h"
#include "filter_rules.h"

static const char *const never[] = {
    /* other processes' memory and descriptors */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    /* the kernel itself */
    "bpf", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
    "perf_event_open", "reboot", "swapon", "swapoff", "iopl", "ioperm", "acct", "quotactl",
    "quotactl_fd", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "stime",
    /* a wide attack surface that nothing here needs */
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key",
    "request_key", "keyctl", "open_by_handle_at", "name_to_handle_at", "fanotify_init",
    "lookup_dcookie", "vmsplice", NULL};

/* Any domain but AF_UNIX, and with `network` those of the Internet. */
static void domains_deny(struct pawl_filter *filter, bool network)
{
    const struct scmp_arg_cmp foreign = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};

    pawl_filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), "socketpair", 1, &foreign);
    if (network)
        pawl_filter_add_domains(filter, SCMP_ACT_ERRNO(EACCES));
    else
        pawl_filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), "socket", 1, &foreign);
}

/* Nobody types into a terminal for its user. */
static void typing_deny(struct pawl_filter *filter)
{
    static const uint32_t requests[] = {TIOCSTI, TIOCLINUX};

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        pawl_filter_add_masked(filter, SCMP_ACT_ERRNO(EPERM), "ioctl", 1, UINT32_MAX, requests[i]);
}

enum pawl_result pawl_filter_launcher_load(bool network)
{
    struct pawl_filter filter;

    pawl_filter_begin(&filter, SCMP_ACT_ALLOW);
    pawl_filter_add(&filter, SCMP_ACT_ERRNO(EPERM), never);
    domains_deny(&filter, network);
    typing_deny(&filter);
    return pawl_filter_load(&filter);
}
