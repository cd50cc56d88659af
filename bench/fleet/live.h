/*
 * Devices that live beside a server: each polls again and again, takes what it is offered, runs it
 * or fails, and tells. When the server is away they try again, as devices do: it may be killed and
 * come back.
 */
#ifndef PAWL_FLEET_LIVE_H
#define PAWL_FLEET_LIVE_H

#include "fleet.h"

/* Lives until SIGTERM or SIGINT, or for `plan->seconds` if they are not 0; then the requests in
 * hand are finished. A device polls every `plan->interval` milliseconds. Those of
 * device_is_failing fail on every package. `counts->cycles` are commits. PAWL_IO when there is no
 * memory or connection at the start. */
enum pawl_result live_run(const struct fleet_plan *plan, struct fleet_counts *counts);

/* Whether a device is among `percent` of all, chosen by its id. */
bool device_is_failing(const struct device *device, unsigned percent);

#endif
