#include "pud_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/credential.h"
#include "host/file.h"
#include "host/log.h"
#include "pawl/secret.h"

static enum pawl_result owner_refuse(const char *path, uid_t owner)
{
    pawl_error(PAWL_UNTRUSTED, "%s: belongs to another user (%u)", path, (unsigned)owner);
    pawl_hint("chown %u %s", (unsigned)geteuid(), path);
    return PAWL_UNTRUSTED;
}

/* Whoever may read the file is this device; whoever may write it decides what the device trusts. */
static enum pawl_result pud_file_check(int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return pawl_error(PAWL_IO, "%s: not a regular file", path);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return owner_refuse(path, status.st_uid);
    if (!pawl_status_is_private(path, &status)) {
        pawl_error(PAWL_UNTRUSTED, "%s: group or others may access it (mode %04o)", path,
                   (unsigned)(status.st_mode & 07777));
        pawl_hint("chmod 600 %s", path);
        return PAWL_UNTRUSTED;
    }
    if (status.st_size > (off_t)PAWL_PUD_SIZE_MAX)
        return pawl_error(PAWL_MALFORMED, "%s: too long for a PUD", path);
    return PAWL_OK;
}

static enum pawl_result pud_decode(int fd, const char *path, struct pawl_pud *pud)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    size_t size = 0;
    enum pawl_result result = pawl_read_most(fd, bytes, sizeof bytes, &size);

    if (result != PAWL_OK) {
        pawl_error(result, "%s: %s", path, strerror(errno));
    } else {
        result = pawl_pud_read(bytes, size, pud);
        if (result != PAWL_OK)
            pawl_error(result, "%s: not a PUD that this program can read", path);
    }
    pawl_wipe(bytes, sizeof bytes);
    return result;
}

enum pawl_result pawl_pud_file_read(const char *path, struct pawl_pud *pud)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
        pawl_hint("make one with 'pawl personalize'");
        return PAWL_IO;
    }
    enum pawl_result result = pud_file_check(fd, path);
    if (result == PAWL_OK)
        result = pud_decode(fd, path, pud);
    close(fd);
    return result;
}
