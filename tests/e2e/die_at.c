/* Preloaded into a program: kills it, as kill -9 does, at a chosen moment, so that a test of what a
 * crash leaves behind hits every time.
 *
 *   PAWL_DIE_AT=NAME     when it is about to rename a file of that name
 *   PAWL_DIE_SYNC=FILE   when it is about to make data durable for the third time since FILE exists
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(void)
{
    kill(getpid(), SIGKILL);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    const char *name = strrchr(from, '/'), *fatal = getenv("PAWL_DIE_AT");
    void *found = dlsym(RTLD_NEXT, "rename");

    if (fatal != NULL && strcmp(name != NULL ? name + 1 : from, fatal) == 0)
        die();
    memcpy(&real, &found, sizeof real);
    return real(from, to);
}

static int sync_call(const char *function, int fd)
{
    static atomic_int count;
    int (*real)(int);
    const char *file = getenv("PAWL_DIE_SYNC");
    void *found = dlsym(RTLD_NEXT, function);

    if (file != NULL && access(file, F_OK) == 0 && atomic_fetch_add(&count, 1) == 2)
        die();
    memcpy(&real, &found, sizeof real);
    return real(fd);
}

int fdatasync(int fd)
{
    return sync_call("fdatasync", fd);
}

int fsync(int fd)
{
    return sync_call("fsync", fd);
}
