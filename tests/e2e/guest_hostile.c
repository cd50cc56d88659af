/*
 * What hostile images try; nothing of this project is inside. Each line printed is "held NAME" or
 * "BROKEN NAME". Started by root without a sandbox most of it must be broken, or the attempts prove
 * nothing.
 */
#include "guest_hostile.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int broken;

static void tell(const char *name, bool held)
{
    printf("%s %s\n", held ? "held" : "BROKEN", name);
    broken |= !held;
}

static void socket_try(const char *name, int domain, int type, int protocol)
{
    int fd = socket(domain, type, protocol);

    tell(name, fd < 0 && errno == EACCES);
    if (fd >= 0)
        close(fd);
}

/* What nobody may have, with the network or without. */
static void sockets_try(void)
{
    socket_try("socket-netlink", AF_NETLINK, SOCK_RAW, 0);
    socket_try("socket-packet", AF_PACKET, SOCK_RAW, 0);
    socket_try("socket-raw", AF_INET, SOCK_RAW, IPPROTO_ICMP);
    socket_try("socket-raw6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    socket_try("socket-stream", AF_UNIX, SOCK_STREAM, 0);
    socket_try("socket-seqpacket", AF_UNIX, SOCK_SEQPACKET, 0);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    tell("socket-datagram-works", fd >= 0);
    close(fd);
}

static void network_try(void)
{
    socket_try("socket-inet", AF_INET, SOCK_STREAM, 0);
    socket_try("socket-inet6", AF_INET6, SOCK_DGRAM, 0);
    sockets_try();
}

bool guest_reach(const char *address, int port)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
    const struct sockaddr *to =
        is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
    socklen_t size = is_four ? sizeof four : sizeof six;
    char answer;

    if (!is_four && inet_pton(AF_INET6, address, &six.sin6_addr) != 1)
        return false;
    int fd = socket(to->sa_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, to, size) != 0)
        return false;
    bool reached = write(fd, "x", 1) == 1 && read(fd, &answer, 1) == 1;
    close(fd);
    return reached;
}

/* A server and its client in one, on a port that the kernel chooses. */
static bool serves(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    return bind(listener, (const struct sockaddr *)&name, size) == 0 && listen(listener, 1) == 0 &&
           getsockname(listener, (struct sockaddr *)&name, &size) == 0 &&
           connect(client, (const struct sockaddr *)&name, size) == 0 &&
           accept(listener, NULL, NULL) >= 0;
}

int guest_networked(int port)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    tell("reach-inet", guest_reach("127.0.0.1", port));
    tell("reach-inet6", guest_reach("::1", port));
    tell("serve", serves());
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    tell("udp", fd >= 0);
    close(fd);
    sockets_try();
    socket_try("socket-ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
    socket_try("socket-mptcp", AF_INET, SOCK_STREAM, 262);
    return broken;
}

static void processes_try(pid_t processor)
{
    char bytes[16];
    struct iovec mine = {bytes, sizeof bytes}, theirs = {(void *)0x10000, sizeof bytes};
    char path[64];

    tell("ptrace-parent", ptrace(PTRACE_SEIZE, getppid(), 0, 0) < 0);
    tell("ptrace-processor", ptrace(PTRACE_SEIZE, processor, 0, 0) < 0);
    tell("ptrace-init", ptrace(PTRACE_SEIZE, 1, 0, 0) < 0);
    tell("memory-parent",
         process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0) < 0 && errno != EFAULT);
    tell("memory-processor",
         process_vm_readv(processor, &mine, 1, &theirs, 1, 0) < 0 && errno != EFAULT);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)processor);
    tell("proc-mem", open(path, O_RDONLY) < 0);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    tell("proc-mem-parent", open(path, O_RDWR) < 0);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)getppid());
    tell("proc-fd-parent", opendir(path) == NULL);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    tell("proc-environ-parent", open(path, O_RDONLY) < 0);
    tell("kill-processor", kill(processor, 0) < 0);
    int handle = (int)syscall(SYS_pidfd_open, processor, 0);
    tell("descriptor-processor", handle < 0 || syscall(SYS_pidfd_getfd, handle, 0, 0) < 0);
    tell("memory-write-processor",
         process_vm_writev(processor, &mine, 1, &theirs, 1, 0) < 0 && errno != EFAULT);
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)processor);
    int space = open(path, O_RDONLY);
    tell("enter-namespace", space < 0);
    pid_t parent = getppid();
    kill(parent, SIGKILL);
    tell("kill-parent", getppid() == parent);
}

static void files_try(char **paths)
{
    char path[4096];

    for (; *paths != NULL; paths++) {
        snprintf(path, sizeof path, "file %s", *paths);
        char byte;
        int fd = open(*paths, O_RDONLY);
        /* A file that is covered by an empty one may be opened: nothing is in it. */
        tell(path, fd < 0 || read(fd, &byte, 1) <= 0);
        if (fd >= 0)
            close(fd);
        snprintf(path, sizeof path, "write %s", *paths);
        fd = open(*paths, O_WRONLY);
        struct stat status;
        tell(path, fd < 0 || (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode)));
        if (fd >= 0)
            close(fd);
    }
    tell("own-image-unreadable", open("/proc/self/exe", O_RDONLY) < 0);
}

static void descriptors_check(void)
{
    int others = 0;

    for (int fd = 3; fd < 1024; fd++)
        others += fcntl(fd, F_GETFD) >= 0;
    tell("descriptors", others == 0);
}

static bool status_has(const char *line)
{
    char text[8192] = "";
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t size = read(fd, text, sizeof text - 1);

    close(fd);
    return size > 0 && strstr(text, line) != NULL;
}

static void identity_check(uid_t processor_uid)
{
    static const char *const allowed[] = {"PATH=", "NOTIFY_SOCKET=", "PAWL_IMAGE_"};
    int foreign = 0;

    tell("no-new-privs", status_has("NoNewPrivs:\t1\n"));
    tell("seccomp", status_has("Seccomp:\t2\n"));
    tell("no-capabilities",
         status_has("CapEff:\t0000000000000000\n") && status_has("CapPrm:\t0000000000000000\n"));
    tell("other-user", processor_uid != 0 || (getuid() != 0 && getgid() != 0));
    tell("no-groups", processor_uid != 0 || getgroups(0, NULL) == 0);
    tell("own-image-mode", processor_uid != 0 || chmod("/proc/self/exe", 0700) < 0);
    tell("no-return-to-root", setuid(0) != 0 || geteuid() != 0);
    tell("session", getsid(0) == getpid());
    for (char **entry = environ; *entry != NULL; entry++) {
        bool known = false;
        for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
            known |= strncmp(*entry, allowed[i], strlen(allowed[i])) == 0;
        foreign += !known;
    }
    tell("environment", foreign == 0);
}

static int in_child(int flags)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(flags) != 0);
    waitpid(pid, &status, 0);
    return status;
}

static void system_try(void)
{
    struct rlimit limit;

    /* Who is in another namespace has fewer rights in this one: a child is. */
    tell("unshare", in_child(CLONE_NEWUSER) != 0);
    tell("unshare-network", in_child(CLONE_NEWNET) != 0);
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    tell("clone-namespace", pid < 0);
    tell("clone3", syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
    tell("mount", mount("none", "/mnt", "tmpfs", 0, NULL) < 0);
    tell("umount", umount2("/proc", MNT_DETACH) < 0);
    tell("bpf", syscall(SYS_bpf, 0, NULL, 0) < 0 && errno != EFAULT && errno != EINVAL);
    tell("io-uring", syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno != EFAULT);
    tell("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0);
    tell("add-key", syscall(SYS_add_key, "user", "x", "y", 1, -3) < 0 && errno != EDQUOT);
    tell("core-limit", getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    tell("process-limit", getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max <= 256);
    limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    tell("raise-limit", setrlimit(RLIMIT_NOFILE, &limit) < 0 && setrlimit(RLIMIT_AS, &limit) < 0);
    tell("chroot", chroot("/") < 0);
    tell("device-node", mknod("/tmp/pawl-node", S_IFCHR | 0600, makedev(1, 1)) < 0);
    (void)unlink("/tmp/pawl-node");
    tell("priority", setpriority(PRIO_PROCESS, 0, -20) < 0);
    const struct sched_param first = {.sched_priority = 99};
    tell("realtime", sched_setscheduler(0, SCHED_FIFO, &first) < 0);
}

/* Calls with arguments that do no harm: who may make them is told that the arguments are wrong. */
static void kernel_try(void)
{
    static const struct {
        const char *name;
        long number;
    } calls[] = {
        {"reboot", SYS_reboot},
        {"kexec", SYS_kexec_file_load},
        {"load-module", SYS_init_module},
        {"perf", SYS_perf_event_open},
        {"set-clock", SYS_clock_settime},
        {"swapoff", SYS_swapoff},
        {"open-by-handle", SYS_open_by_handle_at},
        {"move-mount", SYS_move_mount},
        {"userfaultfd", SYS_userfaultfd},
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        long made = syscall(calls[i].number, -1, -1, -1, -1, -1);
        tell(calls[i].name, made < 0 && (errno == EPERM || errno == ENOSYS));
    }
    tell("type-into-terminal", ioctl(0, TIOCSTI, "x") < 0 && errno == EPERM);
}

/* More memory, descriptors and room in files than an image may have. */
static void bombs_try(void)
{
    const size_t gib = (size_t)1 << 30;
    int fd, count = 0, file = memfd_create("bomb", 0);

    signal(SIGXFSZ, SIG_IGN);
    tell("file-bomb", ftruncate(file, (off_t)(2 * gib)) < 0);
    close(file);
    tell("memory-bomb", mmap(NULL, 5 * gib, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED);
    while (count < 512 && (fd = dup(1)) >= 0)
        count++;
    tell("descriptor-bomb", count < 512);
    for (fd = 3; fd < 1024; fd++)
        close(fd);
}

/* Children until no more are given. */
static void fork_bomb(void)
{
    const pid_t parent = getpid();
    int count = 0;

    while (count < 1024) {
        pid_t pid = fork();
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            /* Who is asked too late outlives its parent, and keeps the test's output open. */
            while (getppid() == parent)
                pause();
            _exit(0);
        }
        if (pid < 0)
            break;
        count++;
    }
    tell("fork-bomb", count < 1024);
}

int guest_hostile(char **arguments)
{
    pid_t processor = atoi(arguments[0]);
    uid_t uid = (uid_t)atoi(arguments[1]);

    setvbuf(stdout, NULL, _IOLBF, 0);
    descriptors_check();
    network_try();
    processes_try(processor);
    files_try(arguments + 2);
    identity_check(uid);
    system_try();
    kernel_try();
    bombs_try();
    fork_bomb();
    return broken;
}
