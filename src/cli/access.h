/*
 * How `pawl` reaches the control server: the operator socket of this machine, or HTTPS with a token
 * or a client certificate (SPEC 16.1, 16.11). The token comes from a file and never leaves this
 * process but in TLS.
 */
#ifndef PAWL_CLI_ACCESS_H
#define PAWL_CLI_ACCESS_H

#include <stdbool.h>

#include "cli/curl.h"
#include "headend/token.h"

struct pawl_access {
    bool is_remote;
    char *origin;                     /* what a path is put behind; owned */
    const char *where;                /* the socket or the URL, for people */
    char token[PAWL_TOKEN_TEXT_SIZE]; /* empty: none is used */
};

/* Reads the settings of the command line: --server where it is given closer at hand than --socket
 * (option, environment, file). PAWL_MALFORMED for a URL or token file that is none, PAWL_UNTRUSTED
 * when others may read the token or it would travel in the clear, PAWL_IO, PAWL_EXHAUSTED; an error
 * was printed. Release in any case. */
enum pawl_result pawl_access_open(struct pawl_access *access);
void pawl_access_release(struct pawl_access *access);

/* Tells a handle how to connect. */
void pawl_access_apply(const struct pawl_access *access, CURL *curl);

/* Prints why there was no answer at all; returns its class. `detail` is libcurl's, or empty. */
enum pawl_result pawl_access_error(const struct pawl_access *access, CURLcode code,
                                   const char *detail);

/* Prints what to do about an answer that refuses, by its status. */
void pawl_access_hint(const struct pawl_access *access, CURL *curl, long status);

#endif
