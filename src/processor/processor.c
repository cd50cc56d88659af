#include "pawl/processor.h"

#include <string.h>

#include "processor/engine.h"
#include "processor/flash.h"

#define CHUNK_CAPACITY_MIN (PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD)

size_t pawl_processor_size(void)
{
    return sizeof(struct pawl_processor);
}

enum pawl_result pawl_processor_init(void *memory, const struct pawl_port *port,
                                     const struct pawl_pud *pud, uint8_t *chunk_buffer,
                                     size_t chunk_capacity, struct pawl_processor **processor)
{
    struct pawl_processor *engine = memory;

    if ((uintptr_t)memory % PAWL_PROCESSOR_ALIGNMENT != 0 || chunk_capacity < CHUNK_CAPACITY_MIN ||
        pud->anchor_count < 1 || pud->anchor_count > PAWL_ANCHOR_MAX ||
        pawl_port_check(port) != PAWL_OK)
        return PAWL_STATE;
    memset(engine, 0, sizeof *engine);
    engine->port = port;
    engine->pud = pud;
    engine->chunk = chunk_buffer;
    engine->chunk_capacity = chunk_capacity;
    enum pawl_result result = pawl_ledger_load(engine);
    if (result == PAWL_OK)
        *processor = engine;
    return result;
}

void pawl_processor_release(struct pawl_processor *engine)
{
    pawl_attempt_stop(engine);
    pawl_download_suspend(engine);
    pawl_wipe(engine, sizeof *engine);
}

enum pawl_result pawl_processor_boot(struct pawl_processor *engine)
{
    if (!engine->settled)
        return pawl_ledger_settle(engine);
    return pawl_engine_handle(engine, PAWL_EVENT_BOOT, NULL);
}

static enum pawl_result bytes_write(struct pawl_processor *engine, uint64_t offset,
                                    const struct pawl_input *input)
{
    const struct pawl_download *download = &engine->download;

    enum pawl_result result = pawl_ledger_settle(engine);
    if (result == PAWL_OK && engine->state != PAWL_STATE_WRITING)
        result = PAWL_STATE;
    if (result == PAWL_OK && !download->open) {
        result = pawl_engine_handle(engine, PAWL_EVENT_AGAIN, NULL);
        if (result == PAWL_OK)
            result = pawl_download_complete(engine);
    }
    if (result != PAWL_OK)
        return result;
    if (engine->state != PAWL_STATE_WRITING || offset != download->offset)
        return PAWL_STATE;
    result = pawl_engine_handle(engine, PAWL_EVENT_BYTES, input);
    return result == PAWL_OK ? pawl_download_complete(engine) : result;
}

enum pawl_result pawl_processor_write(struct pawl_processor *engine, uint64_t offset,
                                      const uint8_t *bytes, size_t size, uint64_t *next)
{
    const struct pawl_input input = {.bytes = bytes, .size = size};

    enum pawl_result result = bytes_write(engine, offset, &input);
    *next = engine->download.offset;
    return result;
}

enum pawl_result pawl_processor_install(struct pawl_processor *engine)
{
    enum pawl_result result = pawl_ledger_settle(engine);
    if (result == PAWL_OK)
        result = pawl_engine_handle(engine, PAWL_EVENT_INSTALL, NULL);
    if (result == PAWL_OK)
        result = pawl_engine_handle(engine, PAWL_EVENT_LOADED, NULL);
    return result;
}

enum pawl_result pawl_processor_cancel(struct pawl_processor *engine)
{
    enum pawl_result result = pawl_ledger_settle(engine);
    return result == PAWL_OK ? pawl_engine_handle(engine, PAWL_EVENT_CANCEL, NULL) : result;
}

void pawl_processor_status_get(const struct pawl_processor *engine,
                               struct pawl_processor_status *status)
{
    memset(status, 0, sizeof *status);
    status->state = engine->state;
    status->sequence = engine->sequence;
    status->has_package = engine->has_committed && engine->opened;
    if (status->has_package)
        memcpy(status->package_id, engine->committed.package_id, sizeof status->package_id);
    status->running = engine->running;
    status->has_failure = engine->has_failure;
    if (engine->has_failure) {
        status->failure = engine->failure;
        memcpy(status->failed_package_id, engine->failed_package_id,
               sizeof status->failed_package_id);
    }
    status->offset = engine->download.offset;
    status->package_size = engine->trial.package_size;
}
