/* One exchange with the control server: a report goes, a directive comes (SPEC 12). */
#ifndef PAWL_AGENT_EXCHANGE_H
#define PAWL_AGENT_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/http.h"
#include "pawl/report.h"

/* Posts `report` to `server` (its base URL) and takes what it answers, which only the processor can
 * judge, into `directive`. On failure `http->problem` says what was wrong: PAWL_IO, PAWL_MALFORMED
 * when the answer cannot be a directive, or as pawl_http_status_refuse tells. */
enum pawl_result pawl_exchange_run(struct pawl_http *http, const char *server,
                                   const uint8_t *report, size_t report_size,
                                   uint8_t directive[PAWL_DIRECTIVE_SIZE_MAX],
                                   size_t *directive_size);

#endif
