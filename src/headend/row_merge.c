#include "headend/row_merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/file.h"
#include "pawl/entitlement.h"

#define WINDOW_ROWS 1365u /* rows of a run in memory: 64 KiB */

/* The part of a run that is in memory. */
struct cursor {
    uint64_t next, end; /* rows of the file: the next to be read, and where the run ends */
    size_t at, fill;    /* rows of the window: the present one, and how many there are */
    uint8_t *window;
};

struct merge {
    const struct pawl_row_runs *runs;
    struct cursor *cursors;
    uint8_t *windows;
    struct cursor **heap; /* smallest present row first */
    size_t size;
};

static const uint8_t *present(const struct cursor *cursor)
{
    return cursor->window + cursor->at * PAWL_ROW_SIZE;
}

static bool precedes(const struct cursor *a, const struct cursor *b)
{
    return memcmp(present(a), present(b), PAWL_ROW_SIZE) < 0;
}

/* Fills the window; false at the end of the run. */
static enum pawl_result refill(const struct merge *merge, struct cursor *cursor, bool *more)
{
    uint64_t left = cursor->end - cursor->next;
    size_t fill = left < WINDOW_ROWS ? (size_t)left : WINDOW_ROWS;
    enum pawl_result result = PAWL_OK;

    if (fill > 0)
        result = pawl_pread_full(merge->runs->fd, cursor->window, fill * PAWL_ROW_SIZE,
                                 cursor->next * PAWL_ROW_SIZE);
    if (result != PAWL_OK)
        return PAWL_IO;
    cursor->next += fill;
    cursor->at = 0;
    cursor->fill = fill;
    *more = fill > 0;
    return PAWL_OK;
}

/* Lets the cursor at `index` sink to its place. */
static void sink(struct merge *merge, size_t index)
{
    for (;;) {
        size_t least = index;
        size_t child = 2 * index + 1;
        if (child < merge->size && precedes(merge->heap[child], merge->heap[least]))
            least = child;
        if (child + 1 < merge->size && precedes(merge->heap[child + 1], merge->heap[least]))
            least = child + 1;
        if (least == index)
            return;
        struct cursor *keep = merge->heap[index];
        merge->heap[index] = merge->heap[least];
        merge->heap[least] = keep;
        index = least;
    }
}

static enum pawl_result start(struct merge *merge, size_t run_count)
{
    const struct pawl_row_runs *runs = merge->runs;

    for (size_t i = 0; i < run_count; i++) {
        struct cursor *cursor = &merge->cursors[i];
        uint64_t end = (i + 1) * runs->run_rows;
        bool more = false;
        cursor->next = i * runs->run_rows;
        cursor->end = end < runs->count ? end : runs->count;
        cursor->window = merge->windows + i * WINDOW_ROWS * PAWL_ROW_SIZE;
        enum pawl_result result = refill(merge, cursor, &more);
        if (result != PAWL_OK)
            return result;
        if (more)
            merge->heap[merge->size++] = cursor;
    }
    for (size_t i = merge->size; i-- > 0;)
        sink(merge, i);
    return PAWL_OK;
}

static enum pawl_result run(struct merge *merge, pawl_row_fn take, void *context)
{
    while (merge->size > 0) {
        struct cursor *first = merge->heap[0];
        bool more = true;
        enum pawl_result result = take(context, present(first));
        if (result == PAWL_OK && ++first->at == first->fill)
            result = refill(merge, first, &more);
        if (result != PAWL_OK)
            return result;
        if (!more)
            merge->heap[0] = merge->heap[--merge->size];
        sink(merge, 0);
    }
    return PAWL_OK;
}

enum pawl_result pawl_rows_merge(const struct pawl_row_runs *runs, pawl_row_fn take, void *context)
{
    size_t run_count = (size_t)((runs->count + runs->run_rows - 1) / runs->run_rows);
    struct merge merge = {.runs = runs};
    enum pawl_result result = PAWL_EXHAUSTED;

    if (runs->count == 0)
        return PAWL_OK;
    merge.cursors = calloc(run_count, sizeof *merge.cursors);
    merge.heap = calloc(run_count, sizeof *merge.heap);
    merge.windows = calloc(run_count, (size_t)WINDOW_ROWS * PAWL_ROW_SIZE);
    if (merge.cursors != NULL && merge.heap != NULL && merge.windows != NULL) {
        result = start(&merge, run_count);
        if (result == PAWL_OK)
            result = run(&merge, take, context);
    }
    free(merge.windows);
    free(merge.heap);
    free(merge.cursors);
    return result;
}
