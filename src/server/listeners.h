/* Where pawld listens: for devices, for operators of this machine, and for operators elsewhere. */
#ifndef PAWL_SERVER_LISTENERS_H
#define PAWL_SERVER_LISTENERS_H

#include <limits.h>

#include "server/http.h"
#include "server/run.h"

#define PAWL_DEVICE_CONNECTIONS 16384u

struct pawl_listeners {
    struct pawl_tls *tls; /* NULL: no certificate was given */
    struct pawl_listener *device, *local, *remote, *metrics;
    char local_path[PATH_MAX];
    uint16_t device_port, operator_port, metrics_port;
};

/* Starts all that `run` asks for. An error was printed on failure; pawl_listeners_stop is due in
 * any case. */
enum pawl_result pawl_listeners_start(const struct pawl_run *run, struct pawl_server *server,
                                      struct pawl_listeners *listeners);

/* Hangs up on devices and strangers that are too slow; for the main thread, each second. */
void pawl_listeners_sweep(struct pawl_listeners *listeners);

/* Takes up certificates that were replaced. */
void pawl_listeners_reload(struct pawl_listeners *listeners);

/* Ends them: those requests that wait for a write are finished first, then the connections. */
void pawl_listeners_stop(struct pawl_listeners *listeners, struct pawl_server *server);

#endif
