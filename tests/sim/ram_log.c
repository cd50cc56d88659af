/* The counter log in the place of a hardware counter and cells: its flash is the device's, and
 * fails with it. */
#include <assert.h>
#include <string.h>

#include "sim/ram_fault.h"

/* A cut may have hit an increment: whether that was made is known when the log was opened. */
static void counter_follow(struct pawl_ram_port *ram)
{
    while (ram->counter < ram->log.value)
        pawl_ram_counter_move(ram, 1);
}

/* As a port does at its start; once more when it failed there. */
static enum pawl_result opened(struct pawl_ram_port *ram)
{
    enum pawl_result result = ram->log.open ? PAWL_OK : pawl_counter_log_open(&ram->log);
    if (result == PAWL_OK && ram->log.loaded)
        counter_follow(ram);
    return result;
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    struct pawl_ram_port *ram = context;

    enum pawl_result result = opened(ram);
    if (result == PAWL_OK)
        result = pawl_counter_log_read(&ram->log, value);
    if (result == PAWL_OK)
        counter_follow(ram);
    return result;
}

static enum pawl_result counter_increment(void *context)
{
    struct pawl_ram_port *ram = context;

    enum pawl_result result = opened(ram);
    if (result == PAWL_OK)
        result = pawl_counter_log_increment(&ram->log);
    if (result == PAWL_OK)
        counter_follow(ram);
    return result;
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    enum pawl_result result = opened(ram);
    return result == PAWL_OK ? pawl_counter_log_cell_read(&ram->log, index, cell) : result;
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_ram_port *ram = context;

    enum pawl_result result = opened(ram);
    return result == PAWL_OK ? pawl_counter_log_cell_write(&ram->log, index, cell) : result;
}

void pawl_ram_log_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry)
{
    if (geometry->log_sectors == 0)
        return;
    ram->port.protected_store = (struct pawl_protected){.counter_read = counter_read,
                                                        .counter_increment = counter_increment,
                                                        .cell_read = cell_read,
                                                        .cell_write = cell_write};
    ram->log.port = &ram->port;
    enum pawl_result result = pawl_counter_log_format(&ram->log);
    assert(result == PAWL_OK);
}
