/* The manifest: a release as the vendor signed it, over the plaintext image (SPEC 6). */
#ifndef PAWL_MANIFEST_H
#define PAWL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/pud.h"
#include "pawl/result.h"

/* The signed manifest must fit the 4096-byte package header. */
#define PAWL_MANIFEST_SIZE_MAX 4032u
#define PAWL_ARGUMENT_MAX 32u
#define PAWL_REVOKED_MAX 3u

enum pawl_kind {
    PAWL_KIND_EXEC = 1,  /* Linux executable */
    PAWL_KIND_RAW = 2,   /* raw binary loaded at an address */
    PAWL_KIND_OPAQUE = 3 /* handed on */
};

enum pawl_success {
    PAWL_SUCCESS_EXIT = 1,   /* exits with zero */
    PAWL_SUCCESS_READY = 2,  /* reports that it is ready */
    PAWL_SUCCESS_CONTACT = 3 /* an authentic directive was received while it ran */
};

/* What the image may reach beside its own files. */
enum pawl_profile {
    PAWL_PROFILE_CONFINED = 0, /* nothing: the manifest names no profile */
    PAWL_PROFILE_NETWORK = 1   /* the network */
};

/* Text inside the encoded bytes: not terminated, no NUL inside, valid as long as those bytes. */
struct pawl_text {
    const char *bytes;
    uint32_t size;
};

struct pawl_manifest {
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    struct pawl_text name, version;
    uint64_t security_version;
    enum pawl_kind kind;
    uint64_t image_size; /* bytes, at least 1 */
    uint8_t image_digest[PAWL_SHA256_SIZE];
    uint64_t load_address, entry_address; /* PAWL_KIND_RAW only, else 0 */
    enum pawl_success success;
    uint32_t deadline; /* seconds until success must hold */
    uint64_t created;  /* Unix time, seconds */
    uint32_t argument_count;
    struct pawl_text arguments[PAWL_ARGUMENT_MAX]; /* PAWL_KIND_EXEC only */
    uint32_t revoked_count;
    uint8_t revoked[PAWL_REVOKED_MAX][PAWL_KID_SIZE]; /* keys that its commit revokes */
    enum pawl_profile profile;                        /* PAWL_KIND_EXEC only */
};

/* A COSE_Sign1 taken apart; pointers into the caller's bytes. */
struct pawl_signed_manifest {
    const uint8_t *payload;
    size_t payload_size;
    uint8_t kid[PAWL_KID_SIZE];
    const uint8_t *signature; /* 64 bytes */
};

/* Takes the COSE_Sign1 apart. PAWL_MALFORMED, or PAWL_UNSUPPORTED for another algorithm. Nothing is
 * verified yet. */
enum pawl_result pawl_signed_manifest_read(const uint8_t *bytes, size_t size,
                                           struct pawl_signed_manifest *out);

/* Verifies the signature with the anchor of that kid among `count`; bit i of `mask` says whether
 * anchor i is still trusted. PAWL_UNTRUSTED. */
enum pawl_result pawl_signed_manifest_verify(const struct pawl_signed_manifest *manifest,
                                             const struct pawl_anchor *anchors, uint32_t count,
                                             uint32_t mask);

/* Decodes a payload whose signature was verified. PAWL_MALFORMED, PAWL_UNSUPPORTED: `out` holds
 * zeros then. */
enum pawl_result pawl_manifest_read(const uint8_t *payload, size_t size, struct pawl_manifest *out);

/* Encodes a payload. PAWL_MALFORMED for values that the format does not allow, PAWL_EXHAUSTED. */
enum pawl_result pawl_manifest_write(const struct pawl_manifest *manifest, uint8_t *payload,
                                     size_t capacity, size_t *size);

/* Whether the manifest revokes the key with this id (SPEC 6.8). */
bool pawl_manifest_revokes(const struct pawl_manifest *manifest, const uint8_t kid[PAWL_KID_SIZE]);

/* The digest that a signer signs for `payload` (SHA-256 of the Sig_structure). */
void pawl_manifest_digest_make(const uint8_t *payload, size_t size,
                               uint8_t digest[PAWL_SHA256_SIZE]);

/* Puts payload, kid and signature together to the COSE_Sign1. PAWL_EXHAUSTED. */
enum pawl_result pawl_signed_manifest_write(const uint8_t *payload, size_t payload_size,
                                            const uint8_t kid[PAWL_KID_SIZE],
                                            const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE],
                                            uint8_t *bytes, size_t capacity, size_t *size);

#endif
