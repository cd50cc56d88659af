/* The device that an operator's path names. */
#ifndef PAWL_SERVER_DEVICE_FIND_H
#define PAWL_SERVER_DEVICE_FIND_H

#include "server/operator_json.h"
#include "store/device_store.h"

/* Borrows a reader and reads the device whose id is in the request's path. False when there is
 * none: the request was then failed, and no reader is to be given back. */
bool pawl_device_find(struct pawl_request *request, struct pawl_reader **reader,
                      struct pawl_device *device);

/* What the device would be offered if it reported what is held of it. The plan must be held
 * (pawl_plan_acquire) as long as `offer` is used. */
void pawl_device_foresee(const struct pawl_plan *plan, const struct pawl_device *device,
                         struct pawl_offer *offer);

#endif
