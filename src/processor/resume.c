/*
 * Going on with an interrupted download (SPEC 13.3), also after a reboot. There is no bookkeeping
 * that could be torn: the trial record says which package, and the chunks whose tags hold say how
 * far.
 */
#include <string.h>

#include "processor/engine.h"
#include "processor/flash.h"

/* Counts the leading chunks that flash holds whole: sets index and start of the first that it does
 * not. */
static enum pawl_result chunks_scan(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;
    size_t base = engine->port->flash.slots[engine->free_slot].offset;

    while (download->chunk_start < engine->trial.package_size) {
        size_t sealed = pawl_image_chunk_size(engine, download->chunk_index);
        enum pawl_result result =
            pawl_flash_read(engine->port, base + download->chunk_start, engine->chunk, sealed);
        if (result == PAWL_OK)
            result = pawl_stream_open(&engine->stream, download->chunk_index, engine->chunk,
                                      engine->chunk);
        if (result == PAWL_CRYPTO)
            return result;
        if (result != PAWL_OK)
            break;
        download->chunk_index++;
        download->chunk_start += sealed;
    }
    pawl_wipe(engine->chunk, engine->chunk_capacity);
    return PAWL_OK;
}

/* The page where the first missing byte lies may hold torn bytes and is erased when it is entered.
 * So bytes are wanted from its start on; what the chunk there has before it is brought back from
 * flash. */
static enum pawl_result position_set(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;
    uint32_t page_size = engine->port->flash.page_size;
    size_t base = engine->port->flash.slots[engine->free_slot].offset;
    size_t from = pawl_align_down(download->chunk_start, page_size);
    size_t sealed = (size_t)engine->stream.chunk_size + PAWL_CHUNK_OVERHEAD;

    if (from < download->preamble_size) {
        pawl_download_restart(engine);
        return PAWL_OK;
    }
    while (download->chunk_start > from) {
        download->chunk_start -= sealed;
        download->chunk_index--;
    }
    enum pawl_result result = pawl_flash_read(engine->port, base + download->chunk_start,
                                              engine->chunk, from - download->chunk_start);
    if (result != PAWL_OK)
        return result;
    pawl_slot_start(&engine->cursor, engine->free_slot, from);
    download->offset = from;
    return PAWL_OK;
}

enum pawl_result pawl_download_reopen(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;

    if (download->open)
        return PAWL_OK;
    if (!download->recorded ||
        pawl_image_open(engine, engine->free_slot, &engine->trial) != PAWL_OK) {
        pawl_download_restart(engine);
        return PAWL_OK;
    }
    download->preamble_size = engine->package.preamble_size;
    download->chunk_index = 0;
    download->chunk_start = download->preamble_size;
    download->offset = engine->trial.package_size;
    download->open = true;
    download->accepted = true;
    enum pawl_result result = chunks_scan(engine);
    if (result == PAWL_OK && download->chunk_start < engine->trial.package_size)
        result = position_set(engine);
    return result;
}

enum pawl_result pawl_engine_resume(struct pawl_processor *engine, const struct pawl_input *input)
{
    (void)input;
    return pawl_attempt_check(engine, pawl_download_reopen(engine));
}
