/* Merging sorted runs of table rows that wait in one file. */
#ifndef PAWL_HEADEND_ROW_MERGE_H
#define PAWL_HEADEND_ROW_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

/* `count` rows in runs of `run_rows`, one after the other in `fd`, only the last may be shorter. */
struct pawl_row_runs {
    int fd;
    uint64_t count;
    uint64_t run_rows;
};

/* Takes one row of the merged order; an error ends the merge. */
typedef enum pawl_result (*pawl_row_fn)(void *context, const uint8_t *row);

/* Hands out all rows, ascending. Uses about 64 KiB a run. PAWL_IO, PAWL_EXHAUSTED, or what `take`
 * returned. */
enum pawl_result pawl_rows_merge(const struct pawl_row_runs *runs, pawl_row_fn take, void *context);

#endif
