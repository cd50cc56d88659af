#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum pawl_result pawl_directory_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return PAWL_IO;
    int failed = fsync(fd);
    int cause = errno;
    close(fd);
    errno = cause;
    return failed == 0 ? PAWL_OK : PAWL_IO;
}

/* The directory of `path`, owned by the caller; NULL without memory. */
static char *directory_of(const char *path)
{
    char *copy = strdup(path);

    if (copy == NULL)
        return NULL;
    char *directory = strdup(dirname(copy));
    free(copy);
    return directory;
}

/* Opens a file without a name in `directory`; false where the file system has none. */
static bool nameless_open(struct pawl_outfile *out, const char *directory)
{
    out->fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    return out->fd >= 0;
}

static bool temporary_open(struct pawl_outfile *out)
{
    if (asprintf(&out->temporary, "%s.XXXXXX", out->path) < 0) {
        out->temporary = NULL;
        return false;
    }
    out->fd = mkostemp(out->temporary, O_CLOEXEC);
    if (out->fd >= 0)
        return true;
    free(out->temporary);
    out->temporary = NULL;
    return false;
}

enum pawl_result pawl_outfile_open(struct pawl_outfile *out, const char *path, mode_t mode,
                                   bool force)
{
    struct pawl_outfile opened = {.fd = -1, .force = force};
    struct stat status;
    bool exists = stat(path, &status) == 0;

    if (exists && !S_ISREG(status.st_mode)) {
        opened.special = true;
        opened.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } else if (exists && !force) {
        errno = EEXIST;
        return PAWL_STATE;
    } else {
        char *directory = directory_of(path);
        opened.path = strdup(path);
        if (directory != NULL && opened.path != NULL && !nameless_open(&opened, directory))
            temporary_open(&opened);
        if (opened.fd >= 0 && fchmod(opened.fd, mode) != 0)
            pawl_outfile_close(&opened);
        free(directory);
    }
    if (opened.fd < 0) {
        int cause = errno;
        free(opened.path);
        errno = cause;
        return PAWL_IO;
    }
    *out = opened;
    return PAWL_OK;
}

/* Gives a nameless file a name, which must not exist. */
static bool nameless_link(const struct pawl_outfile *out, const char *name)
{
    char self[32];

    snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* A name can be replaced by a rename only, so a nameless file first gets a temporary one. Its name
 * is ours to choose: a few tries are enough. */
static bool temporary_link(struct pawl_outfile *out)
{
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        char *name = NULL;
        if (asprintf(&name, "%s.%ld-%u", out->path, (long)getpid(), attempt) < 0)
            return false;
        if (nameless_link(out, name)) {
            out->temporary = name;
            return true;
        }
        free(name);
        if (errno != EEXIST)
            return false;
    }
    return false;
}

static bool name_take(struct pawl_outfile *out)
{
    if (out->force)
        return (out->temporary != NULL || temporary_link(out)) &&
               rename(out->temporary, out->path) == 0;
    if (out->temporary == NULL)
        return nameless_link(out, out->path);
    return link(out->temporary, out->path) == 0 && unlink(out->temporary) == 0;
}

enum pawl_result pawl_outfile_commit(struct pawl_outfile *out)
{
    if (out->special)
        return PAWL_OK;
    if (fsync(out->fd) != 0)
        return PAWL_IO;
    if (!name_take(out))
        return errno == EEXIST ? PAWL_STATE : PAWL_IO;
    free(out->temporary);
    out->temporary = NULL;

    char *directory = directory_of(out->path);
    if (directory == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_directory_sync(directory);
    free(directory);
    return result;
}

void pawl_outfile_close(struct pawl_outfile *out)
{
    int cause = errno;

    if (out->temporary != NULL)
        unlink(out->temporary);
    if (out->fd >= 0)
        close(out->fd);
    free(out->temporary);
    free(out->path);
    *out = (struct pawl_outfile){.fd = -1};
    errno = cause;
}

enum pawl_result pawl_file_write(const char *path, mode_t mode, bool force, const void *bytes,
                                 size_t size)
{
    struct pawl_outfile out;
    enum pawl_result result = pawl_outfile_open(&out, path, mode, force);

    if (result != PAWL_OK)
        return result;
    result = pawl_write_full(out.fd, bytes, size);
    if (result == PAWL_OK)
        result = pawl_outfile_commit(&out);
    pawl_outfile_close(&out);
    return result;
}
