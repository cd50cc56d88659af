/* Sorting table rows in memory. */
#ifndef PAWL_HEADEND_ROW_SORT_H
#define PAWL_HEADEND_ROW_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Sorts `count` rows of PAWL_ROW_SIZE bytes in place, ascending by all their bytes, so by tag
 * first. Linear in `count` for random tags; for any rows, O(count * PAWL_ROW_SIZE). */
void pawl_rows_sort(uint8_t *rows, size_t count);

#endif
