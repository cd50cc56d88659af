/* GET /healthz, /readyz and /metrics (SPEC 23), on every listener that has them. */
#ifndef PAWL_SERVER_HEALTH_API_H
#define PAWL_SERVER_HEALTH_API_H

#include "server/http.h"

/* 200 "ok" as long as the server is alive, else 503 with the reasons. */
extern const struct pawl_handler pawl_health_handler;

/* 200 "ready", or 503 with the reasons. */
extern const struct pawl_handler pawl_ready_handler;

/* The metrics in Prometheus' text format. */
extern const struct pawl_handler pawl_metrics_handler;

/* What the listener of --metrics-listen serves: the three above, to whoever reaches it. */
extern const struct pawl_route pawl_metrics_routes[];
extern const size_t pawl_metrics_route_count;
void pawl_metrics_identify(struct pawl_request *request, int fd);

#endif
