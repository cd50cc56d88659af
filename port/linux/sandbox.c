#include "sandbox.h"

#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter.h"

#define MIB 1048576ull
#define GIB (1024 * MIB)

struct limit {
    int resource;
    rlim_t most;
};

static const struct limit limits[] = {
    {RLIMIT_CORE, 0},           {RLIMIT_NOFILE, 256},
    {RLIMIT_AS, 64 * GIB},  /* programs reserve far more than they use */
    {RLIMIT_DATA, 4 * GIB}, /* what they write to */
    {RLIMIT_FSIZE, 1 * GIB},    {RLIMIT_MEMLOCK, 1 * MIB},
    {RLIMIT_MSGQUEUE, 1 * MIB}, {RLIMIT_SIGPENDING, 1024},
};

/* Where the user is the processor's own, its other processes would count too. */
#define PROCESSES_MAX 256u

const char *pawl_sandbox_user_enter(const struct pawl_isolation *isolation)
{
    pawl_capabilities_bound(0);
    if (isolation->other_user) {
        if (setgroups(0, NULL) != 0)
            return "setgroups";
        if (setresgid(isolation->gid, isolation->gid, isolation->gid) != 0)
            return "setresgid";
        if (setresuid(isolation->uid, isolation->uid, isolation->uid) != 0)
            return "setresuid";
    }
    if (pawl_capabilities_drop(0) != PAWL_OK)
        return "capabilities";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return "no_new_privs";
    /* After the change of user, which clears it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return "prctl";
    return NULL;
}

/* A smaller limit that holds already stays. */
static bool limit_set(const struct limit *limit)
{
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)limit->resource, &now) != 0)
        return false;
    rlim_t most = now.rlim_max < limit->most ? now.rlim_max : limit->most;
    now = (struct rlimit){most, most};
    return setrlimit((__rlimit_resource_t)limit->resource, &now) == 0;
}

static void signals_reset(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

const char *pawl_sandbox_image_enter(const struct pawl_isolation *isolation, bool network)
{
    const struct limit processes = {RLIMIT_NPROC, PROCESSES_MAX};

    if (setsid() < 0)
        return "setsid";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return "prctl";
    umask(S_IWGRP | S_IWOTH);
    if (chdir("/") != 0)
        return "chdir";
    signals_reset();
    if (pawl_filter_image_load(network) != PAWL_OK)
        return "filter";
    /* Last: what they leave may be too little for a sanitized build of this program. */
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (!limit_set(&limits[i]))
            return "setrlimit";
    if (isolation->own_users && !limit_set(&processes))
        return "setrlimit";
    return NULL;
}
