#include "tpm_make.h"

#include <errno.h>
#include <string.h>

#include "host/file.h"
#include "host/log.h"
#include "pawl/port.h"
#include "pawl/secret.h"
#include "tpm_trouble.h"

#define OBJECTS_FIRST 0x80000000u /* of transient ones; the library's shifts an int too far */
#define OWN_ACCESS (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

/* Who may write and read: only a holder of the device's secret; no owner, no platform. */
static const struct {
    TPMA_NV attributes;
    UINT16 size;
} forms[PAWL_TPM_INDICES] = {
    [PAWL_TPM_COUNTER] = {OWN_ACCESS | TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT, 8},
    [PAWL_TPM_BASE] = {OWN_ACCESS | TPMA_NV_WRITEDEFINE, PAWL_TPM_BASE_SIZE},
    [PAWL_TPM_CELL] = {OWN_ACCESS, PAWL_CELL_SIZE},
    [PAWL_TPM_CELL + 1] = {OWN_ACCESS, PAWL_CELL_SIZE},
};

/* The form of a storage key on P-256, for a salt that only this TPM can read. */
static const TPM2B_PUBLIC salt_form = {
    .publicArea =
        {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
                                TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH,
            .parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
                                                   .keyBits.aes = 128,
                                                   .mode.aes = TPM2_ALG_CFB},
                                     .scheme.scheme = TPM2_ALG_NULL,
                                     .curveID = TPM2_ECC_NIST_P256,
                                     .kdf.scheme = TPM2_ALG_NULL},
        },
};

static enum pawl_result failed(TSS2_RC code, const char *what, uint32_t handle)
{
    const struct pawl_tpm_trouble *trouble = pawl_tpm_trouble_of(code);

    pawl_error(trouble->result, "%s 0x%08x: %s (0x%x)", what, (unsigned)handle, trouble->text,
               (unsigned)code);
    return trouble->result;
}

/* What the owner, or the platform, has to show for a new index: nothing, unless a file is named. */
static enum pawl_result hierarchy_unlock(ESYS_CONTEXT *esys, ESYS_TR hierarchy, const char *path)
{
    struct pawl_buffer file = {0};
    TPM2B_AUTH auth = {.size = 0};

    if (path[0] == '\0')
        return PAWL_OK;
    if (pawl_file_read(path, PAWL_TPM_AUTH_SIZE, &file) != PAWL_OK)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    auth.size = (UINT16)file.size;
    if (file.size > 0)
        memcpy(auth.buffer, file.bytes, file.size);
    (void)Esys_TR_SetAuth(esys, hierarchy, &auth);
    pawl_wipe(&auth, sizeof auth);
    pawl_buffer_release(&file);
    return PAWL_OK;
}

static TSS2_RC index_define(const struct pawl_tpm *tpm, ESYS_TR hierarchy, ESYS_TR session,
                            unsigned index)
{
    TPM2B_NV_PUBLIC form = {
        .nvPublic = {.nvIndex = tpm->first + index,
                     .nameAlg = TPM2_ALG_SHA256,
                     .attributes = forms[index].attributes,
                     .dataSize = forms[index].size},
    };
    TPM2B_AUTH auth = {.size = PAWL_TPM_AUTH_SIZE};
    ESYS_TR handle = ESYS_TR_NONE;

    memcpy(auth.buffer, tpm->auth, PAWL_TPM_AUTH_SIZE);
    if (hierarchy == ESYS_TR_RH_PLATFORM) {
        /* Undefining takes a policy session, and none has this digest: it is there for good. */
        form.nvPublic.attributes |= TPMA_NV_PLATFORMCREATE | TPMA_NV_POLICY_DELETE;
        form.nvPublic.authPolicy.size = TPM2_SHA256_DIGEST_SIZE;
        memset(form.nvPublic.authPolicy.buffer, 0xff, TPM2_SHA256_DIGEST_SIZE);
    }
    TSS2_RC code = Esys_NV_DefineSpace(tpm->esys, hierarchy, session, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &auth, &form, &handle);
    pawl_wipe(&auth, sizeof auth);
    return code;
}

static enum pawl_result indices_define(struct pawl_tpm *tpm, ESYS_TR hierarchy, ESYS_TR session)
{
    TSS2_RC code = Esys_TRSess_SetAttributes(
        tpm->esys, session, TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT, 0xff);

    for (unsigned i = 0; i < PAWL_TPM_INDICES; i++) {
        if (code == TSS2_RC_SUCCESS)
            code = index_define(tpm, hierarchy, session, i);
        if (pawl_tpm_code(code) == TPM2_RC_NV_DEFINED)
            code = TSS2_RC_SUCCESS; /* whose it is shows when it is used */
        if (code != TSS2_RC_SUCCESS)
            return failed(code, "making TPM index", tpm->first + i);
    }
    return PAWL_OK;
}

static TSS2_RC salt_key_make(struct pawl_tpm *tpm, ESYS_TR *key)
{
    static const TPM2B_SENSITIVE_CREATE sensitive = {0};
    static const TPM2B_DATA outside = {0};
    static const TPML_PCR_SELECTION registers = {0};
    TSS2_RC code = TSS2_RC_SUCCESS;

    for (unsigned tries = 0; tries < 2; tries++) {
        code = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_NULL, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &sensitive, &salt_form, &outside, &registers, key,
                                  NULL, NULL, NULL, NULL);
        if (pawl_tpm_code(code) != TPM2_RC_OBJECT_MEMORY)
            break;
        pawl_tpm_sweep(tpm, OBJECTS_FIRST);
    }
    return code;
}

/* The authorization of the indices crosses the bus this once, so it is encrypted for a key that
 * this TPM made for it. */
static enum pawl_result all_define(struct pawl_tpm *tpm, const struct pawl_tpm_address *address)
{
    const ESYS_TR hierarchy = address->platform ? ESYS_TR_RH_PLATFORM : ESYS_TR_RH_OWNER;
    ESYS_TR key = ESYS_TR_NONE, session = ESYS_TR_NONE;
    ESYS_CONTEXT *esys = NULL;
    TSS2_RC code = pawl_tpm_context(tpm, &esys);

    if (code == TSS2_RC_SUCCESS)
        code = salt_key_make(tpm, &key);
    if (code == TSS2_RC_SUCCESS)
        code = pawl_tpm_session(tpm, key, &session);
    enum pawl_result result = code == TSS2_RC_SUCCESS
                                  ? hierarchy_unlock(esys, hierarchy, address->authorization)
                                  : failed(code, "making TPM index", tpm->first);
    if (result == PAWL_OK)
        result = indices_define(tpm, hierarchy, session);
    if (session != ESYS_TR_NONE)
        (void)Esys_FlushContext(esys, session);
    if (key != ESYS_TR_NONE)
        (void)Esys_FlushContext(esys, key);
    pawl_tpm_forget(tpm);
    return result;
}

enum pawl_result pawl_tpm_make(struct pawl_tpm *tpm, const struct pawl_tpm_address *address)
{
    static const uint8_t blank[PAWL_CELL_SIZE];
    enum pawl_result result = all_define(tpm, address);
    TSS2_RC code = TSS2_RC_SUCCESS;
    unsigned index = PAWL_TPM_COUNTER;

    if (result != PAWL_OK)
        return result;
    /* A counter has no value before its first step. */
    code = pawl_tpm_increment(tpm, index);
    for (unsigned i = 0; i < 2 && code == TSS2_RC_SUCCESS; i++)
        code = pawl_tpm_write(tpm, index = PAWL_TPM_CELL + i, blank, sizeof blank);
    /* The first write changes the name of an index. */
    pawl_tpm_forget(tpm);
    return code == TSS2_RC_SUCCESS ? PAWL_OK : failed(code, "TPM index", tpm->first + index);
}
