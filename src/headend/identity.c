#include "headend/identity.h"

#include <errno.h>
#include <string.h>

#include "headend/hsm.h"
#include "headend/hsm_ecdh.h"
#include "host/file.h"

#define KEY_FILE_MAX 65536u

static _Thread_local struct pawl_trouble last = {"the server's key cannot be used"};

const char *pawl_identity_words(void)
{
    return last.text;
}

/* A key that cannot be used says nothing about the object, whatever the HSM's reason is. */
static enum pawl_result hsm_trouble(void)
{
    return pawl_hsm_ecdh_trouble(&last) == PAWL_OK ? PAWL_OK : PAWL_IO;
}

static enum pawl_result hsm_pair_make(const char *uri, const struct pawl_hsm_access *access,
                                      const char *cert_path, struct pawl_trouble *trouble)
{
    uint8_t point[PAWL_HSM_POINT_SIZE];
    struct pawl_hsm *hsm = NULL;
    enum pawl_result result = pawl_hsm_open(uri, access, &hsm, trouble);
    if (result == PAWL_OK)
        result = pawl_hsm_pair_make(hsm, point, trouble);
    pawl_hsm_close(hsm);
    if (result != PAWL_OK)
        return result;
    result = pawl_cms_certificate_create(point, cert_path);
    return result == PAWL_OK
               ? PAWL_OK
               : pawl_trouble_set(trouble, result, "%s: cannot make the certificate", cert_path);
}

enum pawl_result pawl_identity_create(const char *key_path, const char *cert_path, const char *uri,
                                      const struct pawl_hsm_access *access,
                                      struct pawl_trouble *trouble)
{
    if (uri == NULL) {
        enum pawl_result made = pawl_cms_identity_create(key_path, cert_path);
        return made == PAWL_OK
                   ? PAWL_OK
                   : pawl_trouble_set(trouble, made, "%s: cannot make the server's key", key_path);
    }
    enum pawl_result result = hsm_pair_make(uri, access, cert_path, trouble);
    return result == PAWL_OK ? pawl_hsm_uri_write(key_path, uri, trouble) : result;
}

static enum pawl_result hsm_opener_make(const char *uri, const char *cert_path,
                                        const struct pawl_hsm_access *access,
                                        struct pawl_cms_opener **opener,
                                        struct pawl_trouble *trouble)
{
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    enum pawl_result result = pawl_cms_certificate_load(cert_path, &certificate);
    if (result != PAWL_OK)
        return pawl_trouble_set(trouble, result, "%s: cannot load the certificate", cert_path);
    result = pawl_hsm_ecdh_key_make(certificate, uri, access, &key);
    if (result == PAWL_OK)
        return pawl_cms_opener_make(key, certificate, hsm_trouble, opener);
    X509_free(certificate);
    return pawl_trouble_set(trouble, result, "%s: not the certificate of a P-256 key", cert_path);
}

enum pawl_result pawl_identity_open(const char *key_path, const char *cert_path,
                                    const struct pawl_hsm_access *access,
                                    struct pawl_cms_opener **opener, struct pawl_trouble *trouble)
{
    struct pawl_buffer buffer = {NULL, 0};
    char uri[PAWL_MASTER_PLACE_SIZE];
    enum pawl_result result = pawl_file_read(key_path, KEY_FILE_MAX, &buffer);
    if (result != PAWL_OK)
        return pawl_trouble_set(trouble, result, "%s: %s", key_path, strerror(errno));
    bool is_uri = pawl_hsm_uri_read(buffer.bytes, buffer.size, uri);
    pawl_buffer_release(&buffer);
    if (is_uri)
        return hsm_opener_make(uri, cert_path, access, opener, trouble);
    result = pawl_cms_opener_load(key_path, cert_path, opener);
    return result == PAWL_OK
               ? PAWL_OK
               : pawl_trouble_set(trouble, result,
                                  "%s: cannot load the server's key and certificate", key_path);
}
