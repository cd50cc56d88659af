#include "state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"

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
