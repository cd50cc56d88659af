/*
 * The crypto contract over BearSSL 0.6, for devices without an operating system: no heap, and code
 * that takes constant time on 32-bit processors (bitsliced AES, GHASH by multiplications, P-256 in
 * 31-bit words: the general code for prime curves, a third of the special one's size for twice its
 * time). BearSSL has no AES key wrap: that is built on its AES, block by block.
 */
#include <string.h>

#include <bearssl.h>

#include "core/bytes.h"
#include "crypto/key_wrap.h"
#include "pawl/crypto.h"
#include "pawl/secret.h"

#define POINT_SIZE 65u
#define CTR_NONCE_SIZE 12u

struct gcm_state {
    br_aes_ct_ctr_keys keys;
    br_gcm_context gcm;
};
_Static_assert(sizeof(br_sha256_context) <= PAWL_SHA256_STATE_SIZE, "the SHA-256 state must fit");
_Static_assert(sizeof(struct gcm_state) <= PAWL_GCM_STATE_SIZE, "the GCM state must fit");

static br_sha256_context *sha256_of(struct pawl_sha256 *sha)
{
    return (br_sha256_context *)(void *)sha->state;
}

void pawl_sha256_init(struct pawl_sha256 *sha)
{
    br_sha256_init(sha256_of(sha));
}

void pawl_sha256_update(struct pawl_sha256 *sha, const void *bytes, size_t size)
{
    br_sha256_update(sha256_of(sha), bytes, size);
}

void pawl_sha256_final(struct pawl_sha256 *sha, uint8_t digest[PAWL_SHA256_SIZE])
{
    br_sha256_out(sha256_of(sha), digest);
}

/* The block says itself how much of it is hashed; hashing that pads it to what it was. */
void pawl_sha256_iterate(uint8_t block[64], size_t at, uint32_t steps)
{
    size_t size = (size_t)(pawl_u64be_get(block + 56) / 8);
    br_sha256_context context;

    for (uint32_t step = 0; step < steps; step++) {
        br_sha256_init(&context);
        br_sha256_update(&context, block, size);
        br_sha256_out(&context, block + at);
    }
    pawl_wipe(&context, sizeof context);
}

void pawl_sha1_make(const void *a, size_t a_size, const void *b, size_t b_size,
                    uint8_t digest[PAWL_SHA1_SIZE])
{
    br_sha1_context context;

    br_sha1_init(&context);
    br_sha1_update(&context, a, a_size);
    br_sha1_update(&context, b, b_size);
    br_sha1_out(&context, digest);
}

static struct gcm_state *gcm_of(struct pawl_gcm *gcm)
{
    return (struct gcm_state *)(void *)gcm->state;
}

enum pawl_result pawl_gcm_init(struct pawl_gcm *gcm, const uint8_t key[PAWL_AES256_KEY_SIZE])
{
    struct gcm_state *state = gcm_of(gcm);

    br_aes_ct_ctr_init(&state->keys, key, PAWL_AES256_KEY_SIZE);
    br_gcm_init(&state->gcm, &state->keys.vtable, br_ghash_ctmul32);
    return PAWL_OK;
}

void pawl_gcm_release(struct pawl_gcm *gcm)
{
    pawl_wipe(gcm, sizeof *gcm);
}

/* Encrypts or decrypts in place and leaves the context at the tag. */
static void gcm_run(struct gcm_state *state, const uint8_t nonce[PAWL_GCM_NONCE_SIZE], int encrypt,
                    uint8_t *bytes, size_t size)
{
    br_gcm_reset(&state->gcm, nonce, PAWL_GCM_NONCE_SIZE);
    br_gcm_flip(&state->gcm);
    br_gcm_run(&state->gcm, encrypt, bytes, size);
}

enum pawl_result pawl_gcm_seal(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *plain, size_t size, uint8_t *sealed)
{
    struct gcm_state *state = gcm_of(gcm);

    memmove(sealed, plain, size);
    gcm_run(state, nonce, 1, sealed, size);
    br_gcm_get_tag(&state->gcm, sealed + size);
    return PAWL_OK;
}

enum pawl_result pawl_gcm_open(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *sealed, size_t size, uint8_t *plain)
{
    struct gcm_state *state = gcm_of(gcm);

    memmove(plain, sealed, size);
    gcm_run(state, nonce, 0, plain, size);
    if (br_gcm_check_tag(&state->gcm, sealed + size) == 1)
        return PAWL_OK;
    pawl_wipe(plain, size);
    return PAWL_CORRUPT;
}

/* One block under a key: what CTR, which is here for GCM, adds to zeros when the block is the nonce
 * and the counter. CBC would be 300 bytes more. */
static bool block_encrypt(void *keys, uint8_t block[PAWL_BLOCK_SIZE])
{
    uint8_t out[PAWL_BLOCK_SIZE] = {0};

    br_aes_ct_ctr_run(keys, block, pawl_u32be_get(block + CTR_NONCE_SIZE), out, sizeof out);
    memcpy(block, out, sizeof out);
    pawl_wipe(out, sizeof out);
    return true;
}

/* As CBC without a chain does it. */
static bool block_decrypt(void *keys, uint8_t block[PAWL_BLOCK_SIZE])
{
    uint8_t zeros[PAWL_BLOCK_SIZE] = {0};

    br_aes_ct_cbcdec_run(keys, zeros, block, PAWL_BLOCK_SIZE);
    return true;
}

enum pawl_result pawl_key_wrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *key,
                               size_t size, uint8_t *wrapped)
{
    br_aes_ct_ctr_keys keys;

    br_aes_ct_ctr_init(&keys, kek, PAWL_AES256_KEY_SIZE);
    enum pawl_result result = pawl_rfc3394_wrap(block_encrypt, &keys, key, size, wrapped);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

enum pawl_result pawl_key_unwrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *wrapped,
                                 size_t size, uint8_t *key)
{
    br_aes_ct_cbcdec_keys keys;

    br_aes_ct_cbcdec_init(&keys, kek, PAWL_AES256_KEY_SIZE);
    enum pawl_result result = pawl_rfc3394_unwrap(block_decrypt, &keys, wrapped, size, key);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

enum pawl_result pawl_es256_verify(const uint8_t x[32], const uint8_t y[32],
                                   const uint8_t digest[PAWL_SHA256_SIZE],
                                   const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    uint8_t point[POINT_SIZE] = {0x04};
    const br_ec_public_key key = {.curve = BR_EC_secp256r1, .q = point, .qlen = sizeof point};

    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    return br_ecdsa_i31_vrfy_raw(&br_ec_prime_i31, digest, PAWL_SHA256_SIZE, &key, signature,
                                 PAWL_ES256_SIGNATURE_SIZE) == 1
               ? PAWL_OK
               : PAWL_UNTRUSTED;
}
