#include "server/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/file.h"
#include "host/log.h"

#define PEM_MAX (1024u * 1024u) /* bytes of a file */

/* Groups in the order of their cost. What the client prefers wins: it may be the smaller machine.
 */
const char pawl_tls_priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:"
    "+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:+AEAD:"
    "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256:+SIGN-EDDSA-ED25519:"
    "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA384:"
    "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA512:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+CTYPE-X509:+COMP-NULL";

struct pawl_tls_material {
    atomic_uint holders;
    gnutls_certificate_credentials_t credentials;
    bool has_client_ca;
    int64_t expires; /* Unix seconds */
};

struct pawl_tls {
    struct pawl_tls_files files;
    gnutls_datum_t ticket_key;
    pthread_mutex_t lock; /* of `current` */
    struct pawl_tls_material *current;
};

void pawl_tls_end(struct pawl_tls_material *material)
{
    if (material == NULL || atomic_fetch_sub(&material->holders, 1) > 1)
        return;
    gnutls_certificate_free_credentials(material->credentials);
    free(material);
}

static enum pawl_result pem_read(const char *path, struct pawl_buffer *buffer)
{
    enum pawl_result result = pawl_file_read(path, PEM_MAX, buffer);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "%s: %s", path, strerror(errno));
}

static gnutls_datum_t datum_of(const struct pawl_buffer *buffer)
{
    return (gnutls_datum_t){buffer->bytes, (unsigned)buffer->size};
}

/* A certificate with what leads to its authority, and its key. */
struct pair {
    gnutls_x509_crt_t *chain;
    unsigned count;
    gnutls_x509_privkey_t key;
};

static void pair_release(struct pair *pair)
{
    for (unsigned i = 0; i < pair->count; i++)
        gnutls_x509_crt_deinit(pair->chain[i]);
    gnutls_free(pair->chain);
    if (pair->key != NULL)
        gnutls_x509_privkey_deinit(pair->key);
}

static enum pawl_result pair_read(const struct pawl_tls_files *files, struct pair *pair)
{
    struct pawl_buffer certificate = {NULL, 0}, key = {NULL, 0};
    enum pawl_result result = pem_read(files->certificate, &certificate);
    if (result == PAWL_OK)
        result = pem_read(files->key, &key);
    const gnutls_datum_t certificate_datum = datum_of(&certificate), key_datum = datum_of(&key);
    if (result == PAWL_OK &&
        gnutls_x509_crt_list_import2(&pair->chain, &pair->count, &certificate_datum,
                                     GNUTLS_X509_FMT_PEM, 0) < 0)
        result = pawl_error(PAWL_MALFORMED, "%s: no certificates in PEM", files->certificate);
    if (result == PAWL_OK && gnutls_x509_privkey_init(&pair->key) < 0)
        result = pawl_error(PAWL_EXHAUSTED, "no memory for TLS");
    if (result == PAWL_OK && gnutls_x509_privkey_import2(pair->key, &key_datum, GNUTLS_X509_FMT_PEM,
                                                         NULL, GNUTLS_PKCS_PLAIN) < 0)
        result = pawl_error(PAWL_MALFORMED, "%s: no key in PEM without a password", files->key);
    pawl_buffer_release(&key);
    pawl_buffer_release(&certificate);
    return result;
}

/* The first certificate of the chain is the server's own. */
static bool pair_matches(const struct pair *pair)
{
    uint8_t ids[2][64];
    size_t sizes[2] = {sizeof ids[0], sizeof ids[1]};
    return gnutls_x509_crt_get_key_id(pair->chain[0], GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]) >=
               0 &&
           gnutls_x509_privkey_get_key_id(pair->key, GNUTLS_KEYID_USE_SHA256, ids[1], &sizes[1]) >=
               0 &&
           sizes[0] == sizes[1] && memcmp(ids[0], ids[1], sizes[0]) == 0;
}

static enum pawl_result pair_load(struct pawl_tls_material *material,
                                  const struct pawl_tls_files *files)
{
    struct pair pair = {NULL, 0, NULL};
    enum pawl_result result = pair_read(files, &pair);
    if (result == PAWL_OK && !pawl_file_is_private(files->key)) {
        result = pawl_error(PAWL_UNTRUSTED, "%s: others may read it", files->key);
        pawl_hint("chmod 600 %s", files->key);
    }
    if (result == PAWL_OK && !pair_matches(&pair))
        result =
            pawl_error(PAWL_UNTRUSTED, "%s: not the key of %s", files->key, files->certificate);
    if (result == PAWL_OK) {
        int code = gnutls_certificate_set_x509_key(material->credentials, pair.chain,
                                                   (int)pair.count, pair.key);
        material->expires = (int64_t)gnutls_x509_crt_get_expiration_time(pair.chain[0]);
        if (code < 0)
            result = pawl_error(PAWL_CRYPTO, "%s: %s", files->certificate, gnutls_strerror(code));
    }
    pair_release(&pair);
    return result;
}

static enum pawl_result client_ca_load(struct pawl_tls_material *material, const char *path)
{
    struct pawl_buffer authority = {NULL, 0};
    if (path == NULL)
        return PAWL_OK;
    enum pawl_result result = pem_read(path, &authority);
    if (result != PAWL_OK)
        return result;
    const gnutls_datum_t datum = datum_of(&authority);
    int count =
        gnutls_certificate_set_x509_trust_mem(material->credentials, &datum, GNUTLS_X509_FMT_PEM);
    if (count <= 0)
        result = pawl_error(PAWL_MALFORMED, "%s: no certificates in PEM", path);
    material->has_client_ca = count > 0;
    pawl_buffer_release(&authority);
    return result;
}

static enum pawl_result material_load(const struct pawl_tls_files *files,
                                      struct pawl_tls_material **out)
{
    struct pawl_tls_material *material = calloc(1, sizeof *material);
    if (material == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for TLS");
    atomic_init(&material->holders, 1);
    enum pawl_result result = PAWL_OK;
    if (gnutls_certificate_allocate_credentials(&material->credentials) < 0) {
        material->credentials = NULL;
        result = pawl_error(PAWL_EXHAUSTED, "no memory for TLS");
    }
    if (result == PAWL_OK)
        result = pair_load(material, files);
    if (result == PAWL_OK)
        result = client_ca_load(material, files->client_ca);
    if (result != PAWL_OK) {
        if (material->credentials != NULL)
            gnutls_certificate_free_credentials(material->credentials);
        free(material);
        return result;
    }
    *out = material;
    return PAWL_OK;
}

static void loaded_tell(const struct pawl_tls *tls)
{
    const time_t expires = (time_t)tls->current->expires;
    struct tm parts;
    char date[32] = "";
    if (gmtime_r(&expires, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
    bool over = expires <= time(NULL);
    pawl_log(over ? PAWL_LOG_WARNING : PAWL_LOG_NOTICE, "event=certificate-%s file=%s expires=%s",
             over ? "expired" : "loaded", tls->files.certificate, date);
}

enum pawl_result pawl_tls_open(const struct pawl_tls_files *files, struct pawl_tls **out)
{
    struct pawl_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for TLS");
    tls->files = *files;
    pthread_mutex_init(&tls->lock, NULL);
    enum pawl_result result = material_load(files, &tls->current);
    if (result == PAWL_OK && gnutls_session_ticket_key_generate(&tls->ticket_key) < 0)
        result = pawl_error(PAWL_CRYPTO, "cannot make a key for session tickets");
    if (result != PAWL_OK) {
        pawl_tls_close(tls);
        return result;
    }
    loaded_tell(tls);
    *out = tls;
    return PAWL_OK;
}

enum pawl_result pawl_tls_reload(struct pawl_tls *tls)
{
    struct pawl_tls_material *fresh = NULL;
    enum pawl_result result = material_load(&tls->files, &fresh);
    if (result != PAWL_OK) {
        pawl_log(PAWL_LOG_ERROR, "event=certificate-kept class=%s", pawl_result_name(result));
        return result;
    }
    pthread_mutex_lock(&tls->lock);
    struct pawl_tls_material *former = tls->current;
    tls->current = fresh;
    pthread_mutex_unlock(&tls->lock);
    pawl_tls_end(former);
    loaded_tell(tls);
    return PAWL_OK;
}

void pawl_tls_close(struct pawl_tls *tls)
{
    if (tls == NULL)
        return;
    pawl_tls_end(tls->current);
    if (tls->ticket_key.data != NULL)
        gnutls_memset(tls->ticket_key.data, 0, tls->ticket_key.size);
    gnutls_free(tls->ticket_key.data);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

int64_t pawl_tls_expiry(struct pawl_tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    int64_t expires = tls->current->expires;
    pthread_mutex_unlock(&tls->lock);
    return expires;
}

struct pawl_tls_material *pawl_tls_begin(struct pawl_tls *tls, gnutls_session_t session, bool asks)
{
    pthread_mutex_lock(&tls->lock);
    struct pawl_tls_material *material = tls->current;
    atomic_fetch_add(&material->holders, 1);
    pthread_mutex_unlock(&tls->lock);
    int code = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, material->credentials);
    if (code < 0) {
        pawl_tls_end(material);
        return NULL;
    }
    if (asks && material->has_client_ca)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    else if (!asks) /* a device comes again in some minutes, and spares both the signatures */
        gnutls_session_ticket_enable_server(session, &tls->ticket_key);
    return material;
}

/* Whether the authority vouches for the chain, for use as a client's. */
static bool peer_is_trusted(gnutls_session_t session)
{
    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID,
        .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
        .size = 0,
    };
    unsigned status = 1;
    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) >= 0 && status == 0;
}

enum pawl_result pawl_tls_peer_name(gnutls_session_t session, char *name, size_t size)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0)
        return PAWL_STATE;
    if (!peer_is_trusted(session))
        return PAWL_UNTRUSTED;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t subject = {NULL, 0};
    if (gnutls_x509_crt_init(&certificate) < 0)
        return PAWL_EXHAUSTED;
    enum pawl_result result = PAWL_UNTRUSTED;
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
        gnutls_x509_crt_get_dn3(certificate, &subject, 0) >= 0 && subject.size > 0) {
        result = subject.size < size ? PAWL_OK : PAWL_EXHAUSTED;
        if (result == PAWL_OK) {
            memcpy(name, subject.data, subject.size);
            name[subject.size] = '\0';
        }
    }
    gnutls_free(subject.data);
    gnutls_x509_crt_deinit(certificate);
    return result;
}
