/* Flash in memory: program by AND (or OR, where erased bits read as zero), erase by pages, each of
 * them torn when power fails inside; a write-back cache; read disturb. It asserts the contract of
 * include/pawl/port.h: whole aligned units, erased since they were programmed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ram_fault.h"

#define RECORD_PAGES 4u /* two pages for each half */

static void bounds_check(const struct pawl_ram_port *ram, size_t offset, size_t size)
{
    assert(offset <= ram->flash_size && size <= ram->flash_size - offset);
}

static void disturb(struct pawl_ram_port *ram)
{
    if (ram->disturb_period == 0 || ram->reads % ram->disturb_period != 0)
        return;
    uint64_t bit = pawl_ram_draw(&ram->random) % (8 * ram->flash_size);
    ram->flash[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ram->disturbed++;
}

static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    struct pawl_ram_port *ram = context;

    bounds_check(ram, offset, size);
    if (!pawl_ram_read(ram))
        return PAWL_IO;
    if (ram->witness.reads)
        ram->witness.reads(ram);
    memcpy(bytes, ram->flash + offset, size);
    disturb(ram);
    return PAWL_OK;
}

/* The contract of a program: whole aligned units, each erased since it was last programmed. */
static void units_claim(struct pawl_ram_port *ram, size_t offset, size_t size)
{
    const struct pawl_flash *flash = &ram->port.flash;
    uint32_t unit = flash->write_size;

    assert(size > 0 && offset % unit == 0 && size % unit == 0);
    for (uint64_t at = offset; at < offset + size; at += unit) {
        assert(!ram->written[at / unit]);
        ram->written[at / unit] = 1;
        for (uint64_t later = at + unit; ram->ascending && later % flash->page_size != 0;
             later += unit)
            assert(!ram->written[later / unit]);
    }
}

static void bytes_program(struct pawl_ram_port *ram, size_t offset, const uint8_t *bytes,
                          size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (ram->port.flash.erased == 0xff)
            ram->flash[offset + i] &= bytes[i];
        else
            ram->flash[offset + i] |= bytes[i];
    }
}

/* Whole units, then one of which each bit was programmed or not. */
static void program_tear(struct pawl_ram_port *ram, size_t offset, const uint8_t *bytes,
                         size_t size)
{
    uint32_t unit = ram->port.flash.write_size;
    size_t done = (size_t)pawl_ram_torn_part(ram, size / unit) * unit;
    uint8_t torn[PAWL_WRITE_SIZE_MAX];

    units_claim(ram, offset, done + unit);
    bytes_program(ram, offset, bytes, done);
    memcpy(torn, ram->flash + offset + done, unit);
    pawl_ram_bits_mix(ram, torn, bytes + done, unit);
    bytes_program(ram, offset + done, torn, unit);
}

static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    struct pawl_ram_port *ram = context;

    bounds_check(ram, offset, size);
    enum pawl_ram_fate fate =
        pawl_ram_change(ram, PAWL_RAM_PROGRAM, size / ram->port.flash.write_size);
    if (fate == PAWL_RAM_TORN)
        program_tear(ram, offset, bytes, size);
    if (fate == PAWL_RAM_DONE || fate == PAWL_RAM_DONE_UNHEARD) {
        units_claim(ram, offset, size);
        if (!ram->drop_programs)
            bytes_program(ram, offset, bytes, size);
    }
    return pawl_ram_told(ram, fate);
}

static void pages_erase(struct pawl_ram_port *ram, size_t offset, size_t size)
{
    uint32_t unit = ram->port.flash.write_size;

    memset(ram->flash + offset, ram->port.flash.erased, size);
    memset(ram->written + offset / unit, 0, size / unit);
}

/* Whole pages, then one of which some bits were erased; none of its units may be programmed before
 * another erase. */
static void erase_tear(struct pawl_ram_port *ram, size_t offset, size_t size)
{
    const struct pawl_flash *flash = &ram->port.flash;
    uint64_t done = pawl_ram_torn_part(ram, size / flash->page_size) * flash->page_size;

    pages_erase(ram, offset, done);
    for (uint32_t i = 0; i < flash->page_size; i++)
        pawl_ram_bits_mix(ram, ram->flash + offset + done + i, &flash->erased, 1);
    memset(ram->written + (offset + done) / flash->write_size, 1,
           flash->page_size / flash->write_size);
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    struct pawl_ram_port *ram = context;
    uint32_t page_size = ram->port.flash.page_size;

    bounds_check(ram, offset, size);
    assert(size > 0 && offset % page_size == 0 && size % page_size == 0);
    enum pawl_ram_fate fate = pawl_ram_change(ram, PAWL_RAM_ERASE, size / page_size);
    if (fate == PAWL_RAM_TORN)
        erase_tear(ram, offset, size);
    if (fate == PAWL_RAM_DONE || fate == PAWL_RAM_DONE_UNHEARD)
        pages_erase(ram, offset, size);
    /* Who is told that it is erased may program it. */
    if (pawl_ram_told(ram, fate) == PAWL_OK)
        memset(ram->written + offset / ram->port.flash.write_size, 0,
               size / ram->port.flash.write_size);
    return pawl_ram_told(ram, fate);
}

/* A sync is no change of its own: it makes the changes before it last. */
static enum pawl_result flash_sync(void *context)
{
    struct pawl_ram_port *ram = context;

    if (ram->dead)
        return PAWL_IO;
    memcpy(ram->durable, ram->flash, ram->flash_size);
    memcpy(ram->durable_written, ram->written, ram->flash_size / ram->port.flash.write_size);
    return PAWL_OK;
}

void pawl_ram_flash_lose(struct pawl_ram_port *ram)
{
    const struct pawl_flash *flash = &ram->port.flash;
    size_t units = flash->page_size / flash->write_size;
    uint64_t seed = ram->operations + 1;

    if (ram->durable == NULL)
        return;
    for (uint64_t page = 0; page < ram->flash_size / flash->page_size; page++) {
        uint64_t offset = page * flash->page_size;
        if (pawl_ram_draw(&seed) & 1)
            continue;
        memcpy(ram->flash + offset, ram->durable + offset, flash->page_size);
        memcpy(ram->written + page * units, ram->durable_written + page * units, units);
    }
    memcpy(ram->durable, ram->flash, ram->flash_size);
    memcpy(ram->durable_written, ram->written, ram->flash_size / flash->write_size);
}

static void *memory_get(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

static void areas_lay_out(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry)
{
    struct pawl_flash *flash = &ram->port.flash;
    uint64_t offset = 0;

    for (unsigned slot = 0; slot < PAWL_SLOT_COUNT; slot++) {
        flash->slots[slot] = (struct pawl_area){offset, geometry->slot_size[slot]};
        offset += geometry->slot_size[slot];
        uint64_t size = (uint64_t)RECORD_PAGES * geometry->page_size;
        flash->records[slot] = (struct pawl_area){offset, size};
        offset += size;
    }
    ram->log.sector_size = geometry->log_sector_size;
    ram->log.area =
        (struct pawl_area){offset, (uint64_t)geometry->log_sectors * geometry->log_sector_size};
    ram->flash_size = offset + ram->log.area.size;
}

void pawl_ram_flash_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry)
{
    ram->port.flash = (struct pawl_flash){.page_size = geometry->page_size,
                                          .write_size = geometry->write_size,
                                          .erased = geometry->erased,
                                          .read = flash_read,
                                          .program = flash_program,
                                          .erase = flash_erase,
                                          .sync = geometry->cached ? flash_sync : NULL};
    ram->ascending = geometry->ascending;
    areas_lay_out(ram, geometry);
    size_t units = (size_t)(ram->flash_size / geometry->write_size);
    ram->flash = memory_get(ram->flash_size);
    memset(ram->flash, geometry->erased, ram->flash_size);
    ram->written = memory_get(units);
    if (!geometry->cached)
        return;
    ram->durable = memory_get(ram->flash_size);
    memset(ram->durable, geometry->erased, ram->flash_size);
    ram->durable_written = memory_get(units);
}

void pawl_ram_flash_release(struct pawl_ram_port *ram)
{
    free(ram->flash);
    free(ram->written);
    free(ram->durable);
    free(ram->durable_written);
}

void pawl_ram_flash_copy(struct pawl_ram_port *target, const struct pawl_ram_port *source)
{
    size_t units = (size_t)(source->flash_size / source->port.flash.write_size);

    memcpy(target->flash, source->flash, source->flash_size);
    memcpy(target->written, source->written, units);
    if (target->durable == NULL)
        return;
    memcpy(target->durable, source->flash, source->flash_size);
    memcpy(target->durable_written, source->written, units);
}
