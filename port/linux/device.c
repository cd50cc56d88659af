#include "device.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/log.h"
#include "host/secret.h"
#include "pawl/processor.h"
#include "pud_file.h"
#include "state_directory.h"

static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    const struct pawl_device *device = context;

    return pawl_flash_file_read(&device->flash, offset, bytes, size);
}

static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    const struct pawl_device *device = context;

    return pawl_flash_file_program(&device->flash, offset, bytes, size);
}

static enum pawl_result flash_verify(void *context, size_t offset, const void *bytes, size_t size)
{
    const struct pawl_device *device = context;

    return pawl_flash_file_verify(&device->flash, offset, bytes, size);
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    const struct pawl_device *device = context;

    return pawl_flash_file_erase(&device->flash, offset, size);
}

static enum pawl_result flash_sync(void *context)
{
    const struct pawl_device *device = context;

    return pawl_flash_file_sync(&device->flash);
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    const struct pawl_device *device = context;

    return device->counter.kind->read(device->counter.store, value);
}

static enum pawl_result counter_increment(void *context)
{
    const struct pawl_device *device = context;

    return device->counter.kind->increment(device->counter.store);
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    const struct pawl_device *device = context;

    return device->counter.kind->cell_read(device->counter.store, index, cell);
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    const struct pawl_device *device = context;

    return device->counter.kind->cell_write(device->counter.store, index, cell);
}

static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    struct pawl_device *device = context;

    return pawl_executor_load_begin(&device->executor, manifest);
}

static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
{
    struct pawl_device *device = context;

    return pawl_executor_load(&device->executor, offset, bytes, size);
}

static void load_abort(void *context)
{
    struct pawl_device *device = context;

    pawl_executor_load_abort(&device->executor);
}

static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    struct pawl_device *device = context;

    return pawl_executor_run(&device->executor, manifest, trial);
}

static void stop(void *context)
{
    struct pawl_device *device = context;

    pawl_executor_stop(&device->executor);
}

static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    uint8_t *next = bytes;

    (void)context;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno != EINTR)
            return PAWL_IO;
        if (got > 0) {
            next += got;
            size -= (size_t)got;
        }
    }
    return PAWL_OK;
}

static void port_make(struct pawl_device *device, const struct pawl_settings *settings)
{
    struct pawl_port *port = &device->port;

    *port = (struct pawl_port){
        .context = device,
        .flash = {.read = flash_read,
                  .program = flash_program,
                  .verify = flash_verify,
                  .erase = flash_erase,
                  .sync = flash_sync},
        .protected_store = {.counter_read = counter_read,
                            .counter_increment = counter_increment,
                            .cell_read = cell_read,
                            .cell_write = cell_write},
        .executor =
            {.kinds = {[PAWL_KIND_EXEC] = true, [PAWL_KIND_OPAQUE] = settings->handler != NULL},
             .network = settings->network,
             .image_size_max =
                 settings->image_max < SIZE_MAX ? (size_t)settings->image_max : SIZE_MAX,
             .load_begin = load_begin,
             .load = load,
             .load_abort = load_abort,
             .run = run,
             .stop = stop},
        .entropy = entropy,
    };
    pawl_flash_file_describe(&device->flash, &port->flash);
}

/* The counter is made before the flash has its size: a device with flash has a counter, or lost it.
 */
static enum pawl_result state_open(struct pawl_device *device, const struct pawl_settings *settings)
{
    bool fresh = false;
    enum pawl_result result = pawl_state_directory_open(settings->state, &device->directory);

    if (result == PAWL_OK)
        result =
            pawl_state_directory_claim(device->directory, settings->state, device->pud->device_id);
    if (result == PAWL_OK)
        result =
            pawl_flash_file_open(&device->flash, device->directory, settings->slot_size, &fresh);
    if (result != PAWL_OK)
        return result;

    const struct pawl_counter_place place = {
        .directory = device->directory,
        .argument = settings->counter_argument,
        .pud = device->pud,
        .helper = device->counter.helper,
        .fresh = fresh,
        .make = settings->make_counter,
    };
    result = pawl_counter_open(&device->counter, settings->counter, &place);
    if (result == PAWL_OK && fresh)
        result = pawl_flash_file_format(&device->flash, device->directory, settings->slot_size);
    return result;
}

enum pawl_result pawl_device_open(struct pawl_device *device, const struct pawl_settings *settings,
                                  int launcher, int counter_helper)
{
    *device = (struct pawl_device){
        .directory = -1, .flash = {.fd = -1}, .counter = {.helper = counter_helper}};
    device->executor = (struct pawl_executor_linux){.timer = -1, .image = -1};
    device->pud = pawl_secret_alloc(sizeof *device->pud);
    device->memory = pawl_secret_alloc(pawl_processor_size());
    device->chunk = pawl_secret_alloc(PAWL_DEVICE_CHUNK_CAPACITY);
    if (device->pud == NULL || device->memory == NULL || device->chunk == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");

    enum pawl_result result = pawl_pud_file_read(settings->pud, device->pud);
    if (result == PAWL_OK)
        result = state_open(device, settings);
    if (result == PAWL_OK)
        result = pawl_executor_open(&device->executor, launcher, settings->image_max);
    if (result == PAWL_OK)
        port_make(device, settings);
    return result;
}

void pawl_device_close(struct pawl_device *device)
{
    pawl_executor_close(&device->executor);
    if (device->flash.fd >= 0)
        (void)pawl_flash_file_sync(&device->flash);
    pawl_flash_file_close(&device->flash);
    pawl_counter_close(&device->counter);
    if (device->directory >= 0)
        close(device->directory);
    pawl_secret_free(device->chunk, PAWL_DEVICE_CHUNK_CAPACITY);
    pawl_secret_free(device->memory, pawl_processor_size());
    pawl_secret_free(device->pud, sizeof *device->pud);
    *device = (struct pawl_device){.directory = -1, .flash = {.fd = -1}, .counter = {.helper = -1}};
}
