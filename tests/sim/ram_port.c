#include "sim/ram_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ram_fault.h"

#define IMAGE_CAPACITY (1u << 16)

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    struct pawl_ram_port *ram = context;

    if (!pawl_ram_read(ram) || ram->counter_fault == PAWL_RAM_COUNTER_UNREADABLE)
        return PAWL_IO;
    *value = ram->counter;
    return PAWL_OK;
}

void pawl_ram_counter_move(struct pawl_ram_port *ram, uint64_t steps)
{
    ram->counter += steps;
    if (ram->witness.advanced && steps > 0)
        ram->witness.advanced(ram->witness.context);
}

static enum pawl_result counter_move(struct pawl_ram_port *ram, uint64_t steps,
                                     enum pawl_result result)
{
    pawl_ram_counter_move(ram, steps);
    return result;
}

static enum pawl_result counter_increment(void *context)
{
    struct pawl_ram_port *ram = context;
    enum pawl_ram_fate fate = pawl_ram_change(ram, PAWL_RAM_COUNTER, 0);

    if (fate == PAWL_RAM_DONE_UNHEARD)
        return counter_move(ram, 1, PAWL_IO);
    if (fate != PAWL_RAM_DONE)
        return pawl_ram_told(ram, fate);
    switch (ram->counter_fault) {
    case PAWL_RAM_COUNTER_STUCK:
        return PAWL_OK;
    case PAWL_RAM_COUNTER_REFUSES:
    case PAWL_RAM_COUNTER_UNREADABLE:
        return PAWL_STORAGE;
    case PAWL_RAM_COUNTER_LIES:
        return counter_move(ram, 1, PAWL_STORAGE);
    case PAWL_RAM_COUNTER_JUMPS:
        return counter_move(ram, 2, PAWL_OK);
    case PAWL_RAM_COUNTER_VANISHES:
        ram->counter_fault = PAWL_RAM_COUNTER_UNREADABLE;
        return counter_move(ram, 1, PAWL_OK);
    case PAWL_RAM_COUNTER_SOUND:
        break;
    }
    return counter_move(ram, 1, PAWL_OK);
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    assert(index < 2);
    if (!pawl_ram_read(ram))
        return PAWL_IO;
    memcpy(cell, ram->cells[index], PAWL_CELL_SIZE);
    return PAWL_OK;
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    assert(index < 2);
    enum pawl_ram_fate fate = pawl_ram_change(ram, PAWL_RAM_CELL, 1);
    if (fate == PAWL_RAM_TORN)
        pawl_ram_bits_mix(ram, ram->cells[index], cell, PAWL_CELL_SIZE);
    if (fate == PAWL_RAM_DONE || fate == PAWL_RAM_DONE_UNHEARD)
        memcpy(ram->cells[index], cell, PAWL_CELL_SIZE);
    return pawl_ram_told(ram, fate);
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

static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
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
    if (ram->witness.started)
        ram->witness.started(ram->witness.context, trial);
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
        next[i] = (uint8_t)(pawl_ram_draw(&ram->random) >> 56);
    return PAWL_OK;
}

void pawl_ram_port_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry)
{
    memset(ram, 0, sizeof *ram);
    ram->port = (struct pawl_port){
        .context = ram,
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
    pawl_ram_flash_init(ram, geometry);
    ram->image = calloc(1, IMAGE_CAPACITY);
    if (!ram->image)
        abort();
    ram->image_capacity = IMAGE_CAPACITY;
    ram->random = 1;
    pawl_ram_log_init(ram, geometry);
}

void pawl_ram_port_release(struct pawl_ram_port *ram)
{
    pawl_ram_flash_release(ram);
    free(ram->image);
    memset(ram, 0, sizeof *ram);
}

void pawl_ram_port_reset(struct pawl_ram_port *ram)
{
    ram->log.open = false;
    image_forget(ram);
}

void pawl_ram_port_restart(struct pawl_ram_port *ram)
{
    pawl_ram_port_reset(ram);
    if (ram->dead && !ram->cut_resets)
        pawl_ram_flash_lose(ram);
    ram->dead = false;
    ram->cut_at = 0;
    ram->cut_after = false;
    ram->cut_resets = false;
    ram->parts_count = 0;
    ram->operations = 0;
    ram->reads = 0;
    ram->change_fails_at = 0;
    ram->read_fails_at = 0;
    ram->change_lies = false;
    ram->failed = false;
    ram->tear = 0;
    ram->tear_part = 0;
    ram->disturb_period = 0;
    memset(ram->counts, 0, sizeof ram->counts);
}

void pawl_ram_port_copy(struct pawl_ram_port *target, const struct pawl_ram_port *source)
{
    pawl_ram_flash_copy(target, source);
    target->log.open = false;
    target->counter = source->counter;
    memcpy(target->cells, source->cells, sizeof target->cells);
}
