/*
 * One keep-alive HTTP/1.1 connection of the load generator, plain or in TLS, without blocking: a
 * request is sent whole, the answer is taken as it comes. It knows what pawld sends (a
 * Content-Length, no chunks) and takes anything else for an error.
 */
#ifndef PAWL_FLEET_CONNECTION_H
#define PAWL_FLEET_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "pawl/package.h"
#include "pawl/result.h"

/* Where the server is: "http://127.0.0.1:8080" taken apart. */
struct target {
    struct sockaddr_storage address;
    socklen_t address_size;
    char host[128]; /* for the Host header */
    SSL_CTX *tls;   /* NULL: plain */
};

struct connection {
    int fd;
    SSL *tls; /* NULL: plain */
    const struct target *target;
    char request[1280];
    size_t request_size;
    uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX + 2048]; /* head and the beginning of the body */
    size_t size;
    size_t head_size; /* 0 until the head is whole */
    int status;
    uint64_t body_size;
    uint64_t received; /* bytes of the body so far */
    bool is_retried;   /* the server had closed the connection; sent once more */
};

/* Says on stderr what is wrong with `url`. `ca` is a PEM file of the certificates that an https
 * server is trusted by; NULL for the system's. Release it in any case. */
enum pawl_result target_read(const char *url, const char *ca, struct target *target);
void target_release(struct target *target);

/* PAWL_IO with errno set. Release in any case. */
enum pawl_result connection_open(struct connection *connection, const struct target *target);
void connection_close(struct connection *connection);

/* Starts a request; the one before must have been answered. */
enum pawl_result connection_post(struct connection *connection, const uint8_t *report, size_t size);
enum pawl_result connection_get(struct connection *connection, const char *path, size_t path_size);

/* Takes what has come. PAWL_OK: the answer is whole. PAWL_EXHAUSTED: more has to come. */
enum pawl_result connection_receive(struct connection *connection);

/* The first bytes of the body, as many as are kept. */
const uint8_t *connection_body(const struct connection *connection, size_t *size);

#endif
