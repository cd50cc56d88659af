/* Whom an assignment, a table or a list is for, as the server takes it (SPEC 16). */
#ifndef PAWL_CLI_TARGET_H
#define PAWL_CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/client.h"
#include "pawl/identifier.h"

/* True for a class id, which needs no vendor. NULL is none. */
bool pawl_class_is_id(const char *class_name);

/* The target {"class"} of a package that is published: `class_name` is an id of 32 hex digits, or
 * the name of a class of vendor `vendor` (a domain), by default of the package's vendor, which the
 * server is asked for. Prints the error that it returns: PAWL_STATE when the server has no such
 * package. */
enum pawl_result pawl_class_target_make(struct pawl_client *client, const char *class_name,
                                        const char *vendor,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        json_t **target);

/* True when `text` is a device id; a usage error otherwise. */
bool pawl_device_id_check(const char *text);

#endif
