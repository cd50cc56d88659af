#include "sim/ram_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_PAGES 4u /* two pages for each half */
#define IMAGE_CAPACITY (1u << 16)

/* Counts a change; true when power is gone, or the change is the one that fails. */
static bool change_fails(struct pawl_ram_port *ram, enum pawl_ram_operation operation)
{
    ram->operations++;
    ram->counts[operation]++;
    if (ram->cut_at != 0 && ram->operations >= ram->cut_at)
        ram->dead = true;
    if (ram->operations == ram->change_fails_at)
        ram->failed = true;
    return ram->dead || ram->operations == ram->change_fails_at;
}

/* Whether the change that was just counted, and fails, is made in part. */
static bool change_tears(const struct pawl_ram_port *ram)
{
    return ram->tear != 0 &&
           (ram->operations == ram->cut_at || ram->operations == ram->change_fails_at);
}

/* splitmix64: the same numbers in every run of a test. */
static uint64_t random_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Some first parts of `count` are done, the next one in part. */
static uint64_t parts_done_draw(struct pawl_ram_port *ram, uint64_t count)
{
    return random_draw(&ram->tear) % count;
}

/* Takes each bit from either. */
static void bits_mix(struct pawl_ram_port *ram, uint8_t *bytes, const uint8_t *others, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t mask = (uint8_t)(random_draw(&ram->tear) & 0xff);
        bytes[i] = (uint8_t)((bytes[i] & mask) | (others[i] & ~mask));
    }
}

/* The same for reads, which are counted apart. */
static bool read_fails(struct pawl_ram_port *ram)
{
    ram->reads++;
    if (ram->reads == ram->read_fails_at)
        ram->failed = true;
    return ram->dead || ram->reads == ram->read_fails_at;
}

static enum pawl_result flash_read(void *context, uint64_t offset, void *bytes, size_t size)
{
    struct pawl_ram_port *ram = context;

    assert(offset <= ram->flash_size && size <= ram->flash_size - offset);
    if (read_fails(ram))
        return PAWL_IO;
    memcpy(bytes, ram->flash + offset, size);
    return PAWL_OK;
}

/* The contract of a program: whole aligned units, each erased since it was last programmed. */
static void units_claim(struct pawl_ram_port *ram, uint64_t offset, size_t size)
{
    uint32_t unit = ram->port.flash.write_size;

    assert(size > 0 && offset % unit == 0 && size % unit == 0);
    for (uint64_t at = offset; at < offset + size; at += unit) {
        assert(!ram->written[at / unit]);
        ram->written[at / unit] = 1;
    }
}

static void bytes_program(struct pawl_ram_port *ram, uint64_t offset, const uint8_t *bytes,
                          size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (ram->port.flash.erased == 0xff)
            ram->flash[offset + i] &= bytes[i];
        else
            ram->flash[offset + i] |= bytes[i];
    }
}

static void unit_program_torn(struct pawl_ram_port *ram, uint64_t offset, const uint8_t *bytes)
{
    uint8_t unit[PAWL_WRITE_SIZE_MAX];

    memcpy(unit, ram->flash + offset, ram->port.flash.write_size);
    bits_mix(ram, unit, bytes, ram->port.flash.write_size);
    bytes_program(ram, offset, unit, ram->port.flash.write_size);
}

static enum pawl_result flash_program(void *context, uint64_t offset, const void *bytes,
                                      size_t size)
{
    struct pawl_ram_port *ram = context;
    const uint8_t *next = bytes;

    assert(offset <= ram->flash_size && size <= ram->flash_size - offset);
    bool fails = change_fails(ram, PAWL_RAM_PROGRAM);
    if (fails && change_tears(ram)) {
        uint32_t unit = ram->port.flash.write_size;
        size_t done = (size_t)parts_done_draw(ram, size / unit) * unit;
        units_claim(ram, offset, done + unit);
        bytes_program(ram, offset, next, done);
        unit_program_torn(ram, offset + done, next + done);
    }
    if (fails)
        return PAWL_IO;
    units_claim(ram, offset, size);
    if (!ram->drop_programs)
        bytes_program(ram, offset, next, size);
    return PAWL_OK;
}

static void pages_erase(struct pawl_ram_port *ram, uint64_t offset, uint64_t size)
{
    uint32_t unit = ram->port.flash.write_size;

    memset(ram->flash + offset, ram->port.flash.erased, size);
    memset(ram->written + offset / unit, 0, size / unit);
}

/* Some bits are erased; no unit may be programmed before another erase. */
static void page_erase_torn(struct pawl_ram_port *ram, uint64_t offset)
{
    const struct pawl_flash *flash = &ram->port.flash;

    for (uint32_t i = 0; i < flash->page_size; i++)
        bits_mix(ram, ram->flash + offset + i, &flash->erased, 1);
    memset(ram->written + offset / flash->write_size, 1, flash->page_size / flash->write_size);
}

static enum pawl_result flash_erase(void *context, uint64_t offset, uint64_t size)
{
    struct pawl_ram_port *ram = context;
    const struct pawl_flash *flash = &ram->port.flash;

    assert(offset <= ram->flash_size && size <= ram->flash_size - offset);
    assert(size > 0 && offset % flash->page_size == 0 && size % flash->page_size == 0);
    bool fails = change_fails(ram, PAWL_RAM_ERASE);
    if (fails && change_tears(ram)) {
        uint64_t done = parts_done_draw(ram, size / flash->page_size) * flash->page_size;
        pages_erase(ram, offset, done);
        page_erase_torn(ram, offset + done);
    }
    if (fails)
        return PAWL_IO;
    pages_erase(ram, offset, size);
    return PAWL_OK;
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    struct pawl_ram_port *ram = context;

    if (read_fails(ram) || ram->counter_fault == PAWL_RAM_COUNTER_UNREADABLE)
        return PAWL_IO;
    *value = ram->counter;
    return PAWL_OK;
}

static enum pawl_result late_cell_write(struct pawl_ram_port *ram)
{
    if (!ram->has_late_cell)
        return PAWL_OK;
    if (change_fails(ram, PAWL_RAM_CELL))
        return PAWL_IO;
    memcpy(ram->cells[ram->late_index], ram->late_cell, PAWL_CELL_SIZE);
    ram->has_late_cell = false;
    return PAWL_OK;
}

static enum pawl_result counter_increment(void *context)
{
    struct pawl_ram_port *ram = context;

    if (change_fails(ram, PAWL_RAM_COUNTER))
        return PAWL_IO;
    switch (ram->counter_fault) {
    case PAWL_RAM_COUNTER_STUCK:
        return PAWL_OK;
    case PAWL_RAM_COUNTER_REFUSES:
    case PAWL_RAM_COUNTER_UNREADABLE:
        return PAWL_STORAGE;
    case PAWL_RAM_COUNTER_LIES:
        ram->counter++;
        return PAWL_STORAGE;
    case PAWL_RAM_COUNTER_JUMPS:
        ram->counter += 2;
        return PAWL_OK;
    case PAWL_RAM_COUNTER_VANISHES:
        ram->counter++;
        ram->counter_fault = PAWL_RAM_COUNTER_UNREADABLE;
        return PAWL_OK;
    case PAWL_RAM_COUNTER_SOUND:
        break;
    }
    ram->counter++;
    return late_cell_write(ram);
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    assert(index < 2);
    if (read_fails(ram))
        return PAWL_IO;
    bool late = ram->has_late_cell && ram->late_index == index;
    memcpy(cell, late ? ram->late_cell : ram->cells[index], PAWL_CELL_SIZE);
    return PAWL_OK;
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    assert(index < 2);
    if (ram->cell_late) {
        ram->has_late_cell = true;
        ram->late_index = index;
        memcpy(ram->late_cell, cell, PAWL_CELL_SIZE);
        return PAWL_OK;
    }
    bool fails = change_fails(ram, PAWL_RAM_CELL);
    if (fails && change_tears(ram))
        bits_mix(ram, ram->cells[index], cell, PAWL_CELL_SIZE);
    if (fails)
        return PAWL_IO;
    memcpy(ram->cells[index], cell, PAWL_CELL_SIZE);
    return PAWL_OK;
}

static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    struct pawl_ram_port *ram = context;

    assert(!ram->running && !ram->loading && manifest->image_size <= ram->image_capacity);
    if (ram->dead)
        return PAWL_IO;
    ram->loading = true;
    ram->image_size = 0;
    return PAWL_OK;
}

static enum pawl_result load(void *context, uint64_t offset, const uint8_t *bytes, size_t size)
{
    struct pawl_ram_port *ram = context;

    assert(ram->loading && offset == ram->image_size && size <= ram->image_capacity - offset);
    if (ram->dead)
        return PAWL_IO;
    memcpy(ram->image + offset, bytes, size);
    ram->image_size += size;
    return PAWL_OK;
}

static void image_forget(struct pawl_ram_port *ram)
{
    memset(ram->image, 0, ram->image_size);
    ram->image_size = 0;
    ram->loading = false;
    ram->running = false;
}

static void load_abort(void *context)
{
    image_forget(context);
}

static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    struct pawl_ram_port *ram = context;

    assert(ram->loading && ram->image_size == manifest->image_size);
    if (ram->dead || ram->run_fails)
        return PAWL_IO;
    ram->loading = false;
    ram->running = true;
    ram->trial = trial;
    ram->runs++;
    return PAWL_OK;
}

static void stop(void *context)
{
    image_forget(context);
}

/* The same bytes in every run of a test. */
static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    struct pawl_ram_port *ram = context;
    uint8_t *next = bytes;

    if (ram->dead || ram->entropy_fails)
        return PAWL_IO;
    for (size_t i = 0; i < size; i++)
        next[i] = (uint8_t)(random_draw(&ram->random) >> 56);
    return PAWL_OK;
}

static void *memory_get(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

static void areas_lay_out(struct pawl_flash *flash, const struct pawl_ram_geometry *geometry,
                          uint64_t *end)
{
    uint64_t offset = 0;

    for (unsigned slot = 0; slot < PAWL_SLOT_COUNT; slot++) {
        flash->slots[slot] = (struct pawl_area){offset, geometry->slot_size[slot]};
        offset += geometry->slot_size[slot];
        uint64_t size = (uint64_t)RECORD_PAGES * geometry->page_size;
        flash->records[slot] = (struct pawl_area){offset, size};
        offset += size;
    }
    *end = offset;
}

void pawl_ram_port_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry)
{
    memset(ram, 0, sizeof *ram);
    ram->port = (struct pawl_port){
        .context = ram,
        .flash = {.page_size = geometry->page_size,
                  .write_size = geometry->write_size,
                  .erased = geometry->erased,
                  .read = flash_read,
                  .program = flash_program,
                  .erase = flash_erase},
        .protected_store = {.counter_read = counter_read,
                            .counter_increment = counter_increment,
                            .cell_read = cell_read,
                            .cell_write = cell_write},
        .executor = {.kinds = {false, true, true, true},
                     .image_size_max = IMAGE_CAPACITY,
                     .window_start = 0x20000000,
                     .window_end = 0x20040000,
                     .load_begin = load_begin,
                     .load = load,
                     .load_abort = load_abort,
                     .run = run,
                     .stop = stop},
        .entropy = entropy,
    };
    areas_lay_out(&ram->port.flash, geometry, &ram->flash_size);
    ram->flash = memory_get(ram->flash_size);
    memset(ram->flash, geometry->erased, ram->flash_size);
    ram->written = memory_get(ram->flash_size / geometry->write_size);
    ram->image = memory_get(IMAGE_CAPACITY);
    ram->image_capacity = IMAGE_CAPACITY;
    ram->random = 1;
}

void pawl_ram_port_release(struct pawl_ram_port *ram)
{
    free(ram->flash);
    free(ram->written);
    free(ram->image);
    memset(ram, 0, sizeof *ram);
}

void pawl_ram_port_reset(struct pawl_ram_port *ram)
{
    image_forget(ram);
    ram->has_late_cell = false;
}

void pawl_ram_port_restart(struct pawl_ram_port *ram)
{
    pawl_ram_port_reset(ram);
    ram->dead = false;
    ram->cut_at = 0;
    ram->operations = 0;
    ram->reads = 0;
    ram->change_fails_at = 0;
    ram->read_fails_at = 0;
    ram->failed = false;
    ram->tear = 0;
    memset(ram->counts, 0, sizeof ram->counts);
}

void pawl_ram_port_copy(struct pawl_ram_port *target, const struct pawl_ram_port *source)
{
    memcpy(target->flash, source->flash, source->flash_size);
    memcpy(target->written, source->written, source->flash_size / source->port.flash.write_size);
    target->counter = source->counter;
    memcpy(target->cells, source->cells, sizeof target->cells);
}
