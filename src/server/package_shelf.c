#include "server/package_shelf.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/directory.h"
#include "host/hex.h"

#define PENDING ".pending"
#define READY ".pawl"

/* Held while a name is given, so that what was checked is what gets the name. */
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

static const char *name_make(const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], const char *suffix,
                             char name[PAWL_SHELF_NAME_SIZE])
{
    char hex[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    snprintf(name, PAWL_SHELF_NAME_SIZE, "%s%s",
             pawl_hex_encode(package_id, PAWL_PACKAGE_ID_SIZE, hex), suffix);
    return name;
}

enum pawl_result pawl_upload_open(const struct pawl_data *data, struct pawl_upload *upload)
{
    static atomic_uint counter; /* uploads of dead servers are gone: see pawl_data_open */
    snprintf(upload->name, sizeof upload->name, PAWL_UPLOAD_PREFIX "%u",
             atomic_fetch_add(&counter, 1u));
    upload->fd = openat(data->packages, upload->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return upload->fd >= 0 ? PAWL_OK : PAWL_IO;
}

/* Renames durably; the file itself is on the disk already. */
static enum pawl_result rename_sync(const struct pawl_data *data, const char *from, const char *to)
{
    if (renameat(data->packages, from, data->packages, to) != 0)
        return PAWL_IO;
    return fsync(data->packages) == 0 ? PAWL_OK : PAWL_IO;
}

enum pawl_result pawl_upload_shelve(const struct pawl_data *data, struct pawl_upload *upload,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], bool ready)
{
    char name[PAWL_SHELF_NAME_SIZE];
    if (fsync(upload->fd) != 0)
        return PAWL_IO;
    pthread_mutex_lock(&naming);
    enum pawl_result result =
        rename_sync(data, upload->name, name_make(package_id, ready ? READY : PENDING, name));
    pthread_mutex_unlock(&naming);
    if (result == PAWL_OK)
        upload->name[0] = '\0';
    return result;
}

void pawl_upload_close(const struct pawl_data *data, struct pawl_upload *upload)
{
    if (upload->fd < 0)
        return;
    close(upload->fd);
    upload->fd = -1;
    if (upload->name[0] != '\0')
        unlinkat(data->packages, upload->name, 0);
}

static int name_open(const struct pawl_data *data, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                     const char *suffix)
{
    char name[PAWL_SHELF_NAME_SIZE];
    return openat(data->packages, name_make(package_id, suffix, name),
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

int pawl_shelf_open_ready(const struct pawl_data *data,
                          const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    return name_open(data, package_id, READY);
}

int pawl_shelf_open(const struct pawl_data *data, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                    bool *ready)
{
    int fd = name_open(data, package_id, READY);
    *ready = fd >= 0;
    return fd >= 0 ? fd : name_open(data, package_id, PENDING);
}

struct sweep {
    bool (*keep)(void *context, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);
    void *context;
};

/* Removes a package without its key when it is not to be kept. */
static void pending_sweep(void *context, int directory, const char *name)
{
    const struct sweep *sweep = context;
    const size_t digits = 2u * PAWL_PACKAGE_ID_SIZE;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    char hex[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    if (strlen(name) != digits + strlen(PENDING) || strcmp(name + digits, PENDING) != 0)
        return;
    memcpy(hex, name, digits);
    hex[digits] = '\0';
    if (pawl_hex_decode(hex, package_id, sizeof package_id) == PAWL_OK &&
        !sweep->keep(sweep->context, package_id))
        unlinkat(directory, name, 0);
}

void pawl_shelf_sweep(const struct pawl_data *data,
                      bool (*keep)(void *context, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]),
                      void *context)
{
    struct sweep sweep = {keep, context};
    pawl_directory_visit(data->packages, ".", pending_sweep, &sweep);
}

enum pawl_result pawl_shelf_release(const struct pawl_data *data,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], int fd)
{
    char pending[PAWL_SHELF_NAME_SIZE], ready[PAWL_SHELF_NAME_SIZE];
    struct stat named, opened;
    name_make(package_id, PENDING, pending);
    name_make(package_id, READY, ready);
    pthread_mutex_lock(&naming);
    enum pawl_result result = PAWL_STATE;
    if (fstat(fd, &opened) == 0 && fstatat(data->packages, pending, &named, 0) == 0 &&
        named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
        result = rename_sync(data, pending, ready);
    pthread_mutex_unlock(&naming);
    return result;
}
