#include "host/service.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"

int pawl_service_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof address.sun_path)
        return -1;
    size_t length = strlen(path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0';

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) == 0)
        return fd;
    pawl_log(PAWL_LOG_WARNING, "the service manager cannot be told: %s is not reachable", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

void pawl_service_tell(int service, const char *line)
{
    if (service >= 0)
        (void)send(service, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void pawl_service_notify(const char *line)
{
    int service = pawl_service_open();

    pawl_service_tell(service, line);
    if (service >= 0)
        close(service);
}
