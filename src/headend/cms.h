/*
 * Secrets on their way to the control server: CMS (RFC 5652, RFC 5083) with AES-256-GCM, encrypted
 * to the server's certificate (SPEC 15).
 */
#ifndef PAWL_HEADEND_CMS_H
#define PAWL_HEADEND_CMS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_CMS_PLAIN_MAX (32u * 1024u * 1024u) /* bytes in one CMS object */

struct pawl_cms_recipient; /* a server's certificate */
struct pawl_cms_opener;    /* a server's private key and certificate */

/* Reads a PEM certificate. PAWL_IO, PAWL_MALFORMED. */
enum pawl_result pawl_cms_recipient_load(const char *path, struct pawl_cms_recipient **recipient);
void pawl_cms_recipient_free(struct pawl_cms_recipient *recipient);

/* Reads PEM key and certificate. PAWL_IO, PAWL_MALFORMED. */
enum pawl_result pawl_cms_opener_load(const char *key_path, const char *cert_path,
                                      struct pawl_cms_opener **opener);

/* Why a key could not be used, where the key itself can tell: PAWL_OK when it could. */
typedef enum pawl_result (*pawl_cms_key_trouble_fn)(void);

/* The same with a key of another kind; takes over the references to both in any case. `trouble` may
 * be NULL. PAWL_EXHAUSTED. */
enum pawl_result pawl_cms_opener_make(EVP_PKEY *key, X509 *certificate,
                                      pawl_cms_key_trouble_fn trouble,
                                      struct pawl_cms_opener **opener);
/* What `opener` cannot open is tried with `previous` (may be NULL), which it owns from now on. */
void pawl_cms_opener_chain(struct pawl_cms_opener *opener, struct pawl_cms_opener *previous);
void pawl_cms_opener_free(struct pawl_cms_opener *opener);

/* Makes a server's P-256 key (PEM, 0600) and self-signed certificate (PEM, 0644); existing files
 * are never overwritten. PAWL_IO, PAWL_CRYPTO. */
enum pawl_result pawl_cms_identity_create(const char *key_path, const char *cert_path);

/* The certificate that a server whose key is elsewhere hands out: a P-256 point, uncompressed, 65
 * bytes. It is signed by a key that is not kept: nobody trusts it for its signature. PAWL_CRYPTO,
 * and as above. */
enum pawl_result pawl_cms_certificate_create(const uint8_t point[65], const char *cert_path);

/* Reads a PEM certificate; X509_free it. PAWL_IO, PAWL_MALFORMED. */
enum pawl_result pawl_cms_certificate_load(const char *path, X509 **certificate);

/* Encrypts `size` bytes to one DER object in a new malloc'd buffer, the caller's to free. */
enum pawl_result pawl_cms_seal(const struct pawl_cms_recipient *recipient, const uint8_t *plain,
                               size_t size, uint8_t **der, size_t *der_size);

/* Length in bytes of the DER object that starts at `bytes` (`size` of them are there; 16 suffice),
 * so that a stream of objects can be cut. PAWL_MALFORMED when it does not start with a
 * definite-length SEQUENCE or is too long. */
enum pawl_result pawl_cms_length_read(const uint8_t *bytes, size_t size, size_t *length);

/* Decrypts one DER object into a new malloc'd buffer; free it with pawl_cms_plain_free, which
 * wipes. PAWL_MALFORMED, PAWL_UNTRUSTED when it was not made for this key or was altered,
 * PAWL_EXHAUSTED; what the key says of itself. */
enum pawl_result pawl_cms_open(const struct pawl_cms_opener *opener, const uint8_t *der,
                               size_t der_size, uint8_t **plain, size_t *size);
void pawl_cms_plain_free(uint8_t *plain, size_t size);

/* Reads a content key file: 32 raw bytes, or one CMS object that `opener` (may be NULL: then raw
 * only) opens to 32 bytes. PAWL_IO, PAWL_MALFORMED, PAWL_UNTRUSTED. */
enum pawl_result pawl_content_key_read(const uint8_t *bytes, size_t size,
                                       const struct pawl_cms_opener *opener,
                                       uint8_t content_key[32]);

#endif
