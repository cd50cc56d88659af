/*
 * The AN385's port, made from port/template by docs/porting.md: NOR flash in the board's PSRAM, the
 * counter as a log in it, entropy from a clock. This board has one world: it is the proof that a
 * port is these functions, not a secure device, and it runs no images.
 */
#include "port.h"

#include "board.h"
#include "common/nor_memory.h"
#include "pawl/counter_log.h"
#include "pawl/crypto.h"

enum {
    PAGE = 4096,         /* what one erase clears */
    LOG = 0x000000,      /* counter and cells, where the chip has none: four pages */
    RECORDS_0 = 0x10000, /* two pages each */
    RECORDS_1 = 0x12000,
    SLOT_0 = 0x20000,
    SLOT_1 = 0x60000,
    SLOT_SIZE = 0x40000
};

static struct pawl_nor_memory nor = {
    .words = (volatile uint32_t *)AN385_NVM, .size = AN385_NVM_SIZE, .page_size = PAGE};
static struct pawl_counter_log counter;

static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    (void)context;
    return pawl_nor_read(&nor, offset, bytes, size);
}

static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    (void)context;
    return pawl_nor_program(&nor, offset, bytes, size);
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    (void)context;
    return pawl_nor_erase(&nor, offset, size);
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    (void)context;
    return pawl_counter_log_read(&counter, value);
}

static enum pawl_result counter_increment(void *context)
{
    (void)context;
    return pawl_counter_log_increment(&counter);
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context;
    return pawl_counter_log_cell_read(&counter, index, cell);
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context;
    return pawl_counter_log_cell_write(&counter, index, cell);
}

/* The phase of the clock against the loop that reads it, hashed: enough for this board's purpose.
 */
static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    static uint8_t state[PAWL_SHA256_SIZE];
    struct pawl_sha256 sha;
    uint8_t *next = bytes;

    (void)context;
    for (size_t i = 0; i < size; i++) {
        uint32_t now = SYST_CVR;
        pawl_sha256_init(&sha);
        pawl_sha256_update(&sha, state, sizeof state);
        pawl_sha256_update(&sha, &now, sizeof now);
        pawl_sha256_final(&sha, state);
        next[i] = state[i % sizeof state];
    }
    return PAWL_OK;
}

static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    (void)context, (void)manifest;
    return PAWL_UNSUPPORTED;
}

static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
{
    (void)context, (void)offset, (void)bytes, (void)size;
    return PAWL_UNSUPPORTED;
}

static void load_abort(void *context)
{
    (void)context;
}

static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    (void)context, (void)manifest, (void)trial;
    return PAWL_UNSUPPORTED;
}

static void stop(void *context)
{
    (void)context;
}

void port_make(struct pawl_port *port, void *context)
{
    *port = (struct pawl_port){
        .context = context,
        .flash = {.page_size = PAGE,
                  .write_size = PAWL_NOR_WRITE_SIZE,
                  .erased = 0xff,
                  .slots = {{SLOT_0, SLOT_SIZE}, {SLOT_1, SLOT_SIZE}},
                  .records = {{RECORDS_0, 2 * PAGE}, {RECORDS_1, 2 * PAGE}},
                  .read = flash_read,
                  .program = flash_program,
                  .erase = flash_erase},
        .protected_store = {.counter_read = counter_read,
                            .counter_increment = counter_increment,
                            .cell_read = cell_read,
                            .cell_write = cell_write},
        .executor = {.image_size_max = 0,
                     .window_start = 0,
                     .window_end = 0,
                     .load_begin = load_begin,
                     .load = load,
                     .load_abort = load_abort,
                     .run = run,
                     .stop = stop},
        .entropy = entropy,
    };
    counter = (struct pawl_counter_log){.port = port, .area = {LOG, 4 * PAGE}, .sector_size = PAGE};
    if (pawl_counter_log_format(&counter) == PAWL_STATE)
        (void)pawl_counter_log_open(&counter);
}

void port_scratch(struct pawl_area *area)
{
    *area = (struct pawl_area){SLOT_1, 2 * PAGE};
}
