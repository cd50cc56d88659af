/* What is done to devices, one or many (store/device_store.h): reading what an operator asks for,
 * and doing it. */
#ifndef PAWL_SERVER_DEVICE_ACT_H
#define PAWL_SERVER_DEVICE_ACT_H

#include "server/operator_json.h"
#include "store/device_store.h"

/* An act of the request's actor, now. */
struct pawl_act pawl_act_begin(const struct pawl_request *request, enum pawl_act_kind kind);

/* The readers return false when what they found was wrong: the request was then failed. */

/* A reason of 1 to 256 bytes, kept by reference; `needed` says whether it may be left out. */
bool pawl_reason_read(struct pawl_request *request, const json_t *value, bool needed,
                      struct pawl_act *act);
bool pawl_reason_text_read(struct pawl_request *request, const char *text, bool needed,
                           struct pawl_act *act);

/* A label; an empty `value` is to take the key away, NULL is none. */
bool pawl_label_read(struct pawl_request *request, const char *key, const char *value,
                     struct pawl_label *label);

/* Does it, in steps that do not hold up reports for long, and makes it known to the threads that
 * answer them. An error of the store: the rows of earlier steps are done then. */
enum pawl_result pawl_devices_act(struct pawl_server *server, const struct pawl_act *act,
                                  struct pawl_act_row *rows, size_t count, bool dry_run);

#endif
