/*
 * Checkpoints of the audit trail (SPEC 21.3): the server signs now and then how far its trail goes
 * and with which hash. One that left the server (a log line is enough) shows when entries before it
 * are changed or those up to it are gone.
 */
#ifndef PAWL_HEADEND_CHECKPOINT_H
#define PAWL_HEADEND_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "headend/audit_chain.h"
#include "headend/signer.h"
#include "pawl/identifier.h"
#include "pawl/pud.h"

#define PAWL_CHECKPOINT_SIZE_MAX 256u

struct pawl_checkpoint {
    uint8_t server_id[PAWL_ID_SIZE];
    uint64_t entry; /* the newest one, at least 1 */
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
    uint64_t time; /* Unix seconds */
};

/* Who signs: a function, so that the private key may be anywhere. */
struct pawl_checkpoint_signer {
    enum pawl_result (*sign)(void *context, const uint8_t digest[PAWL_SHA256_SIZE],
                             uint8_t signature[PAWL_ES256_SIGNATURE_SIZE]);
    void *context;
    uint8_t kid[PAWL_KID_SIZE];
};

/* A signer with a key in memory, which must outlive it. Errors of pawl_signer_anchor_get. */
enum pawl_result pawl_checkpoint_signer_init(struct pawl_checkpoint_signer *signer,
                                             struct pawl_signer *key);

/* The signed message: a COSE_Sign1. What `sign` returns; PAWL_EXHAUSTED. */
enum pawl_result pawl_checkpoint_sign(const struct pawl_checkpoint_signer *signer,
                                      const struct pawl_checkpoint *checkpoint, uint8_t *bytes,
                                      size_t capacity, size_t *size);

/* Verifies a message under one of the keys and reads it. PAWL_MALFORMED, PAWL_UNSUPPORTED;
 * PAWL_UNTRUSTED when it is by none of them. */
enum pawl_result pawl_checkpoint_open(const uint8_t *bytes, size_t size,
                                      const struct pawl_anchor *keys, size_t key_count,
                                      struct pawl_checkpoint *checkpoint);

/* How many bytes of text, from its start, are hex digits of a checkpoint: 0 when it is none. Finds
 * checkpoints in logs, lists and exports alike. `bytes` has PAWL_CHECKPOINT_SIZE_MAX. */
size_t pawl_checkpoint_text_read(const char *text, uint8_t *bytes, size_t *size);

#endif
