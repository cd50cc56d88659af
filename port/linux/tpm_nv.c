#include "tpm_nv.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "host/secret.h"
#include "pawl/secret.h"
#include "tpm_trouble.h"

#define PATIENCE_AT_START 10000
#define PAUSE 100 /* ms */
#define SWEPT_MAX 64u

enum access_kind { READ, WRITE, INCREMENT, LOCK };

struct access {
    enum access_kind kind;
    unsigned index;
    void *bytes; /* read into, or written from */
    size_t size;
    bool sent; /* the command itself, so the TPM may have done it */
};

enum pawl_result pawl_tpm_open(struct pawl_tpm *tpm, const struct pawl_tpm_address *address,
                               int relay)
{
    *tpm = (struct pawl_tpm){
        .first = address->index,
        .shared = strstr(address->device, "tpmrm") != NULL,
        .patience = PATIENCE_AT_START,
    };
    pawl_tpm_link_init(&tpm->link, relay);
    /* What went wrong is told by us, once; the library would tell each step of it. */
    if (setenv("TSS2_LOG", "all+NONE", 1) != 0)
        return PAWL_EXHAUSTED;
    tpm->auth = pawl_secret_alloc(PAWL_TPM_AUTH_SIZE);
    return tpm->auth != NULL ? PAWL_OK : PAWL_EXHAUSTED;
}

void pawl_tpm_close(struct pawl_tpm *tpm)
{
    pawl_tpm_forget(tpm);
    pawl_secret_free(tpm->auth, PAWL_TPM_AUTH_SIZE);
    tpm->auth = NULL;
}

void pawl_tpm_forget(struct pawl_tpm *tpm)
{
    if (tpm->esys != NULL)
        Esys_Finalize(&tpm->esys);
    tpm->esys = NULL;
}

TSS2_RC pawl_tpm_context(struct pawl_tpm *tpm, ESYS_CONTEXT **esys)
{
    if (tpm->esys == NULL) {
        TSS2_TCTI_CONTEXT *tcti = (TSS2_TCTI_CONTEXT *)(void *)&tpm->link.tcti;
        TSS2_RC code = Esys_Initialize(&tpm->esys, tcti, NULL);
        if (code != TSS2_RC_SUCCESS)
            return code;
        for (unsigned i = 0; i < PAWL_TPM_INDICES; i++)
            tpm->handles[i] = ESYS_TR_NONE;
    }
    *esys = tpm->esys;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC handle_find(struct pawl_tpm *tpm, unsigned index)
{
    ESYS_CONTEXT *esys;
    TSS2_RC code = pawl_tpm_context(tpm, &esys);

    if (code != TSS2_RC_SUCCESS || tpm->handles[index] != ESYS_TR_NONE)
        return code;
    return Esys_TR_FromTPMPublic(esys, tpm->first + index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &tpm->handles[index]);
}

void pawl_tpm_sweep(struct pawl_tpm *tpm, TPM2_HANDLE from)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more;

    if (tpm->shared ||
        Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                           from, SWEPT_MAX, &more, &data) != TSS2_RC_SUCCESS)
        return;
    /* The answer is under no proof: it may be of another kind than was asked for. */
    const TPML_HANDLE *list = &data->data.handles;
    const UINT32 count = data->capability == TPM2_CAP_HANDLES ? list->count : 0;
    for (UINT32 i = 0; i < count; i++) {
        ESYS_TR left = ESYS_TR_NONE;
        if (Esys_TR_FromTPMPublic(tpm->esys, list->handle[i], ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &left) == TSS2_RC_SUCCESS)
            (void)Esys_FlushContext(tpm->esys, left);
    }
    Esys_Free(data);
}

TSS2_RC pawl_tpm_session(struct pawl_tpm *tpm, ESYS_TR salt, ESYS_TR *session)
{
    const TPMT_SYM_DEF cipher = {
        .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
    TSS2_RC code = TSS2_RC_SUCCESS;

    for (unsigned tries = 0; tries < 2; tries++) {
        code = Esys_StartAuthSession(tpm->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                     ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &cipher, TPM2_ALG_SHA256,
                                     session);
        if (pawl_tpm_code(code) != TPM2_RC_SESSION_MEMORY &&
            pawl_tpm_code(code) != TPM2_RC_SESSION_HANDLES)
            break;
        pawl_tpm_sweep(tpm, TPM2_LOADED_SESSION_FIRST);
    }
    return code;
}

static TSS2_RC read_run(struct pawl_tpm *tpm, const struct access *access, ESYS_TR session)
{
    ESYS_TR handle = tpm->handles[access->index];
    TPM2B_MAX_NV_BUFFER *data = NULL;
    TSS2_RC code = Esys_NV_Read(tpm->esys, handle, handle, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                (UINT16)access->size, 0, &data);

    if (code == TSS2_RC_SUCCESS && data->size != access->size)
        code = TSS2_ESYS_RC_MALFORMED_RESPONSE;
    if (code == TSS2_RC_SUCCESS)
        memcpy(access->bytes, data->buffer, access->size);
    if (data != NULL)
        pawl_wipe(data, sizeof *data);
    Esys_Free(data);
    return code;
}

static TSS2_RC command_run(struct pawl_tpm *tpm, const struct access *access, ESYS_TR session)
{
    ESYS_TR handle = tpm->handles[access->index];
    TPM2B_MAX_NV_BUFFER data = {.size = (UINT16)access->size};
    TSS2_RC code;

    switch (access->kind) {
    case READ:
        return read_run(tpm, access, session);
    case WRITE:
        memcpy(data.buffer, access->bytes, access->size);
        code =
            Esys_NV_Write(tpm->esys, handle, handle, session, ESYS_TR_NONE, ESYS_TR_NONE, &data, 0);
        pawl_wipe(&data, sizeof data);
        return code;
    case INCREMENT:
        return Esys_NV_Increment(tpm->esys, handle, handle, session, ESYS_TR_NONE, ESYS_TR_NONE);
    case LOCK:
        return Esys_NV_WriteLock(tpm->esys, handle, handle, session, ESYS_TR_NONE, ESYS_TR_NONE);
    }
    return TSS2_ESYS_RC_BAD_VALUE;
}

/* The library keeps a copy beside the handle; after each access it is overwritten, with NULL. */
static void auth_set(struct pawl_tpm *tpm, unsigned index, const uint8_t *bytes)
{
    TPM2B_AUTH auth = {.size = PAWL_TPM_AUTH_SIZE};

    memset(auth.buffer, 0xff, sizeof auth.buffer);
    if (bytes != NULL)
        memcpy(auth.buffer, bytes, PAWL_TPM_AUTH_SIZE);
    (void)Esys_TR_SetAuth(tpm->esys, tpm->handles[index], &auth);
    pawl_wipe(&auth, sizeof auth);
}

static TSS2_RC access_try(struct pawl_tpm *tpm, struct access *access)
{
    TPMA_SESSION attributes = access->kind == READ    ? TPMA_SESSION_ENCRYPT
                              : access->kind == WRITE ? TPMA_SESSION_DECRYPT
                                                      : 0;
    ESYS_TR session = ESYS_TR_NONE;
    TSS2_RC code = handle_find(tpm, access->index);

    if (code == TSS2_RC_SUCCESS)
        code = pawl_tpm_session(tpm, ESYS_TR_NONE, &session);
    if (code == TSS2_RC_SUCCESS)
        code = Esys_TRSess_SetAttributes(tpm->esys, session, attributes, 0xff);
    if (code != TSS2_RC_SUCCESS)
        return code;
    access->sent = true;
    auth_set(tpm, access->index, tpm->auth);
    code = command_run(tpm, access, session);
    auth_set(tpm, access->index, NULL);
    if (code != TSS2_RC_SUCCESS) /* else the command ended it */
        (void)Esys_FlushContext(tpm->esys, session);
    return code;
}

/* Whether another try may help: the TPM was away, restarted and forgot the session, or wants time.
 */
static bool may_pass(TSS2_RC code)
{
    TSS2_RC plain = pawl_tpm_code(code);

    return pawl_tpm_is_away(code) || plain == TPM2_RC_VALUE || plain == TPM2_RC_REFERENCE_S0 ||
           plain == TPM2_RC_NV_RATE;
}

static TSS2_RC access_run(struct pawl_tpm *tpm, struct access *access)
{
    const int64_t end = pawl_tpm_now() + tpm->patience;

    for (;;) {
        TSS2_RC code = access_try(tpm, access);
        if (code == TSS2_RC_SUCCESS)
            return code;
        pawl_tpm_forget(tpm); /* a context that failed may take no more commands */
        if (!may_pass(code) || pawl_tpm_now() >= end)
            return code;
        /* Before giving up an increment, too: the engine may repeat it at once (SPEC 13.4), and a
         * TPM that wants time (NV_RATE) must get some. */
        (void)poll(NULL, 0, PAUSE);
        if (access->kind == INCREMENT && access->sent)
            return code;
    }
}

TSS2_RC pawl_tpm_read(struct pawl_tpm *tpm, unsigned index, void *bytes, size_t size)
{
    struct access access = {.kind = READ, .index = index, .bytes = bytes, .size = size};

    return access_run(tpm, &access);
}

TSS2_RC pawl_tpm_write(struct pawl_tpm *tpm, unsigned index, const void *bytes, size_t size)
{
    struct access access = {
        .kind = WRITE, .index = index, .bytes = (void *)(uintptr_t)bytes, .size = size};

    return access_run(tpm, &access);
}

TSS2_RC pawl_tpm_increment(struct pawl_tpm *tpm, unsigned index)
{
    struct access access = {.kind = INCREMENT, .index = index};

    return access_run(tpm, &access);
}

TSS2_RC pawl_tpm_lock(struct pawl_tpm *tpm, unsigned index)
{
    struct access access = {.kind = LOCK, .index = index};

    return access_run(tpm, &access);
}

TSS2_RC pawl_tpm_name(struct pawl_tpm *tpm, unsigned index, TPM2B_NAME *name)
{
    TPM2B_NAME *found = NULL;
    TSS2_RC code = handle_find(tpm, index);

    if (code == TSS2_RC_SUCCESS)
        code = Esys_TR_GetName(tpm->esys, tpm->handles[index], &found);
    if (code == TSS2_RC_SUCCESS)
        *name = *found;
    Esys_Free(found);
    return code;
}
