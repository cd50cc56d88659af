#include "tpm_trouble.h"

#include <stddef.h>
#include <tss2/tss2_tpm2_types.h>

#define LAYER_TCTI TSS2_TCTI_RC_LAYER
#define PLACE_BITS (TPM2_RC_N_MASK | TPM2_RC_P) /* of a code of format 1 */

static const struct pawl_tpm_trouble away = {0, PAWL_STORAGE, "the TPM does not answer", NULL};
static const struct pawl_tpm_trouble foreign = {
    0, PAWL_STORAGE, "an answer that is not the TPM's: something altered it on its way", NULL};
static const struct pawl_tpm_trouble other = {0, PAWL_STORAGE, "the TPM refuses", NULL};

static const struct pawl_tpm_trouble troubles[] = {
    {TPM2_RC_HANDLE, PAWL_STORAGE,
     "missing: never made, or undefined, or the TPM was cleared or is another one",
     "--make-counter makes those of a new device; a sequence number that is lost is not made anew"},
    {TPM2_RC_AUTH_FAIL, PAWL_STORAGE,
     "not this device's: defined by somebody else, or the command was altered on its way", NULL},
    {TPM2_RC_BAD_AUTH, PAWL_STORAGE,
     "not this device's: defined by somebody else, or the command was altered on its way", NULL},
    {TPM2_RC_NV_UNINITIALIZED, PAWL_STORAGE, "never written: its making was cut short",
     "start once with --make-counter"},
    {TPM2_RC_NV_SPACE, PAWL_EXHAUSTED, "the TPM has no room for it", NULL},
    {TPM2_RC_NV_RATE, PAWL_STORAGE, "the TPM takes no more writes for a while", NULL},
    {TPM2_RC_NV_LOCKED, PAWL_STORAGE, "locked", NULL},
    {TPM2_RC_NV_AUTHORIZATION, PAWL_STORAGE, "has other attributes than the device's", NULL},
    {TPM2_RC_ATTRIBUTES, PAWL_STORAGE, "has other attributes than the device's", NULL},
    {TPM2_RC_HIERARCHY, PAWL_STORAGE, "its hierarchy is disabled", NULL},
    {TPM2_RC_FAILURE, PAWL_STORAGE, "the TPM is in failure mode", "a reset of the TPM may end it"},
    {TPM2_RC_INITIALIZE, PAWL_STORAGE, "the TPM was not started", NULL},
    {TPM2_RC_LOCKOUT, PAWL_STORAGE, "the TPM is locked out", NULL},
    {TPM2_RC_SESSION_MEMORY, PAWL_STORAGE, "the TPM has no session left", NULL},
    {TPM2_RC_SESSION_HANDLES, PAWL_STORAGE, "the TPM has no session left", NULL},
};

TSS2_RC pawl_tpm_code(TSS2_RC code)
{
    code &= ~TSS2_RC_LAYER_MASK;
    return (code & TPM2_RC_FMT1) != 0 ? code & ~(TSS2_RC)PLACE_BITS : code;
}

bool pawl_tpm_is_away(TSS2_RC code)
{
    return (code & TSS2_RC_LAYER_MASK) == LAYER_TCTI;
}

const struct pawl_tpm_trouble *pawl_tpm_trouble_of(TSS2_RC code)
{
    const TSS2_RC layer = code & TSS2_RC_LAYER_MASK;

    if (pawl_tpm_is_away(code))
        return &away;
    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_RC_LAYER &&
        layer != TSS2_RESMGR_TPM_RC_LAYER)
        return &foreign;
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
        if (troubles[i].code == pawl_tpm_code(code))
            return &troubles[i];
    return &other;
}
