/*
 * Files of content on their way from the control server, or a cache before it, to a player: read
 * as the player takes them, with the agent's own certificates and limits. One thread uses one.
 */
#ifndef PAWL_AGENT_CONTENT_PROXY_H
#define PAWL_AGENT_CONTENT_PROXY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

struct pawl_proxy;

/* What all of them share. */
struct pawl_proxy_settings {
    const char *server;   /* base URL */
    const char *ca;       /* as in agent/http.h */
    uint32_t stall;       /* seconds */
    atomic_bool stopping; /* reads end soon once it is set */
};

/* Asks for `path`, of `range` ("bytes=0-99", NULL for all), and waits for the answer's head.
 * PAWL_IO: there is none. Close it. */
enum pawl_result pawl_proxy_open(struct pawl_proxy_settings *settings, const char *path,
                                 const char *range, struct pawl_proxy **proxy);
void pawl_proxy_close(struct pawl_proxy *proxy);

/* Status of the answer; a header of it, or NULL; its length, -1 when that is not known. */
long pawl_proxy_status(const struct pawl_proxy *proxy);
const char *pawl_proxy_header(const struct pawl_proxy *proxy, const char *name);
int64_t pawl_proxy_length(const struct pawl_proxy *proxy);

/* The next bytes of the body: how many, 0 at its end, -1 when it broke off. */
ssize_t pawl_proxy_read(struct pawl_proxy *proxy, void *bytes, size_t size);

#endif
