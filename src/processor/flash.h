/* Flash access with read-back: the port's callbacks, and what the engine adds to them. */
#ifndef PAWL_PROCESSOR_FLASH_H
#define PAWL_PROCESSOR_FLASH_H

#include "pawl/port.h"

/* Up to the next multiple of a power of two. */
static inline size_t pawl_align_up(size_t value, uint32_t unit)
{
    return (value + unit - 1) & ~((size_t)unit - 1);
}

static inline size_t pawl_align_down(size_t value, uint32_t unit)
{
    return value & ~((size_t)unit - 1);
}

static inline bool pawl_areas_are_apart(const struct pawl_area *a, const struct pawl_area *b)
{
    return a->offset >= b->offset + b->size || b->offset >= a->offset + a->size;
}

/* Whether limits and callbacks make sense: PAWL_STATE if not. */
enum pawl_result pawl_port_check(const struct pawl_port *port);

enum pawl_result pawl_flash_read(const struct pawl_port *port, size_t offset, void *bytes,
                                 size_t size);
/* Programs and compares what flash then holds: PAWL_STORAGE when it differs. */
enum pawl_result pawl_flash_program(const struct pawl_port *port, size_t offset,
                                    const uint8_t *bytes, size_t size);
enum pawl_result pawl_flash_erase(const struct pawl_port *port, size_t offset, size_t size);
enum pawl_result pawl_flash_sync(const struct pawl_port *port);

#endif
