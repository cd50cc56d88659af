#include "headend/row_sort.h"

#include <string.h>

#include "pawl/entitlement.h"

#define FEW_ROWS 24u /* below this, insertion is faster than distribution */

static void rows_swap(uint8_t *a, uint8_t *b)
{
    uint8_t keep[PAWL_ROW_SIZE];

    memcpy(keep, a, PAWL_ROW_SIZE);
    memcpy(a, b, PAWL_ROW_SIZE);
    memcpy(b, keep, PAWL_ROW_SIZE);
}

static void insertion_sort(uint8_t *rows, size_t count)
{
    uint8_t keep[PAWL_ROW_SIZE];

    for (size_t i = 1; i < count; i++) {
        size_t to = i;
        memcpy(keep, rows + i * PAWL_ROW_SIZE, PAWL_ROW_SIZE);
        while (to > 0 && memcmp(keep, rows + (to - 1) * PAWL_ROW_SIZE, PAWL_ROW_SIZE) < 0)
            to--;
        memmove(rows + (to + 1) * PAWL_ROW_SIZE, rows + to * PAWL_ROW_SIZE,
                (i - to) * PAWL_ROW_SIZE);
        memcpy(rows + to * PAWL_ROW_SIZE, keep, PAWL_ROW_SIZE);
    }
}

/* Distributes rows over 256 buckets by their byte `depth`, in place; ends[b] is where bucket b
 * ends. */
static void distribute(uint8_t *rows, size_t count, unsigned depth, size_t ends[256])
{
    size_t next[256] = {0};
    size_t start = 0;

    for (size_t i = 0; i < count; i++)
        next[rows[i * PAWL_ROW_SIZE + depth]]++;
    for (unsigned b = 0; b < 256; b++) {
        size_t size = next[b];
        next[b] = start;
        start += size;
        ends[b] = start;
    }
    for (unsigned b = 0; b < 256; b++) {
        while (next[b] < ends[b]) {
            uint8_t *row = rows + next[b] * PAWL_ROW_SIZE;
            unsigned home = row[depth];
            if (home == b)
                next[b]++;
            else
                rows_swap(row, rows + next[home]++ * PAWL_ROW_SIZE);
        }
    }
}

/* Recurses at most PAWL_ROW_SIZE deep. */
static void sort_from(uint8_t *rows, size_t count, unsigned depth)
{
    if (count <= FEW_ROWS) {
        insertion_sort(rows, count);
        return;
    }
    if (depth == PAWL_ROW_SIZE)
        return;
    size_t ends[256];
    distribute(rows, count, depth, ends);
    size_t start = 0;
    for (unsigned b = 0; b < 256; b++) {
        if (ends[b] - start > 1)
            sort_from(rows + start * PAWL_ROW_SIZE, ends[b] - start, depth + 1);
        start = ends[b];
    }
}

void pawl_rows_sort(uint8_t *rows, size_t count)
{
    if (count > 1)
        sort_from(rows, count, 0);
}
