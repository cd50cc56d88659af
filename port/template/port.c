/*
 * A skeleton to copy: what a port gives to the secure processor (include/pawl/port.h), one function
 * for each thing that only the hardware can do. docs/porting.md goes through them in this order;
 * port/mps2-an385 is this file filled in. As it stands every callback fails, and so does
 * conformance.
 */
#include "port.h"

#include "pawl/counter_log.h"

/* What lies where in flash. Areas are whole pages and apart; slots need not have the same size. A
 * package in flash is as large as the image, 16 bytes more for each chunk, and its preamble. */
enum {
    PAGE = 4096,         /* what one erase clears */
    LOG = 0x000000,      /* counter and cells, where the chip has none: four pages */
    RECORDS_0 = 0x10000, /* two pages each */
    RECORDS_1 = 0x12000,
    SLOT_0 = 0x20000,
    SLOT_1 = 0x60000,
    SLOT_SIZE = 0x40000
};

/* Bytes that can't be read (as after a torn write, with error correction) are an error; anything
 * that can be read is not, whatever it is. */
static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    (void)context, (void)offset, (void)bytes, (void)size;
    return PAWL_STORAGE;
}

/* Returns when it is done: the engine reads back, and what it read back must stay. */
static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    (void)context, (void)offset, (void)bytes, (void)size;
    return PAWL_STORAGE;
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    (void)context, (void)offset, (void)size;
    return PAWL_STORAGE;
}

/* A counter in hardware, if there is one that can't be turned back; else the log in flash that the
 * secure side alone can write (docs/flash-counter.md): pawl_counter_log_read() and its sisters. */
static enum pawl_result counter_read(void *context, uint64_t *value)
{
    (void)context, (void)value;
    return PAWL_STORAGE;
}

static enum pawl_result counter_increment(void *context)
{
    (void)context;
    return PAWL_STORAGE;
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context, (void)index, (void)cell;
    return PAWL_STORAGE;
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context, (void)index, (void)cell;
    return PAWL_STORAGE;
}

/* From a noise source, with its health tests. What tells two copies of a device apart is this alone
 * (SPEC 2.6): a generator that is seeded with the device's secret is not enough. */
static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
    return PAWL_IO;
}

/* Room for an image: checks the manifest against what the board can do, and stops nothing. */
static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    (void)context, (void)manifest;
    return PAWL_UNSUPPORTED;
}

/* Parts come in ascending order. They are not to be trusted before run() is called. */
static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
{
    (void)context, (void)offset, (void)bytes, (void)size;
    return PAWL_UNSUPPORTED;
}

static void load_abort(void *context)
{
    (void)context;
}

/* Starts it without privilege, and returns: what becomes of it is told to pawl_processor_ran(). In
 * a trial the port ends it at the manifest's deadline, whatever it does. */
static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    (void)context, (void)manifest, (void)trial;
    return PAWL_UNSUPPORTED;
}

/* Ends what runs, if anything does, and wipes its memory. */
static void stop(void *context)
{
    (void)context;
}

void port_make(struct pawl_port *port, void *context)
{
    *port = (struct pawl_port){
        .context = context,
        .flash = {.page_size = PAGE,
                  .write_size = 8, /* the unit of a program, and its alignment */
                  .erased = 0xff,
                  .slots = {{SLOT_0, SLOT_SIZE}, {SLOT_1, SLOT_SIZE}},
                  .records = {{RECORDS_0, 2 * PAGE}, {RECORDS_1, 2 * PAGE}},
                  .read = flash_read,
                  .program = flash_program,
                  .erase = flash_erase,
                  .sync = NULL}, /* only where a program or an erase is not durable by itself */
        .protected_store = {.counter_read = counter_read,
                            .counter_increment = counter_increment,
                            .cell_read = cell_read,
                            .cell_write = cell_write},
        .executor = {.kinds = {[PAWL_KIND_RAW] = true},
                     .image_size_max = 0,
                     .window_start = 0,
                     .window_end = 0,
                     .load_begin = load_begin,
                     .load = load,
                     .load_abort = load_abort,
                     .run = run,
                     .stop = stop},
        .entropy = entropy,
    };
}

void port_scratch(struct pawl_area *area)
{
    *area = (struct pawl_area){SLOT_1, 2 * PAGE};
}
