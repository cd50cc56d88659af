#include "link_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"

#define BACKLOG 4

static enum pawl_result path_fail(const char *path)
{
    return pawl_error(PAWL_IO, "link %s: %s", path, strerror(errno));
}

static enum pawl_result directory_open(const char *path, int *directory, const char **name)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    *name = path + length;
    memcpy(folder, length == 0 ? "." : path, length == 0 ? 1 : length);
    folder[length == 0 ? 1 : length] = '\0';
    *directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *directory >= 0 ? PAWL_OK : path_fail(path);
}

/* Removes a socket that a processor which was killed left behind. */
static enum pawl_result leftover_remove(const struct sockaddr_un *address, int directory,
                                        const char *name)
{
    struct stat status;

    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? PAWL_OK : path_fail(address->sun_path);
    if (!S_ISSOCK(status.st_mode))
        return pawl_error(PAWL_STATE, "link %s: exists and is no socket", address->sun_path);

    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return path_fail(address->sun_path);
    int answer = connect(probe, (const struct sockaddr *)address, sizeof *address);
    int cause = errno;
    close(probe);
    if (answer == 0 || cause == EAGAIN)
        return pawl_error(PAWL_STATE, "link %s: another program listens there", address->sun_path);
    if (cause == ECONNREFUSED && unlinkat(directory, name, 0) == 0)
        return PAWL_OK;
    return path_fail(address->sun_path);
}

/* Nobody else gets in meanwhile: the umask is 077, and what is more is given afterwards. */
static bool rights_set(const char *path, const gid_t *group)
{
    const mode_t own = S_IRUSR | S_IWUSR;

    if (group == NULL)
        return chmod(path, own) == 0;
    return chown(path, (uid_t)-1, *group) == 0 && chmod(path, own | S_IRGRP | S_IWGRP) == 0;
}

static enum pawl_result listener_open(const struct sockaddr_un *address, const gid_t *group,
                                      int *listener)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return path_fail(address->sun_path);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        !rights_set(address->sun_path, group) || listen(fd, BACKLOG) != 0) {
        path_fail(address->sun_path);
        close(fd);
        return PAWL_IO;
    }
    *listener = fd;
    return PAWL_OK;
}

enum pawl_result pawl_link_socket_listen(const char *path, const gid_t *group, int *listener,
                                         int *directory, const char **name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return pawl_error(PAWL_IO, "link %s: the path is too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path));

    enum pawl_result result = directory_open(path, directory, name);
    if (result == PAWL_OK)
        result = leftover_remove(&address, *directory, *name);
    if (result == PAWL_OK)
        result = listener_open(&address, group, listener);
    return result;
}
