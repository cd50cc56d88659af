/* Preloaded into a program: a disk that is full at a chosen moment.
 *
 *   PAWL_FAIL_WRITE=NAME  writes at a place of a file of that name fail
 *   PAWL_FAIL_WHEN=FILE   while that one has something in it
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_full(int fd)
{
    char link[64], path[PATH_MAX];
    const char *wanted = getenv("PAWL_FAIL_WRITE"), *file = getenv("PAWL_FAIL_WHEN");
    struct stat status;

    if (wanted == NULL || file == NULL || stat(file, &status) != 0 || status.st_size == 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0)
        return 0;
    path[size] = '\0';
    const char *name = strrchr(path, '/');
    return name != NULL && strcmp(name + 1, wanted) == 0;
}

static ssize_t write_call(const char *function, int fd, const void *bytes, size_t size, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    void *found = dlsym(RTLD_NEXT, function);

    if (is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }
    memcpy(&real, &found, sizeof real);
    return real(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return write_call("pwrite", fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
    return write_call("pwrite64", fd, bytes, size, at);
}
