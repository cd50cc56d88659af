/*
 * A hardware security module, through PKCS #11 (SPEC 22). Keys are named by URIs of RFC 7512,
 * "pkcs11:token=pawl;object=master"; the query may say which library reaches it (module-path) and
 * which file has its PIN (pin-source).
 *
 * It is logged in to for one thing to be done and logged off again: what pawld holds on to is no
 * session, so an HSM that was away and is back needs no restart. A PIN that was refused is not
 * tried again until its file changes, and the last try that a token allows is never taken: tokens
 * lock themselves.
 *
 * Functions may be called by several threads; they wait for each other.
 */
#ifndef PAWL_HEADEND_HSM_H
#define PAWL_HEADEND_HSM_H

#include <stddef.h>
#include <stdint.h>

#include "headend/master.h"
#include "pawl/result.h"

#define PAWL_HSM_SCHEME "pkcs11:"
#define PAWL_HSM_POINT_SIZE 65u /* an uncompressed point of P-256 */

/* An HSM that is logged in to, and the name of a key in it. */
struct pawl_hsm;

/* PAWL_MALFORMED for a URI that is none, names no object, or has a PIN in it; PAWL_IO when library
 * or token cannot be reached; PAWL_UNTRUSTED when the PIN was refused or others may read its file;
 * PAWL_STATE when two tokens fit. Close it. */
enum pawl_result pawl_hsm_open(const char *uri, const struct pawl_hsm_access *access,
                               struct pawl_hsm **hsm, struct pawl_trouble *trouble);
void pawl_hsm_close(struct pawl_hsm *hsm);

/* The URI made whole with what `access` says, to be kept in a file; at most `size` bytes. With
 * `object` (may be NULL) the name of another key in the same token. */
enum pawl_result pawl_hsm_uri_complete(const char *uri, const struct pawl_hsm_access *access,
                                       const char *object, char *text, size_t size,
                                       struct pawl_trouble *trouble);

/* Reads the one line of a file that names a key: false when these bytes are none. */
bool pawl_hsm_uri_read(const void *bytes, size_t size, char uri[PAWL_MASTER_PLACE_SIZE]);
/* Writes such a file, mode 0600. PAWL_STATE when it exists; PAWL_IO. */
enum pawl_result pawl_hsm_uri_write(const char *path, const char *uri,
                                    struct pawl_trouble *trouble);

/* Makes an AES-256 key that wraps and unwraps and cannot be extracted. PAWL_STATE when there is a
 * key of that name. */
enum pawl_result pawl_hsm_master_make(struct pawl_hsm *hsm, struct pawl_trouble *trouble);

/* Whether the key is there and fit to be one: as pawl_hsm_wrap. */
enum pawl_result pawl_hsm_master_check(struct pawl_hsm *hsm, struct pawl_trouble *trouble);

/* Wraps and unwraps a data key with it (CKM_AES_KEY_WRAP). PAWL_STATE when there is no such key, or
 * more than one; PAWL_UNTRUSTED when it can be extracted, or did not wrap these bytes. */
enum pawl_result pawl_hsm_wrap(struct pawl_hsm *hsm, const uint8_t key[PAWL_VAULT_KEY_SIZE],
                               uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                               struct pawl_trouble *trouble);
enum pawl_result pawl_hsm_unwrap(struct pawl_hsm *hsm,
                                 const uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                 uint8_t key[PAWL_VAULT_KEY_SIZE], struct pawl_trouble *trouble);

/* Makes a P-256 pair that derives and cannot be extracted; `point` is its public half. */
enum pawl_result pawl_hsm_pair_make(struct pawl_hsm *hsm, uint8_t point[PAWL_HSM_POINT_SIZE],
                                    struct pawl_trouble *trouble);

/* ECDH of the private key with a peer's point: the x coordinate, 32 bytes. Wipe it. */
enum pawl_result pawl_hsm_derive(struct pawl_hsm *hsm, const uint8_t peer[PAWL_HSM_POINT_SIZE],
                                 uint8_t secret[32], struct pawl_trouble *trouble);

#endif
