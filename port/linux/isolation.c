#include "isolation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"

#define DYNAMIC_USER_FIRST 61184u
#define DYNAMIC_USER_COUNT 4336u

uid_t pawl_isolation_user_choose(const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *path != '\0'; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    for (uint32_t i = 0; i < DYNAMIC_USER_COUNT; i++) {
        uid_t uid = DYNAMIC_USER_FIRST + (hash + i) % DYNAMIC_USER_COUNT;
        if (getpwuid(uid) == NULL)
            return uid;
    }
    return DYNAMIC_USER_FIRST;
}

static bool text_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool done = pawl_write_full(fd, text, strlen(text)) == PAWL_OK;
    close(fd);
    return done;
}

/* A user namespace in which only the own user and group exist, under their own numbers. */
static bool user_namespace_enter(int more)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char map[64];

    if (unshare(CLONE_NEWUSER | more) != 0)
        return false;
    /* The map files belong to root while the process is not dumpable. */
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    snprintf(map, sizeof map, "%u %u 1\n", (unsigned)uid, (unsigned)uid);
    bool done = text_write("/proc/self/setgroups", "deny") && text_write("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1\n", (unsigned)gid, (unsigned)gid);
    done = done && text_write("/proc/self/gid_map", map);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return done;
}

bool pawl_isolation_network_leave(void)
{
    if (unshare(CLONE_NEWNET) == 0)
        return true;
    return user_namespace_enter(CLONE_NEWNET);
}

/* Covers a directory with an empty one and a file with /dev/null. */
static bool path_hide(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) /* it may lie in a directory that is hidden already */
        return errno == ENOENT || errno == EACCES;
    if (S_ISDIR(status.st_mode))
        return mount("none", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                     "size=4k,mode=0") == 0;
    return mount("/dev/null", path, NULL, MS_BIND, NULL) == 0;
}

static bool mounts_separate(const struct pawl_isolation *isolation)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    for (size_t i = 0; i < PAWL_HIDDEN_MAX; i++)
        if (isolation->hidden[i] != NULL && !path_hide(isolation->hidden[i]))
            return false;
    return true;
}

/* Whether a process can be started with these flags, by starting one. */
static bool run_flags_work(int flags)
{
    long pid = syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), 0, 0, 0, 0);
    int status;

    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid((pid_t)pid, &status, 0) == (pid_t)pid;
}

static void lacks_tell(const struct pawl_isolation *isolation)
{
    if (!isolation->other_user)
        pawl_log(PAWL_LOG_WARNING,
                 "not started as root: images run as the processor's own user (%u)%s",
                 (unsigned)isolation->uid,
                 isolation->own_mounts ? ", with state and PUD hidden from them"
                                       : " and could read its state and PUD");
    if (!isolation->own_network)
        pawl_log(PAWL_LOG_WARNING,
                 "no network namespace for images: the system call filter alone "
                 "keeps %s from the network",
                 isolation->network ? "those that may not use it" : "them");
    if ((isolation->run_flags & CLONE_NEWPID) == 0)
        pawl_log(PAWL_LOG_WARNING, "no process namespace for images: what they leave running in a "
                                   "session of its own is not ended with them");
    if (isolation->other_user && !isolation->own_mounts)
        pawl_log(PAWL_LOG_INFO, "no mount namespace for images");
}

static int network_open(void)
{
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Leaves the machine's network. With a way back, if images may need it: both are kept open. */
static bool network_leave(struct pawl_isolation *isolation)
{
    int machine = isolation->network ? network_open() : -1;

    if (unshare(CLONE_NEWNET) != 0) {
        if (machine >= 0)
            close(machine);
        return false;
    }
    isolation->networks[1] = machine;
    isolation->networks[0] = machine >= 0 ? network_open() : -1;
    return true;
}

bool pawl_isolation_network_choose(const struct pawl_isolation *isolation, bool machine)
{
    if (!isolation->network)
        return !machine;
    if (!isolation->own_network) /* it was never left */
        return true;
    return setns(isolation->networks[machine], CLONE_NEWNET) == 0;
}

void pawl_isolation_enter(struct pawl_isolation *isolation)
{
    static const int run_flags[] = {CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS, CLONE_NEWPID, 0};
    bool mounts = false;

    isolation->networks[0] = isolation->networks[1] = -1;
    isolation->own_users = isolation->other_user = isolation->uid != geteuid();
    if (network_leave(isolation)) {
        isolation->own_network = true;
        mounts = unshare(CLONE_NEWNS) == 0;
    } else if (!isolation->other_user) { /* another user would not exist in the namespace */
        /* From a user's own namespace no way leads back to the machine's network. */
        int network = isolation->network ? 0 : CLONE_NEWNET;
        mounts = user_namespace_enter(network | CLONE_NEWNS);
        isolation->own_users = mounts;
        isolation->own_network = mounts && network != 0;
    }
    isolation->own_mounts = mounts && mounts_separate(isolation);
    for (size_t i = 0; i < sizeof run_flags / sizeof run_flags[0]; i++) {
        isolation->run_flags = run_flags[i];
        if (run_flags_work(run_flags[i]))
            break;
    }
    lacks_tell(isolation);
}

void pawl_capabilities_bound(uint64_t kept)
{
    for (int i = 0; i < 64; i++)
        if ((kept >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0)
            break; /* beyond the last one that this kernel has, or no privilege to lose */
}

enum pawl_result pawl_capabilities_drop(uint64_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) != 0)
        return PAWL_IO;
    bool changes = false;
    for (unsigned i = 0; i < 2; i++) {
        const struct __user_cap_data_struct before = data[i];
        data[i].permitted &= (uint32_t)(kept >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
        changes = changes || data[i].permitted != before.permitted ||
                  data[i].effective != before.effective || before.inheritable != 0;
    }
    if (!changes) /* a unit that gives none may not allow the call either */
        return PAWL_OK;
    return syscall(SYS_capset, &header, data) == 0 ? PAWL_OK : PAWL_IO;
}
