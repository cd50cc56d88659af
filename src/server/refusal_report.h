/* Every refused unit of an import, however many there are: lines of JSON in a file without a name,
 * which becomes the answer (SPEC 16.24). */
#ifndef PAWL_SERVER_REFUSAL_REPORT_H
#define PAWL_SERVER_REFUSAL_REPORT_H

#include <jansson.h>

#include "server/http.h"
#include "server/server.h"

struct pawl_refusal_report;

/* NULL without room for it. */
struct pawl_refusal_report *pawl_refusal_report_open(const struct pawl_server *server);

/* Adds a line and takes the reference. PAWL_EXHAUSTED without memory or room on the disk. */
enum pawl_result pawl_refusal_report_add(struct pawl_refusal_report *report, json_t *line);

/* Answers the request with the lines, `summary` (whose reference this takes) as the last one. */
enum MHD_Result pawl_refusal_report_answer(struct pawl_request *request,
                                           struct pawl_refusal_report *report, json_t *summary);

/* Harmless on NULL. */
void pawl_refusal_report_close(struct pawl_refusal_report *report);

#endif
