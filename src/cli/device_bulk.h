/* The same done to a list of devices: pawl device ACT ... --devices FILE (SPEC 16.23). */
#ifndef PAWL_CLI_DEVICE_BULK_H
#define PAWL_CLI_DEVICE_BULK_H

#include <stdbool.h>

#include "cli/client.h"

/* What is done, and to whom. */
struct pawl_device_bulk {
    const char *act;          /* "group", the end of the route */
    const char *const *query; /* pairs of name and value, ended by NULL: what the act needs */
    const char *devices;      /* a file of ids, one a line; "-": standard input */
    const char *report;       /* where refusals are written, as lines of JSON; NULL: nowhere */
    bool dry_run;
};

/* Reads the list and sends it, some thousands at a time. Prints what came of it; the exit code:
 * done when none was refused, nothing to do when all were so already. */
int pawl_device_bulk_run(const struct pawl_device_bulk *bulk);

#endif
