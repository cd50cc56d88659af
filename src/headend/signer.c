#include "headend/signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "headend/pem.h"
#include "host/file.h"

struct pawl_signer {
    EVP_PKEY *key;
};

static bool key_is_p256(const EVP_PKEY *key)
{
    char group[32];
    size_t size;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum pawl_result signer_wrap(EVP_PKEY *key, struct pawl_signer **signer)
{
    struct pawl_signer *made = key_is_p256(key) ? malloc(sizeof *made) : NULL;
    if (made == NULL) {
        enum pawl_result result = key_is_p256(key) ? PAWL_EXHAUSTED : PAWL_UNSUPPORTED;
        EVP_PKEY_free(key);
        return result;
    }
    made->key = key;
    *signer = made;
    return PAWL_OK;
}

enum pawl_result pawl_signer_generate(struct pawl_signer **signer)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    return key != NULL ? signer_wrap(key, signer) : PAWL_CRYPTO;
}

static enum pawl_result public_key_load(const char *path, EVP_PKEY **key)
{
    struct pawl_pem pem;
    enum pawl_result result = pawl_pem_open(path, &pem);
    if (result != PAWL_OK)
        return result;
    EVP_PKEY *found = PEM_read_bio_PUBKEY(pem.bio, NULL, pawl_pem_passphrase_refuse, NULL);
    pawl_pem_close(&pem);
    if (found == NULL)
        return PAWL_MALFORMED;
    *key = found;
    return PAWL_OK;
}

enum pawl_result pawl_signer_load(const char *path, struct pawl_signer **signer)
{
    EVP_PKEY *key;
    enum pawl_result result = pawl_pem_key_load(path, &key);
    return result == PAWL_OK ? signer_wrap(key, signer) : result;
}

void pawl_signer_free(struct pawl_signer *signer)
{
    if (signer == NULL)
        return;
    EVP_PKEY_free(signer->key);
    free(signer);
}

/* Writes what a memory BIO holds; the BIO's memory is secure so that a private key is wiped. */
static enum pawl_result bio_save(BIO *bio, const char *path, mode_t mode, bool force)
{
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);
    return size > 0 ? pawl_file_write(path, mode, force, bytes, (size_t)size) : PAWL_CRYPTO;
}

enum pawl_result pawl_signer_save(const struct pawl_signer *signer, const char *path, bool force)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    enum pawl_result result = PAWL_CRYPTO;
    if (bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, signer->key, NULL, NULL, 0, NULL, NULL) == 1)
        result = bio_save(bio, path, 0600, force);
    int cause = errno;
    BIO_free(bio);
    errno = cause;
    return result;
}

enum pawl_result pawl_signer_save_public(const struct pawl_signer *signer, const char *path,
                                         bool force)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum pawl_result result = PAWL_CRYPTO;
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, signer->key) == 1)
        result = bio_save(bio, path, 0644, force);
    int cause = errno;
    BIO_free(bio);
    errno = cause;
    return result;
}

static enum pawl_result anchor_from_key(const EVP_PKEY *key, struct pawl_anchor *anchor)
{
    uint8_t point[65]; /* 0x04, x, y */
    size_t size;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) !=
            1 ||
        size != sizeof point || point[0] != 4)
        return PAWL_UNSUPPORTED;
    memcpy(anchor->x, point + 1, sizeof anchor->x);
    memcpy(anchor->y, point + 33, sizeof anchor->y);
    pawl_kid_make(anchor->x, anchor->y, anchor->kid);
    return PAWL_OK;
}

enum pawl_result pawl_signer_anchor_get(const struct pawl_signer *signer,
                                        struct pawl_anchor *anchor)
{
    return anchor_from_key(signer->key, anchor);
}

enum pawl_result pawl_anchor_load(const char *path, struct pawl_anchor *anchor)
{
    EVP_PKEY *key;
    enum pawl_result result = pawl_pem_key_load(path, &key);
    if (result == PAWL_MALFORMED)
        result = public_key_load(path, &key);
    if (result != PAWL_OK)
        return result;
    result = key_is_p256(key) ? anchor_from_key(key, anchor) : PAWL_UNSUPPORTED;
    EVP_PKEY_free(key);
    return result;
}

enum pawl_result pawl_anchor_read(const char *pem, struct pawl_anchor *anchor)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key =
        bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, pawl_pem_passphrase_refuse, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (key == NULL)
        return PAWL_MALFORMED;
    enum pawl_result result = key_is_p256(key) ? anchor_from_key(key, anchor) : PAWL_UNSUPPORTED;
    EVP_PKEY_free(key);
    return result;
}

/* From DER to r || s, 32 bytes each. */
static enum pawl_result signature_flatten(const uint8_t *der, size_t size,
                                          uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)size);
    if (parts == NULL)
        return PAWL_CRYPTO;
    bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32) == 32;
    ECDSA_SIG_free(parts);
    return fits ? PAWL_OK : PAWL_CRYPTO;
}

enum pawl_result pawl_signer_digest_sign(const struct pawl_signer *signer,
                                         const uint8_t digest[PAWL_SHA256_SIZE],
                                         uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    uint8_t der[80];
    size_t size = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(signer->key, NULL);
    enum pawl_result result = PAWL_CRYPTO;
    if (context != NULL && EVP_PKEY_sign_init(context) == 1 &&
        EVP_PKEY_sign(context, der, &size, digest, PAWL_SHA256_SIZE) == 1)
        result = signature_flatten(der, size, signature);
    EVP_PKEY_CTX_free(context);
    return result;
}

enum pawl_result pawl_manifest_sign(const struct pawl_signer *signer, const uint8_t *payload,
                                    size_t payload_size, uint8_t *bytes, size_t capacity,
                                    size_t *size)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    uint8_t signature[PAWL_ES256_SIGNATURE_SIZE];
    struct pawl_anchor anchor;
    pawl_manifest_digest_make(payload, payload_size, digest);
    enum pawl_result result = anchor_from_key(signer->key, &anchor);
    if (result == PAWL_OK)
        result = pawl_signer_digest_sign(signer, digest, signature);
    if (result == PAWL_OK)
        result = pawl_signed_manifest_write(payload, payload_size, anchor.kid, signature, bytes,
                                            capacity, size);
    return result;
}
