/*
 * NOR flash that is mapped into memory: a program clears bits, an erase sets those of whole pages.
 *
 * On a chip whose controller wants commands for that, these three functions are what changes. All
 * stores go through here, one aligned word each, so that power can be cut at every one of them.
 */
#ifndef PAWL_PORT_NOR_MEMORY_H
#define PAWL_PORT_NOR_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_NOR_WRITE_SIZE 8u /* unit and alignment of a program, bytes */

/* Owned by the caller. `words` is the flash's first word, `size` bytes of it a multiple of
 * `page_size`, which is a power of two. */
struct pawl_nor_memory {
    volatile uint32_t *words;
    uint32_t size;
    uint32_t page_size;
};

/* Any offset and size inside the flash; PAWL_STORAGE for a range outside. */
enum pawl_result pawl_nor_read(const struct pawl_nor_memory *nor, size_t offset, void *bytes,
                               size_t size);
/* Offset and size are multiples of PAWL_NOR_WRITE_SIZE, else PAWL_STORAGE. What was programmed
 * before keeps its cleared bits. */
enum pawl_result pawl_nor_program(const struct pawl_nor_memory *nor, size_t offset,
                                  const void *bytes, size_t size);
/* Offset and size are multiples of the page size, else PAWL_STORAGE. */
enum pawl_result pawl_nor_erase(const struct pawl_nor_memory *nor, size_t offset, size_t size);

#endif
