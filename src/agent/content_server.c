#include "agent/content_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/content_address.h"
#include "agent/content_proxy.h"
#include "host/hex.h"
#include "host/log.h"
#include "pawl/secret.h"

#define CONNECTIONS PAWL_DESK_REQUESTS_MAX /* each has a thread */
#define TIMEOUT 60u                        /* seconds without progress */
#define CONNECTION_MEMORY 16384u
#define BLOCK_SIZE 65536u
#define PLAYLIST_MAX 8388608u
#define PREFIX "/v1/content/"
#define ID_DIGITS (2u * PAWL_CONTENT_ID_SIZE)
#define KEY_DIGITS (2u * PAWL_CONTENT_KEY_ID_SIZE)

struct pawl_content_server {
    struct MHD_Daemon *daemon;
    struct pawl_desk *desk;
    struct pawl_proxy_settings proxy;
    uint32_t patience; /* milliseconds that a key may take */
    const char *path;  /* of a Unix-domain socket, to be removed; else NULL */
};

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    return respond(connection, status, response);
}

/* Keys. */

static void key_forget(void *key)
{
    pawl_wipe(key, PAWL_CONTENT_KEY_SIZE);
    free(key);
}

static enum MHD_Result key_send(struct MHD_Connection *connection,
                                const uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    uint8_t *copy = malloc(PAWL_CONTENT_KEY_SIZE);
    if (copy == NULL)
        return MHD_NO;
    memcpy(copy, key, PAWL_CONTENT_KEY_SIZE);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(PAWL_CONTENT_KEY_SIZE, copy, key_forget);
    if (response == NULL) {
        key_forget(copy);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return respond(connection, MHD_HTTP_OK, response);
}

static enum MHD_Result key_answer(struct pawl_content_server *server,
                                  struct MHD_Connection *connection, const char *name)
{
    uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE], key[PAWL_CONTENT_KEY_SIZE];
    char canonical[PAWL_HEX_SIZE(PAWL_CONTENT_KEY_ID_SIZE)];
    if (pawl_hex_decode(name, key_id, sizeof key_id) != PAWL_OK ||
        strcmp(pawl_hex_encode(key_id, sizeof key_id, canonical), name) != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "no such key\n");
    enum pawl_result result = pawl_desk_key_get(server->desk, key_id, server->patience, key);
    if (result == PAWL_NOT_ENTITLED)
        return refuse(connection, MHD_HTTP_FORBIDDEN,
                      "this device may not have the key: it does not run the release that the "
                      "content belongs to, or is held\n");
    if (result != PAWL_OK)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the key cannot be had now\n");
    enum MHD_Result answered = key_send(connection, key);
    pawl_wipe(key, sizeof key);
    return answered;
}

/* Files. */

static ssize_t segment_read(void *context, uint64_t position, char *bytes, size_t size)
{
    (void)position;
    ssize_t got = pawl_proxy_read(context, bytes, size);
    if (got > 0)
        return got;
    return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void segment_end(void *context)
{
    pawl_proxy_close(context);
}

/* Hands on what a player needs of the server's answer. */
static void headers_copy(struct MHD_Response *response, const struct pawl_proxy *proxy)
{
    static const char *const names[] = {MHD_HTTP_HEADER_CONTENT_TYPE, MHD_HTTP_HEADER_CONTENT_RANGE,
                                        MHD_HTTP_HEADER_ACCEPT_RANGES, MHD_HTTP_HEADER_ETAG,
                                        MHD_HTTP_HEADER_CACHE_CONTROL};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = pawl_proxy_header(proxy, names[i]);
        if (value != NULL)
            MHD_add_response_header(response, names[i], value);
    }
}

/* `proxy` is closed with the response. */
static enum MHD_Result segment_send(struct MHD_Connection *connection, struct pawl_proxy *proxy)
{
    int64_t length = pawl_proxy_length(proxy);
    struct MHD_Response *response =
        MHD_create_response_from_callback(length >= 0 ? (uint64_t)length : MHD_SIZE_UNKNOWN,
                                          BLOCK_SIZE, segment_read, proxy, segment_end);
    if (response == NULL) {
        pawl_proxy_close(proxy);
        return MHD_NO;
    }
    headers_copy(response, proxy);
    return respond(connection, (unsigned)pawl_proxy_status(proxy), response);
}

/* Reads all of a playlist, to know its keys. NULL when it breaks off or is too long. */
static char *playlist_read(struct pawl_proxy *proxy, size_t *size)
{
    char *text = NULL;
    size_t filled = 0, room = 0;
    ssize_t got = 1;
    while (got > 0 && filled < PLAYLIST_MAX) {
        if (room - filled < BLOCK_SIZE) {
            char *longer = realloc(text, room + BLOCK_SIZE + room / 2);
            if (longer == NULL)
                break;
            text = longer;
            room += BLOCK_SIZE + room / 2;
        }
        got = pawl_proxy_read(proxy, text + filled, room - filled);
        filled += got > 0 ? (size_t)got : 0;
    }
    if (got == 0) {
        *size = filled;
        return text;
    }
    free(text);
    return NULL;
}

static enum MHD_Result playlist_send(struct pawl_content_server *server,
                                     struct MHD_Connection *connection, struct pawl_proxy *proxy)
{
    size_t size = 0;
    char *text = playlist_read(proxy, &size);
    struct MHD_Response *response = NULL;
    if (text != NULL) {
        pawl_desk_playlist_note(server->desk, text, size);
        response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    }
    if (response != NULL)
        headers_copy(response, proxy);
    else
        free(text);
    pawl_proxy_close(proxy);
    return response != NULL
               ? respond(connection, MHD_HTTP_OK, response)
               : refuse(connection, MHD_HTTP_BAD_GATEWAY, "the playlist cannot be fetched\n");
}

static enum MHD_Result file_answer(struct pawl_content_server *server,
                                   struct MHD_Connection *connection, const char *path,
                                   bool is_playlist)
{
    const char *range =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
    struct pawl_proxy *proxy = NULL;
    if (pawl_proxy_open(&server->proxy, path, is_playlist ? NULL : range, &proxy) != PAWL_OK)
        return refuse(connection, MHD_HTTP_BAD_GATEWAY, "the server cannot be reached\n");
    long status = pawl_proxy_status(proxy);
    if (status != MHD_HTTP_OK && status != MHD_HTTP_PARTIAL_CONTENT) {
        pawl_proxy_close(proxy);
        return refuse(connection,
                      status == MHD_HTTP_NOT_FOUND               ? MHD_HTTP_NOT_FOUND
                      : status == MHD_HTTP_RANGE_NOT_SATISFIABLE ? MHD_HTTP_RANGE_NOT_SATISFIABLE
                                                                 : MHD_HTTP_BAD_GATEWAY,
                      "the server has no such content\n");
    }
    return is_playlist ? playlist_send(server, connection, proxy) : segment_send(connection, proxy);
}

/* What follows "/v1/content/ID/" in a path; NULL when it is not of that form. Everything that is
 * asked of the server was taken apart here. */
static const char *name_find(const char *path)
{
    const char *id = path + strlen(PREFIX);
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0 || strspn(id, "0123456789abcdef") != ID_DIGITS ||
        id[ID_DIGITS] != '/')
        return NULL;
    return id + ID_DIGITS + 1;
}

static bool is_segment(const char *name)
{
    return strspn(name, "0123456789") == 6 && strcmp(name + 6, ".ts") == 0;
}

static enum MHD_Result route(struct pawl_content_server *server, struct MHD_Connection *connection,
                             const char *path)
{
    const char *name = name_find(path);
    if (name != NULL && strncmp(name, "key/", 4) == 0)
        return key_answer(server, connection, name + 4);
    bool is_playlist = name != NULL && strcmp(name, "playlist.m3u8") == 0;
    if (!is_playlist && (name == NULL || !is_segment(name)))
        return refuse(connection, MHD_HTTP_NOT_FOUND, "no such content\n");
    return file_answer(server, connection, path, is_playlist);
}

/* The kernel names who is at a socket's other end: this user and root may ask. On loopback it names
 * nobody, and the request has to name this machine. */
static bool peer_is_welcome(const struct pawl_content_server *server,
                            struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (server->path == NULL)
        return pawl_content_host_is_local(
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST));
    return info != NULL &&
           getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **state)
{
    static int seen;
    struct pawl_content_server *server = context;
    (void)version, (void)bytes;
    if (*state == NULL) { /* the head; libmicrohttpd wants to see the body's end first */
        *state = &seen;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    if (!peer_is_welcome(server, connection))
        return refuse(connection, MHD_HTTP_FORBIDDEN,
                      "for players of this machine, by its loopback address\n");
    return route(server, connection, path);
}

static enum MHD_Result daemon_start(struct pawl_content_server *server, int fd)
{
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    return server->daemon != NULL ? MHD_YES : MHD_NO;
}

enum pawl_result pawl_content_server_start(const struct pawl_agent_settings *settings,
                                           struct pawl_desk *desk,
                                           struct pawl_content_server **server)
{
    const char *address = settings->content_listen;
    uint16_t port = 0;
    int fd = -1;
    if (pawl_content_listen(address, &fd, &port) != PAWL_OK)
        return pawl_error(PAWL_IO, "%s: %s", address, strerror(errno));
    struct pawl_content_server *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->desk = desk;
        made->patience = settings->stall * 1000;
        made->proxy.server = settings->server;
        made->proxy.ca = settings->ca;
        made->proxy.stall = settings->stall;
        made->path = port == 0 ? address + strlen("unix:") : NULL;
    }
    if (made == NULL || daemon_start(made, fd) != MHD_YES) {
        close(fd);
        free(made);
        return pawl_error(PAWL_IO, "%s: cannot serve content", address);
    }
    if (port != 0)
        pawl_log(PAWL_LOG_NOTICE, "content at http://%.*s:%u" PREFIX,
                 (int)(strrchr(address, ':') - address), address, (unsigned)port);
    else
        pawl_log(PAWL_LOG_NOTICE, "content at %s", address);
    *server = made;
    return PAWL_OK;
}

void pawl_content_server_stop(struct pawl_content_server *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->proxy.stopping, true);
    MHD_stop_daemon(server->daemon);
    if (server->path != NULL)
        unlink(server->path);
    free(server);
}
