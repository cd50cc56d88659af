/* What an answer of tpm2-tss or of the TPM means for the device. */
#ifndef PAWL_LINUX_TPM_TROUBLE_H
#define PAWL_LINUX_TPM_TROUBLE_H

#include <stdbool.h>
#include <tss2/tss2_common.h>

#include "pawl/result.h"

struct pawl_tpm_trouble {
    TSS2_RC code; /* of the TPM, without what it says of the place */
    enum pawl_result result;
    const char *text; /* after the name of an index */
    const char *hint; /* or NULL */
};

/* Never NULL, for a code that is an error. */
const struct pawl_tpm_trouble *pawl_tpm_trouble_of(TSS2_RC code);

/* The TPM's own code, without the layer that passed it on and the number of handle, session or
 * parameter. */
TSS2_RC pawl_tpm_code(TSS2_RC code);

/* Nothing came back: the TPM, or the relay, is not there. */
bool pawl_tpm_is_away(TSS2_RC code);

#endif
