/* The crypto adapter against the standards' own examples: one of each, and a refusal of each that
 * can refuse. tests/unit/test_crypto_contract.c asks more. */
#include <string.h>

#include "conformance.h"
#include "pawl/crypto.h"

/* FIPS 180-4: "abc". */
static const uint8_t abc_digest[] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

/* FIPS 180-4 for SHA-1: "abc". */
static const uint8_t abc_sha1[] = {
    0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
    0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d,
};

/* SP 800-38D, test case 14: key, nonce and one block of zeros; the tag. */
static const uint8_t zeros_sealed[] = {
    0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
    0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19,
};

/* RFC 3394, 4.6: the key 00..1f wraps 00..ff 00..0f. */
static const uint8_t wrapped[] = {
    0x28, 0xc9, 0xf4, 0x04, 0xc4, 0xb8, 0x10, 0xf4, 0xcb, 0xcc, 0xb3, 0x5c, 0xfb, 0x87,
    0xf8, 0x26, 0x3f, 0x57, 0x86, 0xe2, 0xd8, 0x0e, 0xd3, 0x26, 0xcb, 0xc7, 0xf0, 0xe7,
    0x1a, 0x99, 0xf4, 0x3b, 0xfb, 0x98, 0x8b, 0x9b, 0x7a, 0x02, 0xdd, 0x21,
};

/* RFC 6979, A.2.5: P-256 with SHA-256, "sample". */
static const uint8_t key_x[] = {
    0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68,
    0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6,
};
static const uint8_t key_y[] = {
    0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64,
    0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99,
};
static const uint8_t sample_digest[] = {
    0xaf, 0x2b, 0xdb, 0xe1, 0xaa, 0x9b, 0x6e, 0xc1, 0xe2, 0xad, 0xe1, 0xd6, 0x94, 0xf4, 0x1f, 0xc7,
    0x1a, 0x83, 0x1d, 0x02, 0x68, 0xe9, 0x89, 0x15, 0x62, 0x11, 0x3d, 0x8a, 0x62, 0xad, 0xd1, 0xbf,
};
static const uint8_t sample_signature[] = {
    0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6,
    0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16,
    0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65,
    0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8,
};

static bool sha256_holds(void)
{
    struct pawl_sha256 sha, copy;
    uint8_t digest[PAWL_SHA256_SIZE], again[PAWL_SHA256_SIZE];

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, "ab", 2);
    copy = sha;
    pawl_sha256_update(&sha, "c", 1);
    pawl_sha256_final(&sha, digest);
    pawl_sha256_update(&copy, "c", 1);
    pawl_sha256_final(&copy, again);
    return memcmp(digest, abc_digest, sizeof digest) == 0 &&
           memcmp(again, abc_digest, sizeof again) == 0;
}

/* One step of the chain is hashing what the padded block holds. */
static bool iterating_holds(void)
{
    uint8_t block[64] = {'a', 'b', 'c', 0x80};

    block[63] = 24; /* bits */
    pawl_sha256_iterate(block, 32, 0);
    if (block[32] != 0)
        return false;
    pawl_sha256_iterate(block, 0, 1);
    return memcmp(block, abc_digest, sizeof abc_digest) == 0;
}

static bool sha1_holds(void)
{
    uint8_t digest[PAWL_SHA1_SIZE];

    pawl_sha1_make("a", 1, "bc", 2, digest);
    return memcmp(digest, abc_sha1, sizeof digest) == 0;
}

static bool gcm_holds(void)
{
    const uint8_t key[PAWL_AES256_KEY_SIZE] = {0}, nonce[PAWL_GCM_NONCE_SIZE] = {0};
    uint8_t bytes[16 + PAWL_GCM_TAG_SIZE] = {0};
    struct pawl_gcm gcm;

    if (pawl_gcm_init(&gcm, key) != PAWL_OK)
        return false;
    bool holds = pawl_gcm_seal(&gcm, nonce, bytes, 16, bytes) == PAWL_OK &&
                 memcmp(bytes, zeros_sealed, sizeof bytes) == 0 &&
                 pawl_gcm_open(&gcm, nonce, bytes, 16, bytes) == PAWL_OK && bytes[0] == 0;
    memcpy(bytes, zeros_sealed, sizeof bytes);
    bytes[16] ^= 1;
    holds = holds && pawl_gcm_open(&gcm, nonce, bytes, 16, bytes) == PAWL_CORRUPT;
    pawl_gcm_release(&gcm);
    return holds && bytes[0] == 0;
}

static bool key_wrap_holds(void)
{
    uint8_t kek[PAWL_AES256_KEY_SIZE], key[32], out[40], opened[32];

    for (unsigned i = 0; i < sizeof kek; i++)
        kek[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i < 16 ? 0x11 * i : i - 16);
    bool holds = pawl_key_wrap(kek, key, sizeof key, out) == PAWL_OK &&
                 memcmp(out, wrapped, sizeof out) == 0 &&
                 pawl_key_unwrap(kek, out, sizeof out, opened) == PAWL_OK &&
                 memcmp(opened, key, sizeof key) == 0;
    out[0] ^= 1;
    return holds && pawl_key_unwrap(kek, out, sizeof out, opened) == PAWL_UNTRUSTED;
}

static bool es256_holds(void)
{
    uint8_t signature[PAWL_ES256_SIGNATURE_SIZE];

    memcpy(signature, sample_signature, sizeof signature);
    if (pawl_es256_verify(key_x, key_y, sample_digest, signature) != PAWL_OK)
        return false;
    signature[40] ^= 1;
    return pawl_es256_verify(key_x, key_y, sample_digest, signature) == PAWL_UNTRUSTED;
}

static const struct {
    const char *name;
    bool (*holds)(void);
} checks[] = {
    {"SHA-256, and its state is copied by assignment", sha256_holds},
    {"a block is hashed in place", iterating_holds},
    {"SHA-1", sha1_holds},
    {"AES-256-GCM, and a wrong tag", gcm_holds},
    {"AES key wrap, and a wrong key", key_wrap_holds},
    {"ECDSA P-256, and a wrong signature", es256_holds},
};

unsigned pawl_conformance_crypto(const struct pawl_conformance *conformance)
{
    unsigned failures = 0;

    for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        bool holds = checks[i].holds();
        conformance->tell(checks[i].name, holds);
        failures += !holds;
    }
    return failures;
}
