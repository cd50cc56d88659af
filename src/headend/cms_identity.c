/* The server's own key and certificate. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "headend/cms.h"
#include "host/file.h"

/* RFC 5280's value for "no well-defined expiration": nobody validates this certificate's dates, it
 * only carries a key to the personalization station. */
#define NO_EXPIRATION "99991231235959Z"
#define SERIAL_SIZE 16

static int set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_SIZE];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return 0;
    bytes[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static int add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static int name_set(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)text, -1, -1, 0);
}

/* A certificate of `key` under that name, signed by `signer` as `issuer`. */
static X509 *certificate_make(EVP_PKEY *key, EVP_PKEY *signer, const char *issuer)
{
    X509 *made = X509_new();

    if (made == NULL)
        return NULL;
    X509_NAME *name = X509_get_subject_name(made), *by = X509_get_issuer_name(made);
    int done = X509_set_version(made, X509_VERSION_3) && set_serial(made) &&
               X509_gmtime_adj(X509_getm_notBefore(made), 0) != NULL &&
               ASN1_TIME_set_string(X509_getm_notAfter(made), NO_EXPIRATION) &&
               name_set(name, "pawld") && name_set(by, issuer) && X509_set_pubkey(made, key) &&
               add_extension(made, NID_subject_key_identifier, "hash") &&
               add_extension(made, NID_key_usage, "critical,keyAgreement") &&
               X509_sign(made, signer, EVP_sha256()) > 0;
    if (!done) {
        X509_free(made);
        return NULL;
    }
    return made;
}

/* Writes what a memory BIO holds; its buffer is wiped when it is freed. */
static enum pawl_result write_pem(BIO *pem, const char *path, mode_t mode)
{
    char *text = NULL;
    long size = BIO_get_mem_data(pem, &text);

    if (size <= 0)
        return PAWL_CRYPTO;
    return pawl_file_write(path, mode, false, text, (size_t)size);
}

static enum pawl_result save(EVP_PKEY *key, X509 *certificate, const char *key_path,
                             const char *cert_path)
{
    BIO *key_pem = BIO_new(BIO_s_mem());
    BIO *cert_pem = BIO_new(BIO_s_mem());
    enum pawl_result result = PAWL_CRYPTO;

    if (key_pem != NULL && cert_pem != NULL &&
        PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        PEM_write_bio_X509(cert_pem, certificate) == 1) {
        result = write_pem(key_pem, key_path, 0600);
        if (result == PAWL_OK)
            result = write_pem(cert_pem, cert_path, 0644);
    }
    BIO_free(key_pem);
    BIO_free(cert_pem);
    return result;
}

enum pawl_result pawl_cms_identity_create(const char *key_path, const char *cert_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL ? NULL : certificate_make(key, key, "pawld");
    enum pawl_result result = PAWL_CRYPTO;

    if (certificate != NULL)
        result = save(key, certificate, key_path, cert_path);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}

/* The public key that is a point. */
static EVP_PKEY *public_key_make(const uint8_t point[65])
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"P-256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, 65),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
    EVP_PKEY_CTX_free(context);
    return key;
}

enum pawl_result pawl_cms_certificate_create(const uint8_t point[65], const char *cert_path)
{
    EVP_PKEY *key = public_key_make(point), *signer = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL || signer == NULL
                            ? NULL
                            : certificate_make(key, signer, "pawld, by a key that was not kept");
    BIO *pem = certificate == NULL ? NULL : BIO_new(BIO_s_mem());
    enum pawl_result result = PAWL_CRYPTO;

    if (pem != NULL && PEM_write_bio_X509(pem, certificate) == 1)
        result = write_pem(pem, cert_path, 0644);
    BIO_free(pem);
    X509_free(certificate);
    EVP_PKEY_free(signer);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}
