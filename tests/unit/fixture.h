/* What several tests of the core need: a vendor key that signs, a device, a signed release. Fixed
 * inputs, so that a failure can be repeated. */
#ifndef PAWL_TESTS_FIXTURE_H
#define PAWL_TESTS_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/manifest.h"
#include "pawl/package.h"
#include "pawl/pud.h"
#include "samples.h"

/* Copies a CBOR map with one pair changed: the value of `key` becomes what the hex says; a key that
 * is not there is put where it belongs, a NULL value takes the pair away. Returns the size. */
size_t map_edit(const uint8_t *map, size_t size, int64_t key, const char *value, uint8_t *out,
                size_t capacity);

/* A change to a map, and what a reader must then say. */
struct edit_case {
    int64_t key;
    const char *value;
    enum pawl_result expected;
};

struct signer {
    void *key; /* EVP_PKEY */
    struct pawl_anchor anchor;
};

void signer_make(struct signer *signer);
void signer_release(struct signer *signer);
/* ES256 over the digest; r || s. */
void signer_sign(const struct signer *signer, const uint8_t digest[32], uint8_t signature[64]);
/* A COSE_Sign1 around any payload. Returns its size. */
size_t signer_wrap(const struct signer *signer, const uint8_t *payload, size_t size,
                   uint8_t bytes[PAWL_MANIFEST_SIZE_MAX]);

/* A device of example.com, class gateway-a, that trusts the signer. */
void pud_make(const struct signer *signer, uint64_t seed, struct pawl_pud *pud);
/* A release for that class; kind exec, no arguments, security version 7. */
void manifest_make(uint64_t image_size, struct pawl_manifest *manifest);
/* The whole preamble of a package; returns its size. */
size_t preamble_make(const struct signer *signer, const struct pawl_manifest *manifest,
                     uint32_t chunk_size, uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX]);

#endif
