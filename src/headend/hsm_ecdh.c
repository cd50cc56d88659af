/* OpenSSL 3.0 lets a key's operations be replaced through the interface of EC_KEY_METHOD, which is
 * deprecated in favour of providers: a provider for one ECDH would be several times this file. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "headend/hsm_ecdh.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "headend/hsm.h"

struct hsm_key {
    struct pawl_hsm_access access;
    char uri[PAWL_MASTER_PLACE_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_KEY_METHOD *method;
static int place = -1; /* of the hsm_key in an EC_KEY */

static _Thread_local enum pawl_result last_result;
static _Thread_local struct pawl_trouble last_trouble;

enum pawl_result pawl_hsm_ecdh_trouble(struct pawl_trouble *trouble)
{
    enum pawl_result result = last_result;
    if (result != PAWL_OK)
        *trouble = last_trouble;
    last_result = PAWL_OK;
    return result;
}

static enum pawl_result derive(const struct hsm_key *self, const uint8_t peer[PAWL_HSM_POINT_SIZE],
                               uint8_t secret[32], struct pawl_trouble *trouble)
{
    struct pawl_hsm *hsm = NULL;
    enum pawl_result result = pawl_hsm_open(self->uri, &self->access, &hsm, trouble);
    if (result == PAWL_OK)
        result = pawl_hsm_derive(hsm, peer, secret, trouble);
    pawl_hsm_close(hsm);
    return result;
}

/* ECDH as OpenSSL asks for it; 1 for success. */
static int key_compute(unsigned char **secret, size_t *size, const EC_POINT *peer,
                       const EC_KEY *key)
{
    const struct hsm_key *self = EC_KEY_get_ex_data(key, place);
    uint8_t point[PAWL_HSM_POINT_SIZE];
    unsigned char *out = OPENSSL_malloc(32);
    last_result = PAWL_OK;
    if (self == NULL || out == NULL ||
        EC_POINT_point2oct(EC_KEY_get0_group(key), peer, POINT_CONVERSION_UNCOMPRESSED, point,
                           sizeof point, NULL) != sizeof point) {
        OPENSSL_free(out);
        return 0;
    }
    last_result = derive(self, point, out, &last_trouble);
    if (last_result != PAWL_OK) {
        OPENSSL_free(out);
        return 0;
    }
    *secret = out;
    *size = 32;
    return 1;
}

static void key_free(void *parent, void *item, CRYPTO_EX_DATA *data, int index, long argument,
                     void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argument;
    (void)pointer;
    free(item);
}

static void method_make(void)
{
    place = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, key_free);
    method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (method != NULL)
        EC_KEY_METHOD_set_compute_key(method, key_compute);
}

/* An EC_KEY of the certificate's public key with our method. */
static EC_KEY *ec_key_make(X509 *certificate, struct hsm_key *self)
{
    EVP_PKEY *public = X509_get0_pubkey(certificate);
    EC_KEY *key = public == NULL ? NULL : EVP_PKEY_get1_EC_KEY(public);
    EC_KEY *copy = key == NULL ? NULL : EC_KEY_dup(key);
    EC_KEY_free(key);
    if (copy != NULL &&
        (EC_GROUP_get_curve_name(EC_KEY_get0_group(copy)) != NID_X9_62_prime256v1 ||
         EC_KEY_set_method(copy, method) != 1 || EC_KEY_set_ex_data(copy, place, self) != 1)) {
        EC_KEY_free(copy);
        return NULL;
    }
    return copy;
}

enum pawl_result pawl_hsm_ecdh_key_make(X509 *certificate, const char *uri,
                                        const struct pawl_hsm_access *access, EVP_PKEY **key)
{
    pthread_once(&once, method_make);
    struct hsm_key *self = calloc(1, sizeof *self);
    if (self == NULL || method == NULL || place < 0) {
        free(self);
        return PAWL_EXHAUSTED;
    }
    self->access = *access;
    snprintf(self->uri, sizeof self->uri, "%s", uri);
    EC_KEY *ec = ec_key_make(certificate, self);
    if (ec == NULL) {
        free(self);
        ERR_clear_error();
        return PAWL_UNSUPPORTED;
    }
    EVP_PKEY *made = EVP_PKEY_new();
    if (made == NULL || EVP_PKEY_assign_EC_KEY(made, ec) != 1) {
        EVP_PKEY_free(made);
        EC_KEY_free(ec); /* frees `self` too */
        return PAWL_EXHAUSTED;
    }
    *key = made;
    return PAWL_OK;
}
