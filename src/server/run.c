#include "server/run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"
#include "host/secret.h"
#include "host/service.h"
#include "pawl/version.h"
#include "server/device_api.h"
#include "server/listen.h"
#include "server/operator_api.h"

/* Limits of the two listeners. An operator's connection has a thread, a device's does not. */
#define DEVICE_CONNECTIONS 16384u
#define DEVICE_TIMEOUT 60u /* seconds */
#define DEVICE_MEMORY 8192u
#define OPERATOR_CONNECTIONS 32u
#define OPERATOR_TIMEOUT 120u
#define OPERATOR_MEMORY 262144u

struct listeners {
    struct pawl_listener *device, *operator_;
    char operator_path[PATH_MAX];
    uint16_t port;
};

static enum pawl_result device_listener_start(const struct pawl_run *run,
                                              struct pawl_server *server,
                                              struct listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .routes = pawl_device_routes,
        .route_count = pawl_device_route_count,
        .server = server,
        .threads = run->threads,
        .connections = DEVICE_CONNECTIONS,
        .timeout = DEVICE_TIMEOUT,
        .connection_memory = DEVICE_MEMORY,
    };
    enum pawl_result result = pawl_tcp_listen(run->listen, &settings.fd, &listeners->port);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->device);
    return result;
}

static enum pawl_result operator_listener_start(const struct pawl_run *run,
                                                struct pawl_server *server,
                                                struct listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .routes = pawl_operator_routes,
        .route_count = pawl_operator_route_count,
        .server = server,
        .identify = pawl_operator_identify,
        .threads = 0,
        .connections = OPERATOR_CONNECTIONS,
        .timeout = OPERATOR_TIMEOUT,
        .connection_memory = OPERATOR_MEMORY,
    };
    if (run->operator_socket != NULL)
        snprintf(listeners->operator_path, PATH_MAX, "%s", run->operator_socket);
    else
        pawl_data_path(&server->data, "operator.sock", listeners->operator_path);
    bool others = run->server.operator_count > 0;
    enum pawl_result result = pawl_unix_listen(listeners->operator_path, others, &settings.fd);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->operator_);
    return result;
}

static enum pawl_result port_write(const struct pawl_run *run, uint16_t port)
{
    char text[8];
    if (run->port_file == NULL)
        return PAWL_OK;
    int size = snprintf(text, sizeof text, "%u\n", (unsigned)port);
    enum pawl_result result = pawl_file_write(run->port_file, 0644, true, text, (size_t)size);
    if (result != PAWL_OK)
        pawl_error(result, "%s: %s", run->port_file, strerror(errno));
    return result;
}

/* Signals are taken here and nowhere else; between them, what is to be done now and then. */
static void serve(struct pawl_server *server, const sigset_t *signals)
{
    static const struct timespec tick = {.tv_sec = 1, .tv_nsec = 0};
    for (;;) {
        int signal_number = sigtimedwait(signals, NULL, &tick);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            return;
        if (signal_number == SIGHUP)
            pawl_log(PAWL_LOG_NOTICE, "event=reload");
        pawl_server_tick(server);
    }
}

/* Requests in hand are finished: those that wait for a write first, then the connections end. */
static void stop(struct pawl_server *server, struct listeners *listeners)
{
    pawl_service_notify("STOPPING=1");
    pawl_log(PAWL_LOG_NOTICE, "event=stopping");
    if (listeners->device != NULL)
        pawl_listener_quiesce(listeners->device);
    pawl_server_settle(server);
    if (listeners->device != NULL)
        pawl_listener_drain(listeners->device, 2000);
    if (listeners->operator_ != NULL)
        unlink(listeners->operator_path);
    pawl_listener_stop(listeners->operator_);
    pawl_listener_stop(listeners->device);
}

static enum pawl_result run_opened(const struct pawl_run *run, struct pawl_server *server,
                                   const sigset_t *signals)
{
    struct listeners listeners = {.device = NULL, .operator_ = NULL};
    enum pawl_result result = operator_listener_start(run, server, &listeners);
    if (result == PAWL_OK)
        result = device_listener_start(run, server, &listeners);
    if (result == PAWL_OK)
        result = port_write(run, listeners.port);
    if (result == PAWL_OK) {
        pawl_log(PAWL_LOG_NOTICE, "event=started version=%s listen=%s port=%u operators=%s",
                 PAWL_VERSION, run->listen, (unsigned)listeners.port, listeners.operator_path);
        pawl_log(PAWL_LOG_WARNING,
                 "serving plain HTTP: for development, or behind a proxy that speaks TLS");
        pawl_service_notify("READY=1");
        serve(server, signals);
    }
    stop(server, &listeners);
    return result;
}

/* A connection is a descriptor: the soft limit is often far below what the system allows. */
static void descriptors_allow(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = DEVICE_CONNECTIONS + 1024u;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        pawl_log(PAWL_LOG_WARNING, "only %llu descriptors: fewer connections can be served",
                 (unsigned long long)limit.rlim_cur);
}

enum pawl_result pawl_run(const struct pawl_run *run)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread exists */
    signal(SIGPIPE, SIG_IGN);
    descriptors_allow();

    struct pawl_server *server = pawl_secret_alloc(sizeof *server);
    if (server == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_server_open(server, run->data, &run->server);
    if (result == PAWL_OK) {
        result = run_opened(run, server, &signals);
        pawl_server_close(server);
    }
    pawl_secret_free(server, sizeof *server);
    if (result == PAWL_OK)
        pawl_log(PAWL_LOG_NOTICE, "event=stopped");
    return result;
}
