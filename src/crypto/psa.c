/*
 * The crypto contract over the PSA Crypto API 1.0, for chips that bring an implementation of it
 * with their cipher and curve engines; Mbed TLS 2.28 is what it is tested with. What the contract
 * says of time holds as far as the implementation's: Mbed TLS looks AES up in tables, which is
 * constant time where memory has no cache.
 *
 * A sealed chunk is opened in one call, in the caller's memory: PSA in Mbed TLS 2.28 has no other
 * authenticated cipher, and only the one call uses a chip's GCM. It is the reason why the contract
 * wants the tag right behind the ciphertext. AES key wrap is no part of PSA.
 *
 * The state of a SHA-256 is copied by assignment. PSA wants psa_hash_clone for that, which has
 * nowhere to put a copy that nobody releases; so an implementation must keep the whole state in the
 * operation, as Mbed TLS and drivers inside of it do. One that hands out handles into another world
 * does not compile here: link what lies behind it, in the secure world.
 */
#include <string.h>

#include <psa/crypto.h>

#if __STDC_HOSTED__
#include <pthread.h>
#endif

#include "core/bytes.h"
#include "crypto/key_wrap.h"
#include "pawl/crypto.h"
#include "pawl/secret.h"

#define POINT_SIZE 65u
#define SHA256_STATE_LEAST (32u + 64u + 8u) /* chaining value, block, length */

_Static_assert(sizeof(psa_hash_operation_t) <= PAWL_SHA256_STATE_SIZE, "the state must fit");
_Static_assert(sizeof(psa_hash_operation_t) >= SHA256_STATE_LEAST, "a handle is no state");
_Static_assert(sizeof(psa_key_id_t) <= PAWL_GCM_STATE_SIZE, "the key's name must fit");

/* The keys of Mbed TLS 2.28 belong to the process, and nothing guards them. Devices without an
 * operating system have one thread. */
#if __STDC_HOSTED__
static pthread_mutex_t keys_mutex = PTHREAD_MUTEX_INITIALIZER;

static void keys_lock(void)
{
    pthread_mutex_lock(&keys_mutex);
}

static void keys_unlock(void)
{
    pthread_mutex_unlock(&keys_mutex);
}
#else
static void keys_lock(void)
{
}
static void keys_unlock(void)
{
}
#endif

/* A hash that failed must not be taken for one, and the contract has no way to say so. */
static void must(psa_status_t status)
{
    if (status != PSA_SUCCESS)
        __builtin_trap();
}

static psa_hash_operation_t *sha256_of(struct pawl_sha256 *sha)
{
    return (psa_hash_operation_t *)(void *)sha->state;
}

static void hash_begin(psa_hash_operation_t *hash, psa_algorithm_t algorithm)
{
    keys_lock();
    psa_status_t status = psa_crypto_init(); /* once; later calls find it done */
    keys_unlock();
    must(status);
    *hash = psa_hash_operation_init();
    must(psa_hash_setup(hash, algorithm));
}

static void hash_end(psa_hash_operation_t *hash, uint8_t *digest, size_t size)
{
    size_t length = 0;

    must(psa_hash_finish(hash, digest, size, &length));
}

void pawl_sha256_init(struct pawl_sha256 *sha)
{
    hash_begin(sha256_of(sha), PSA_ALG_SHA_256);
}

void pawl_sha256_update(struct pawl_sha256 *sha, const void *bytes, size_t size)
{
    must(psa_hash_update(sha256_of(sha), bytes, size));
}

void pawl_sha256_final(struct pawl_sha256 *sha, uint8_t digest[PAWL_SHA256_SIZE])
{
    hash_end(sha256_of(sha), digest, PAWL_SHA256_SIZE);
}

/* The block says itself how much of it is hashed; hashing that pads it to what it was. */
void pawl_sha256_iterate(uint8_t block[64], size_t at, uint32_t steps)
{
    size_t size = (size_t)(pawl_u64be_get(block + 56) / 8);
    psa_hash_operation_t hash;
    uint8_t digest[PAWL_SHA256_SIZE];

    for (uint32_t step = 0; step < steps; step++) {
        hash_begin(&hash, PSA_ALG_SHA_256);
        must(psa_hash_update(&hash, block, size));
        hash_end(&hash, digest, sizeof digest);
        pawl_secret_copy(block + at, digest, sizeof digest);
    }
    pawl_wipe(&hash, sizeof hash);
    pawl_wipe(digest, sizeof digest);
}

void pawl_sha1_make(const void *a, size_t a_size, const void *b, size_t b_size,
                    uint8_t digest[PAWL_SHA1_SIZE])
{
    psa_hash_operation_t hash;

    hash_begin(&hash, PSA_ALG_SHA_1);
    must(psa_hash_update(&hash, a, a_size));
    must(psa_hash_update(&hash, b, b_size));
    hash_end(&hash, digest, PAWL_SHA1_SIZE);
}

/* With the keys locked, as all below that names a key. */
static psa_status_t key_import(psa_key_type_t type, psa_key_usage_t usage,
                               psa_algorithm_t algorithm, const uint8_t *bytes, size_t size,
                               psa_key_id_t *key)
{
    psa_key_attributes_t attributes = psa_key_attributes_init();
    psa_status_t status = psa_crypto_init();

    *key = PSA_KEY_ID_NULL;
    psa_set_key_type(&attributes, type);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    return status == PSA_SUCCESS ? psa_import_key(&attributes, bytes, size, key) : status;
}

/* The implementation keeps the key; our state is its name. */
static psa_key_id_t gcm_key(const struct pawl_gcm *gcm)
{
    psa_key_id_t key;

    memcpy(&key, gcm->state, sizeof key);
    return key;
}

enum pawl_result pawl_gcm_init(struct pawl_gcm *gcm, const uint8_t key[PAWL_AES256_KEY_SIZE])
{
    psa_key_id_t id;

    keys_lock();
    psa_status_t status =
        key_import(PSA_KEY_TYPE_AES, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT, PSA_ALG_GCM,
                   key, PAWL_AES256_KEY_SIZE, &id);
    keys_unlock();
    memset(gcm, 0, sizeof *gcm);
    if (status != PSA_SUCCESS)
        return PAWL_CRYPTO;
    memcpy(gcm->state, &id, sizeof id);
    return PAWL_OK;
}

void pawl_gcm_release(struct pawl_gcm *gcm)
{
    keys_lock();
    psa_destroy_key(gcm_key(gcm)); /* does nothing for the name of no key, zero */
    keys_unlock();
    memset(gcm, 0, sizeof *gcm);
}

enum pawl_result pawl_gcm_seal(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *plain, size_t size, uint8_t *sealed)
{
    size_t length = 0;

    keys_lock();
    psa_status_t status =
        psa_aead_encrypt(gcm_key(gcm), PSA_ALG_GCM, nonce, PAWL_GCM_NONCE_SIZE, NULL, 0, plain,
                         size, sealed, size + PAWL_GCM_TAG_SIZE, &length);
    keys_unlock();
    return status == PSA_SUCCESS && length == size + PAWL_GCM_TAG_SIZE ? PAWL_OK : PAWL_CRYPTO;
}

enum pawl_result pawl_gcm_open(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *sealed, size_t size, uint8_t *plain)
{
    size_t length = 0;

    keys_lock();
    psa_status_t status =
        psa_aead_decrypt(gcm_key(gcm), PSA_ALG_GCM, nonce, PAWL_GCM_NONCE_SIZE, NULL, 0, sealed,
                         size + PAWL_GCM_TAG_SIZE, plain, size, &length);
    keys_unlock();
    if (status == PSA_SUCCESS && length == size)
        return PAWL_OK;
    pawl_wipe(plain, size);
    return status == PSA_ERROR_INVALID_SIGNATURE ? PAWL_CORRUPT : PAWL_CRYPTO;
}

static bool block_run(void *cipher, uint8_t block[PAWL_BLOCK_SIZE])
{
    size_t length = 0;

    return psa_cipher_update(cipher, block, PAWL_BLOCK_SIZE, block, PAWL_BLOCK_SIZE, &length) ==
               PSA_SUCCESS &&
           length == PAWL_BLOCK_SIZE;
}

/* The block cipher of a key wrap, one way; ended also where it could not begin. */
struct block_cipher {
    psa_cipher_operation_t operation;
    psa_key_id_t key;
};

static bool block_begin(struct block_cipher *cipher, const uint8_t kek[PAWL_AES256_KEY_SIZE],
                        bool encrypt)
{
    keys_lock();
    cipher->operation = psa_cipher_operation_init();
    if (key_import(PSA_KEY_TYPE_AES, encrypt ? PSA_KEY_USAGE_ENCRYPT : PSA_KEY_USAGE_DECRYPT,
                   PSA_ALG_ECB_NO_PADDING, kek, PAWL_AES256_KEY_SIZE, &cipher->key) != PSA_SUCCESS)
        return false;
    return (encrypt
                ? psa_cipher_encrypt_setup(&cipher->operation, cipher->key, PSA_ALG_ECB_NO_PADDING)
                : psa_cipher_decrypt_setup(&cipher->operation, cipher->key,
                                           PSA_ALG_ECB_NO_PADDING)) == PSA_SUCCESS;
}

static void block_end(struct block_cipher *cipher)
{
    psa_cipher_abort(&cipher->operation);
    psa_destroy_key(cipher->key);
    keys_unlock();
}

enum pawl_result pawl_key_wrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *key,
                               size_t size, uint8_t *wrapped)
{
    enum pawl_result result = PAWL_CRYPTO;
    struct block_cipher cipher;

    if (block_begin(&cipher, kek, true))
        result = pawl_rfc3394_wrap(block_run, &cipher.operation, key, size, wrapped);
    block_end(&cipher);
    return result;
}

enum pawl_result pawl_key_unwrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *wrapped,
                                 size_t size, uint8_t *key)
{
    enum pawl_result result = PAWL_CRYPTO;
    struct block_cipher cipher;

    if (block_begin(&cipher, kek, false))
        result = pawl_rfc3394_unwrap(block_run, &cipher.operation, wrapped, size, key);
    block_end(&cipher);
    return result;
}

enum pawl_result pawl_es256_verify(const uint8_t x[32], const uint8_t y[32],
                                   const uint8_t digest[PAWL_SHA256_SIZE],
                                   const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    const psa_algorithm_t algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    uint8_t point[POINT_SIZE] = {0x04};
    psa_key_id_t id;

    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    keys_lock();
    psa_status_t status =
        key_import(PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), PSA_KEY_USAGE_VERIFY_HASH,
                   algorithm, point, sizeof point, &id);
    if (status == PSA_SUCCESS)
        status = psa_verify_hash(id, algorithm, digest, PAWL_SHA256_SIZE, signature,
                                 PAWL_ES256_SIGNATURE_SIZE);
    psa_destroy_key(id);
    keys_unlock();
    if (status == PSA_SUCCESS)
        return PAWL_OK;
    return status == PSA_ERROR_INVALID_SIGNATURE || status == PSA_ERROR_INVALID_ARGUMENT
               ? PAWL_UNTRUSTED
               : PAWL_CRYPTO;
}
