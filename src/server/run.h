/* pawld from its start to its end. */
#ifndef PAWL_SERVER_RUN_H
#define PAWL_SERVER_RUN_H

#include "server/server.h"
#include "server/tls.h"

#define PAWL_OPERATORS_MAX 64u

struct pawl_run {
    const char *metrics_listen; /* "ADDR:PORT"; NULL: no listener for metrics */
    const char *metrics_port_file;
    uint64_t peer_connections;   /* of devices, from one address; 0: any number */
    uint64_t slow_after;         /* seconds in which a device's head and body must come */
    uint64_t stop_delay;         /* seconds from being told to stop until no connection is taken */
    const char *data;            /* directory */
    const char *listen;          /* "ADDR:PORT" */
    const char *operator_socket; /* path; NULL: operator.sock in the data directory */
    const char *port_file;       /* NULL: none */
    const char *operator_listen; /* "ADDR:PORT"; NULL: operators of this machine alone */
    const char *operator_port_file; /* NULL: none */
    struct pawl_tls_files tls;      /* certificate NULL: there is no TLS */
    bool plain_devices;             /* devices are served plain HTTP all the same */
    bool plain_operators;           /* so are operators: on this machine alone */
    unsigned threads;               /* that serve devices */
    struct pawl_server_settings server;
};

/* Serves until SIGTERM or SIGINT. PAWL_OK after an orderly end; else an error was printed. */
enum pawl_result pawl_run(const struct pawl_run *run);

#endif
