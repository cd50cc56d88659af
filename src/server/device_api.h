/* POST /v1/report: the exchange with devices (SPEC 9 to 12). */
#ifndef PAWL_SERVER_DEVICE_API_H
#define PAWL_SERVER_DEVICE_API_H

#include "server/http.h"

extern const struct pawl_handler pawl_report_handler;

/* All routes of the device listener. */
extern const struct pawl_route pawl_device_routes[];
extern const size_t pawl_device_route_count;

#endif
