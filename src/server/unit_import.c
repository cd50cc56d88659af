#include "server/unit_import.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pawl/pud.h"
#include "pawl/secret.h"
#include "server/operator_json.h"

/* A batch that is large touches each page of the indexes once; the first ones are small, so that
 * the writer need not wait for them. */
#define BATCH_UNITS 32768u
#define BATCH_LEAST 8192u

enum pawl_result pawl_unit_import_init(struct pawl_unit_import *import, struct pawl_server *server,
                                       const char *actor, const char *group)
{
    memset(import, 0, sizeof *import);
    import->server = server;
    import->actor = actor;
    import->pin = pawl_vault_pin(server->vault);
    snprintf(import->group, sizeof import->group, "%s", group);
    import->refusals = json_array();
    import->filling.units = calloc(BATCH_UNITS, sizeof *import->filling.units);
    import->writing.units = calloc(BATCH_UNITS, sizeof *import->writing.units);
    return import->refusals != NULL && import->filling.units != NULL &&
                   import->writing.units != NULL
               ? PAWL_OK
               : PAWL_EXHAUSTED;
}

static enum pawl_result refusal_note(struct pawl_unit_import *import,
                                     const struct pawl_import *unit)
{
    static const char *const messages[] = {
        [PAWL_IMPORT_DEVICE_KNOWN] = "this device is known already",
        [PAWL_IMPORT_SECRET_KNOWN] = "another device has this unit secret",
        [PAWL_IMPORT_OTHER_VENDOR] = "its class belongs to another vendor",
    };
    bool shown = json_array_size(import->refusals) < PAWL_REFUSED_SHOWN;
    import->refused++;
    if (!shown && import->report == NULL)
        return PAWL_OK;
    json_t *refusal =
        json_pack("{s:o, s:s, s:s}", "device_id", pawl_hex_json(unit->device_id, PAWL_ID_SIZE),
                  "class", pawl_result_name(PAWL_STATE), "message", messages[unit->outcome]);
    if (shown)
        json_array_append(import->refusals, refusal);
    if (import->report != NULL)
        return pawl_refusal_report_add(import->report, refusal);
    json_decref(refusal);
    return PAWL_OK;
}

static void *batch_write(void *context)
{
    struct pawl_unit_import *import = context;
    struct pawl_unit_batch *batch = &import->writing;
    json_t *about = json_pack("{s:s?}", "group", import->group[0] != '\0' ? import->group : NULL);
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = import->actor,
        .action = "units-imported",
        .detail = detail,
    };
    import->written =
        pawl_store_device_import(import->server->store, batch->units, batch->count,
                                 import->group[0] != '\0' ? import->group : NULL, &event);
    free(detail);
    atomic_store(&import->writer_done, true);
    return NULL;
}

/* Waits for the batch that is being written and counts its outcomes. */
static enum pawl_result writer_join(struct pawl_unit_import *import)
{
    if (!import->writer_runs)
        return PAWL_OK;
    pthread_join(import->writer, NULL);
    import->writer_runs = false;
    enum pawl_result result = import->written;
    for (size_t i = 0; import->written == PAWL_OK && i < import->writing.count; i++) {
        const struct pawl_import *unit = &import->writing.units[i];
        enum pawl_result noted = PAWL_OK;
        if (unit->outcome == PAWL_IMPORTED)
            import->imported++;
        else
            noted = refusal_note(import, unit);
        result = result == PAWL_OK ? noted : result;
    }
    import->writing.count = 0;
    return result;
}

/* Hands the batch to the writer and begins another. */
static enum pawl_result batch_turn(struct pawl_unit_import *import)
{
    enum pawl_result result = writer_join(import);
    if (result != PAWL_OK)
        return result;
    struct pawl_unit_batch full = import->filling;
    import->filling = import->writing;
    import->writing = full;
    atomic_store(&import->writer_done, false);
    if (pthread_create(&import->writer, NULL, batch_write, import) != 0)
        return PAWL_EXHAUSTED;
    import->writer_runs = true;
    return PAWL_OK;
}

/* Wraps the unit's secret and adds it to the batch. */
static enum pawl_result unit_add(struct pawl_unit_import *import, const struct pawl_pud *pud)
{
    const struct pawl_server *server = import->server;
    struct pawl_import *unit = &import->filling.units[import->filling.count];
    enum pawl_result result = pawl_vault_wrap(server->vault, PAWL_VAULT_UNIT_SECRET, pud->device_id,
                                              PAWL_ID_SIZE, pud->unit_secret, unit->wrapped_secret);
    if (result != PAWL_OK)
        return result;
    pawl_secret_tag_make(&server->fingerprint, pud->unit_secret, unit->secret_tag);
    memcpy(unit->device_id, pud->device_id, PAWL_ID_SIZE);
    memcpy(unit->vendor_id, pud->vendor_id, PAWL_ID_SIZE);
    memcpy(unit->class_id, pud->class_id, PAWL_ID_SIZE);
    unit->chain_length = pud->chain_length;
    unit->has_maximum = pud->has_maximum;
    unit->maximum = pud->has_maximum ? pud->maximum : 0;
    import->taken++;
    size_t count = ++import->filling.count;
    bool writer_waits = !import->writer_runs || atomic_load(&import->writer_done);
    return count == BATCH_UNITS || (count >= BATCH_LEAST && writer_waits) ? batch_turn(import)
                                                                          : PAWL_OK;
}

enum pawl_result pawl_unit_import_take(struct pawl_unit_import *import, const uint8_t *bytes,
                                       size_t size, bool last, size_t *used)
{
    size_t kept = last ? 0 : PAWL_PUD_SIZE_MAX;
    size_t at = 0;
    struct pawl_pud pud;
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && size - at > kept) {
        size_t taken = 0;
        result = pawl_pud_read_next(bytes + at, size - at, &pud, &taken);
        if (result == PAWL_OK)
            result = unit_add(import, &pud);
        at += taken;
    }
    pawl_wipe(&pud, sizeof pud);
    *used = at;
    return result;
}

enum pawl_result pawl_unit_import_finish(struct pawl_unit_import *import)
{
    enum pawl_result result = PAWL_OK;
    if (import->filling.count > 0)
        result = batch_turn(import);
    return result == PAWL_OK ? writer_join(import) : result;
}

void pawl_unit_import_release(struct pawl_unit_import *import)
{
    if (import->writer_runs)
        pthread_join(import->writer, NULL);
    if (import->server != NULL)
        pawl_vault_unpin(import->server->vault, import->pin);
    free(import->filling.units);
    free(import->writing.units);
    json_decref(import->refusals);
    pawl_refusal_report_close(import->report);
}
