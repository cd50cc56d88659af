/*
 * The NV indices of a device, through tpm2-tss (ESYS) over the relay.
 *
 * Each access is a session of its own, authorized by HMAC with a key of the device: it proves the
 * command to the TPM and the answer to us, for one time only, and encrypts what is read from and
 * written to the indices. So whoever sits between can withhold, but neither alter nor repeat.
 */
#ifndef PAWL_LINUX_TPM_NV_H
#define PAWL_LINUX_TPM_NV_H

#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_esys.h>

#include "tpm_address.h"
#include "tpm_link.h"

/* The indices, in the order of their handles. */
enum pawl_tpm_index {
    PAWL_TPM_COUNTER = 0,
    PAWL_TPM_BASE = 1,
    PAWL_TPM_CELL = 2, /* and the next one */
    PAWL_TPM_INDICES = 4,
};

#define PAWL_TPM_AUTH_SIZE 32u
#define PAWL_TPM_BASE_SIZE (8u + 32u) /* the value, and its MAC */

struct pawl_tpm {
    struct pawl_tpm_link link;
    ESYS_CONTEXT *esys; /* NULL until needed, and after each error */
    ESYS_TR handles[PAWL_TPM_INDICES];
    uint32_t first; /* handle of the first index */
    bool shared;    /* a resource manager keeps our sessions apart from others' */
    int patience;   /* ms that a TPM may be away, or busy, before that is an error */
    uint8_t *auth;  /* PAWL_TPM_AUTH_SIZE, secret memory */
};

/* PAWL_EXHAUSTED. pawl_tpm_close is to be called whatever the result. */
enum pawl_result pawl_tpm_open(struct pawl_tpm *tpm, const struct pawl_tpm_address *address,
                               int relay);
void pawl_tpm_close(struct pawl_tpm *tpm);

/* All are TSS2_RC_SUCCESS when the TPM did it and proved it. */
TSS2_RC pawl_tpm_read(struct pawl_tpm *tpm, unsigned index, void *bytes, size_t size);
TSS2_RC pawl_tpm_write(struct pawl_tpm *tpm, unsigned index, const void *bytes, size_t size);
/* After an error the step may have been made: it is never tried twice. */
TSS2_RC pawl_tpm_increment(struct pawl_tpm *tpm, unsigned index);
/* Write-locks for good. */
TSS2_RC pawl_tpm_lock(struct pawl_tpm *tpm, unsigned index);

/* The TPM's name of an index, a digest of all its attributes. Whether it is the true one shows with
 * the first access, in whose HMAC it is. */
TSS2_RC pawl_tpm_name(struct pawl_tpm *tpm, unsigned index, TPM2B_NAME *name);

/* For more than access, as making the indices: the context, made when there is none. */
TSS2_RC pawl_tpm_context(struct pawl_tpm *tpm, ESYS_CONTEXT **esys);
/* A session that is authorized and encrypted; `salt` is a key of the TPM, or ESYS_TR_NONE. */
TSS2_RC pawl_tpm_session(struct pawl_tpm *tpm, ESYS_TR salt, ESYS_TR *session);
/* Flushes all sessions (from TPM2_LOADED_SESSION_FIRST) or objects (from 0x80000000) of a TPM
 * that no resource manager looks after: those of a processor that was killed stay there, and three
 * fill it. */
void pawl_tpm_sweep(struct pawl_tpm *tpm, TPM2_HANDLE from);
/* After an error: what the context knew may be wrong. */
void pawl_tpm_forget(struct pawl_tpm *tpm);

#endif
