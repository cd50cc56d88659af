#include "headend/cms.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "headend/pem.h"
#include "host/file.h"
#include "pawl/keys.h"
#include "pawl/secret.h"

/* What the envelope adds to the content: one recipient and a few algorithm identifiers. */
#define ENVELOPE_SIZE_MAX (64u * 1024u)

struct pawl_cms_recipient {
    X509 *certificate;
};

struct pawl_cms_opener {
    EVP_PKEY *key;
    X509 *certificate;
    struct pawl_cms_opener *previous;
    pawl_cms_key_trouble_fn trouble; /* NULL: the key has none */
};

enum pawl_result pawl_cms_certificate_load(const char *path, X509 **certificate)
{
    struct pawl_pem pem;
    enum pawl_result result = pawl_pem_open(path, &pem);

    if (result != PAWL_OK)
        return result;
    *certificate = PEM_read_bio_X509(pem.bio, NULL, pawl_pem_passphrase_refuse, NULL);
    pawl_pem_close(&pem);
    return *certificate == NULL ? PAWL_MALFORMED : PAWL_OK;
}

enum pawl_result pawl_cms_recipient_load(const char *path, struct pawl_cms_recipient **recipient)
{
    X509 *certificate = NULL;
    enum pawl_result result = pawl_cms_certificate_load(path, &certificate);

    if (result != PAWL_OK)
        return result;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key == NULL || !(EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "RSA"))) {
        X509_free(certificate);
        ERR_clear_error();
        return PAWL_UNSUPPORTED;
    }
    struct pawl_cms_recipient *made = malloc(sizeof *made);
    if (made == NULL) {
        X509_free(certificate);
        return PAWL_EXHAUSTED;
    }
    made->certificate = certificate;
    *recipient = made;
    return PAWL_OK;
}

void pawl_cms_recipient_free(struct pawl_cms_recipient *recipient)
{
    if (recipient == NULL)
        return;
    X509_free(recipient->certificate);
    free(recipient);
}

enum pawl_result pawl_cms_opener_load(const char *key_path, const char *cert_path,
                                      struct pawl_cms_opener **opener)
{
    struct pawl_cms_opener *made = calloc(1, sizeof *made);

    if (made == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_pem_key_load(key_path, &made->key);
    if (result == PAWL_OK)
        result = pawl_cms_certificate_load(cert_path, &made->certificate);
    if (result == PAWL_OK && X509_check_private_key(made->certificate, made->key) != 1)
        result = PAWL_MALFORMED;
    ERR_clear_error();
    if (result != PAWL_OK) {
        pawl_cms_opener_free(made);
        return result;
    }
    *opener = made;
    return PAWL_OK;
}

enum pawl_result pawl_cms_opener_make(EVP_PKEY *key, X509 *certificate,
                                      pawl_cms_key_trouble_fn trouble,
                                      struct pawl_cms_opener **opener)
{
    struct pawl_cms_opener *made = calloc(1, sizeof *made);

    if (made == NULL) {
        EVP_PKEY_free(key);
        X509_free(certificate);
        return PAWL_EXHAUSTED;
    }
    *made = (struct pawl_cms_opener){key, certificate, NULL, trouble};
    *opener = made;
    return PAWL_OK;
}

void pawl_cms_opener_free(struct pawl_cms_opener *opener)
{
    if (opener == NULL)
        return;
    EVP_PKEY_free(opener->key);
    X509_free(opener->certificate);
    if (opener->previous != NULL) { /* a chain has two links at most */
        EVP_PKEY_free(opener->previous->key);
        X509_free(opener->previous->certificate);
        free(opener->previous);
    }
    free(opener);
}

void pawl_cms_opener_chain(struct pawl_cms_opener *opener, struct pawl_cms_opener *previous)
{
    opener->previous = previous;
}

/* Chooses what a new envelope's key travels under: X9.63 with SHA-256 for EC, OAEP for RSA, where
 * OpenSSL's defaults are SHA-1 and PKCS #1 1.5. */
static int add_recipient(CMS_ContentInfo *cms, X509 *certificate)
{
    CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);

    if (info == NULL)
        return 0;
    EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(info);
    if (context == NULL)
        return 0;
    if (EVP_PKEY_is_a(X509_get0_pubkey(certificate), "RSA"))
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0;
    return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
}

static CMS_ContentInfo *envelope_make(X509 *certificate, BIO *content)
{
    const unsigned flags = CMS_BINARY | CMS_PARTIAL;
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags);

    if (cms == NULL)
        return NULL;
    if (!add_recipient(cms, certificate) || CMS_final(cms, content, NULL, CMS_BINARY) != 1) {
        CMS_ContentInfo_free(cms);
        return NULL;
    }
    return cms;
}

enum pawl_result pawl_cms_seal(const struct pawl_cms_recipient *recipient, const uint8_t *plain,
                               size_t size, uint8_t **der, size_t *der_size)
{
    if (size == 0 || size > PAWL_CMS_PLAIN_MAX)
        return PAWL_EXHAUSTED;
    BIO *content = BIO_new_mem_buf(plain, (int)size);
    if (content == NULL)
        return PAWL_CRYPTO;
    CMS_ContentInfo *cms = envelope_make(recipient->certificate, content);
    BIO_free(content);

    /* i2d with NULL allocates with OpenSSL's allocator; our callers free with free(). */
    int length = cms == NULL ? -1 : i2d_CMS_ContentInfo(cms, NULL);
    uint8_t *bytes = length <= 0 ? NULL : malloc((size_t)length);
    uint8_t *end = bytes;
    enum pawl_result result = PAWL_OK;
    if (length <= 0)
        result = PAWL_CRYPTO;
    else if (bytes == NULL)
        result = PAWL_EXHAUSTED;
    else if (i2d_CMS_ContentInfo(cms, &end) != length)
        result = PAWL_CRYPTO;
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    if (result != PAWL_OK) {
        free(bytes);
        return result;
    }
    *der = bytes;
    *der_size = (size_t)length;
    return PAWL_OK;
}

enum pawl_result pawl_cms_length_read(const uint8_t *bytes, size_t size, size_t *length)
{
    if (size < 2 || bytes[0] != 0x30)
        return PAWL_MALFORMED;
    size_t content = bytes[1];
    size_t head = 2;
    if (content >= 0x80) {
        size_t digits = content - 0x80;
        if (digits < 1 || digits > 4 || size < 2 + digits || bytes[2] == 0)
            return PAWL_MALFORMED;
        content = 0;
        for (size_t i = 0; i < digits; i++)
            content = content << 8 | bytes[2 + i];
        if (content < 0x80)
            return PAWL_MALFORMED;
        head += digits;
    }
    if (content > (size_t)PAWL_CMS_PLAIN_MAX + ENVELOPE_SIZE_MAX)
        return PAWL_MALFORMED;
    *length = head + content;
    return PAWL_OK;
}

/* Reads exactly one DER object that is an AuthEnvelopedData under AES-256-GCM: anything without
 * authentication could be altered on its way. */
static enum pawl_result envelope_read(const uint8_t *der, size_t der_size, CMS_ContentInfo **cms)
{
    size_t length = 0;
    enum pawl_result result = pawl_cms_length_read(der, der_size, &length);

    if (result != PAWL_OK)
        return result;
    if (length != der_size)
        return PAWL_MALFORMED;
    const uint8_t *end = der;
    CMS_ContentInfo *made = d2i_CMS_ContentInfo(NULL, &end, (long)der_size);
    if (made == NULL || end != der + der_size) {
        CMS_ContentInfo_free(made);
        return PAWL_MALFORMED;
    }
    if (OBJ_obj2nid(CMS_get0_type(made)) != NID_id_smime_ct_authEnvelopedData) {
        CMS_ContentInfo_free(made);
        return PAWL_UNSUPPORTED;
    }
    *cms = made;
    return PAWL_OK;
}

/* A memory BIO with room for `size` bytes from the start: growing would copy and wipe a large
 * content again and again. It wipes what it held when it is freed. */
static BIO *memory_bio_make(size_t size)
{
    BUF_MEM *memory = NULL;
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL && (BIO_get_mem_ptr(bio, &memory) <= 0 ||
                        BUF_MEM_grow_clean(memory, size) == 0 || /* takes the room, */
                        BUF_MEM_grow_clean(memory, 0) != 0)) {   /* keeps it, and is empty */
        BIO_free(bio);
        bio = NULL;
    }
    return bio;
}

/* OpenSSL passes what it decrypts through a buffer on the stack, and leaves it there. */
__attribute__((noinline)) static void stack_wipe(void)
{
    uint8_t left_behind[16384];
    pawl_wipe(left_behind, sizeof left_behind);
}

static enum pawl_result decrypt_failure(const struct pawl_cms_opener *opener)
{
    enum pawl_result result = opener->trouble != NULL ? opener->trouble() : PAWL_OK;
    return result == PAWL_OK ? PAWL_UNTRUSTED : result;
}

static enum pawl_result open_with(const struct pawl_cms_opener *opener, const uint8_t *der,
                                  size_t der_size, uint8_t **plain, size_t *size)
{
    CMS_ContentInfo *cms = NULL;
    enum pawl_result result = envelope_read(der, der_size, &cms);

    if (result != PAWL_OK) {
        ERR_clear_error();
        return result;
    }
    BIO *out = memory_bio_make(der_size);
    if (out == NULL)
        result = PAWL_CRYPTO;
    else if (CMS_decrypt(cms, opener->key, opener->certificate, NULL, out, CMS_BINARY) != 1)
        result = decrypt_failure(opener);
    CMS_ContentInfo_free(cms);
    stack_wipe();

    char *content = NULL;
    long content_size = result == PAWL_OK ? BIO_get_mem_data(out, &content) : 0;
    uint8_t *bytes = NULL;
    if (result == PAWL_OK && (content_size <= 0 || content_size > (long)PAWL_CMS_PLAIN_MAX))
        result = PAWL_MALFORMED;
    if (result == PAWL_OK && (bytes = malloc((size_t)content_size)) == NULL)
        result = PAWL_EXHAUSTED;
    if (result == PAWL_OK) {
        memcpy(bytes, content, (size_t)content_size);
        *plain = bytes;
        *size = (size_t)content_size;
    }
    BIO_free(out);
    ERR_clear_error();
    return result;
}

enum pawl_result pawl_cms_open(const struct pawl_cms_opener *opener, const uint8_t *der,
                               size_t der_size, uint8_t **plain, size_t *size)
{
    enum pawl_result result = open_with(opener, der, der_size, plain, size);

    if (result == PAWL_UNTRUSTED && opener->previous != NULL)
        result = open_with(opener->previous, der, der_size, plain, size);
    return result;
}

void pawl_cms_plain_free(uint8_t *plain, size_t size)
{
    if (plain == NULL)
        return;
    pawl_wipe(plain, size);
    free(plain);
}

enum pawl_result pawl_content_key_read(const uint8_t *bytes, size_t size,
                                       const struct pawl_cms_opener *opener,
                                       uint8_t content_key[32])
{
    if (size == PAWL_KEY_SIZE) {
        memcpy(content_key, bytes, PAWL_KEY_SIZE);
        return PAWL_OK;
    }
    if (opener == NULL)
        return PAWL_MALFORMED;
    uint8_t *plain = NULL;
    size_t plain_size = 0;
    enum pawl_result result = pawl_cms_open(opener, bytes, size, &plain, &plain_size);
    if (result != PAWL_OK)
        return result;
    if (plain_size == PAWL_KEY_SIZE)
        memcpy(content_key, plain, PAWL_KEY_SIZE);
    else
        result = PAWL_MALFORMED;
    pawl_cms_plain_free(plain, plain_size);
    return result;
}
