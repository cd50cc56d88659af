#include "server/listeners.h"

#include <stdio.h>
#include <unistd.h>

#include "host/log.h"
#include "server/device_api.h"
#include "server/health_api.h"
#include "server/listen.h"
#include "server/operator_api.h"
#include "server/operator_auth.h"
#include "server/tls.h"

/* Limits of the listeners. An operator's connection has a thread, a device's does not. */
#define DEVICE_TIMEOUT 60u /* seconds */
#define DEVICE_MEMORY 8192u
#define LOCAL_CONNECTIONS 32u
#define LOCAL_REFUSED_CONNECTIONS 4u /* of users who may not operate, together */
#define LOCAL_TIMEOUT 120u
#define LOCAL_MEMORY 262144u
#define METRICS_CONNECTIONS 16u
#define METRICS_TIMEOUT 10u
#define METRICS_MEMORY 16384u
#define REMOTE_CONNECTIONS 256u
#define REMOTE_PEER_CONNECTIONS 64u /* of one address */
#define REMOTE_STRANGER_TIMEOUT 15u

static enum pawl_result device_listener_start(const struct pawl_run *run,
                                              struct pawl_server *server,
                                              struct pawl_listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .name = "device",
        .routes = pawl_device_routes,
        .route_count = pawl_device_route_count,
        .server = server,
        .tls = run->plain_devices ? NULL : listeners->tls,
        .threads = run->threads,
        .connections = PAWL_DEVICE_CONNECTIONS,
        .peer_connections = (unsigned)run->peer_connections,
        .timeout = DEVICE_TIMEOUT,
        .slow_after = (unsigned)run->slow_after,
        .connection_memory = DEVICE_MEMORY,
    };
    enum pawl_result result = pawl_tcp_listen(run->listen, &settings.fd, &listeners->device_port);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->device);
    if (result == PAWL_OK && settings.tls == NULL)
        pawl_log(PAWL_LOG_WARNING, "serving plain HTTP to devices: for development, or behind a "
                                   "proxy that speaks TLS");
    return result;
}

static enum pawl_result local_listener_start(const struct pawl_run *run, struct pawl_server *server,
                                             struct pawl_listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .name = "local",
        .routes = pawl_operator_routes,
        .route_count = pawl_operator_route_count,
        .server = server,
        .identify = pawl_operator_identify,
        .threads = 0,
        .connections = LOCAL_CONNECTIONS,
        .refused_connections = LOCAL_REFUSED_CONNECTIONS,
        .timeout = LOCAL_TIMEOUT,
        .connection_memory = LOCAL_MEMORY,
    };
    if (run->operator_socket != NULL)
        snprintf(listeners->local_path, PATH_MAX, "%s", run->operator_socket);
    else
        pawl_data_path(&server->data, "operator.sock", listeners->local_path);
    bool others = run->server.operator_count > 0;
    enum pawl_result result = pawl_unix_listen(listeners->local_path, others, &settings.fd);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->local);
    return result;
}

/* Who gathers metrics needs no account of an operator, and no port of devices. */
static enum pawl_result metrics_listener_start(const struct pawl_run *run,
                                               struct pawl_server *server,
                                               struct pawl_listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .name = "metrics",
        .routes = pawl_metrics_routes,
        .route_count = pawl_metrics_route_count,
        .server = server,
        .identify = pawl_metrics_identify,
        .threads = 0,
        .connections = METRICS_CONNECTIONS,
        .timeout = METRICS_TIMEOUT,
        .slow_after = METRICS_TIMEOUT,
        .connection_memory = METRICS_MEMORY,
    };
    if (run->metrics_listen == NULL)
        return PAWL_OK;
    enum pawl_result result =
        pawl_tcp_listen(run->metrics_listen, &settings.fd, &listeners->metrics_port);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->metrics);
    return result;
}

static enum pawl_result remote_listener_start(const struct pawl_run *run,
                                              struct pawl_server *server,
                                              struct pawl_listeners *listeners)
{
    struct pawl_listener_settings settings = {
        .name = "operator",
        .routes = pawl_operator_routes,
        .route_count = pawl_operator_route_count,
        .server = server,
        .authorize = pawl_operator_authorize,
        .tls = run->plain_operators ? NULL : listeners->tls,
        .asks_certificate = true,
        .threads = 0,
        .connections = REMOTE_CONNECTIONS,
        .peer_connections = REMOTE_PEER_CONNECTIONS,
        .stranger_timeout = REMOTE_STRANGER_TIMEOUT,
        .timeout = LOCAL_TIMEOUT,
        .connection_memory = LOCAL_MEMORY,
    };
    if (run->operator_listen == NULL)
        return PAWL_OK;
    enum pawl_result result =
        pawl_tcp_listen(run->operator_listen, &settings.fd, &listeners->operator_port);
    if (result == PAWL_OK)
        result = pawl_listener_start(&settings, &listeners->remote);
    if (result == PAWL_OK && settings.tls == NULL)
        pawl_log(PAWL_LOG_WARNING, "serving plain HTTP to operators of this machine: whoever "
                                   "reads its loopback device reads their tokens");
    return result;
}

enum pawl_result pawl_listeners_start(const struct pawl_run *run, struct pawl_server *server,
                                      struct pawl_listeners *listeners)
{
    enum pawl_result result = PAWL_OK;
    if (run->tls.certificate != NULL)
        result = pawl_tls_open(&run->tls, &listeners->tls);
    if (result == PAWL_OK)
        result = local_listener_start(run, server, listeners);
    if (result == PAWL_OK)
        result = metrics_listener_start(run, server, listeners);
    if (result == PAWL_OK)
        result = remote_listener_start(run, server, listeners);
    if (result == PAWL_OK)
        result = device_listener_start(run, server, listeners);
    return result;
}

void pawl_listeners_reload(struct pawl_listeners *listeners)
{
    if (listeners->tls != NULL)
        (void)pawl_tls_reload(listeners->tls);
}

void pawl_listeners_stop(struct pawl_listeners *listeners, struct pawl_server *server)
{
    if (listeners->device != NULL)
        pawl_listener_quiesce(listeners->device);
    pawl_server_settle(server);
    if (listeners->device != NULL)
        pawl_listener_drain(listeners->device, 2000);
    if (listeners->local != NULL)
        unlink(listeners->local_path);
    pawl_listener_stop(listeners->local);
    pawl_listener_stop(listeners->remote);
    pawl_listener_stop(listeners->device);
    pawl_listener_stop(listeners->metrics);
    pawl_tls_close(listeners->tls);
}

void pawl_listeners_sweep(struct pawl_listeners *listeners)
{
    pawl_listener_sweep(listeners->device);
    pawl_listener_sweep(listeners->remote);
    pawl_listener_sweep(listeners->metrics);
}
