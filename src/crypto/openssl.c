/*
 * The crypto contract over OpenSSL 3.
 *
 * Algorithms are fetched once for the process. SHA-256 goes through the low-level functions, which
 * OpenSSL 3 deprecates: their state is plain memory that can be copied and needs no heap, and a
 * chain step takes 52 ns there against 109 ns through a reused EVP_MD_CTX. No other file uses them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "pawl/crypto.h"
#include "pawl/secret.h"

_Static_assert(sizeof(SHA256_CTX) <= PAWL_SHA256_STATE_SIZE, "the SHA-256 state must fit");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *aes_gcm, *aes_ecb;
static pthread_key_t wrap_context_key;
static bool ready;

static void wrap_context_release(void *context)
{
    EVP_CIPHER_CTX_free(context);
}

static void prepare(void)
{
    aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aes_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    ready = aes_gcm != NULL && aes_ecb != NULL &&
            pthread_key_create(&wrap_context_key, wrap_context_release) == 0;
}

static bool prepared(void)
{
    return pthread_once(&once, prepare) == 0 && ready;
}

static SHA256_CTX *sha256_of(struct pawl_sha256 *sha)
{
    return (SHA256_CTX *)(void *)sha->state;
}

void pawl_sha256_init(struct pawl_sha256 *sha)
{
    SHA256_Init(sha256_of(sha));
}

void pawl_sha256_update(struct pawl_sha256 *sha, const void *bytes, size_t size)
{
    SHA256_Update(sha256_of(sha), bytes, size);
}

void pawl_sha256_final(struct pawl_sha256 *sha, uint8_t digest[PAWL_SHA256_SIZE])
{
    SHA256_Final(digest, sha256_of(sha));
}

void pawl_sha256_iterate(uint8_t block[64], size_t at, uint32_t steps)
{
    static const SHA_LONG start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    SHA256_CTX context; /* the transformation uses the chaining value alone */

    for (uint32_t step = 0; step < steps; step++) {
        memcpy(context.h, start, sizeof start);
        SHA256_Transform(&context, block);
        for (size_t i = 0; i < 8; i++) {
            uint32_t word = htobe32(context.h[i]);
            memcpy(block + at + 4 * i, &word, sizeof word);
        }
    }
    pawl_wipe(context.h, sizeof context.h);
}

void pawl_sha1_make(const void *a, size_t a_size, const void *b, size_t b_size,
                    uint8_t digest[PAWL_SHA1_SIZE])
{
    SHA_CTX context;

    SHA1_Init(&context);
    SHA1_Update(&context, a, a_size);
    SHA1_Update(&context, b, b_size);
    SHA1_Final(digest, &context);
}

/* OpenSSL keeps a cipher's key in its own memory; our state is a pointer to it. */
static EVP_CIPHER_CTX *gcm_of(const struct pawl_gcm *gcm)
{
    EVP_CIPHER_CTX *context;

    memcpy(&context, gcm->state, sizeof context);
    return context;
}

enum pawl_result pawl_gcm_init(struct pawl_gcm *gcm, const uint8_t key[PAWL_AES256_KEY_SIZE])
{
    EVP_CIPHER_CTX *context = prepared() ? EVP_CIPHER_CTX_new() : NULL;

    memset(gcm, 0, sizeof *gcm);
    if (context == NULL || EVP_CipherInit_ex2(context, aes_gcm, key, NULL, 1, NULL) != 1) {
        EVP_CIPHER_CTX_free(context);
        return PAWL_CRYPTO;
    }
    memcpy(gcm->state, &context, sizeof context);
    return PAWL_OK;
}

void pawl_gcm_release(struct pawl_gcm *gcm)
{
    EVP_CIPHER_CTX_free(gcm_of(gcm));
    memset(gcm, 0, sizeof *gcm);
}

enum pawl_result pawl_gcm_seal(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *plain, size_t size, uint8_t *sealed)
{
    EVP_CIPHER_CTX *context = gcm_of(gcm);
    int length = 0;

    bool done =
        EVP_CipherInit_ex2(context, NULL, NULL, nonce, 1, NULL) == 1 &&
        EVP_CipherUpdate(context, sealed, &length, plain, (int)size) == 1 &&
        EVP_CipherFinal_ex(context, sealed + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, PAWL_GCM_TAG_SIZE, sealed + size) == 1;
    return done ? PAWL_OK : PAWL_CRYPTO;
}

enum pawl_result pawl_gcm_open(struct pawl_gcm *gcm, const uint8_t nonce[PAWL_GCM_NONCE_SIZE],
                               const uint8_t *sealed, size_t size, uint8_t *plain)
{
    EVP_CIPHER_CTX *context = gcm_of(gcm);
    uint8_t right[PAWL_GCM_TAG_SIZE];
    enum pawl_result result = PAWL_CRYPTO;
    int length = 0;

    memcpy(right, sealed + size, sizeof right); /* OpenSSL's parameter is not const */
    if (EVP_CipherInit_ex2(context, NULL, NULL, nonce, 0, NULL) == 1 &&
        EVP_CipherUpdate(context, plain, &length, sealed, (int)size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, PAWL_GCM_TAG_SIZE, right) == 1)
        result = EVP_CipherFinal_ex(context, plain + length, &length) == 1 ? PAWL_OK : PAWL_CORRUPT;
    if (result != PAWL_OK)
        pawl_wipe(plain, size);
    return result;
}

/* The thread's context for key wrapping; freed when the thread ends. Cipher and padding are set
 * once: OpenSSL takes longer over them than over a key. */
static EVP_CIPHER_CTX *wrap_context(void)
{
    if (!prepared())
        return NULL;
    EVP_CIPHER_CTX *context = pthread_getspecific(wrap_context_key);
    if (context != NULL)
        return context;
    context = EVP_CIPHER_CTX_new();
    if (context == NULL || EVP_CipherInit_ex2(context, aes_ecb, NULL, NULL, 1, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(context, 0) != 1 ||
        pthread_setspecific(wrap_context_key, context) != 0) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

#define SEMIBLOCK 8u /* RFC 3394 works on halves of an AES block */
#define WRAP_MAX 64u

static bool wrap_key_set(EVP_CIPHER_CTX *context, const uint8_t kek[PAWL_AES256_KEY_SIZE],
                         bool encrypt)
{
    return EVP_CipherInit_ex2(context, NULL, kek, NULL, encrypt, NULL) == 1;
}

/* The context outlives the call, the key must not: a key of zeros takes its place (I8). */
static bool wrap_key_forget(EVP_CIPHER_CTX *context, bool encrypt)
{
    static const uint8_t no_key[PAWL_AES256_KEY_SIZE];

    return wrap_key_set(context, no_key, encrypt);
}

static bool wrap_block(EVP_CIPHER_CTX *context, uint64_t block[2])
{
    uint8_t *bytes = (uint8_t *)block;
    int length;

    return EVP_CipherUpdate(context, bytes, &length, bytes, 2 * SEMIBLOCK) == 1;
}

/* RFC 3394, 2.2.1 (index-based wrapping): `text` is A followed by R[1..n]. */
static bool wrap_rounds(EVP_CIPHER_CTX *context, uint64_t *text, unsigned n)
{
    uint64_t block[2] = {text[0], 0};
    bool done = true;

    for (unsigned step = 1; done && step <= 6 * n; step++) {
        uint64_t *r = &text[(step - 1) % n + 1];
        block[1] = *r;
        done = wrap_block(context, block);
        block[0] ^= htobe64(step);
        *r = block[1];
    }
    text[0] = block[0];
    pawl_wipe(block, sizeof block);
    return done;
}

/* RFC 3394, 2.2.2: the same steps backwards. */
static bool unwrap_rounds(EVP_CIPHER_CTX *context, uint64_t *text, unsigned n)
{
    uint64_t block[2] = {text[0], 0};
    bool done = true;

    for (unsigned step = 6 * n; done && step >= 1; step--) {
        uint64_t *r = &text[(step - 1) % n + 1];
        block[0] ^= htobe64(step);
        block[1] = *r;
        done = wrap_block(context, block);
        *r = block[1];
    }
    text[0] = block[0];
    pawl_wipe(block, sizeof block);
    return done;
}

static const uint64_t wrap_initial = 0xa6a6a6a6a6a6a6a6; /* the same in either byte order */

static bool wrap_size_allowed(size_t size)
{
    return size >= 2 * SEMIBLOCK && size <= WRAP_MAX && size % SEMIBLOCK == 0;
}

enum pawl_result pawl_key_wrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *key,
                               size_t size, uint8_t *wrapped)
{
    EVP_CIPHER_CTX *context = wrap_context();
    uint64_t text[1 + WRAP_MAX / SEMIBLOCK];

    if (context == NULL || !wrap_size_allowed(size))
        return PAWL_CRYPTO;
    text[0] = wrap_initial;
    memcpy(text + 1, key, size);
    bool done = wrap_key_set(context, kek, true) &&
                wrap_rounds(context, text, (unsigned)(size / SEMIBLOCK));
    done = wrap_key_forget(context, true) && done;
    if (done)
        memcpy(wrapped, text, SEMIBLOCK + size);
    pawl_wipe(text, sizeof text);
    return done ? PAWL_OK : PAWL_CRYPTO;
}

enum pawl_result pawl_key_unwrap(const uint8_t kek[PAWL_AES256_KEY_SIZE], const uint8_t *wrapped,
                                 size_t size, uint8_t *key)
{
    EVP_CIPHER_CTX *context = wrap_context();
    uint64_t text[1 + WRAP_MAX / SEMIBLOCK];
    enum pawl_result result = PAWL_CRYPTO;

    if (context == NULL || size < SEMIBLOCK || !wrap_size_allowed(size - SEMIBLOCK))
        return PAWL_CRYPTO;
    memcpy(text, wrapped, size);
    if (wrap_key_set(context, kek, false) &&
        unwrap_rounds(context, text, (unsigned)(size / SEMIBLOCK - 1)))
        result = pawl_equal(text, &wrap_initial, SEMIBLOCK) ? PAWL_OK : PAWL_UNTRUSTED;
    if (!wrap_key_forget(context, false))
        result = PAWL_CRYPTO;
    if (result == PAWL_OK)
        memcpy(key, text + 1, size - SEMIBLOCK);
    pawl_wipe(text, sizeof text);
    return result;
}

static EVP_PKEY *public_key_make(const uint8_t x[32], const uint8_t y[32])
{
    uint8_t point[65] = {0x04}; /* uncompressed */
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"P-256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

/* r || s as the DER sequence that OpenSSL takes; its size, or 0. */
static int signature_encode(const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE], uint8_t der[80])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    int size = 0;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        size = i2d_ECDSA_SIG(pair, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return size;
}

enum pawl_result pawl_es256_verify(const uint8_t x[32], const uint8_t y[32],
                                   const uint8_t digest[PAWL_SHA256_SIZE],
                                   const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    enum pawl_result result = PAWL_UNTRUSTED;
    uint8_t der[80];

    ERR_set_mark(); /* a refused signature is no error of the thread's */
    int size = signature_encode(signature, der);
    EVP_PKEY *key = public_key_make(x, y);
    EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;

    if (size <= 0)
        result = PAWL_CRYPTO;
    else if (context != NULL && EVP_PKEY_verify_init(context) == 1 &&
             EVP_PKEY_verify(context, der, (size_t)size, digest, PAWL_SHA256_SIZE) == 1)
        result = PAWL_OK;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_pop_to_mark();
    return result;
}
