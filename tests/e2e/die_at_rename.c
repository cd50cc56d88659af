/* Preloaded into a program: kills it, as kill -9 does, when it is about to rename the file that
 * PAWL_DIE_AT names. For tests of what a crash between two renames leaves behind. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    const char *name = strrchr(from, '/'), *fatal = getenv("PAWL_DIE_AT");
    void *found = dlsym(RTLD_NEXT, "rename");

    if (fatal != NULL && strcmp(name != NULL ? name + 1 : from, fatal) == 0)
        kill(getpid(), SIGKILL);
    memcpy(&real, &found, sizeof real);
    return real(from, to);
}
