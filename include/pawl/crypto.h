/*
 * The crypto contract: the primitives that core and engine need, implemented by one adapter that is
 * chosen when linking: src/crypto/openssl.c, or bearssl.c and psa.c for microcontrollers.
 *
 * An adapter allocates nothing that the caller does not give back with the matching release, keeps
 * no secret after it, runs in constant time with respect to keys and plaintext, and may be used
 * from several threads with different contexts.
 */
#ifndef PAWL_CRYPTO_H
#define PAWL_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_SHA256_SIZE 32u
#define PAWL_SHA1_SIZE 20u
#define PAWL_AES256_KEY_SIZE 32u
#define PAWL_GCM_NONCE_SIZE 12u
#define PAWL_GCM_TAG_SIZE 16u
#define PAWL_KEY_WRAP_OVERHEAD 8u /* RFC 3394: output is 8 bytes longer than input */
#define PAWL_ES256_SIGNATURE_SIZE 64u

/* Largest state of any adapter; each adapter asserts at compile time that its own fits. */
#define PAWL_SHA256_STATE_SIZE 128u
#define PAWL_GCM_STATE_SIZE 768u

/* Running SHA-256. Copyable by assignment (a copy continues on its own), owned by the caller, needs
 * no release; wipe it when what was hashed is secret. */
struct pawl_sha256 {
    _Alignas(8) uint8_t state[PAWL_SHA256_STATE_SIZE];
};

void pawl_sha256_init(struct pawl_sha256 *sha);
void pawl_sha256_update(struct pawl_sha256 *sha, const void *bytes, size_t size);
void pawl_sha256_final(struct pawl_sha256 *sha, uint8_t digest[PAWL_SHA256_SIZE]);

/* SHA-256 of one byte string: the three above in one; in core, not in the adapters. */
void pawl_sha256_make(const void *bytes, size_t size, uint8_t digest[PAWL_SHA256_SIZE]);

/* Hashes one already padded 64-byte block `steps` times; each digest takes the place of the 32
 * bytes at `at` (0..32) before the next step. The chain's inner loop, where general updates would
 * cost more than the hash itself. */
void pawl_sha256_iterate(uint8_t block[64], size_t at, uint32_t steps);

/* SHA-1 of the concatenation of two byte strings: UUIDv5 is defined with it (SPEC 2). For names
 * only; nothing in Pawl rests on its strength. */
void pawl_sha1_make(const void *a, size_t a_size, const void *b, size_t b_size,
                    uint8_t digest[PAWL_SHA1_SIZE]);

/* AES-256-GCM under one key. Set with pawl_gcm_init, given back with pawl_gcm_release, which wipes
 * it and may be called on a zeroed or already released context. Not to be copied. */
struct pawl_gcm {
    _Alignas(16) uint8_t state[PAWL_GCM_STATE_SIZE];
};

enum pawl_result pawl_gcm_init(struct pawl_gcm *gcm, const uint8_t key[PAWL_AES256_KEY_SIZE]);
void pawl_gcm_release(struct pawl_gcm *gcm);

/* Encrypts `size` bytes (up to 1 MiB) of `plain` to `sealed`, which takes PAWL_GCM_TAG_SIZE more:
 * the tag follows what it protects, as in a package, since a chip's one call may have no other
 * form. `sealed` may be `plain` itself, not overlap it otherwise. No additional data. PAWL_CRYPTO
 * when the library fails. */
enum pawl_result pawl_gcm_seal(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *plain, size_t size, uint8_t *sealed);

/* The reverse, for `size` bytes of plaintext. PAWL_CORRUPT when the tag does not match; `plain` is
 * then wiped, so that no unchecked plaintext exists when this returns (I3). `plain` may be `sealed`
 * itself. */
enum pawl_result pawl_gcm_open(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *sealed, size_t size, uint8_t *plain);

/* AES-256 key wrap of RFC 3394 with its default initial value. `size` is the plaintext's: a
 * multiple of 8 from 16 to 64 bytes; `wrapped` is size + 8. */
enum pawl_result pawl_key_wrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *key,
                               size_t size, uint8_t *wrapped);

/* The reverse of `size` wrapped bytes; `key` takes size - 8. PAWL_UNTRUSTED when the integrity
 * check fails, `key` is then untouched. */
enum pawl_result pawl_key_unwrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *wrapped,
                                 size_t size, uint8_t *key);

/* ECDSA P-256 over a SHA-256 digest; signature is r || s, x and y the key's affine coordinates, all
 * big-endian. PAWL_UNTRUSTED when it does not verify or the point is not on the curve. */
enum pawl_result pawl_es256_verify(const uint8_t x[32], const uint8_t y[32],
                                   const uint8_t digest[PAWL_SHA256_SIZE],
                                   const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE]);

#endif
