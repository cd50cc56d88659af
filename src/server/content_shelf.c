#include "server/content_shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/directory.h"
#include "host/hex.h"

#define PENDING ".pending"
#define ABANDONED_AFTER 3600 /* seconds without its keys */
#define NAME_SIZE 64u

/* Held while a name is given or taken, so that what was checked is what gets the name. */
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint counter; /* of uploads; those of dead servers are gone: see pawl_content_sweep */

static const char *name_make(const uint8_t content_id[PAWL_CONTENT_ID_SIZE], const char *suffix,
                             char name[NAME_SIZE])
{
    char hex[PAWL_HEX_SIZE(PAWL_CONTENT_ID_SIZE)];
    snprintf(name, NAME_SIZE, "%s%s", pawl_hex_encode(content_id, PAWL_CONTENT_ID_SIZE, hex),
             suffix);
    return name;
}

static void upload_name_make(char *name, size_t room)
{
    snprintf(name, room, PAWL_UPLOAD_PREFIX "%u", atomic_fetch_add(&counter, 1u));
}

static int directory_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void file_remove(void *context, int directory, const char *name)
{
    (void)context;
    unlinkat(directory, name, 0);
}

static void directory_remove(int at, const char *name)
{
    pawl_directory_visit(at, name, file_remove, NULL);
    unlinkat(at, name, AT_REMOVEDIR);
}

/* Takes the name away in one step, then removes at leisure. False when there is none. */
static bool name_remove(const struct pawl_data *data, const char *name)
{
    char gone[NAME_SIZE];
    upload_name_make(gone, sizeof gone);
    if (renameat(data->contents, name, data->contents, gone) != 0)
        return false;
    directory_remove(data->contents, gone);
    return true;
}

enum pawl_result pawl_content_upload_open(const struct pawl_data *data,
                                          struct pawl_content_upload *upload)
{
    upload->fd = -1;
    upload_name_make(upload->name, sizeof upload->name);
    if (mkdirat(data->contents, upload->name, 0700) != 0)
        return PAWL_IO;
    upload->fd = directory_open(data->contents, upload->name);
    if (upload->fd >= 0)
        return PAWL_OK;
    unlinkat(data->contents, upload->name, AT_REMOVEDIR);
    return PAWL_IO;
}

int pawl_content_upload_create(const struct pawl_content_upload *upload, const char *name)
{
    return openat(upload->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

enum pawl_result pawl_content_upload_shelve(const struct pawl_data *data,
                                            struct pawl_content_upload *upload,
                                            const uint8_t content_id[PAWL_CONTENT_ID_SIZE])
{
    char name[NAME_SIZE];
    name_make(content_id, PENDING, name);
    if (syncfs(upload->fd) != 0) /* once for all of its files */
        return PAWL_IO;
    pthread_mutex_lock(&naming);
    name_remove(data, name);
    enum pawl_result result =
        renameat(data->contents, upload->name, data->contents, name) == 0 ? PAWL_OK : PAWL_IO;
    pthread_mutex_unlock(&naming);
    if (result == PAWL_OK)
        upload->name[0] = '\0';
    return result;
}

void pawl_content_upload_close(const struct pawl_data *data, struct pawl_content_upload *upload)
{
    if (upload->fd < 0)
        return;
    close(upload->fd);
    upload->fd = -1;
    if (upload->name[0] != '\0')
        directory_remove(data->contents, upload->name);
}

int pawl_content_pending_open(const struct pawl_data *data,
                              const uint8_t content_id[PAWL_CONTENT_ID_SIZE])
{
    char name[NAME_SIZE];
    return directory_open(data->contents, name_make(content_id, PENDING, name));
}

enum pawl_result pawl_content_release(const struct pawl_data *data,
                                      const uint8_t content_id[PAWL_CONTENT_ID_SIZE], int fd)
{
    char pending[NAME_SIZE], ready[NAME_SIZE];
    struct stat named, opened;
    name_make(content_id, PENDING, pending);
    name_make(content_id, "", ready);
    pthread_mutex_lock(&naming);
    enum pawl_result result = PAWL_STATE;
    if (fstat(fd, &opened) == 0 && fstatat(data->contents, pending, &named, 0) == 0 &&
        named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
        if (renameat2(data->contents, pending, data->contents, ready, RENAME_NOREPLACE) == 0)
            result = fsync(data->contents) == 0 ? PAWL_OK : PAWL_IO;
        else
            result = errno == EEXIST ? PAWL_STATE : PAWL_IO;
    }
    pthread_mutex_unlock(&naming);
    return result;
}

int pawl_content_file_open(const struct pawl_data *data,
                           const uint8_t content_id[PAWL_CONTENT_ID_SIZE], const char *name)
{
    char directory[NAME_SIZE], path[NAME_SIZE + 1 + PAWL_CONTENT_FILE_SIZE];
    snprintf(path, sizeof path, "%s/%.23s", name_make(content_id, "", directory), name);
    return openat(data->contents, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

bool pawl_content_files_remove(const struct pawl_data *data,
                               const uint8_t content_id[PAWL_CONTENT_ID_SIZE])
{
    char name[NAME_SIZE];
    pthread_mutex_lock(&naming);
    bool pending = name_remove(data, name_make(content_id, PENDING, name));
    bool ready = name_remove(data, name_make(content_id, "", name));
    pthread_mutex_unlock(&naming);
    return pending || ready;
}

/* Removes what is named like something that is not ready, when it is old enough. */
static void unfinished_remove(void *context, int directory, const char *name)
{
    bool all = *(const bool *)context;
    const char *suffix = strrchr(name, '.');
    bool upload = strncmp(name, PAWL_UPLOAD_PREFIX, strlen(PAWL_UPLOAD_PREFIX)) == 0;
    bool pending = suffix != NULL && strcmp(suffix, PENDING) == 0;
    struct stat status;
    if (!(pending || (upload && all)) ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (all || time(NULL) - status.st_mtime > ABANDONED_AFTER)
        directory_remove(directory, name);
}

void pawl_content_sweep(const struct pawl_data *data, bool all)
{
    pthread_mutex_lock(&naming);
    pawl_directory_visit(data->contents, ".", unfinished_remove, &all);
    pthread_mutex_unlock(&naming);
}
