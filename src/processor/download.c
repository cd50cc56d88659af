/* Taking a package as it arrives (SPEC 13.3): preamble, acceptance, chunks. */
#include <string.h>

#include "core/bytes.h"
#include "pawl/chain.h"
#include "processor/engine.h"
#include "processor/flash.h"
#include "processor/record_slot.h"

void pawl_download_suspend(struct pawl_processor *engine)
{
    pawl_stream_release(&engine->stream);
    pawl_wipe(engine->chunk, engine->chunk_capacity);
    engine->download.open = false;
    engine->download.accepted = false;
}

void pawl_download_forget(struct pawl_processor *engine)
{
    pawl_download_suspend(engine);
    pawl_wipe(&engine->download, sizeof engine->download);
    pawl_wipe(&engine->trial, sizeof engine->trial);
}

void pawl_download_restart(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;

    pawl_download_suspend(engine);
    download->open = true;
    download->offset = 0;
    download->preamble_size = 0;
}

enum pawl_result pawl_engine_begin(struct pawl_processor *engine, const struct pawl_input *input)
{
    const struct pawl_directive *directive = input->directive;
    struct pawl_download *download = &engine->download;
    struct pawl_record *trial = &engine->trial;
    enum pawl_result result = PAWL_OK;

    pawl_download_forget(engine);
    trial->role = PAWL_ROLE_TRIAL;
    trial->sequence = engine->sequence;
    memcpy(trial->package_id, directive->package_id, sizeof trial->package_id);
    trial->package_size = (size_t)directive->package_size;
    trial->security_floor = engine->security_floor;
    trial->anchor_mask = engine->anchor_mask;
    if (directive->command != 0) { /* with a download there is none but to run it once */
        trial->role = PAWL_ROLE_DIAGNOSTIC;
        pawl_u64be_put(trial->instance, directive->command);
        download->diagnostic = directive->command;
    }
    download->has_entitlement = directive->has_entitlement;
    memcpy(download->entitlement, directive->entitlement, sizeof download->entitlement);
    download->open = true;
    engine->has_failure = false;

    if (pawl_sequence_check(engine->pud, engine->sequence) != PAWL_OK ||
        directive->package_size > engine->port->flash.slots[engine->free_slot].size)
        result = PAWL_EXHAUSTED;
    else if (directive->package_size <= PAWL_PREFIX_SIZE)
        result = PAWL_MALFORMED;
    return pawl_attempt_check(engine, result);
}

/* The package's content key by what this device was given; the caller wipes it. */
static enum pawl_result content_key_make(const struct pawl_processor *engine,
                                         uint8_t content_key[PAWL_KEY_SIZE])
{
    const struct pawl_download *download = &engine->download;
    const struct pawl_pud *pud = engine->pud;
    uint8_t download_key[PAWL_KEY_SIZE];

    if (download->recorded)
        return pawl_record_key_unwrap(&engine->trial, pud, content_key);
    if (engine->package.mode == PAWL_MODE_WRAPPED)
        return download->has_entitlement
                   ? pawl_entitlement_open(pud, engine->sequence, engine->trial.package_id,
                                           download->entitlement, content_key)
                   : PAWL_NOT_ENTITLED;
    pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, engine->sequence,
                           download_key);
    pawl_direct_key_make(download_key, engine->trial.package_id, content_key);
    pawl_wipe(download_key, sizeof download_key);
    return PAWL_OK;
}

/* The first write of a download. The counter is read once more: if it had moved since, the slot
 * that is about to be overwritten might be the committed one. */
static enum pawl_result trial_store(struct pawl_processor *engine)
{
    uint8_t bytes[PAWL_RECORD_SIZE];

    enum pawl_result result = pawl_ledger_check(engine);
    if (result != PAWL_OK)
        return result;
    pawl_record_write(&engine->trial, engine->pud, bytes);
    result = pawl_record_store(engine->port, engine->free_slot, PAWL_ROLE_TRIAL, bytes);
    engine->download.recorded = result == PAWL_OK;
    return result;
}

static enum pawl_result preamble_store(struct pawl_processor *engine)
{
    pawl_slot_start(&engine->cursor, engine->free_slot, 0);
    return pawl_slot_write(&engine->cursor, engine->port, engine->preamble,
                           engine->download.preamble_size);
}

/* The preamble is whole: decides whether this device takes the package. */
static enum pawl_result accept(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;
    uint8_t content_key[PAWL_KEY_SIZE];

    enum pawl_result result = pawl_image_accept(engine, download->preamble_size, &engine->trial);
    if (result == PAWL_OK)
        result = content_key_make(engine, content_key);
    if (result != PAWL_OK)
        return result;
    result = pawl_image_key(engine, content_key);
    if (result == PAWL_OK && !download->recorded)
        result = pawl_record_key_wrap(&engine->trial, engine->pud, content_key);
    pawl_wipe(content_key, sizeof content_key);
    /* A direct package proves only with chunk 0 that it is for this device: nothing is written
     * before. */
    if (result == PAWL_OK && !download->recorded && engine->package.mode == PAWL_MODE_WRAPPED)
        result = trial_store(engine);
    if (result == PAWL_OK && download->recorded)
        result = preamble_store(engine);
    download->accepted = result == PAWL_OK;
    download->chunk_index = 0;
    download->chunk_start = download->preamble_size;
    return result;
}

static enum pawl_result preamble_take(struct pawl_processor *engine, const uint8_t *bytes,
                                      size_t size, size_t *taken)
{
    struct pawl_download *download = &engine->download;
    size_t wanted = download->preamble_size ? download->preamble_size : PAWL_PREFIX_SIZE;
    size_t have = download->offset;
    size_t part = wanted - have < size ? wanted - have : size;

    memcpy(engine->preamble + have, bytes, part);
    download->offset += part;
    *taken = part;
    if (have + part < wanted)
        return PAWL_OK;
    if (download->preamble_size)
        return accept(engine);
    enum pawl_result result = pawl_preamble_size_read(engine->preamble, &download->preamble_size);
    if (result == PAWL_OK && download->preamble_size >= engine->trial.package_size)
        result = PAWL_CORRUPT;
    return result;
}

/* Chunk 0 of a direct package that nothing was written of: when it opens, the package is for this
 * device at this sequence number. Its ciphertext is gone then, so it is asked for once more. */
static enum pawl_result direct_chunk_prove(struct pawl_processor *engine)
{
    enum pawl_result result = pawl_stream_open(&engine->stream, 0, engine->chunk, engine->chunk);
    if (result == PAWL_CORRUPT)
        return PAWL_NOT_ENTITLED;
    if (result == PAWL_OK)
        result = trial_store(engine);
    if (result == PAWL_OK)
        result = preamble_store(engine);
    engine->download.offset = engine->download.chunk_start;
    return result;
}

/* Programs what of the chunk is not in flash yet, with read-back, and only then opens it in memory
 * to check its tag: so the tag vouches for what flash holds, and one buffer is enough. */
static enum pawl_result chunk_store(struct pawl_processor *engine, size_t sealed)
{
    struct pawl_download *download = &engine->download;
    size_t stored = pawl_slot_taken(&engine->cursor) - download->chunk_start;

    enum pawl_result result =
        pawl_slot_write(&engine->cursor, engine->port, engine->chunk + stored, sealed - stored);
    if (result == PAWL_OK && download->offset == engine->trial.package_size)
        result = pawl_slot_finish(&engine->cursor, engine->port);
    if (result == PAWL_OK)
        result =
            pawl_stream_open(&engine->stream, download->chunk_index, engine->chunk, engine->chunk);
    if (result == PAWL_OK) {
        download->chunk_index++;
        download->chunk_start += sealed;
    }
    return result;
}

static enum pawl_result chunk_take(struct pawl_processor *engine, const uint8_t *bytes, size_t size,
                                   size_t *taken)
{
    struct pawl_download *download = &engine->download;
    size_t sealed = pawl_image_chunk_size(engine, download->chunk_index);
    size_t have = download->offset - download->chunk_start;
    size_t part = sealed - have < size ? sealed - have : size;

    memcpy(engine->chunk + have, bytes, part);
    download->offset += part;
    *taken = part;
    if (have + part < sealed)
        return PAWL_OK;

    enum pawl_result result =
        download->recorded ? chunk_store(engine, sealed) : direct_chunk_prove(engine);
    pawl_wipe(engine->chunk, sealed);
    return result;
}

enum pawl_result pawl_engine_take(struct pawl_processor *engine, const struct pawl_input *input)
{
    struct pawl_download *download = &engine->download;
    const uint8_t *bytes = input->bytes;
    size_t left = input->size, offset = download->offset;
    enum pawl_result result = PAWL_OK;

    /* The offset wanted goes back after a direct package's proof: then the rest is ignored. */
    while (result == PAWL_OK && left > 0 && offset == download->offset &&
           offset < engine->trial.package_size) {
        size_t taken = 0;
        result = download->accepted ? chunk_take(engine, bytes, left, &taken)
                                    : preamble_take(engine, bytes, left, &taken);
        bytes += taken;
        offset += taken;
        left -= taken;
    }
    return pawl_attempt_check(engine, result);
}

enum pawl_result pawl_download_complete(struct pawl_processor *engine)
{
    const struct pawl_download *download = &engine->download;

    if (engine->state != PAWL_STATE_WRITING || !download->open || !download->accepted ||
        download->offset != engine->trial.package_size)
        return PAWL_OK;
    return pawl_engine_handle(engine, PAWL_EVENT_WHOLE, NULL);
}

enum pawl_result pawl_engine_finish(struct pawl_processor *engine, const struct pawl_input *input)
{
    (void)input;
    pawl_stream_release(&engine->stream);
    return pawl_attempt_check(engine, pawl_flash_sync(engine->port));
}

enum pawl_result pawl_engine_drop(struct pawl_processor *engine, const struct pawl_input *input)
{
    enum pawl_result result = PAWL_OK;

    (void)input;
    if (engine->download.recorded)
        result = pawl_record_erase(engine->port, engine->free_slot, PAWL_ROLE_TRIAL);
    pawl_download_forget(engine);
    return result;
}
