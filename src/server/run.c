#include "server/run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"
#include "host/secret.h"
#include "pawl/version.h"
#include "server/confine.h"
#include "server/listeners.h"
#include "server/service_watch.h"

static enum pawl_result port_write(const char *path, uint16_t port)
{
    char text[8];
    if (path == NULL)
        return PAWL_OK;
    int size = snprintf(text, sizeof text, "%u\n", (unsigned)port);
    enum pawl_result result = pawl_file_write(path, 0644, true, text, (size_t)size);
    if (result != PAWL_OK)
        pawl_error(result, "%s: %s", path, strerror(errno));
    return result;
}

/* Signals are taken here and nowhere else; between them, what is to be done now and then. */
static void serve(struct pawl_server *server, struct pawl_listeners *listeners,
                  const sigset_t *signals, struct pawl_service_watch *watch)
{
    static const struct timespec tick = {.tv_sec = 1, .tv_nsec = 0};
    for (;;) {
        int signal_number = sigtimedwait(signals, NULL, &tick);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            return;
        if (signal_number == SIGHUP) {
            pawl_service_watch_reloading(watch);
            pawl_log(PAWL_LOG_NOTICE, "event=reload");
            pawl_listeners_reload(listeners);
        }
        pawl_server_tick(server);
        pawl_listeners_sweep(listeners);
        if (signal_number == SIGHUP)
            pawl_service_watch_ready(watch);
        pawl_service_watch_tick(watch, server);
    }
}

/* Before it takes no connections any more there is time for a load balancer to see that this server
 * is not ready. */
static void stop(const struct pawl_run *run, struct pawl_server *server,
                 struct pawl_listeners *listeners)
{
    const struct timespec delay = {.tv_sec = (time_t)run->stop_delay, .tv_nsec = 0};
    pawl_log(PAWL_LOG_NOTICE, "event=stopping");
    atomic_store(&server->health.stopping, true);
    if (listeners->device != NULL)
        nanosleep(&delay, NULL);
    pawl_listeners_stop(listeners, server);
}

static enum pawl_result run_opened(const struct pawl_run *run, struct pawl_server *server,
                                   const sigset_t *signals)
{
    struct pawl_listeners listeners = {.tls = NULL};
    struct pawl_service_watch watch;
    pawl_service_watch_open(&watch);
    enum pawl_result result = pawl_server_confine();
    if (result == PAWL_OK)
        result = pawl_listeners_start(run, server, &listeners);
    if (result == PAWL_OK)
        result = port_write(run->metrics_port_file, listeners.metrics_port);
    if (result == PAWL_OK)
        result = port_write(run->operator_port_file, listeners.operator_port);
    if (result == PAWL_OK)
        result = port_write(run->port_file, listeners.device_port);
    if (result == PAWL_OK) {
        char local[PAWL_LOG_VALUE_SIZE];
        pawl_log(PAWL_LOG_NOTICE, "event=started version=%s listen=%s port=%u operators=%s",
                 PAWL_VERSION, run->listen, (unsigned)listeners.device_port,
                 pawl_log_value(listeners.local_path, local, sizeof local));
        pawl_service_watch_ready(&watch);
        serve(server, &listeners, signals, &watch);
    }
    pawl_service_watch_stopping(&watch);
    stop(run, server, &listeners);
    pawl_service_watch_close(&watch);
    return result;
}

/* A connection is a descriptor, and what it sends a second one: the soft limit is often far below
 * what the system allows. */
static void descriptors_allow(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = 2u * PAWL_DEVICE_CONNECTIONS + 1024u;
    if (limit.rlim_cur >= wanted)
        return;
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
