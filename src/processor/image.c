/* Packages on their way to execution: every check of SPEC 7, from flash, each time anew. */
#include <string.h>

#include "processor/engine.h"
#include "processor/flash.h"

/* Whether a raw binary lies in the window, and its entry in it. What is below the place that it
 * must not be below is far above it here. */
static bool raw_fits(const struct pawl_executor *executor, const struct pawl_manifest *manifest)
{
    uintptr_t window = executor->window_end - executor->window_start;
    uint64_t load = manifest->load_address - executor->window_start;
    uint64_t entry = manifest->entry_address - manifest->load_address;

    return load < window && manifest->image_size <= window - load && entry < manifest->image_size;
}

/* Whether this device can hold and run what the manifest names. */
static enum pawl_result fit_check(const struct pawl_processor *engine)
{
    const struct pawl_executor *executor = &engine->port->executor;
    const struct pawl_manifest *manifest = &engine->manifest;
    size_t kind = (size_t)manifest->kind;

    if (kind >= sizeof executor->kinds || !executor->kinds[kind] ||
        (manifest->profile == PAWL_PROFILE_NETWORK && !executor->network))
        return PAWL_UNSUPPORTED;
    if (engine->package.chunk_size > engine->chunk_capacity - PAWL_CHUNK_OVERHEAD ||
        manifest->image_size > executor->image_size_max)
        return PAWL_EXHAUSTED;
    if (manifest->kind == PAWL_KIND_RAW && !raw_fits(executor, manifest))
        return PAWL_UNSUPPORTED;
    return PAWL_OK;
}

enum pawl_result pawl_image_accept(struct pawl_processor *engine, size_t preamble_size,
                                   const struct pawl_record *record)
{
    /* A trial record made while no committed one could be read knows less than the engine may know
     * by now. */
    const struct pawl_acceptance acceptance = {
        .pud = engine->pud,
        .anchor_mask = record->anchor_mask & engine->anchor_mask,
        .security_floor = record->security_floor > engine->security_floor ? record->security_floor
                                                                          : engine->security_floor};
    struct pawl_package *package = &engine->package;
    size_t size = 0;

    enum pawl_result result = pawl_package_read(engine->preamble, preamble_size, package);
    if (result == PAWL_OK &&
        !pawl_equal(package->package_id, record->package_id, PAWL_PACKAGE_ID_SIZE))
        result = PAWL_CORRUPT;
    if (result == PAWL_OK)
        result = pawl_package_accept(package, &acceptance, &engine->manifest);
    if (result == PAWL_OK)
        result = fit_check(engine);
    if (result == PAWL_OK)
        result = pawl_package_size_make(package->preamble_size, engine->manifest.image_size,
                                        package->chunk_size, &size);
    if (result == PAWL_OK && size != record->package_size)
        result = PAWL_CORRUPT;
    return result;
}

/* Brings a slot's preamble into memory, where it stays unchanged from check to use. */
static enum pawl_result preamble_fetch(struct pawl_processor *engine, unsigned slot,
                                       size_t package_size, uint32_t *size)
{
    const struct pawl_area *area = &engine->port->flash.slots[slot];
    uint32_t preamble_size = 0;

    if (package_size < PAWL_PREFIX_SIZE || package_size > area->size)
        return PAWL_CORRUPT;
    enum pawl_result result =
        pawl_flash_read(engine->port, area->offset, engine->preamble, PAWL_PREFIX_SIZE);
    if (result == PAWL_OK)
        result = pawl_preamble_size_read(engine->preamble, &preamble_size);
    if (result == PAWL_OK && preamble_size > package_size)
        result = PAWL_CORRUPT;
    if (result == PAWL_OK)
        result = pawl_flash_read(engine->port, area->offset, engine->preamble, preamble_size);
    if (result == PAWL_OK)
        *size = preamble_size;
    return result;
}

enum pawl_result pawl_image_key(struct pawl_processor *engine,
                                const uint8_t content_key[PAWL_KEY_SIZE])
{
    pawl_stream_release(&engine->stream);
    return pawl_stream_init(&engine->stream, content_key, engine->package.package_id,
                            (size_t)engine->manifest.image_size, engine->package.chunk_size);
}

enum pawl_result pawl_image_open(struct pawl_processor *engine, unsigned slot,
                                 const struct pawl_record *record)
{
    uint8_t content_key[PAWL_KEY_SIZE];
    uint32_t preamble_size = 0;

    enum pawl_result result = preamble_fetch(engine, slot, record->package_size, &preamble_size);
    if (result == PAWL_OK)
        result = pawl_image_accept(engine, preamble_size, record);
    if (result == PAWL_OK)
        result = pawl_record_key_unwrap(record, engine->pud, content_key);
    if (result == PAWL_OK)
        result = pawl_image_key(engine, content_key);
    pawl_wipe(content_key, sizeof content_key);
    return result;
}

size_t pawl_image_chunk_size(const struct pawl_processor *engine, size_t index)
{
    return (size_t)pawl_chunk_length(engine->stream.image_size, engine->stream.chunk_size, index) +
           PAWL_CHUNK_OVERHEAD;
}

/* Opens the chunks in turn; each is hashed and loaded only after its tag held. */
static enum pawl_result chunks_load(struct pawl_processor *engine, unsigned slot)
{
    const struct pawl_port *port = engine->port;
    size_t place = port->flash.slots[slot].offset + engine->package.preamble_size;
    size_t loaded = 0;
    enum pawl_result result = PAWL_OK;

    for (size_t index = 0; result == PAWL_OK && loaded < engine->manifest.image_size; index++) {
        size_t sealed = pawl_image_chunk_size(engine, index);
        size_t plain = sealed - PAWL_CHUNK_OVERHEAD;
        result = pawl_flash_read(port, place, engine->chunk, sealed);
        if (result == PAWL_OK)
            result = pawl_stream_open(&engine->stream, index, engine->chunk, engine->chunk);
        if (result == PAWL_OK) {
            pawl_verity_update(&engine->verity, engine->chunk, plain);
            result = port->executor.load(port->context, loaded, engine->chunk, plain);
        }
        place += sealed;
        loaded += plain;
    }
    return result;
}

static enum pawl_result digest_check(struct pawl_processor *engine)
{
    uint8_t *digest = engine->loaded;

    pawl_verity_final(&engine->verity, digest);
    return pawl_equal(digest, engine->manifest.image_digest, sizeof engine->loaded) ? PAWL_OK
                                                                                    : PAWL_CORRUPT;
}

enum pawl_result pawl_image_load(struct pawl_processor *engine, unsigned slot,
                                 const struct pawl_record *record)
{
    const struct pawl_port *port = engine->port;

    pawl_wipe(engine->loaded, sizeof engine->loaded);
    enum pawl_result result = pawl_image_open(engine, slot, record);
    if (result == PAWL_OK)
        result = port->executor.load_begin(port->context, &engine->manifest);
    if (result == PAWL_OK) {
        pawl_verity_init(&engine->verity);
        result = chunks_load(engine, slot);
        if (result == PAWL_OK)
            result = digest_check(engine);
        if (result != PAWL_OK)
            port->executor.load_abort(port->context);
    }
    pawl_stream_release(&engine->stream);
    pawl_wipe(&engine->verity, sizeof engine->verity);
    pawl_wipe(engine->chunk, engine->chunk_capacity);
    return result;
}

enum pawl_result pawl_image_run(struct pawl_processor *engine, const struct pawl_record *record,
                                bool trial)
{
    const struct pawl_port *port = engine->port;

    if (!pawl_equal(engine->loaded, engine->manifest.image_digest, sizeof engine->loaded))
        return PAWL_CORRUPT;
    if (!pawl_equal(engine->package.package_id, record->package_id, PAWL_PACKAGE_ID_SIZE))
        return PAWL_CORRUPT;
    return port->executor.run(port->context, &engine->manifest, trial);
}
