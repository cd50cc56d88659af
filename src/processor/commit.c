/*
 * The commit (SPEC 13.4): the record for s + 1 is written, its digest put into the cell, and then
 * one step of the counter makes it the truth. Whatever is cut before that step leaves s as it was.
 */
#include <string.h>

#include "processor/engine.h"
#include "processor/record_slot.h"

#define COUNTER_READS_MAX 3u

static enum pawl_result record_make(const struct pawl_processor *engine, struct pawl_record *record)
{
    const struct pawl_port *port = engine->port;
    uint8_t content_key[PAWL_KEY_SIZE];

    if (engine->trial.role != PAWL_ROLE_TRIAL)
        return PAWL_STATE;
    *record = engine->trial;
    record->role = PAWL_ROLE_COMMITTED;
    record->sequence = engine->sequence + 1;
    record->security_floor = engine->trial_floor;
    record->anchor_mask &= engine->anchor_mask & ~engine->trial_revoked;
    enum pawl_result result = port->entropy(port->context, record->instance, PAWL_INSTANCE_SIZE);
    if (result == PAWL_OK)
        result = pawl_record_key_unwrap(&engine->trial, engine->pud, content_key);
    if (result == PAWL_OK)
        result = pawl_record_key_wrap(record, engine->pud, content_key);
    pawl_wipe(content_key, sizeof content_key);
    return result;
}

/* The cell of the number that the counter will have; the one in force stays untouched. */
static enum pawl_result cell_set(const struct pawl_processor *engine,
                                 const uint8_t bytes[PAWL_RECORD_SIZE])
{
    const struct pawl_port *port = engine->port;
    const struct pawl_protected *store = &port->protected_store;
    unsigned index = (unsigned)((engine->sequence + 1) & 1);
    uint8_t digest[PAWL_CELL_SIZE];
    uint8_t held[PAWL_CELL_SIZE];

    pawl_sha256_make(bytes, PAWL_RECORD_SIZE, digest);
    if (store->cell_write(port->context, index, digest) != PAWL_OK ||
        store->cell_read(port->context, index, held) != PAWL_OK ||
        !pawl_equal(held, digest, sizeof held))
        return PAWL_STORAGE;
    return PAWL_OK;
}

/* Reads the counter after an error, a few times: the step may have been made all the same. */
static enum pawl_result counter_read(const struct pawl_port *port, uint64_t *value)
{
    enum pawl_result result = PAWL_STORAGE;

    for (unsigned i = 0; i < COUNTER_READS_MAX && result != PAWL_OK; i++)
        result = port->protected_store.counter_read(port->context, value);
    return result;
}

/* Moves the counter from s to s + 1, never further: it is incremented again only while it reads s.
 * When it can't be read, or jumped, the engine no longer knows what is committed. */
static enum pawl_result counter_advance(struct pawl_processor *engine)
{
    const struct pawl_port *port = engine->port;
    uint64_t value = engine->sequence;

    for (unsigned tries = 0; tries < 2 && value == engine->sequence; tries++) {
        (void)port->protected_store.counter_increment(port->context);
        if (counter_read(port, &value) != PAWL_OK) {
            engine->settled = false;
            return PAWL_STORAGE;
        }
    }
    if (value == engine->sequence + 1)
        return PAWL_OK;
    engine->settled = value == engine->sequence;
    return PAWL_STORAGE;
}

/* Not to be inlined: its frame must be gone when an older image is loaded after a failure. */
__attribute__((noinline)) static enum pawl_result commit_make(struct pawl_processor *engine,
                                                              struct pawl_record *record)
{
    uint8_t bytes[PAWL_RECORD_SIZE];

    enum pawl_result result = pawl_ledger_check(engine);
    if (result == PAWL_OK)
        result = record_make(engine, record);
    if (result == PAWL_OK) {
        pawl_record_write(record, engine->pud, bytes);
        result = pawl_record_store(engine->port, engine->free_slot, PAWL_ROLE_COMMITTED, bytes);
    }
    if (result == PAWL_OK)
        result = cell_set(engine, bytes);
    if (result == PAWL_OK)
        result = pawl_ledger_check(engine);
    if (result == PAWL_OK)
        result = counter_advance(engine);
    return result;
}

static void committed_set(struct pawl_processor *engine, const struct pawl_record *record)
{
    engine->sequence = record->sequence;
    engine->committed = *record;
    engine->has_committed = true;
    engine->opened = true;
    engine->committed_slot = engine->free_slot;
    engine->free_slot = 1 - engine->committed_slot;
    engine->security_floor = record->security_floor;
    engine->anchor_mask = record->anchor_mask;
    engine->has_failure = false;
    pawl_download_forget(engine);
}

enum pawl_result pawl_engine_commit(struct pawl_processor *engine, const struct pawl_input *input)
{
    struct pawl_record record;

    (void)input;
    enum pawl_result result = commit_make(engine, &record);
    if (result == PAWL_OK) {
        committed_set(engine, &record);
        return PAWL_OK;
    }
    pawl_attempt_fall_back(engine, PAWL_STORAGE);
    return PAWL_STORAGE;
}
