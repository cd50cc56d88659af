#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <sys/socket.h>

#include "filter.h"
#include "filter_rules.h"

#define NAMESPACES                                                                                \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET)
#define SOCKET_TYPE 0xfu /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/* What programs of a Debian system do by themselves. What is not here is answered ENOSYS, so that a
 * library takes its older way. clone3 is left out on purpose: a filter cannot see its flags. */
static const char *const allowed[] = {
    /* files */
    "access", "chdir", "chmod", "close", "close_range", "copy_file_range", "creat", "dup", "dup2",
    "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat",
    "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fstat", "fstatfs", "fsync",
    "ftruncate", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "inotify_add_watch",
    "inotify_init", "inotify_init1", "inotify_rm_watch", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2",
    "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
    "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir", "sendfile",
    "splice", "stat", "statfs", "statx", "symlink", "symlinkat", "sync", "sync_file_range",
    "syncfs", "tee", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes",
    "write", "writev",
    /* descriptors without a file, and waiting on them */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "ioctl", "memfd_create", "pidfd_open",
    "pidfd_send_signal", "pipe", "pipe2", "poll", "ppoll", "pselect6", "select", "signalfd",
    "signalfd4", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    /* the sockets that it may have */
    "bind", "connect", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmmsg",
    "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    /* memory */
    "brk", "get_mempolicy", "madvise", "mbind", "membarrier", "mincore", "mlock", "mlock2",
    "mlockall", "mmap", "mprotect", "mremap", "msync", "munlock", "munlockall", "munmap",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages", "set_mempolicy", "shmat",
    "shmctl", "shmdt", "shmget",
    /* processes and threads */
    "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_waitv",
    "get_robust_list", "get_thread_area", "getcpu", "kill", "prctl", "prlimit64", "rseq",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity",
    "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "tgkill", "tkill", "vfork", "wait4", "waitid",
    /* who and what it is */
    "capget", "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpgid", "getpgrp",
    "getpid", "getppid", "getpriority", "getresgid", "getresuid", "getrlimit", "getrusage",
    "getsid", "gettid", "getuid", "setfsgid", "setfsuid", "setgid", "setgroups", "setitimer",
    "setpgid", "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit",
    "setsid", "setuid", "sysinfo", "times", "ugetrlimit", "uname",
    /* signals and time */
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep",
    "pause", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo",
    "sigaltstack", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
    "timer_settime",
    /* System V and POSIX queues, in a namespace of its own */
    "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
    "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop",
    /* chance */
    "getrandom", NULL};

/* Refused by an error that programs expect, where ENOSYS would puzzle them. */
static const char *const refused[] = {
    "chown", "chroot",  "fchown",  "fchownat",         "lchown",
    "mknod", "mknodat", "mount",   "pivot_root",       "ptrace",
    "setns", "umount2", "unshare", "process_vm_readv", "process_vm_writev",
    NULL};

/* With the network an image may be a server. */
static const char *const serving[] = {"listen", "accept", "accept4", NULL};

/* Rules for sockets of a domain and type: allowed with protocol 0 or `protocol`, else refused. */
static void internet_add(struct pawl_filter *filter, int domain, unsigned type, unsigned protocol)
{
    struct scmp_arg_cmp socket[] = {
        {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)domain},
        {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = SOCKET_TYPE, .datum_b = type},
        {.arg = 2, .op = SCMP_CMP_EQ},
    };

    for (unsigned i = 0; i <= protocol; i++) {
        bool usual = i == 0 || i == protocol;
        socket[2].datum_a = i;
        pawl_filter_add_if(filter, usual ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES), "socket", 3,
                           socket);
    }
    socket[2] = (struct scmp_arg_cmp){.arg = 2, .op = SCMP_CMP_GT, .datum_a = protocol};
    pawl_filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), "socket", 3, socket);
}

/* Sockets of a domain: datagrams, and where it is the Internet streams too. */
static void types_add(struct pawl_filter *filter, int domain)
{
    for (unsigned type = 0; type <= SOCKET_TYPE; type++) {
        const struct scmp_arg_cmp socket[] = {
            {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)domain},
            {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = SOCKET_TYPE, .datum_b = type},
        };
        if (domain == AF_UNIX && type == SOCK_DGRAM)
            pawl_filter_add_if(filter, SCMP_ACT_ALLOW, "socket", 2, socket);
        else if (domain != AF_UNIX && type == SOCK_DGRAM)
            internet_add(filter, domain, type, IPPROTO_UDP);
        else if (domain != AF_UNIX && type == SOCK_STREAM)
            internet_add(filter, domain, type, IPPROTO_TCP);
        else
            pawl_filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), "socket", 2, socket);
    }
}

/* socket(AF_UNIX, SOCK_DGRAM): to tell the service manager or the log. Streams would reach the
 * daemons of the device. */
static void sockets_add(struct pawl_filter *filter, bool network)
{
    const struct scmp_arg_cmp foreign = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};

    pawl_filter_add_masked(filter, SCMP_ACT_ALLOW, "socketpair", 0, UINT64_MAX, AF_UNIX);
    types_add(filter, AF_UNIX);
    if (!network) {
        pawl_filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), "socket", 1, &foreign);
        return;
    }
    pawl_filter_add_domains(filter, SCMP_ACT_ERRNO(EACCES));
    types_add(filter, AF_INET);
    types_add(filter, AF_INET6);
}

enum pawl_result pawl_filter_image_load(bool network)
{
    struct pawl_filter filter;

    pawl_filter_begin(&filter, SCMP_ACT_ERRNO(ENOSYS));
    pawl_filter_add(&filter, SCMP_ACT_ALLOW, allowed);
    pawl_filter_add(&filter, SCMP_ACT_ERRNO(EPERM), refused);
    pawl_filter_add(&filter, network ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), serving);
    pawl_filter_add_masked(&filter, SCMP_ACT_ALLOW, "clone", 0, NAMESPACES, 0);
    pawl_filter_add_masked(&filter, SCMP_ACT_ALLOW, "personality", 0, UINT32_MAX, 0);
    pawl_filter_add_masked(&filter, SCMP_ACT_ALLOW, "personality", 0, UINT32_MAX, UINT32_MAX);
    sockets_add(&filter, network);
    return pawl_filter_load(&filter);
}
