/* The report of an import: every refused unit, as the server tells them (SPEC 16.24). */
#ifndef PAWL_CLI_IMPORT_REPORT_H
#define PAWL_CLI_IMPORT_REPORT_H

#include <jansson.h>

#include "cli/client.h"

/* Sends units and writes the refused ones to file `report`, a JSON object a line. `*answer` is what
 * the server's other answer would be: imported, refused_count, and in `refused` the first ones; to
 * be released. Prints the error that it returns; the file then does not appear. */
enum pawl_result pawl_import_report(struct pawl_client *client, const char *path, int fd,
                                    uint64_t size, const char *report, json_t **answer);

#endif
