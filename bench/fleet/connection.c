#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"

static enum pawl_result tls_prepare(const char *ca, struct target *target)
{
    target->tls = SSL_CTX_new(TLS_client_method());
    if (target->tls == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    SSL_CTX_set_verify(target->tls, SSL_VERIFY_PEER, NULL);
    if ((ca != NULL ? SSL_CTX_load_verify_file(target->tls, ca)
                    : SSL_CTX_set_default_verify_paths(target->tls)) != 1)
        return pawl_error(PAWL_UNTRUSTED, "%s: no certificates", ca != NULL ? ca : "the system's");
    return PAWL_OK;
}

enum pawl_result target_read(const char *url, const char *ca, struct target *target)
{
    static const char plain[] = "http://", secure[] = "https://";
    bool is_secure = strncmp(url, secure, strlen(secure)) == 0;
    const char *scheme = is_secure ? secure : plain;
    char host[128], *port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;

    target->tls = NULL;
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return pawl_error(PAWL_UNSUPPORTED, "'%s' is no http URL", url);
    snprintf(host, sizeof host, "%.*s", (int)strcspn(url + strlen(scheme), "/"),
             url + strlen(scheme));
    snprintf(target->host, sizeof target->host, "%s", host);
    port = strrchr(host, ':');
    if (port != NULL)
        *port++ = '\0';
    int problem = getaddrinfo(host, port != NULL ? port : is_secure ? "443" : "80", &hints, &found);
    if (problem != 0)
        return pawl_error(PAWL_IO, "%s: %s", url, gai_strerror(problem));
    memcpy(&target->address, found->ai_addr, found->ai_addrlen);
    target->address_size = found->ai_addrlen;
    freeaddrinfo(found);
    return is_secure ? tls_prepare(ca, target) : PAWL_OK;
}

void target_release(struct target *target)
{
    SSL_CTX_free(target->tls);
    target->tls = NULL;
}

/* The handshake may block; what follows it does not. */
static enum pawl_result tls_connect(struct connection *connection)
{
    connection->tls = SSL_new(connection->target->tls);
    if (connection->tls == NULL)
        return PAWL_EXHAUSTED;
    SSL_set_mode(connection->tls, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_set_fd(connection->tls, connection->fd) != 1 || SSL_connect(connection->tls) != 1) {
        errno = EPROTO;
        return PAWL_IO;
    }
    return fcntl(connection->fd, F_SETFL, O_NONBLOCK) == 0 ? PAWL_OK : PAWL_IO;
}

static enum pawl_result reconnect(struct connection *connection)
{
    const struct target *target = connection->target;
    const int one = 1;

    connection_close(connection);
    connection->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return PAWL_IO;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(connection->fd, (const struct sockaddr *)&target->address, target->address_size) !=
        0)
        return PAWL_IO;
    return target->tls != NULL ? tls_connect(connection) : PAWL_OK;
}

enum pawl_result connection_open(struct connection *connection, const struct target *target)
{
    *connection = (struct connection){.fd = -1, .target = target};
    return reconnect(connection);
}

void connection_close(struct connection *connection)
{
    SSL_free(connection->tls);
    connection->tls = NULL;
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
}

static ssize_t channel_send(struct connection *connection, const void *bytes, size_t size)
{
    if (connection->tls != NULL)
        return SSL_write(connection->tls, bytes, (int)size);
    return send(connection->fd, bytes, size, MSG_NOSIGNAL);
}

/* As recv without waiting: -1 with EAGAIN when nothing is there. */
static ssize_t channel_receive(struct connection *connection, void *bytes, size_t size)
{
    if (connection->tls == NULL)
        return recv(connection->fd, bytes, size, MSG_DONTWAIT);
    int n = SSL_read(connection->tls, bytes, (int)size);
    if (n <= 0 && SSL_get_error(connection->tls, n) == SSL_ERROR_WANT_READ) {
        errno = EAGAIN;
        return -1;
    }
    return n > 0 ? n : 0;
}

static enum pawl_result request_send(struct connection *connection)
{
    connection->size = connection->head_size = 0;
    connection->status = 0;
    connection->body_size = connection->received = 0;
    ssize_t sent = channel_send(connection, connection->request, connection->request_size);
    return sent == (ssize_t)connection->request_size ? PAWL_OK : PAWL_IO;
}

/* Sends; on a connection that the server closed while it was idle, a second time on a new one. */
static enum pawl_result request_start(struct connection *connection)
{
    connection->is_retried = false;
    if (request_send(connection) == PAWL_OK)
        return PAWL_OK;
    connection->is_retried = true;
    return reconnect(connection) == PAWL_OK ? request_send(connection) : PAWL_IO;
}

enum pawl_result connection_post(struct connection *connection, const uint8_t *report, size_t size)
{
    int head = snprintf(connection->request, sizeof connection->request,
                        "POST /v1/report HTTP/1.1\r\nHost: %s\r\n"
                        "Content-Type: application/cose; cose-type=\"cose-mac0\"\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        connection->target->host, size);
    if (head < 0 || size > sizeof connection->request - (size_t)head)
        return PAWL_EXHAUSTED;
    memcpy(connection->request + head, report, size);
    connection->request_size = (size_t)head + size;
    return request_start(connection);
}

enum pawl_result connection_get(struct connection *connection, const char *path, size_t path_size)
{
    int head = snprintf(connection->request, sizeof connection->request,
                        "GET %.*s HTTP/1.1\r\nHost: %s\r\n\r\n", (int)path_size, path,
                        connection->target->host);
    if (head < 0 || (size_t)head >= sizeof connection->request)
        return PAWL_EXHAUSTED;
    connection->request_size = (size_t)head;
    return request_start(connection);
}

/* Reads status and Content-Length of a head that is whole. */
static enum pawl_result head_read(struct connection *connection)
{
    static const char length[] = "\r\nContent-Length:";
    char *head = (char *)connection->bytes;

    head[connection->head_size - 1] = '\0';
    char *size = strcasestr(head, length);
    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || size == NULL)
        return PAWL_MALFORMED;
    connection->status = atoi(head + 9);
    connection->body_size = strtoull(size + strlen(length), NULL, 10);
    connection->received = connection->size - connection->head_size;
    return PAWL_OK;
}

static enum pawl_result progress(struct connection *connection)
{
    if (connection->head_size == 0) {
        uint8_t *end = memmem(connection->bytes, connection->size, "\r\n\r\n", 4);
        if (end == NULL)
            return connection->size < sizeof connection->bytes ? PAWL_EXHAUSTED : PAWL_MALFORMED;
        connection->head_size = (size_t)(end - connection->bytes) + 4;
        enum pawl_result result = head_read(connection);
        if (result != PAWL_OK)
            return result;
    }
    if (connection->received > connection->body_size)
        return PAWL_MALFORMED;
    return connection->received == connection->body_size ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result part_receive(struct connection *connection)
{
    static uint8_t dropped[65536]; /* what of a package is beyond its header */
    size_t room = sizeof connection->bytes - connection->size;
    uint8_t *to = room > 0 ? connection->bytes + connection->size : dropped;
    ssize_t n = channel_receive(connection, to, room > 0 ? room : sizeof dropped);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return PAWL_EXHAUSTED;
    if (n <= 0 && connection->size == 0 && !connection->is_retried) {
        connection->is_retried = true;
        if (reconnect(connection) == PAWL_OK && request_send(connection) == PAWL_OK)
            return PAWL_EXHAUSTED;
    }
    if (n <= 0)
        return PAWL_IO;
    if (room > 0)
        connection->size += (size_t)n;
    if (connection->head_size > 0)
        connection->received += (size_t)n;
    return progress(connection);
}

enum pawl_result connection_receive(struct connection *connection)
{
    enum pawl_result result;
    do { /* of what TLS has taken from the socket, epoll does not tell */
        result = part_receive(connection);
    } while (result == PAWL_EXHAUSTED && connection->tls != NULL &&
             SSL_pending(connection->tls) > 0);
    return result;
}

const uint8_t *connection_body(const struct connection *connection, size_t *size)
{
    *size = connection->size - connection->head_size;
    return connection->bytes + connection->head_size;
}
