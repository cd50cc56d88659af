/* Vendor signing keys: P-256 in PEM, and the ES256 signature over a manifest (SPEC 6). */
#ifndef PAWL_HEADEND_SIGNER_H
#define PAWL_HEADEND_SIGNER_H

#include <stdbool.h>

#include "pawl/crypto.h"
#include "pawl/manifest.h"
#include "pawl/pud.h"
#include "pawl/result.h"

struct pawl_signer; /* holds a private key; OpenSSL wipes it when freed */

/* Makes a new P-256 key. PAWL_CRYPTO. Free with pawl_signer_free. */
enum pawl_result pawl_signer_generate(struct pawl_signer **signer);

/* Reads a PEM private key. PAWL_IO when the file cannot be read, PAWL_MALFORMED when it is no PEM
 * key, PAWL_UNSUPPORTED for another kind of key. */
enum pawl_result pawl_signer_load(const char *path, struct pawl_signer **signer);
void pawl_signer_free(struct pawl_signer *signer);

/* Writes PATH (private, 0600). Never overwrites unless `force`. PAWL_IO. */
enum pawl_result pawl_signer_save(const struct pawl_signer *signer, const char *path, bool force);
/* Writes the public key as PEM SubjectPublicKeyInfo (0644). */
enum pawl_result pawl_signer_save_public(const struct pawl_signer *signer, const char *path,
                                         bool force);

/* The public half, as devices hold it. PAWL_UNSUPPORTED for a key without an uncompressed point. */
enum pawl_result pawl_signer_anchor_get(const struct pawl_signer *signer,
                                        struct pawl_anchor *anchor);

/* Reads a PEM public key (or a private one, using its public half). Errors as pawl_signer_load. */
enum pawl_result pawl_anchor_load(const char *path, struct pawl_anchor *anchor);

/* Reads a PEM public key from text. PAWL_MALFORMED, PAWL_UNSUPPORTED. */
enum pawl_result pawl_anchor_read(const char *pem, struct pawl_anchor *anchor);

/* ES256 over a digest. PAWL_CRYPTO. */
enum pawl_result pawl_signer_digest_sign(const struct pawl_signer *signer,
                                         const uint8_t digest[PAWL_SHA256_SIZE],
                                         uint8_t signature[PAWL_ES256_SIGNATURE_SIZE]);

/* Signs a manifest payload: the whole COSE_Sign1. PAWL_CRYPTO, PAWL_EXHAUSTED. */
enum pawl_result pawl_manifest_sign(const struct pawl_signer *signer, const uint8_t *payload,
                                    size_t payload_size, uint8_t *bytes, size_t capacity,
                                    size_t *size);

#endif
