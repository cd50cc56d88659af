/*
 * An image for the tests of the processor: behaves as its arguments say. Built statically and
 * dynamically, with nothing of this project inside.
 *
 * `hostile` tries what no image may do. Each line it prints is "held NAME" or "BROKEN NAME"; it
 * exits 1 when anything was broken.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* Sends a message as sd_notify does. */
static int notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (path == NULL || fd < 0)
        return 1;
    memcpy(address.sun_path, path, strlen(path));
    address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    ssize_t sent = sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address, size);
    close(fd);
    return sent == (ssize_t)strlen(text) ? 0 : 1;
}

static void network_try(void)
{
    tell("socket-inet", socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EACCES);
    tell("socket-inet6", socket(AF_INET6, SOCK_DGRAM, 0) < 0 && errno == EACCES);
    tell("socket-netlink", socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EACCES);
    tell("socket-packet", socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EACCES);
    tell("socket-vsock", socket(AF_VSOCK, SOCK_STREAM, 0) < 0 && errno == EACCES);
    tell("socket-stream", socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EACCES);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    tell("socket-datagram-works", fd >= 0);
    close(fd);
}

static void processes_try(pid_t processor)
{
    char bytes[16];
    struct iovec mine = {bytes, sizeof bytes}, theirs = {(void *)0x10000, sizeof bytes};
    char path[64];

    tell("ptrace-parent", ptrace(PTRACE_ATTACH, getppid(), 0, 0) < 0);
    tell("ptrace-processor", ptrace(PTRACE_ATTACH, processor, 0, 0) < 0);
    tell("ptrace-init", ptrace(PTRACE_ATTACH, 1, 0, 0) < 0);
    tell("memory-parent", process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0) < 0);
    tell("memory-processor", process_vm_readv(processor, &mine, 1, &theirs, 1, 0) < 0);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)processor);
    tell("proc-mem", open(path, O_RDONLY) < 0);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    tell("proc-mem-parent", open(path, O_RDWR) < 0);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)getppid());
    tell("proc-fd-parent", opendir(path) == NULL);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    tell("proc-environ-parent", open(path, O_RDONLY) < 0);
    tell("kill-processor", kill(processor, 0) < 0);
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

static void system_try(void)
{
    struct rlimit limit;

    tell("unshare", unshare(CLONE_NEWUSER) < 0);
    tell("clone-namespace", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) < 0);
    tell("clone3", syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
    tell("mount", mount("none", "/mnt", "tmpfs", 0, NULL) < 0);
    tell("umount", umount2("/proc", MNT_DETACH) < 0);
    tell("bpf", syscall(SYS_bpf, 0, NULL, 0) < 0 && errno != EFAULT && errno != EINVAL);
    tell("io-uring", syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno != EFAULT);
    tell("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0);
    tell("core-limit", getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    tell("process-limit", getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_max <= 256);
}

/* Children until no more are given. */
static void fork_bomb(void)
{
    int count = 0;

    while (count < 4096) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        if (pid < 0)
            break;
        count++;
    }
    tell("fork-bomb", count < 4096);
}

/* hostile PROCESSOR_PID PROCESSOR_UID FILE... */
static int hostile(char **arguments)
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
    fork_bomb();
    return broken;
}

/* Leaves a process in a session of its own, and takes no hint to end. */
static int stubborn(void)
{
    signal(SIGTERM, SIG_IGN);
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                pause();
        _exit(0);
    }
    notify("READY=1");
    for (;;)
        pause();
}

/* seals FILE, for the test itself and not as an image: whether nothing can change a memfd. */
static int seals(const char *path)
{
    const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int fd = open(path, O_RDONLY);

    return fd >= 0 && (fcntl(fd, F_GET_SEALS) & all) == all ? 0 : 1;
}

/* Talks without end, and takes no hint to end. */
_Noreturn static void chatter(void)
{
    signal(SIGTERM, SIG_IGN);
    for (;;)
        notify("READY=1\nSTATUS=talking");
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (strcmp(verb, "exit") == 0 && argc == 3)
        return atoi(argv[2]);
    if (strcmp(verb, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(verb, "abort") == 0)
        abort();
    if (strcmp(verb, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(verb, "stubborn") == 0)
        return stubborn();
    if (strcmp(verb, "chatter") == 0)
        chatter();
    if (strcmp(verb, "notify") == 0 && argc >= 3) {
        if (notify(argv[2]) != 0)
            return 1;
        for (;;)
            pause();
    }
    if (strcmp(verb, "ready-and-exit") == 0)
        return notify("STATUS=up\nREADY=1");
    if (strcmp(verb, "child-ready") == 0) {
        if (fork() == 0)
            _exit(notify("READY=1"));
        for (;;)
            pause();
    }
    if (strcmp(verb, "flood") == 0)
        for (int i = 0; i < 200000; i++)
            printf("line %d of a great many that nobody asked for\n", i);
    if (strcmp(verb, "seals") == 0 && argc == 3)
        return seals(argv[2]);
    if (strcmp(verb, "hostile") == 0 && argc >= 4)
        return hostile(argv + 2);
    return 2;
}
