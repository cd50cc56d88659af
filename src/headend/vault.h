/*
 * The vault: unit secrets and content keys at rest (DESIGN 6; invariants I7, I8).
 *
 *   master key     32 bytes in a file of its own (later: in an HSM); wraps the data key
 *   data key       random, made once; stored wrapped
 *   wrapping key   HKDF-Expand(data key, label of the kind || name, 32), one for each object
 *   wrapped object AES-256-KW(wrapping key, 32 bytes), 40 bytes
 *
 * Since the name (a unit secret's is its device_id) goes into the wrapping key, a row whose
 * wrapped secret was swapped with another row's, in a stolen or edited database, does not unwrap.
 * A database or backup without the master key opens nothing.
 *
 * All functions on an open vault may be called from several threads at once.
 */
#ifndef PAWL_HEADEND_VAULT_H
#define PAWL_HEADEND_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_VAULT_KEY_SIZE 32u
#define PAWL_VAULT_WRAPPED_SIZE 40u
#define PAWL_SECRET_TAG_SIZE 16u

/* Keys in memory that is locked and not dumped. */
struct pawl_vault;

/* Writes a fresh master key to `path`, mode 0600. PAWL_STATE when the file exists: it is never
 * overwritten. PAWL_IO. */
enum pawl_result pawl_master_key_create(const char *path);

/* Reads a master key. PAWL_UNTRUSTED when group or others have rights to the file, PAWL_MALFORMED
 * when it is not 32 bytes, PAWL_IO (errno). Wipe `key`. */
enum pawl_result pawl_master_key_read(const char *path, uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* A fresh data key, wrapped under the master key: what the store keeps as PAWL_SECRET_DATA_KEY.
 * Losing it loses every unit secret. PAWL_IO (no randomness), PAWL_CRYPTO. */
enum pawl_result pawl_data_key_create(const uint8_t master[PAWL_VAULT_KEY_SIZE],
                                      uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* Opens a vault. PAWL_UNTRUSTED when the master key is not the one that wrapped the data key;
 * PAWL_EXHAUSTED without memory. Close it. The caller keeps and wipes `master`. */
enum pawl_result pawl_vault_open(const uint8_t master[PAWL_VAULT_KEY_SIZE],
                                 const uint8_t wrapped_data_key[PAWL_VAULT_WRAPPED_SIZE],
                                 struct pawl_vault **vault);

/* Wipes and frees; harmless on NULL. */
void pawl_vault_close(struct pawl_vault *vault);

/* What is wrapped, and which name binds it. */
enum pawl_vault_kind {
    PAWL_VAULT_UNIT_SECRET = 0, /* name: device_id, 16 bytes */
    PAWL_VAULT_CONTENT_KEY = 1, /* name: package_id, 32 bytes */
    PAWL_VAULT_SERVER_KEY = 2,  /* name: text, at most 32 bytes: the server's own keys */
    PAWL_VAULT_KIND_COUNT
};

/* Wraps 32 bytes. PAWL_CRYPTO. */
enum pawl_result pawl_vault_wrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                 const void *name, size_t name_size,
                                 const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                 uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* The reverse: PAWL_UNTRUSTED when these bytes were not wrapped by this vault as this kind under
 * this name; `key` is then untouched. Wipe `key`. */
enum pawl_result pawl_vault_unwrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                   uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* A fresh random server key (challenge secret, fingerprint key), wrapped. PAWL_IO, PAWL_CRYPTO. */
enum pawl_result pawl_vault_key_create(const struct pawl_vault *vault, const char *name,
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* A tag that tells two equal unit secrets and nothing else: HMAC under the fingerprint key, which
 * outlives rotations of the data key (pawl_hmac_init with the 32 bytes of that key). */
void pawl_secret_tag_make(const struct pawl_hmac *fingerprint,
                          const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                          uint8_t tag[PAWL_SECRET_TAG_SIZE]);

#endif
