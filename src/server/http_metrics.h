/*
 * What a listener counts: its connections, and its requests by route, status and time (SPEC 23).
 * The labels are the routes of its table, never what a client sent, so their number is bounded.
 */
#ifndef PAWL_SERVER_HTTP_METRICS_H
#define PAWL_SERVER_HTTP_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/metrics_text.h"

struct pawl_http_metrics;
struct pawl_listener_settings;
struct pawl_request;

/* What a listener counts into; it is written by pawl_http_metrics_write until it is freed. NULL
 * without memory. */
struct pawl_http_metrics *pawl_http_metrics_create(const struct pawl_listener_settings *settings);
void pawl_http_metrics_free(struct pawl_http_metrics *metrics);

/* A connection was made; was closed, having had a request or not. */
void pawl_http_count_opened(struct pawl_http_metrics *metrics);
void pawl_http_count_closed(struct pawl_http_metrics *metrics, bool used);

/* A request ended after `elapsed` nanoseconds: answered with request->answered, or 0 when the
 * client went away before. */
void pawl_http_count_request(struct pawl_http_metrics *metrics, const struct pawl_request *request,
                             uint64_t elapsed);

/* Connections that are open now. */
uint64_t pawl_http_open_count(const struct pawl_http_metrics *metrics);

/* Writes what all listeners of the process counted. */
void pawl_http_metrics_write(struct pawl_metrics_text *text);

#endif
