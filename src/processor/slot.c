#include "processor/slot.h"

#include <string.h>

#include "processor/flash.h"

void pawl_slot_start(struct pawl_slot_cursor *cursor, unsigned slot, size_t offset)
{
    cursor->slot = slot;
    cursor->tail_size = 0;
    cursor->programmed = offset;
}

size_t pawl_slot_taken(const struct pawl_slot_cursor *cursor)
{
    return cursor->programmed + cursor->tail_size;
}

/* Programs whole write units, after erasing the pages that they enter. */
static enum pawl_result units_program(struct pawl_slot_cursor *cursor, const struct pawl_port *port,
                                      const uint8_t *bytes, size_t size)
{
    const struct pawl_flash *flash = &port->flash;
    size_t base = flash->slots[cursor->slot].offset;
    size_t first = pawl_align_up(cursor->programmed, flash->page_size);
    size_t end = pawl_align_up(cursor->programmed + size, flash->page_size);
    enum pawl_result result = PAWL_OK;

    if (end > first)
        result = pawl_flash_erase(port, base + first, end - first);
    if (result == PAWL_OK)
        result = pawl_flash_program(port, base + cursor->programmed, bytes, size);
    if (result == PAWL_OK)
        cursor->programmed += size;
    return result;
}

static size_t tail_fill(struct pawl_slot_cursor *cursor, const uint8_t *bytes, size_t size,
                        uint32_t unit)
{
    size_t part = unit - cursor->tail_size;

    part = part < size ? part : size;
    memcpy(cursor->tail + cursor->tail_size, bytes, part);
    cursor->tail_size += (uint32_t)part;
    return part;
}

static enum pawl_result tail_program(struct pawl_slot_cursor *cursor, const struct pawl_port *port)
{
    enum pawl_result result = units_program(cursor, port, cursor->tail, port->flash.write_size);
    if (result == PAWL_OK)
        cursor->tail_size = 0;
    return result;
}

enum pawl_result pawl_slot_write(struct pawl_slot_cursor *cursor, const struct pawl_port *port,
                                 const uint8_t *bytes, size_t size)
{
    uint32_t unit = port->flash.write_size;
    enum pawl_result result = PAWL_OK;

    if (size > port->flash.slots[cursor->slot].size - pawl_slot_taken(cursor))
        return PAWL_EXHAUSTED;
    if (cursor->tail_size > 0) {
        size_t part = tail_fill(cursor, bytes, size, unit);
        bytes += part;
        size -= part;
        if (cursor->tail_size == unit)
            result = tail_program(cursor, port);
    }
    size_t whole = pawl_align_down(size, unit);
    if (result == PAWL_OK && whole > 0)
        result = units_program(cursor, port, bytes, whole);
    if (result == PAWL_OK && size > whole)
        tail_fill(cursor, bytes + whole, size - whole, unit);
    return result;
}

enum pawl_result pawl_slot_finish(struct pawl_slot_cursor *cursor, const struct pawl_port *port)
{
    uint32_t unit = port->flash.write_size;

    if (cursor->tail_size == 0)
        return PAWL_OK;
    memset(cursor->tail + cursor->tail_size, port->flash.erased, unit - cursor->tail_size);
    cursor->tail_size = unit;
    return tail_program(cursor, port);
}
