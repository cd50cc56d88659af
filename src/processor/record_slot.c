#include "processor/record_slot.h"

#include <string.h>

#include "pawl/report.h"
#include "processor/flash.h"

/* A mark's bytes: its code, the code's complement, and so on to the end of the unit, so that a torn
 * mark reads as one whose code is unknown. */
#define MARK_SIZE 8u

static uint32_t mark_unit(uint32_t write_size)
{
    return write_size < MARK_SIZE ? MARK_SIZE : write_size;
}

size_t pawl_record_half_min(uint32_t write_size)
{
    return pawl_align_up(PAWL_RECORD_SIZE, mark_unit(write_size)) + 2u * mark_unit(write_size);
}

static size_t half_offset(const struct pawl_port *port, unsigned slot, enum pawl_role role)
{
    const struct pawl_area *area = &port->flash.records[slot];
    return area->offset + (role == PAWL_ROLE_COMMITTED ? area->size / 2 : 0);
}

enum pawl_result pawl_record_erase(const struct pawl_port *port, unsigned slot, enum pawl_role role)
{
    enum pawl_result result =
        pawl_flash_erase(port, half_offset(port, slot, role), port->flash.records[slot].size / 2);
    return result == PAWL_OK ? pawl_flash_sync(port) : result;
}

/* A record or mark in whole write units. */
static enum pawl_result units_program(const struct pawl_port *port, size_t offset,
                                      const uint8_t *bytes, size_t size)
{
    uint8_t units[PAWL_WRITE_SIZE_MAX];
    size_t whole = pawl_align_up(size, port->flash.write_size);

    memset(units, port->flash.erased, sizeof units);
    memcpy(units, bytes, size);
    enum pawl_result result = pawl_flash_program(port, offset, units, whole);
    return result == PAWL_OK ? pawl_flash_sync(port) : result;
}

enum pawl_result pawl_record_store(const struct pawl_port *port, unsigned slot, enum pawl_role role,
                                   const uint8_t bytes[PAWL_RECORD_SIZE])
{
    enum pawl_result result = pawl_record_erase(port, slot, role);
    if (result == PAWL_OK)
        result = units_program(port, half_offset(port, slot, role), bytes, PAWL_RECORD_SIZE);
    return result;
}

enum pawl_result pawl_record_fetch(const struct pawl_port *port, unsigned slot, enum pawl_role role,
                                   uint8_t bytes[PAWL_RECORD_SIZE])
{
    return pawl_flash_read(port, half_offset(port, slot, role), bytes, PAWL_RECORD_SIZE);
}

static size_t mark_offset(const struct pawl_port *port, unsigned slot, enum pawl_mark mark)
{
    uint32_t unit = mark_unit(port->flash.write_size);
    return half_offset(port, slot, PAWL_ROLE_TRIAL) + pawl_align_up(PAWL_RECORD_SIZE, unit) +
           (size_t)mark * unit;
}

enum pawl_result pawl_mark_write(const struct pawl_port *port, unsigned slot, enum pawl_mark mark,
                                 uint32_t code)
{
    uint8_t bytes[MARK_SIZE];

    for (unsigned i = 0; i < MARK_SIZE; i++)
        bytes[i] = (uint8_t)((i % 2 == 0 ? code : ~code) & 0xff);
    return units_program(port, mark_offset(port, slot, mark), bytes, sizeof bytes);
}

enum pawl_result pawl_mark_read(const struct pawl_port *port, unsigned slot, enum pawl_mark mark,
                                uint32_t *code)
{
    const uint8_t erased = port->flash.erased;
    uint8_t held[MARK_SIZE];

    enum pawl_result result =
        pawl_flash_read(port, mark_offset(port, slot, mark), held, sizeof held);
    if (result != PAWL_OK)
        return result;
    *code = PAWL_FAILURE_POWER;
    if (memcmp(held, held + 2, MARK_SIZE - 2) == 0) { /* the first two bytes again and again */
        if (held[0] == erased && held[1] == erased)
            *code = 0;
        else if (held[0] != 0 && (held[0] ^ held[1]) == 0xff)
            *code = held[0];
    }
    return PAWL_OK;
}
