/* The Range header of HTTP (RFC 9110, 14.2): one range of bytes. */
#ifndef PAWL_SERVER_RANGE_H
#define PAWL_SERVER_RANGE_H

#include <stdint.h>

enum pawl_range_kind {
    PAWL_RANGE_WHOLE = 0,   /* no range, several, or one that is not understood: send everything */
    PAWL_RANGE_PART = 1,    /* 206 */
    PAWL_RANGE_OUTSIDE = 2, /* 416: begins behind the end */
};

struct pawl_range {
    uint64_t first; /* offset of the first byte */
    uint64_t size;  /* bytes, at least 1 */
};

/* Reads `text` (NULL: no header) for a resource of `total` bytes. `range` is set for
 * PAWL_RANGE_PART and lies inside the resource. */
enum pawl_range_kind pawl_range_read(const char *text, uint64_t total, struct pawl_range *range);

#endif
