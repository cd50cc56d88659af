#include "state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/hex.h"
#include "host/log.h"

#define UNIT_NAME "unit"
#define UNIT_NAME_NEW "unit.new"
#define UNIT_SIZE (2u * PAWL_ID_SIZE + 1u) /* the id in hexadecimal, and a newline */

static enum pawl_result directory_check(int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return pawl_error(PAWL_UNTRUSTED, "%s: belongs to another user (%u)", path,
                          (unsigned)status.st_uid);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        pawl_error(PAWL_UNTRUSTED, "%s: group or others may access it (mode %04o)", path,
                   (unsigned)(status.st_mode & 07777));
        pawl_hint("chmod 700 %s", path);
        return PAWL_UNTRUSTED;
    }
    return PAWL_OK;
}

static enum pawl_result directory_lock(int fd, const char *path)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return PAWL_OK;
    if (errno == EWOULDBLOCK)
        return pawl_error(PAWL_STATE, "%s: another pawl-processor uses this state", path);
    return pawl_error(PAWL_IO, "%s: cannot lock: %s", path, strerror(errno));
}

enum pawl_result pawl_state_directory_make(const char *path)
{
    if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    return PAWL_OK;
}

enum pawl_result pawl_state_directory_open(const char *path, int *directory)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));

    enum pawl_result result = directory_check(fd, path);
    if (result == PAWL_OK)
        result = directory_lock(fd, path);
    if (result != PAWL_OK) {
        close(fd);
        return result;
    }
    *directory = fd;
    return PAWL_OK;
}

/* Whose state it is; PAWL_STATE when nothing says so. */
static enum pawl_result owner_read(int directory, uint8_t device_id[PAWL_ID_SIZE])
{
    char text[UNIT_SIZE + 1] = {0};
    int fd = openat(directory, UNIT_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return PAWL_STATE;
    ssize_t size = pread(fd, text, sizeof text, 0);
    close(fd);
    if (size != UNIT_SIZE || text[UNIT_SIZE - 1] != '\n')
        return PAWL_STATE;
    text[UNIT_SIZE - 1] = '\0';
    return pawl_hex_decode(text, device_id, PAWL_ID_SIZE) == PAWL_OK ? PAWL_OK : PAWL_STATE;
}

/* In one step: a file with half a name would say nothing. */
static bool owner_write(int directory, const uint8_t device_id[PAWL_ID_SIZE])
{
    char text[UNIT_SIZE];
    int fd = openat(directory, UNIT_NAME_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);

    if (fd < 0)
        return false;
    pawl_hex_encode(device_id, PAWL_ID_SIZE, text);
    text[UNIT_SIZE - 1] = '\n';
    bool written = pawl_pwrite_full(fd, text, sizeof text, 0) == PAWL_OK && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return written && renameat(directory, UNIT_NAME_NEW, directory, UNIT_NAME) == 0 &&
           fsync(directory) == 0;
}

enum pawl_result pawl_state_directory_claim(int directory, const char *path,
                                            const uint8_t device_id[PAWL_ID_SIZE])
{
    uint8_t owner[PAWL_ID_SIZE];
    char text[PAWL_HEX_SIZE(PAWL_ID_SIZE)];

    if (owner_read(directory, owner) != PAWL_OK) {
        if (!owner_write(directory, device_id))
            pawl_log(PAWL_LOG_WARNING, "%s/%s: %s", path, UNIT_NAME, strerror(errno));
        return PAWL_OK;
    }
    if (memcmp(owner, device_id, sizeof owner) == 0)
        return PAWL_OK;
    pawl_error(PAWL_STATE, "%s: this state belongs to device %s, and the unit data to another",
               path, pawl_hex_encode(owner, sizeof owner, text));
    pawl_hint("if the device was personalized anew, remove %s/%s: what it ran runs no more", path,
              UNIT_NAME);
    return PAWL_STATE;
}
