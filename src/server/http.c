#include "server/http.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "pawl/secret.h"
#include "server/access_log.h"
#include "server/health.h"
#include "server/http_loop.h"
#include "server/http_metrics.h"
#include "server/peer.h"
#include "server/reaper.h"
#include "server/route.h"
#include "server/tls.h"

#define DROPPED_MAX (64u * 1024u)     /* bytes of an unwanted body that are read and dropped */
#define DROPPED_TOTAL (2048u * 1024u) /* the same where a handler had asked for some */

struct pawl_listener {
    struct pawl_listener_settings settings;
    atomic_uint active; /* requests under way */
    struct pawl_reaper reaper;
    unsigned daemon_count;
    struct {
        struct MHD_Daemon *daemon;
        struct pawl_http_loop loop; /* runs it, unless each connection has a thread */
    } daemons[PAWL_LISTENER_THREADS_MAX];
};

/* Finds the handler, or fails the request. */
static void request_route(struct pawl_request *request, const char *method, const char *path)
{
    const struct pawl_listener_settings *settings = request->settings;
    struct pawl_route_match match;
    char roles[PAWL_ROLES_TEXT_SIZE];
    pawl_route_find(settings->routes, settings->route_count, method, path, &match);
    request->route = match.route;
    bool is_open = match.handler != NULL && match.roles == 0;
    if (settings->authorize != NULL && !is_open)
        settings->authorize(request);
    if (request->status != 0)
        return;
    if (!match.path_known) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such resource");
    } else if (match.handler == NULL) {
        memcpy(request->allow, match.allow, sizeof request->allow);
        pawl_request_fail(request, MHD_HTTP_METHOD_NOT_ALLOWED, PAWL_UNSUPPORTED,
                          "this resource does not take %.16s", method);
    } else if (match.roles != 0 && (match.roles & request->role) == 0) {
        pawl_request_fail(request, MHD_HTTP_FORBIDDEN, PAWL_UNTRUSTED,
                          "this needs one of the roles %s; yours is %s",
                          pawl_roles_print(match.roles, roles),
                          pawl_role_name((enum pawl_role)request->role));
    } else {
        request->handler = match.handler;
        memcpy(request->part, match.part, sizeof request->part);
    }
}

static void too_large_fail(struct pawl_request *request)
{
    pawl_request_fail(request, MHD_HTTP_CONTENT_TOO_LARGE, PAWL_EXHAUSTED,
                      "the body is larger than this resource takes");
}

/* Whether `size` bytes of body are more than the handler takes. */
static bool body_is_too_large(const struct pawl_handler *handler, uint64_t size)
{
    bool unbounded = handler->take != NULL && handler->body_max == 0;
    return !unbounded && size > handler->body_max;
}

/* Judges the head, and makes room for the body. */
static void request_prepare(struct pawl_request *request)
{
    const struct pawl_handler *handler = request->handler;
    const char *length = pawl_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && body_is_too_large(handler, strtoull(length, NULL, 10))) {
        too_large_fail(request);
        return;
    }
    if (handler->accepts != NULL &&
        !handler->accepts(pawl_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE))) {
        pawl_request_fail(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, PAWL_UNSUPPORTED,
                          "this resource takes another media type");
        return;
    }
    if (handler->take == NULL && handler->body_max > sizeof request->small) {
        request->body = malloc(handler->body_max);
        if (request->body == NULL) {
            pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
            return;
        }
    }
    if (handler->begin != NULL)
        handler->begin(request);
}

/* Whether so much is still to come that we rather hang up than read it. A client that writes on
 * when we hang up may never see the answer. */
static bool body_is_unbearable(const struct pawl_request *request)
{
    const char *length = pawl_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > DROPPED_MAX;
}

static enum MHD_Result request_begin(struct pawl_request *request, const char *method,
                                     const char *path)
{
    pawl_access_begin(request, method, path);
    pawl_reaper_wait(request, request->started);
    request->handler = NULL;
    request->part[0] = '\0';
    request->body = request->small;
    request->received = 0;
    request->state = NULL;
    request->step = 0;
    request->status = 0;
    request->allow[0] = '\0';
    request->retry_after = 0;
    request->challenge = NULL;
    request->hangs_up = false;
    if (request->refused) {
        request->hangs_up = true;
        pawl_request_fail(request, MHD_HTTP_FORBIDDEN, PAWL_UNTRUSTED,
                          "this user may not operate the server");
    } else {
        request_route(request, method, path);
    }
    if (request->status == 0)
        request_prepare(request);
    return request->status != 0 && body_is_unbearable(request)
               ? pawl_request_answer_failure(request)
               : MHD_YES;
}

static enum MHD_Result request_take(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    const struct pawl_handler *handler = request->handler;
    uint64_t before = request->received;
    request->received += size;
    if (request->status == 0 && body_is_too_large(handler, request->received))
        too_large_fail(request);
    if (request->status != 0) { /* libmicrohttpd takes an answer only after the whole body */
        bool bearable = handler != NULL && handler->take != NULL;
        return bearable || request->received <= DROPPED_TOTAL ? MHD_YES : MHD_NO;
    }
    if (handler->take != NULL)
        handler->take(request, bytes, size);
    else
        memcpy(request->body + before, bytes, size);
    return MHD_YES;
}

/* What follows the head: a part of the body, or its end. */
static enum MHD_Result request_continue(struct pawl_request *request, const char *bytes,
                                        size_t *size)
{
    if (*size > 0) {
        enum MHD_Result taken = request_take(request, (const uint8_t *)bytes, *size);
        if (request->handler != NULL && request->handler->is_secret)
            pawl_wipe((void *)bytes, *size); /* in libmicrohttpd's buffer, which is done with it */
        *size = 0;
        return taken;
    }
    enum MHD_Result answered = MHD_YES;
    pawl_reaper_proceed(request);
    if (request->status == 0)
        answered = request->handler->answer(request);
    return request->status == 0 ? answered : pawl_request_answer_failure(request);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **request_context)
{
    (void)version;
    struct pawl_listener *listener = context;
    struct pawl_request *request = *request_context;
    bool begins = request == NULL;
    if (begins) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        if (info == NULL || info->socket_context == NULL)
            return MHD_NO;
        request = info->socket_context;
        *request_context = request;
        atomic_fetch_add_explicit(&listener->active, 1, memory_order_relaxed);
    }
    bool watched = listener->settings.threads > 0; /* operators' handlers may take their time */
    if (watched)
        pawl_pulse_begin();
    pawl_access_enter(request);
    enum MHD_Result result =
        begins ? request_begin(request, method, path) : request_continue(request, bytes, size);
    pawl_access_leave();
    if (watched)
        pawl_pulse_end();
    return result;
}

/* Bytes of body that were collected. More may have come and been dropped. */
static size_t body_held(const struct pawl_request *request)
{
    if (request->handler->take != NULL)
        return 0;
    size_t room =
        request->body == request->small ? sizeof request->small : request->handler->body_max;
    return request->received < room ? (size_t)request->received : room;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode reason)
{
    (void)connection;
    struct pawl_listener *listener = context;
    struct pawl_request *request = *request_context;
    if (request == NULL)
        return;
    atomic_fetch_sub_explicit(&listener->active, 1, memory_order_relaxed);
    pawl_reaper_wait(request,
                     pawl_access_end(request, reason == MHD_REQUEST_TERMINATED_COMPLETED_OK));
    if (request->handler != NULL && request->handler->release != NULL)
        request->handler->release(request);
    if (request->handler != NULL && request->handler->is_secret)
        pawl_wipe(request->body, body_held(request));
    if (request->body != request->small)
        free(request->body);
    request->body = request->small;
    request->handler = NULL;
}

/* Gives a connection's TLS what it needs before its handshake. */
static bool connection_secure(const struct pawl_listener *listener, struct pawl_request *request,
                              struct MHD_Connection *connection)
{
    const struct pawl_listener_settings *settings = &listener->settings;
    if (settings->tls == NULL)
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info != NULL)
        request->material =
            pawl_tls_begin(settings->tls, info->tls_session, settings->asks_certificate);
    return request->material != NULL;
}

/* The loop of a connection's daemon. */
static struct pawl_http_loop *loop_find(struct pawl_listener *listener,
                                        struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
    if (listener->settings.threads == 0 || info == NULL)
        return NULL;
    for (size_t i = 0; i < PAWL_LISTENER_THREADS_MAX; i++)
        if (listener->daemons[i].daemon == info->daemon)
            return &listener->daemons[i].loop;
    return NULL;
}

/* Finds out who is there, and whether there is room for it: an address has its share, and so have
 * all together who may not speak to us, for a user can have many names. */
static bool connection_admit(struct pawl_listener *listener, struct pawl_request *request, int fd,
                             const struct sockaddr *address)
{
    const struct pawl_listener_settings *settings = &listener->settings;
    request->server = settings->server;
    if (settings->identify != NULL)
        settings->identify(request, fd);
    if (request->refused)
        return pawl_reaper_add(&listener->reaper, request, fd, PAWL_PEER_REFUSED,
                               settings->refused_connections);
    return pawl_reaper_add(&listener->reaper, request, fd, pawl_peer_of(address),
                           settings->peer_connections);
}

/* What a new connection has of ours; NULL when it may not be, or there is no memory. */
static struct pawl_request *connection_begin(struct pawl_listener *listener,
                                             struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    int fd = socket != NULL ? socket->connect_fd : -1;
    struct pawl_request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->settings = &listener->settings;
    if (!connection_admit(listener, request, fd, from != NULL ? from->client_addr : NULL)) {
        shutdown(fd, SHUT_RDWR); /* its thread sees the end, and closes it */
        free(request);
        return NULL;
    }
    if (!connection_secure(listener, request, connection)) {
        pawl_reaper_remove(&listener->reaper, request);
        free(request);
        return NULL;
    }
    return request;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct pawl_listener *listener = context;
    struct pawl_request *request = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        pawl_http_count_closed(listener->settings.metrics, request != NULL && request->used);
        if (request == NULL)
            return;
        pawl_reaper_remove(&listener->reaper, request);
        if (request->reply_response != NULL)
            MHD_destroy_response(request->reply_response);
        pawl_tls_end(request->material);
        free(request);
        *socket_context = NULL;
        return;
    }
    pawl_http_count_opened(listener->settings.metrics);
    request = connection_begin(listener, connection);
    if (request == NULL) /* on_request closes what has none */
        return;
    *socket_context = request;
    request->connection = connection;
    request->loop = loop_find(listener, connection);
    request->body = request->small;
    unsigned timeout =
        request->refused ? PAWL_REFUSED_TIMEOUT : listener->settings.stranger_timeout;
    if (timeout != 0)
        MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, timeout);
}

static void on_log(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void on_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    char line[256];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = '\0';
    pawl_log(PAWL_LOG_DEBUG, "http: %s", line);
}

/* Libmicrohttpd wants to know where certificates come from. Ours come with each connection
 * (connection_secure), so that they can be exchanged; one that has none fails its handshake. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                          const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                          gnutls_pcert_st **certificate, unsigned *length, gnutls_privkey_t *key)
{
    (void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
    (void)certificate, (void)length, (void)key;
    return -1;
}

/* A daemon with a descriptor of its own for the socket that all of them listen on; NULL with errno
 * set. Each may have its share of the connections. */
static struct MHD_Daemon *daemon_start(struct pawl_listener *listener, int fd, unsigned share)
{
    const struct pawl_listener_settings *settings = &listener->settings;
    unsigned flags = MHD_USE_ERROR_LOG | MHD_USE_ITC;
    flags |= settings->threads == 0
                 ? MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL
                 : MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
    struct MHD_OptionItem limits[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)share, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)settings->timeout, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->connection_memory, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (settings->tls == NULL)
        return MHD_start_daemon(
            flags, 0, NULL, NULL, on_request, listener, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
            MHD_OPTION_ARRAY, limits, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_END);
    return MHD_start_daemon(
        flags | MHD_USE_TLS, 0, NULL, NULL, on_request, listener, MHD_OPTION_EXTERNAL_LOGGER,
        on_log, NULL, MHD_OPTION_ARRAY, limits, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener, MHD_OPTION_HTTPS_PRIORITIES,
        pawl_tls_priorities, MHD_OPTION_HTTPS_CERT_CALLBACK, no_certificate, MHD_OPTION_END);
}

/* One more daemon, and the thread that runs it. */
static enum pawl_result daemon_add(struct pawl_listener *listener, unsigned share)
{
    struct MHD_Daemon **daemon = &listener->daemons[listener->daemon_count].daemon;
    int fd = fcntl(listener->settings.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return PAWL_IO;
    *daemon = daemon_start(listener, fd, share);
    if (*daemon == NULL) {
        close(fd);
        return PAWL_IO;
    }
    if (listener->settings.threads > 0 &&
        pawl_http_loop_start(&listener->daemons[listener->daemon_count].loop, *daemon) != PAWL_OK) {
        MHD_stop_daemon(*daemon);
        return PAWL_EXHAUSTED;
    }
    listener->daemon_count++;
    return PAWL_OK;
}

static enum pawl_result daemons_start(struct pawl_listener *listener)
{
    const struct pawl_listener_settings *settings = &listener->settings;
    unsigned count = settings->threads > 0 ? settings->threads : 1;
    enum pawl_result result = count <= PAWL_LISTENER_THREADS_MAX ? PAWL_OK : PAWL_STATE;
    while (result == PAWL_OK && listener->daemon_count < count)
        result = daemon_add(listener, (settings->connections + count - 1) / count);
    return result;
}

enum pawl_result pawl_listener_start(const struct pawl_listener_settings *settings,
                                     struct pawl_listener **out)
{
    enum pawl_result result = PAWL_EXHAUSTED;
    struct pawl_listener *listener = calloc(1, sizeof *listener);
    if (listener != NULL) {
        listener->settings = *settings;
        pawl_reaper_init(&listener->reaper, settings->stranger_timeout != 0
                                                ? settings->stranger_timeout
                                                : settings->slow_after);
        if (settings->name == NULL)
            listener->settings.name = "other";
        listener->settings.metrics = pawl_http_metrics_create(&listener->settings);
    }
    if (listener != NULL && listener->settings.metrics != NULL)
        result = daemons_start(listener);
    int cause = errno;
    close(settings->fd); /* each daemon has its own */
    if (result == PAWL_OK) {
        *out = listener;
        return PAWL_OK;
    }
    pawl_listener_stop(listener);
    return pawl_error(result, "cannot start the HTTP listener: %s",
                      result == PAWL_EXHAUSTED ? "no memory" : strerror(cause));
}

void pawl_listener_quiesce(struct pawl_listener *listener)
{
    for (unsigned i = 0; i < listener->daemon_count; i++) {
        int fd = MHD_quiesce_daemon(listener->daemons[i].daemon);
        if (fd >= 0)
            close(fd);
    }
}

void pawl_listener_drain(struct pawl_listener *listener, unsigned most)
{
    for (unsigned waited = 0; waited < most && atomic_load(&listener->active) > 0; waited += 5)
        poll(NULL, 0, 5);
}

void pawl_listener_sweep(struct pawl_listener *listener)
{
    size_t reaped = listener != NULL ? pawl_reaper_sweep(&listener->reaper) : 0;
    if (reaped > 0)
        pawl_log(PAWL_LOG_NOTICE, "event=slow-clients listener=%s count=%zu",
                 listener->settings.name, reaped);
}

void pawl_listener_stop(struct pawl_listener *listener)
{
    if (listener == NULL)
        return;
    for (unsigned i = 0; i < listener->daemon_count; i++) {
        if (listener->settings.threads > 0)
            pawl_http_loop_stop(&listener->daemons[i].loop);
        MHD_stop_daemon(listener->daemons[i].daemon);
    }
    pawl_http_metrics_free(listener->settings.metrics);
    pawl_reaper_release(&listener->reaper);
    free(listener);
}
