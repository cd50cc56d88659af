/*
 * The counter and the cells in the non-volatile memory of a TPM 2.0 (SPEC 13.10).
 *
 * A counter of a TPM begins above every value that any of its counters ever had, so s is the
 * counter less a base, which is what the counter began at. The base is in an index of its own,
 * under a MAC of the device and locked for good. Whoever can undefine and define indices, but lacks
 * the device's secret, makes neither a base that verifies nor an index that opens to the device;
 * and a counter that is defined anew only ever moved up.
 */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "counter.h"
#include "host/log.h"
#include "pawl/keys.h"
#include "pawl/secret.h"
#include "tpm_make.h"
#include "tpm_nv.h"
#include "tpm_relay.h"
#include "tpm_trouble.h"

#define NUMBER_SIZE 8u
#define CELLS 2u
#define NAMED 3u              /* the indices that the base's MAC is over */
#define PATIENCE_SERVING 3000 /* ms; an agent asks again by itself */

struct counter_tpm {
    struct pawl_tpm tpm;
    uint64_t base;
    const char *told; /* the last trouble, while it lasts */
};

static bool address_check(const char *argument)
{
    struct pawl_tpm_address address;

    return pawl_tpm_address_read(argument, &address);
}

static enum pawl_result helper_start(const char *argument, int *socket)
{
    struct pawl_tpm_address address;

    if (!pawl_tpm_address_read(argument, &address))
        return PAWL_MALFORMED;
    return pawl_tpm_relay_start(&address, socket);
}

/* MAC(tpm_base, base || device_id || names of counter and cells). */
static TSS2_RC base_mac_make(struct pawl_tpm *tpm, const struct pawl_pud *pud,
                             const uint8_t base[NUMBER_SIZE], uint8_t mac[PAWL_MAC_SIZE])
{
    static const unsigned named[NAMED] = {PAWL_TPM_COUNTER, PAWL_TPM_CELL, PAWL_TPM_CELL + 1};
    uint8_t key[PAWL_KEY_SIZE], head[NUMBER_SIZE + PAWL_ID_SIZE];
    uint8_t names[NAMED * sizeof(TPMU_NAME)];
    struct pawl_hmac hmac;
    size_t size = 0;

    for (unsigned i = 0; i < NAMED; i++) {
        TPM2B_NAME name;
        TSS2_RC code = pawl_tpm_name(tpm, named[i], &name);
        if (code != TSS2_RC_SUCCESS)
            return code;
        memcpy(names + size, name.name, name.size);
        size += name.size;
    }
    memcpy(head, base, NUMBER_SIZE);
    memcpy(head + NUMBER_SIZE, pud->device_id, PAWL_ID_SIZE);
    pawl_expand(pud->unit_secret, "pawl/1 tpm base", NULL, 0, key, sizeof key);
    pawl_hmac_init(&hmac, key, sizeof key);
    pawl_hmac_make(&hmac, head, sizeof head, names, size, mac);
    pawl_wipe(&hmac, sizeof hmac);
    pawl_wipe(key, sizeof key);
    return TSS2_RC_SUCCESS;
}

static enum pawl_result failed(const struct pawl_tpm *tpm, unsigned index, TSS2_RC code)
{
    const struct pawl_tpm_trouble *trouble = pawl_tpm_trouble_of(code);

    pawl_error(trouble->result, "TPM index 0x%08x: %s (0x%x)", (unsigned)(tpm->first + index),
               trouble->text, (unsigned)code);
    if (trouble->hint != NULL)
        pawl_hint("%s", trouble->hint);
    return trouble->result;
}

/* Makes what a new device needs: the base is written last, so a making is whole or goes on. */
static enum pawl_result store_make(struct pawl_tpm *tpm, const struct pawl_counter_place *place,
                                   const struct pawl_tpm_address *address)
{
    uint8_t base[PAWL_TPM_BASE_SIZE];

    if (!place->fresh) {
        pawl_error(PAWL_STORAGE, "TPM index 0x%08x: missing, though the device has flash",
                   (unsigned)tpm->first);
        pawl_hint("a sequence number that is lost is not made anew: personalize the device again");
        return PAWL_STORAGE;
    }
    enum pawl_result result = pawl_tpm_make(tpm, address);
    if (result != PAWL_OK)
        return result;
    TSS2_RC code = pawl_tpm_read(tpm, PAWL_TPM_COUNTER, base, NUMBER_SIZE);
    if (code == TSS2_RC_SUCCESS)
        code = base_mac_make(tpm, place->pud, base, base + NUMBER_SIZE);
    if (code == TSS2_RC_SUCCESS)
        code = pawl_tpm_write(tpm, PAWL_TPM_BASE, base, sizeof base);
    pawl_tpm_forget(tpm); /* its name changed */
    return code == TSS2_RC_SUCCESS ? PAWL_OK : failed(tpm, PAWL_TPM_BASE, code);
}

/* The lock may be missing where a making was cut short right before it. */
static TSS2_RC base_lock(struct pawl_tpm *tpm)
{
    TPM2B_NV_PUBLIC *form = NULL;
    TPM2B_NAME *name = NULL;
    TSS2_RC code = Esys_NV_ReadPublic(tpm->esys, tpm->handles[PAWL_TPM_BASE], ESYS_TR_NONE,
                                      ESYS_TR_NONE, ESYS_TR_NONE, &form, &name);

    bool locked = code == TSS2_RC_SUCCESS && (form->nvPublic.attributes & TPMA_NV_WRITELOCKED) != 0;
    Esys_Free(form);
    Esys_Free(name);
    if (code != TSS2_RC_SUCCESS || locked)
        return code;
    code = pawl_tpm_lock(tpm, PAWL_TPM_BASE);
    pawl_tpm_forget(tpm);
    return code;
}

static enum pawl_result base_read(struct counter_tpm *store, const struct pawl_counter_place *place,
                                  const struct pawl_tpm_address *address)
{
    struct pawl_tpm *tpm = &store->tpm;
    uint8_t base[PAWL_TPM_BASE_SIZE], mac[PAWL_MAC_SIZE];
    TSS2_RC code = pawl_tpm_read(tpm, PAWL_TPM_BASE, base, sizeof base);
    bool unmade =
        pawl_tpm_code(code) == TPM2_RC_HANDLE || pawl_tpm_code(code) == TPM2_RC_NV_UNINITIALIZED;

    if (place->make && unmade) {
        enum pawl_result result = store_make(tpm, place, address);
        if (result != PAWL_OK)
            return result;
        code = pawl_tpm_read(tpm, PAWL_TPM_BASE, base, sizeof base);
    }
    if (code == TSS2_RC_SUCCESS)
        code = base_mac_make(tpm, place->pud, base, mac);
    if (code == TSS2_RC_SUCCESS && !pawl_equal(mac, base + NUMBER_SIZE, sizeof mac))
        return pawl_error(PAWL_STORAGE, "TPM index 0x%08x: not the base of this device's counter",
                          (unsigned)(tpm->first + PAWL_TPM_BASE));
    if (code == TSS2_RC_SUCCESS)
        code = base_lock(tpm);
    store->base = pawl_u64be_get(base);
    return code == TSS2_RC_SUCCESS ? PAWL_OK : failed(tpm, PAWL_TPM_BASE, code);
}

/* Tells of a trouble when it begins and when it ends, however often it is met meanwhile. */
static enum pawl_result serve_tell(struct counter_tpm *store, TSS2_RC code)
{
    const struct pawl_tpm_trouble *trouble =
        code != TSS2_RC_SUCCESS ? pawl_tpm_trouble_of(code) : NULL;

    if (trouble == NULL && store->told != NULL)
        pawl_log(PAWL_LOG_NOTICE, "the TPM is in use again");
    if (trouble != NULL && store->told != trouble->text)
        pawl_log(PAWL_LOG_ERROR, "storage: TPM indices 0x%08x...: %s (0x%x)",
                 (unsigned)store->tpm.first, trouble->text, (unsigned)code);
    store->told = trouble != NULL ? trouble->text : NULL;
    return trouble != NULL ? PAWL_STORAGE : PAWL_OK;
}

static enum pawl_result counter_tpm_read(void *context, uint64_t *value)
{
    struct counter_tpm *store = context;
    uint8_t bytes[NUMBER_SIZE];
    TSS2_RC code = pawl_tpm_read(&store->tpm, PAWL_TPM_COUNTER, bytes, sizeof bytes);

    if (serve_tell(store, code) != PAWL_OK)
        return PAWL_STORAGE;
    if (pawl_u64be_get(bytes) < store->base) /* no TPM does that */
        return PAWL_STORAGE;
    *value = pawl_u64be_get(bytes) - store->base;
    return PAWL_OK;
}

static enum pawl_result counter_tpm_increment(void *context)
{
    struct counter_tpm *store = context;

    return serve_tell(store, pawl_tpm_increment(&store->tpm, PAWL_TPM_COUNTER));
}

static enum pawl_result counter_tpm_cell_read(void *context, unsigned index,
                                              uint8_t cell[PAWL_CELL_SIZE])
{
    struct counter_tpm *store = context;

    if (index >= CELLS)
        return PAWL_STORAGE;
    return serve_tell(store,
                      pawl_tpm_read(&store->tpm, PAWL_TPM_CELL + index, cell, PAWL_CELL_SIZE));
}

static enum pawl_result counter_tpm_cell_write(void *context, unsigned index,
                                               const uint8_t cell[PAWL_CELL_SIZE])
{
    struct counter_tpm *store = context;

    if (index >= CELLS)
        return PAWL_STORAGE;
    return serve_tell(store,
                      pawl_tpm_write(&store->tpm, PAWL_TPM_CELL + index, cell, PAWL_CELL_SIZE));
}

static void counter_tpm_close(void *context)
{
    struct counter_tpm *store = context;

    pawl_tpm_close(&store->tpm);
    free(store);
}

static enum pawl_result store_open(struct counter_tpm *store,
                                   const struct pawl_counter_place *place)
{
    struct pawl_tpm_address address;
    uint8_t value[NUMBER_SIZE];

    if (!pawl_tpm_address_read(place->argument, &address))
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_tpm_open(&store->tpm, &address, place->helper);
    if (result != PAWL_OK)
        return pawl_error(result, "no memory");
    pawl_expand(place->pud->unit_secret, "pawl/1 tpm auth", NULL, 0, store->tpm.auth,
                PAWL_TPM_AUTH_SIZE);
    result = base_read(store, place, &address);
    if (result != PAWL_OK)
        return result;
    TSS2_RC code = pawl_tpm_read(&store->tpm, PAWL_TPM_COUNTER, value, sizeof value);
    if (code != TSS2_RC_SUCCESS)
        return failed(&store->tpm, PAWL_TPM_COUNTER, code);
    store->tpm.patience = PATIENCE_SERVING;
    return PAWL_OK;
}

static enum pawl_result counter_tpm_open(const struct pawl_counter_place *place, void **context)
{
    struct counter_tpm *store = calloc(1, sizeof *store);

    if (store == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = store_open(store, place);
    if (result != PAWL_OK) {
        counter_tpm_close(store);
        return result;
    }
    *context = store;
    return PAWL_OK;
}

const struct pawl_counter_kind pawl_counter_tpm = {
    .name = "tpm",
    .made_on_request = true,
    .check = address_check,
    .helper_start = helper_start,
    .open = counter_tpm_open,
    .close = counter_tpm_close,
    .read = counter_tpm_read,
    .increment = counter_tpm_increment,
    .cell_read = counter_tpm_cell_read,
    .cell_write = counter_tpm_cell_write,
};
