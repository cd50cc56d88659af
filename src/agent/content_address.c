#include "agent/content_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX "unix:"
#define BACKLOG 16

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    };
    socklen_t size;
};

static bool port_read(const char *text, in_port_t *port)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > 65535)
        return false;
    *port = htons((uint16_t)number);
    return true;
}

static bool unix_read(const char *path, struct address *address)
{
    if (path[0] == '\0' || strlen(path) >= sizeof address->un.sun_path)
        return false;
    address->un.sun_family = AF_UNIX;
    strcpy(address->un.sun_path, path);
    address->size = sizeof address->un;
    return true;
}

static bool is_loopback(const char *host, struct address *address)
{
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->size = sizeof address->v4;
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (strcmp(host, "[::1]") != 0)
        return false;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_addr = in6addr_loopback;
    address->size = sizeof address->v6;
    return true;
}

static bool address_read(const char *text, struct address *address)
{
    const char *colon = strrchr(text, ':');
    char host[64];
    memset(address, 0, sizeof *address);
    if (strncmp(text, UNIX, strlen(UNIX)) == 0)
        return unix_read(text + strlen(UNIX), address);
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    /* The port is at the same place in both. */
    return is_loopback(host, address) && port_read(colon + 1, &address->v4.sin_port);
}

bool pawl_content_address_is_valid(const char *text)
{
    struct address address;
    return address_read(text, &address);
}

const char *pawl_content_address_forms(void)
{
    return "127.0.0.1:PORT, [::1]:PORT or unix:PATH";
}

/* Takes away a socket that nobody listens on any more. */
static void stale_remove(const struct address *address)
{
    struct stat status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && lstat(address->un.sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        connect(fd, &address->any, address->size) != 0 && errno == ECONNREFUSED)
        unlink(address->un.sun_path);
    if (fd >= 0)
        close(fd);
}

enum pawl_result pawl_content_listen(const char *text, int *fd, uint16_t *port)
{
    static const int on = 1;
    struct address address;
    if (!address_read(text, &address)) {
        errno = EINVAL;
        return PAWL_IO;
    }
    bool is_path = address.any.sa_family == AF_UNIX;
    int made = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0)
        return PAWL_IO;
    if (is_path)
        stale_remove(&address);
    else
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof address;
    /* The umask of the process, 077, makes a path this user's alone. */
    if (bind(made, &address.any, address.size) != 0 || listen(made, BACKLOG) != 0 ||
        getsockname(made, &address.any, &size) != 0) {
        int cause = errno;
        close(made);
        errno = cause;
        return PAWL_IO;
    }
    *fd = made;
    *port = is_path ? 0 : ntohs(address.v4.sin_port);
    return PAWL_OK;
}

bool pawl_content_host_is_local(const char *host)
{
    struct address address;
    char name[64];
    if (host == NULL || strlen(host) >= sizeof name)
        return false;
    strcpy(name, host);
    char *colon = strrchr(name, ':');
    if (colon != NULL && strchr(colon, ']') == NULL)
        *colon = '\0';
    return strcmp(name, "localhost") == 0 || is_loopback(name, &address);
}
