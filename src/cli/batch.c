#include "cli/batch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/name.h"
#include "host/file.h"

/* Calls `visit` for each file of the staging directory until one answers false. */
static bool files_visit(const struct pawl_batch *batch,
                        bool (*visit)(void *context, const char *name), void *context)
{
    int fd = dup(batch->fd);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool going_on = directory != NULL;

    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    rewinddir(directory);
    while (going_on && (entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            going_on = visit(context, entry->d_name);
    int cause = errno;
    closedir(directory);
    errno = cause;
    return going_on;
}

/* A path without slashes at its end, so that a name can be put behind it. */
static char *path_trim(const char *path)
{
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/')
        size--;
    return strndup(path, size);
}

enum pawl_result pawl_batch_open(struct pawl_batch *batch, const char *target)
{
    struct pawl_batch made = {.target = path_trim(target), .fd = -1};
    struct stat status;

    if (made.target == NULL)
        return PAWL_EXHAUSTED;
    made.whole = stat(made.target, &status) != 0;
    if (asprintf(&made.staging, made.whole ? "%s.XXXXXX" : "%s/.batch-XXXXXX", made.target) < 0) {
        free(made.target);
        return PAWL_EXHAUSTED;
    }
    if (mkdtemp(made.staging) != NULL) /* 0700 */
        made.fd = open(made.staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made.fd < 0) {
        int cause = errno;
        free(made.target);
        free(made.staging);
        errno = cause;
        return PAWL_IO;
    }
    *batch = made;
    return PAWL_OK;
}

enum pawl_result pawl_batch_create(struct pawl_batch *batch, const char *name, int *fd)
{
    *fd = openat(batch->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *fd < 0 ? PAWL_IO : PAWL_OK;
}

enum pawl_result pawl_batch_write(struct pawl_batch *batch, const char *name, const uint8_t *bytes,
                                  size_t size)
{
    int fd = -1;
    enum pawl_result result = pawl_batch_create(batch, name, &fd);

    if (result != PAWL_OK)
        return result;
    result = pawl_write_full(fd, bytes, size);
    if (close(fd) != 0 && result == PAWL_OK)
        result = PAWL_IO;
    return result;
}

/* Links files one by one into a directory that exists; the staging directory still has their names,
 * so that they can be taken back. */
struct linking {
    int from, to;
    const char *last;
};

static bool link_one(void *context, const char *name)
{
    const struct linking *linking = context;

    return strcmp(name, linking->last) == 0 ||
           linkat(linking->from, name, linking->to, name, 0) == 0;
}

/* Removes the target's name when it is the staged file. */
static bool unlink_one(void *context, const char *name)
{
    const struct linking *linking = context;
    struct stat ours, theirs;

    if (fstatat(linking->from, name, &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(linking->to, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino)
        unlinkat(linking->to, name, 0);
    return true;
}

static enum pawl_result link_all(const struct pawl_batch *batch, const char *last)
{
    int to = open(batch->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct linking linking = {.from = batch->fd, .to = to, .last = last};

    if (to < 0)
        return PAWL_IO;
    bool done = files_visit(batch, link_one, &linking) && fsync(to) == 0 &&
                linkat(batch->fd, last, to, last, 0) == 0 && fsync(to) == 0;
    int cause = errno;
    if (!done)
        files_visit(batch, unlink_one, &linking);
    close(to);
    errno = cause;
    return done ? PAWL_OK : cause == EEXIST ? PAWL_STATE : PAWL_IO;
}

/* The staging directory becomes the target. */
static enum pawl_result rename_all(struct pawl_batch *batch)
{
    char *parent = pawl_name_directory(batch->target);

    if (parent == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = PAWL_OK;
    if (renameat2(AT_FDCWD, batch->staging, AT_FDCWD, batch->target, RENAME_NOREPLACE) != 0)
        result = errno == EEXIST ? PAWL_STATE : PAWL_IO;
    if (result == PAWL_OK) {
        free(batch->staging);
        batch->staging = NULL;
        result = pawl_directory_sync(parent);
    }
    free(parent);
    return result;
}

enum pawl_result pawl_batch_commit(struct pawl_batch *batch, const char *last)
{
    if (syncfs(batch->fd) != 0)
        return PAWL_IO;
    return batch->whole ? rename_all(batch) : link_all(batch, last);
}

static bool remove_one(void *context, const char *name)
{
    const struct pawl_batch *batch = context;

    unlinkat(batch->fd, name, 0);
    return true;
}

void pawl_batch_close(struct pawl_batch *batch)
{
    int cause = errno;

    if (batch->staging != NULL) {
        files_visit(batch, remove_one, batch);
        rmdir(batch->staging);
    }
    if (batch->fd >= 0)
        close(batch->fd);
    free(batch->staging);
    free(batch->target);
    *batch = (struct pawl_batch){.fd = -1};
    errno = cause;
}
