#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"

#define BACKLOG 1024

/* Cuts "ADDR:PORT" at its last colon and takes the brackets off an IPv6 address. */
static bool address_split(const char *address, char host[64], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || strlen(colon + 1) > 5 || strlen(colon + 1) == 0)
        return false;
    size_t size = (size_t)(colon - address);
    if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
        address++;
        size -= 2;
    }
    if (size >= 64)
        return false;
    memcpy(host, address, size);
    host[size] = '\0';
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static enum pawl_result socket_open(const struct addrinfo *info, int *fd, uint16_t *port)
{
    int opened = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return PAWL_IO;
    int on = 1, off = 0;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    if (setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (info->ai_family == AF_INET6 &&
         setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
        bind(opened, info->ai_addr, info->ai_addrlen) != 0 || listen(opened, BACKLOG) != 0 ||
        getsockname(opened, (struct sockaddr *)&bound, &size) != 0) {
        int cause = errno;
        close(opened);
        errno = cause;
        return PAWL_IO;
    }
    *port = bound.ss_family == AF_INET6
                ? ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port)
                : ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    *fd = opened;
    return PAWL_OK;
}

/* One attempt with addresses of a family; `code` is getaddrinfo's. */
static enum pawl_result family_listen(const char *host, const char *service, int family, int *fd,
                                      uint16_t *port, int *code)
{
    struct addrinfo hints = {
        .ai_family = family,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
    };
    struct addrinfo *found = NULL;
    *code = getaddrinfo(host, service, &hints, &found);
    if (*code != 0)
        return PAWL_MALFORMED;
    enum pawl_result result = socket_open(found, fd, port);
    freeaddrinfo(found);
    return result;
}

enum pawl_result pawl_tcp_listen(const char *address, int *fd, uint16_t *port)
{
    char host[64], service[8];
    int code = 0;
    enum pawl_result result;
    if (!address_split(address, host, service))
        return pawl_error(PAWL_MALFORMED, "%s: not an ADDRESS:PORT", address);
    if (host[0] != '\0') {
        result = family_listen(host, service, AF_UNSPEC, fd, port, &code);
    } else { /* every address: an IPv6 socket takes IPv4 too, where there is IPv6 at all */
        result = family_listen(NULL, service, AF_INET6, fd, port, &code);
        if (result != PAWL_OK)
            result = family_listen(NULL, service, AF_INET, fd, port, &code);
    }
    if (result == PAWL_MALFORMED)
        pawl_error(result, "%s: %s", address, gai_strerror(code));
    else if (result != PAWL_OK)
        pawl_error(result, "cannot listen on %s: %s", address, strerror(errno));
    return result;
}

bool pawl_address_is_loopback(const char *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[64], service[8];
    if (!address_split(address, host, service) || host[0] == '\0' ||
        getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    bool loopback = false;
    const struct sockaddr *name = found->ai_addr;
    if (name->sa_family == AF_INET)
        loopback = (ntohl(((const struct sockaddr_in *)(const void *)name)->sin_addr.s_addr) >>
                    24) == IN_LOOPBACKNET;
    else if (name->sa_family == AF_INET6)
        loopback =
            IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)name)->sin6_addr);
    freeaddrinfo(found);
    return loopback;
}

/* Takes a socket file away that nobody listens on any more; anything else stays. */
static void stale_socket_remove(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(probe);
}

enum pawl_result pawl_unix_listen(const char *path, bool open, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return pawl_error(PAWL_MALFORMED, "%s: too long for a socket's path (at most %zu)", path,
                          sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return pawl_error(PAWL_IO, "cannot make a socket: %s", strerror(errno));
    stale_socket_remove(&address);
    /* The umask makes it private from its first moment on. */
    if (bind(opened, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, open ? 0666 : 0600) != 0 || listen(opened, BACKLOG) != 0) {
        enum pawl_result result =
            pawl_error(PAWL_IO, "cannot listen on %s: %s", path, strerror(errno));
        close(opened);
        return result;
    }
    *fd = opened;
    return PAWL_OK;
}
