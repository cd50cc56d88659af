#include "server/restore_packages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/hex.h"
#include "host/log.h"
#include "pawl/package.h"
#include "server/package_shelf.h"

struct packages {
    const struct pawl_data *data;
    const char *from;
    unsigned missing;
};

/* Whether the file begins as this package does, and is as long. */
static bool package_is(int fd, const struct pawl_package_row *row)
{
    static uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_package package;
    struct stat status;
    size_t got;
    return fstat(fd, &status) == 0 && (uint64_t)status.st_size == row->package_size &&
           pawl_read_most(fd, bytes, sizeof bytes, &got) == PAWL_OK &&
           pawl_package_read(bytes, got, &package) == PAWL_OK &&
           memcmp(package.package_id, row->package_id, PAWL_PACKAGE_ID_SIZE) == 0 &&
           lseek(fd, 0, SEEK_SET) == 0;
}

static enum pawl_result package_take(const struct pawl_data *data, int from,
                                     const struct pawl_package_row *row)
{
    struct pawl_upload upload;
    enum pawl_result result = pawl_upload_open(data, &upload);
    if (result != PAWL_OK)
        return pawl_error(result, "%s/packages: %s", data->path, strerror(errno));
    result = pawl_fd_copy(from, upload.fd);
    if (result == PAWL_OK)
        result = pawl_upload_shelve(data, &upload, row->package_id, true);
    if (result != PAWL_OK)
        pawl_error(result, "%s/packages: %s", data->path, strerror(errno));
    pawl_upload_close(data, &upload);
    return result;
}

static enum pawl_result package_see_to(void *context, const struct pawl_package_row *row)
{
    struct packages *packages = context;
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)], path[PATH_MAX];
    pawl_hex_encode(row->package_id, PAWL_PACKAGE_ID_SIZE, id);
    int fd = row->ready ? pawl_shelf_open_ready(packages->data, row->package_id) : -1;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || !row->ready)
        return PAWL_OK;
    if (packages->from != NULL) {
        snprintf(path, sizeof path, "%s/%s.pawl", packages->from, id);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    enum pawl_result result = PAWL_OK;
    if (fd >= 0 && package_is(fd, row)) {
        result = package_take(packages->data, fd, row);
    } else {
        packages->missing++;
        pawl_log(PAWL_LOG_WARNING, "package %s (%s %s) has no file: devices cannot fetch it", id,
                 row->name, row->version);
    }
    if (fd >= 0)
        close(fd);
    return result;
}

enum pawl_result pawl_packages_restore(const struct pawl_data *data, const char *from,
                                       struct pawl_reader *reader)
{
    struct packages packages = {data, from, 0};
    enum pawl_result result =
        pawl_store_package_list(reader, NULL, NULL, SIZE_MAX >> 1, package_see_to, &packages);
    if (result == PAWL_OK && packages.missing > 0)
        pawl_hint("put them into %s/packages as ID.pawl, or publish them again", data->path);
    return result;
}
