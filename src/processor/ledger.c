/* What the device has committed: the protected counter and cells, and the record they vouch for. */
#include <string.h>

#include "core/bytes.h"
#include "processor/engine.h"
#include "processor/record_slot.h"

static enum pawl_result protected_read(const struct pawl_port *port, uint64_t *sequence,
                                       uint8_t cell[PAWL_CELL_SIZE])
{
    const struct pawl_protected *store = &port->protected_store;

    if (store->counter_read(port->context, sequence) != PAWL_OK ||
        store->cell_read(port->context, (unsigned)(*sequence & 1), cell) != PAWL_OK)
        return PAWL_STORAGE;
    return PAWL_OK;
}

/* Only the record whose digest is in the cell is honoured (I2): a MAC alone would let an earlier
 * record of the same sequence number, kept from a commit that was cut, take its place. PAWL_IO when
 * the slot's record can't be read. */
static enum pawl_result committed_find(struct pawl_processor *engine, unsigned slot,
                                       const uint8_t cell[PAWL_CELL_SIZE])
{
    uint8_t bytes[PAWL_RECORD_SIZE];
    uint8_t digest[PAWL_SHA256_SIZE];

    if (pawl_record_fetch(engine->port, slot, PAWL_ROLE_COMMITTED, bytes) != PAWL_OK)
        return PAWL_IO;
    pawl_sha256_make(bytes, sizeof bytes, digest);
    if (!pawl_equal(digest, cell, sizeof digest) ||
        pawl_record_read(bytes, engine->pud, PAWL_ROLE_COMMITTED, engine->sequence,
                         &engine->committed) != PAWL_OK)
        return PAWL_STATE;
    engine->has_committed = true;
    engine->committed_slot = slot;
    engine->security_floor = engine->committed.security_floor;
    engine->anchor_mask = engine->committed.anchor_mask;
    return PAWL_OK;
}

/* Looks into both slots. The one that is not committed is free; while none is known to be, one
 * whose record can't be read may be, and stays as it is if the other is any better. */
static void slots_find(struct pawl_processor *engine, const uint8_t cell[PAWL_CELL_SIZE])
{
    engine->has_committed = false;
    engine->free_slot = 0;
    for (unsigned slot = 0; slot < PAWL_SLOT_COUNT && !engine->has_committed; slot++) {
        enum pawl_result result = committed_find(engine, slot, cell);
        if (result == PAWL_OK)
            engine->free_slot = 1 - slot;
        else if (result == PAWL_IO && slot == 0)
            engine->free_slot = 1;
    }
}

/* An attempt that power cut short: a download to go on with, or a trial that failed (I4). */
static void trial_find(struct pawl_processor *engine)
{
    struct pawl_download *download = &engine->download;
    uint8_t bytes[PAWL_RECORD_SIZE];
    struct pawl_record *trial = &engine->trial;
    uint32_t attempted, ended;
    unsigned slot = engine->free_slot;

    if (pawl_record_fetch(engine->port, slot, PAWL_ROLE_TRIAL, bytes) != PAWL_OK ||
        pawl_mark_read(engine->port, slot, PAWL_MARK_ATTEMPT, &attempted) != PAWL_OK ||
        pawl_mark_read(engine->port, slot, PAWL_MARK_OUTCOME, &ended) != PAWL_OK ||
        pawl_record_read(bytes, engine->pud, PAWL_ROLE_TRIAL, engine->sequence, trial) != PAWL_OK)
        return;
    uint64_t diagnostic = trial->role == PAWL_ROLE_DIAGNOSTIC ? pawl_u64be_get(trial->instance) : 0;
    if (attempted == 0 && ended == 0) {
        engine->state = PAWL_STATE_WRITING;
        download->recorded = true;
        download->diagnostic = diagnostic;
        return;
    }
    if (diagnostic != 0)
        engine->command = diagnostic;
    engine->state = attempted != 0 ? PAWL_STATE_FAILED : PAWL_STATE_REJECTED;
    engine->has_failure = true;
    engine->failure = ended != 0 ? ended : PAWL_FAILURE_POWER;
    memcpy(engine->failed_package_id, trial->package_id, PAWL_PACKAGE_ID_SIZE);
    pawl_wipe(trial, sizeof *trial);
}

enum pawl_result pawl_ledger_load(struct pawl_processor *engine)
{
    uint8_t cell[PAWL_CELL_SIZE];

    engine->settled = false;
    if (protected_read(engine->port, &engine->sequence, cell) != PAWL_OK)
        return PAWL_STORAGE;
    pawl_download_forget(engine);
    engine->state = PAWL_STATE_READY;
    engine->has_failure = false;
    engine->security_floor = 0;
    engine->anchor_mask = (1u << engine->pud->anchor_count) - 1;
    slots_find(engine, cell);
    trial_find(engine);
    engine->settled = true;
    return PAWL_OK;
}

enum pawl_result pawl_ledger_check(struct pawl_processor *engine)
{
    const struct pawl_port *port = engine->port;
    uint64_t value = 0;

    if (port->protected_store.counter_read(port->context, &value) != PAWL_OK)
        return PAWL_STORAGE;
    engine->settled = value == engine->sequence;
    return engine->settled ? PAWL_OK : PAWL_STORAGE;
}

enum pawl_result pawl_ledger_settle(struct pawl_processor *engine)
{
    if (engine->settled)
        return PAWL_OK;
    enum pawl_result result = pawl_ledger_load(engine);
    if (result == PAWL_OK)
        (void)pawl_committed_run(engine); /* status tells how that went */
    return result;
}
