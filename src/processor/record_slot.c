#include "processor/record_slot.h"

#include <string.h>

#include "pawl/report.h"
#include "processor/flash.h"

/* A mark's bytes: its code, the code's complement, and so on to the end of the unit, so that a torn
 * mark reads as one whose code is unknown. */
#define MARK_SIZE 8u
#define ATTEMPT_CODE 0x5au

static uint32_t mark_unit(uint32_t write_size)
{
    return write_size < MARK_SIZE ? MARK_SIZE : write_size;
}

uint64_t pawl_record_half_min(uint32_t write_size)
{
    return pawl_align_up(PAWL_RECORD_SIZE, mark_unit(write_size)) + 2u * mark_unit(write_size);
}

static uint64_t half_offset(const struct pawl_port *port, unsigned slot, enum pawl_role role)
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
static enum pawl_result units_program(const struct pawl_port *port, uint64_t offset,
                                      const uint8_t *bytes, size_t size)
{
    uint8_t units[PAWL_WRITE_SIZE_MAX];
    size_t whole = (size_t)pawl_align_up(size, port->flash.write_size);

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

static uint64_t mark_offset(const struct pawl_port *port, unsigned slot, unsigned index)
{
    uint32_t unit = mark_unit(port->flash.write_size);
    return half_offset(port, slot, PAWL_ROLE_TRIAL) + pawl_align_up(PAWL_RECORD_SIZE, unit) +
           (uint64_t)index * unit;
}

static void mark_make(uint8_t code, uint8_t mark[MARK_SIZE])
{
    for (unsigned i = 0; i < MARK_SIZE; i++)
        mark[i] = (uint8_t)(i % 2 == 0 ? code : ~code);
}

static enum pawl_result mark_write(const struct pawl_port *port, unsigned slot, unsigned index,
                                   uint8_t code)
{
    uint8_t mark[MARK_SIZE];

    mark_make(code, mark);
    return units_program(port, mark_offset(port, slot, index), mark, sizeof mark);
}

enum pawl_result pawl_attempt_mark(const struct pawl_port *port, unsigned slot)
{
    return mark_write(port, slot, 0, ATTEMPT_CODE);
}

enum pawl_result pawl_outcome_mark(const struct pawl_port *port, unsigned slot, uint64_t failure)
{
    return mark_write(port, slot, 1, (uint8_t)(failure & 0xff));
}

static enum pawl_result mark_read(const struct pawl_port *port, unsigned slot, unsigned index,
                                  bool *present, uint64_t *code)
{
    uint8_t held[MARK_SIZE];
    uint8_t blank[MARK_SIZE];
    uint8_t whole[MARK_SIZE];

    enum pawl_result result =
        pawl_flash_read(port, mark_offset(port, slot, index), held, sizeof held);
    if (result != PAWL_OK)
        return result;
    memset(blank, port->flash.erased, sizeof blank);
    mark_make(held[0], whole);
    *present = memcmp(held, blank, sizeof held) != 0;
    *code = memcmp(held, whole, sizeof held) == 0 ? held[0] : PAWL_FAILURE_POWER;
    return PAWL_OK;
}

enum pawl_result pawl_marks_read(const struct pawl_port *port, unsigned slot,
                                 struct pawl_marks *marks)
{
    struct pawl_marks read = {0};
    uint64_t ignored = 0;

    enum pawl_result result = mark_read(port, slot, 0, &read.attempted, &ignored);
    if (result == PAWL_OK)
        result = mark_read(port, slot, 1, &read.ended, &read.failure);
    if (result == PAWL_OK)
        *marks = read;
    return result;
}
