/* Names of output files. */
#ifndef PAWL_CLI_NAME_H
#define PAWL_CLI_NAME_H

#include "pawl/result.h"

/* `path` with its ending `old` (when it has it) replaced by `new`: app.pawl, ".pawl", ".key" is
 * app.key. Owned by the caller; NULL without memory. */
char *pawl_name_derive(const char *path, const char *old, const char *new);

/* The directory that `path` lies in. Owned by the caller; NULL without memory. */
char *pawl_name_directory(const char *path);

/* PAWL_STATE, with an error, when something has that name already. */
enum pawl_result pawl_name_check_free(const char *path);

#endif
