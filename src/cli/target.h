/* Whom an assignment or a table is for, as the server takes it (SPEC 16). */
#ifndef PAWL_CLI_TARGET_H
#define PAWL_CLI_TARGET_H

#include <stdbool.h>

#include <jansson.h>

/* A class is an id of 32 hex digits, or a name with its vendor's domain. False, after a usage
 * error, when neither. */
bool pawl_class_check(const char *class_name, const char *vendor);

/* True for a class id, which needs no vendor. NULL is none. */
bool pawl_class_is_id(const char *class_name);

/* {"class", "vendor"}; an id needs no vendor. A new reference, or NULL. */
json_t *pawl_class_target_make(const char *class_name, const char *vendor);

/* True when `text` is a device id; a usage error otherwise. */
bool pawl_device_id_check(const char *text);

#endif
