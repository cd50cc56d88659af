/* The Content-Range header of an answer to a range request (RFC 9110, 14.4). Pure. */
#ifndef PAWL_AGENT_CONTENT_RANGE_H
#define PAWL_AGENT_CONTENT_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_content_range {
    uint64_t first, last; /* positions of the first and last byte that follow */
    bool has_total;
    uint64_t total; /* bytes of the whole, when has_total */
};

/* Reads "bytes FIRST-LAST/TOTAL" or "bytes FIRST-LAST/" with a star for the total. PAWL_MALFORMED
 * for anything else, numbers beyond 64 bits, and ranges that cannot be. */
enum pawl_result pawl_content_range_read(const char *text, struct pawl_content_range *range);

#endif
