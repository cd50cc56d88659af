/*
 * The package: one ciphertext for every device (SPEC 7).
 *
 * A package is a preamble (magic, header length, header) and chunks. The header is read once into
 * memory and used from there; chunks are sealed and opened one by one, in any order.
 */
#ifndef PAWL_PACKAGE_H
#define PAWL_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/manifest.h"
#include "pawl/result.h"

#define PAWL_PREFIX_SIZE 12u /* magic and header length */
#define PAWL_HEADER_SIZE_MAX 4096u
#define PAWL_PREAMBLE_SIZE_MAX (PAWL_PREFIX_SIZE + PAWL_HEADER_SIZE_MAX)
#define PAWL_CHUNK_SIZE_MIN 1024u
#define PAWL_CHUNK_SIZE_MAX 1048576u
#define PAWL_CHUNK_SIZE_DEFAULT 65536u
#define PAWL_CHUNK_OVERHEAD 16u

enum pawl_mode {
    PAWL_MODE_WRAPPED = 0, /* random content key, wrapped for each device in an entitlement */
    PAWL_MODE_DIRECT = 1   /* content key derived from one device's download key */
};

/* A header taken apart; pointers into the caller's bytes, which must outlive it. */
struct pawl_package {
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint32_t preamble_size; /* bytes before chunk 0 */
    uint32_t chunk_size;    /* plaintext bytes per chunk */
    enum pawl_mode mode;
    uint8_t salt[PAWL_SALT_SIZE];
    const uint8_t *manifest_bytes; /* the COSE_Sign1 */
    size_t manifest_size;
    struct pawl_signed_manifest signed_manifest;
};

/* How many bytes the preamble has, from its first PAWL_PREFIX_SIZE bytes. PAWL_MALFORMED. */
enum pawl_result pawl_preamble_size_read(const uint8_t prefix[PAWL_PREFIX_SIZE], uint32_t *size);

/* Takes a whole preamble apart (`size` may be larger: what follows is ignored). PAWL_MALFORMED,
 * PAWL_UNSUPPORTED; of what is in `out` then, nothing counts. The manifest is not verified yet. */
enum pawl_result pawl_package_read(const uint8_t *bytes, size_t size, struct pawl_package *out);

/* Writes a preamble. PAWL_MALFORMED for a chunk size that is not allowed, PAWL_EXHAUSTED. */
enum pawl_result pawl_package_write(const uint8_t *manifest, size_t manifest_size,
                                    uint32_t chunk_size, enum pawl_mode mode,
                                    const uint8_t salt[PAWL_SALT_SIZE], uint8_t *bytes,
                                    size_t capacity, size_t *size);

/* What decides whether a device takes a package. */
struct pawl_acceptance {
    const struct pawl_pud *pud;
    uint32_t anchor_mask;    /* bit i: anchor i is still trusted */
    uint64_t security_floor; /* lowest security version that is accepted */
};

/* Verifies the signature, decodes the manifest, checks what it revokes, vendor and class, then the
 * security version, in this order (SPEC 1): PAWL_UNTRUSTED, PAWL_MALFORMED or PAWL_UNSUPPORTED,
 * PAWL_UNTRUSTED, PAWL_WRONG_CLASS, PAWL_ROLLBACK. After an error nothing is left in `manifest`. */
enum pawl_result pawl_package_accept(const struct pawl_package *package,
                                     const struct pawl_acceptance *acceptance,
                                     struct pawl_manifest *manifest);

/* The anchors of `pud` that a release signed by `signer` revokes: bit i stands for anchor i, as in
 * the anchor mask. PAWL_UNTRUSTED when it names that anchor or one behind it (SPEC 6.8). */
enum pawl_result pawl_revocation_make(const struct pawl_manifest *manifest,
                                      const uint8_t signer[PAWL_KID_SIZE],
                                      const struct pawl_pud *pud, uint32_t *revoked);

/* Geometry of the chunks of an image of `image_size` bytes (at least 1). */
size_t pawl_chunk_count(size_t image_size, uint32_t chunk_size);
/* Plaintext bytes in chunk `index`. */
uint32_t pawl_chunk_length(size_t image_size, uint32_t chunk_size, size_t index);
/* Bytes of the whole package, of an image of which only the manifest told; PAWL_CORRUPT when a
 * size_t can't count them. */
enum pawl_result pawl_package_size_make(uint32_t preamble_size, uint64_t image_size,
                                        uint32_t chunk_size, size_t *size);

/* The stream of one package under one content key. Init, use in any order, release (which wipes).
 * One per thread. */
struct pawl_stream {
    struct pawl_gcm gcm;
    size_t image_size;
    uint32_t chunk_size;
};

enum pawl_result pawl_stream_init(struct pawl_stream *stream,
                                  const uint8_t content_key[PAWL_KEY_SIZE],
                                  const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], size_t image_size,
                                  uint32_t chunk_size);
void pawl_stream_release(struct pawl_stream *stream);

/* Seals chunk `index`: pawl_chunk_length() bytes of plaintext become that plus 16. In place
 * allowed. */
enum pawl_result pawl_stream_seal(struct pawl_stream *stream, size_t index, const uint8_t *plain,
                                  uint8_t *sealed);

/* Opens chunk `index` from pawl_chunk_length() + 16 bytes. PAWL_CORRUPT; no plaintext is left then.
 * In place allowed. */
enum pawl_result pawl_stream_open(struct pawl_stream *stream, size_t index, const uint8_t *sealed,
                                  uint8_t *plain);

#endif
