#include "device.h"

#include "an505.h"
#include "entropy.h"
#include "gateway.h"
#include "watchdog.h"

#define PAGE_SIZE 4096u
#define LOG_SECTORS 4u

static uint8_t chunk[PAWL_DEVICE_CHUNK_CAPACITY];
static _Alignas(PAWL_PROCESSOR_ALIGNMENT) uint8_t engine[PAWL_PROCESSOR_SIZE];

static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    const struct pawl_device *device = context;

    return pawl_nor_read(&device->nor, offset, bytes, size);
}

/* What takes long passes through here, and only that: a loop that does not is caught. */
static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    const struct pawl_device *device = context;

    pawl_watchdog_feed();
    return pawl_nor_program(&device->nor, offset, bytes, size);
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    const struct pawl_device *device = context;

    pawl_watchdog_feed();
    return pawl_nor_erase(&device->nor, offset, size);
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    struct pawl_device *device = context;

    return pawl_counter_log_read(&device->log, value);
}

static enum pawl_result counter_increment(void *context)
{
    struct pawl_device *device = context;

    return pawl_counter_log_increment(&device->log);
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_device *device = context;

    return pawl_counter_log_cell_read(&device->log, index, cell);
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    struct pawl_device *device = context;

    return pawl_counter_log_cell_write(&device->log, index, cell);
}

static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    (void)context;
    return pawl_entropy_get(bytes, size);
}

static void port_make(struct pawl_device *device)
{
    device->port = (struct pawl_port){
        .context = device,
        .flash = {.page_size = PAGE_SIZE,
                  .write_size = PAWL_NOR_WRITE_SIZE,
                  .erased = 0xff,
                  .slots = {{0x100000, 0x400000}, {0x500000, 0x400000}},
                  .records = {{0x020000, 2 * PAGE_SIZE}, {0x022000, 2 * PAGE_SIZE}},
                  .read = flash_read,
                  .program = flash_program,
                  .erase = flash_erase},
        .protected_store = {.counter_read = counter_read,
                            .counter_increment = counter_increment,
                            .cell_read = cell_read,
                            .cell_write = cell_write},
        .entropy = entropy,
    };
    pawl_executor_describe(&device->port.executor);
    device->log = (struct pawl_counter_log){.port = &device->port,
                                            .area = {0x010000, LOG_SECTORS * PAGE_SIZE},
                                            .sector_size = PAGE_SIZE};
}

/* In the factory: the counter first, so that a device with unit data always has one, and a lost one
 * is never made anew. One that a cut left, before there was unit data, stands at 0 still. */
static enum pawl_result provision(void *context, const uint8_t *pud, size_t size)
{
    struct pawl_device *device = context;
    struct pawl_pud checked;

    enum pawl_result result = pawl_pud_read(pud, size, &checked);
    if (result == PAWL_OK)
        result = pawl_counter_log_format(&device->log);
    if (result == PAWL_STATE)
        result = pawl_counter_log_open(&device->log);
    return result == PAWL_OK ? pawl_otp_write(&device->otp, pud, size) : result;
}

enum pawl_result pawl_device_open(struct pawl_device *device)
{
    uint64_t counter = 0;

    device->nor = (struct pawl_nor_memory){
        .words = an505_register(AN505_NVM, 0), .size = AN505_NVM_SIZE, .page_size = PAGE_SIZE};
    device->otp = (struct pawl_otp){.words = an505_register(AN505_NVM, 0)};
    device->link = (struct pawl_link_device){.provision = provision, .context = device};
    port_make(device);

    enum pawl_result result = pawl_otp_read(&device->otp, &device->pud);
    if (result == PAWL_OK)
        result = pawl_counter_log_open(&device->log);
    if (result == PAWL_OK)
        result = pawl_counter_log_read(&device->log, &counter);
    if (result == PAWL_OK)
        result = pawl_entropy_open(&device->pud, counter);
    if (result == PAWL_OK)
        result = pawl_processor_init(engine, &device->port, &device->pud, chunk, sizeof chunk,
                                     &device->processor);
    if (result != PAWL_OK)
        return result;
    device->link.processor = device->processor;
    device->link.pud = &device->pud;
    pawl_gateway_open(&device->image, device->processor);
    return PAWL_OK;
}
