/* Making a device's indices, once, at the factory. */
#ifndef PAWL_LINUX_TPM_MAKE_H
#define PAWL_LINUX_TPM_MAKE_H

#include "tpm_nv.h"

/* Defines the indices that are missing, and writes counter and cells for the first time. What an
 * earlier making left is taken up if it is this device's. The base is defined and not yet written.
 * Errors were printed. */
enum pawl_result pawl_tpm_make(struct pawl_tpm *tpm, const struct pawl_tpm_address *address);

#endif
