#include "conformance.h"

#include <string.h>

#include "processor/flash.h"

#define UNIT_MAX PAWL_WRITE_SIZE_MAX
#define DRAWS 16u
#define DRAW_SIZE 16u

struct check {
    const char *name;
    bool (*holds)(const struct pawl_conformance *conformance);
};

/* Whether every byte of a range of flash is `value`. */
static bool reads_as(const struct pawl_conformance *conformance, size_t offset, size_t size,
                     uint8_t value)
{
    const struct pawl_port *port = conformance->port;
    uint8_t bytes[64];

    for (size_t at = 0; at < size; at += sizeof bytes) {
        size_t part = size - at < sizeof bytes ? (size_t)(size - at) : sizeof bytes;
        if (port->flash.read(port->context, offset + at, bytes, part) != PAWL_OK)
            return false;
        for (size_t i = 0; i < part; i++)
            if (bytes[i] != value)
                return false;
    }
    return true;
}

static bool erase(const struct pawl_conformance *conformance, size_t page)
{
    const struct pawl_port *port = conformance->port;
    const uint32_t size = port->flash.page_size;

    return port->flash.erase(port->context, conformance->scratch.offset + page * size, size) ==
           PAWL_OK;
}

static bool program(const struct pawl_conformance *conformance, size_t offset, uint8_t value)
{
    const struct pawl_port *port = conformance->port;
    uint8_t unit[UNIT_MAX];

    memset(unit, value, port->flash.write_size);
    return port->flash.program(port->context, offset, unit, port->flash.write_size) == PAWL_OK;
}

static bool limits_make_sense(const struct pawl_conformance *conformance)
{
    const struct pawl_area *scratch = &conformance->scratch;
    const uint32_t page = conformance->port->flash.page_size;

    return pawl_port_check(conformance->port) == PAWL_OK && scratch->offset % page == 0 &&
           scratch->size >= 2 * (size_t)page;
}

static bool erased_flash_reads_erased(const struct pawl_conformance *conformance)
{
    const struct pawl_flash *flash = &conformance->port->flash;

    return erase(conformance, 0) && erase(conformance, 1) &&
           reads_as(conformance, conformance->scratch.offset, 2 * (size_t)flash->page_size,
                    flash->erased);
}

/* The smallest program reaches its bytes, and no others. */
static bool a_unit_is_programmed_alone(const struct pawl_conformance *conformance)
{
    const struct pawl_flash *flash = &conformance->port->flash;
    size_t start = conformance->scratch.offset, unit = flash->write_size;

    return program(conformance, start + unit, 0x5a) &&
           reads_as(conformance, start, unit, flash->erased) &&
           reads_as(conformance, start + unit, unit, 0x5a) &&
           reads_as(conformance, start + 2 * unit, flash->page_size - 2 * unit, flash->erased);
}

static bool the_last_unit_of_a_page_works(const struct pawl_conformance *conformance)
{
    const struct pawl_flash *flash = &conformance->port->flash;
    size_t last = conformance->scratch.offset + flash->page_size - flash->write_size;

    return program(conformance, last, 0xa5) &&
           reads_as(conformance, last, flash->write_size, 0xa5) &&
           reads_as(conformance, last + flash->write_size, flash->write_size, flash->erased);
}

static bool an_erase_takes_its_page_alone(const struct pawl_conformance *conformance)
{
    const struct pawl_flash *flash = &conformance->port->flash;
    size_t second = conformance->scratch.offset + flash->page_size;

    return program(conformance, second, 0x33) && erase(conformance, 0) &&
           reads_as(conformance, conformance->scratch.offset, flash->page_size, flash->erased) &&
           reads_as(conformance, second, flash->write_size, 0x33) && erase(conformance, 1);
}

static bool the_counter_counts_by_one(const struct pawl_conformance *conformance)
{
    const struct pawl_port *port = conformance->port;
    const struct pawl_protected *store = &port->protected_store;
    uint64_t before = 0, again = 1, after = 0;

    return store->counter_read(port->context, &before) == PAWL_OK &&
           store->counter_read(port->context, &again) == PAWL_OK && before == again &&
           store->counter_increment(port->context) == PAWL_OK &&
           store->counter_read(port->context, &after) == PAWL_OK && after == before + 1;
}

static bool cells_are_two(const struct pawl_conformance *conformance)
{
    const struct pawl_port *port = conformance->port;
    const struct pawl_protected *store = &port->protected_store;
    uint8_t cells[2][PAWL_CELL_SIZE], read[PAWL_CELL_SIZE];
    uint64_t before = 0, after = 1;
    bool holds = store->counter_read(port->context, &before) == PAWL_OK;

    for (unsigned i = 0; i < 2; i++) {
        memset(cells[i], 0x11 * (int)(i + 1), sizeof cells[i]);
        holds = holds && store->cell_write(port->context, i, cells[i]) == PAWL_OK;
    }
    for (unsigned i = 0; i < 2; i++)
        holds = holds && store->cell_read(port->context, i, read) == PAWL_OK &&
                memcmp(read, cells[i], sizeof read) == 0;
    return holds && store->counter_read(port->context, &after) == PAWL_OK && before == after;
}

/* No statement about how good it is: that it is there. */
static bool entropy_never_repeats(const struct pawl_conformance *conformance)
{
    const struct pawl_port *port = conformance->port;
    uint8_t draws[DRAWS][DRAW_SIZE];

    for (unsigned i = 0; i < DRAWS; i++) {
        if (port->entropy(port->context, draws[i], DRAW_SIZE) != PAWL_OK)
            return false;
        for (unsigned j = 0; j < i; j++)
            if (memcmp(draws[i], draws[j], DRAW_SIZE) == 0)
                return false;
    }
    return true;
}

static const struct check checks[] = {
    {"limits make sense", limits_make_sense},
    {"erased flash reads as erased", erased_flash_reads_erased},
    {"a unit is programmed alone", a_unit_is_programmed_alone},
    {"the last unit of a page works", the_last_unit_of_a_page_works},
    {"an erase takes its page alone", an_erase_takes_its_page_alone},
    {"the counter counts by one", the_counter_counts_by_one},
    {"there are two cells, beside the counter", cells_are_two},
    {"entropy never repeats", entropy_never_repeats},
};

unsigned pawl_conformance_run(const struct pawl_conformance *conformance)
{
    unsigned failures = pawl_conformance_crypto(conformance);

    for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        bool holds = checks[i].holds(conformance);
        conformance->tell(checks[i].name, holds);
        if (!holds)
            failures++;
        if (!holds && i == 0)
            break; /* nothing else would mean anything */
    }
    return failures;
}
