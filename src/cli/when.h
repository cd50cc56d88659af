/* Points in time as people give them on the command line. */
#ifndef PAWL_CLI_WHEN_H
#define PAWL_CLI_WHEN_H

#include <stdint.h>

#include "pawl/result.h"

/* Reads Unix seconds ("1767225600"), a time ago ("90m", "12h", "7d"), or a date in UTC with or
 * without the time of day ("2026-01-31", "2026-01-31 12:00", "2026-01-31T12:00:05Z").
 * PAWL_MALFORMED for anything else. */
enum pawl_result pawl_when_parse(const char *text, int64_t now, int64_t *time);

/* Reads a span of time ("90s", "12h", "30d", "2w") in seconds, at least 1. PAWL_MALFORMED. */
enum pawl_result pawl_span_parse(const char *text, int64_t *seconds);

#endif
