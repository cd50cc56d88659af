/* What the server tells a device: the fields of a directive (SPEC 10). */
#ifndef PAWL_SERVER_DIRECTIVE_H
#define PAWL_SERVER_DIRECTIVE_H

#include "headend/assign.h"
#include "pawl/report.h"
#include "server/server.h"
#include "store/store.h"

/* Starts a directive that answers `report`, with a fresh challenge for what is held of the device;
 * `now` in Unix seconds. PAWL_ACTION_DOWNLOAD is set by the function below instead. */
void pawl_directive_begin(const struct pawl_server *server, const struct pawl_device *device,
                          const struct pawl_report *report, int64_t now, enum pawl_action action,
                          struct pawl_directive *directive);

/* Makes it a download of the entry's package, with the device's own entitlement at the sequence
 * number that is held. PAWL_STATE when the package is not ready any more, PAWL_UNTRUSTED when a
 * wrapped key of the database does not open, an error of the store; it is then as it was. */
enum pawl_result pawl_directive_offer(const struct pawl_server *server, struct pawl_reader *reader,
                                      const struct pawl_device *device,
                                      const struct pawl_plan_entry *entry,
                                      struct pawl_directive *directive);

#endif
