/*
 * The vault: unit secrets and content keys at rest (SPEC 22; invariants I7, I8).
 *
 *   master key     in a file or an HSM (master.h); wraps the data keys
 *   data key       random, of a generation 1, 2, ...; stored wrapped. One is current; while it is
 *                  rotated the one before lives on until nothing is wrapped under it
 *   wrapping key   HKDF-Expand(data key, label of the kind || name, 32), one for each object
 *   wrapped object generation (4, big-endian) || AES-256-KW(wrapping key, 32 bytes)
 *
 * Since the name (a unit secret's is its device_id) goes into the wrapping key, a row whose
 * wrapped secret was swapped with another row's, in a stolen or edited database, does not unwrap.
 * A database or backup without the master key opens nothing.
 *
 * All functions on an open vault may be called from several threads at once. Wrapping and
 * unwrapping take no lock.
 */
#ifndef PAWL_HEADEND_VAULT_H
#define PAWL_HEADEND_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_VAULT_KEY_SIZE 32u
#define PAWL_VAULT_WRAPPED_SIZE 44u    /* of an object, with its generation */
#define PAWL_DATA_KEY_WRAPPED_SIZE 40u /* of a data key, by the master key */
#define PAWL_VAULT_DATA_KEYS_MAX 3u    /* at once: current, retiring, and one not yet forgotten */
#define PAWL_SECRET_TAG_SIZE 16u

/* Keys in memory that is locked and not dumped. */
struct pawl_vault;

/* A random data key. PAWL_IO (no randomness). Wipe it. */
enum pawl_result pawl_data_key_make(uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* A vault without a data key. PAWL_EXHAUSTED, PAWL_IO. Close it. */
enum pawl_result pawl_vault_create(struct pawl_vault **vault);

/* Wipes and frees; harmless on NULL. */
void pawl_vault_close(struct pawl_vault *vault);

/* Adds a data key; the one of the highest generation is what pawl_vault_wrap uses. The caller wipes
 * `key`. PAWL_STATE when the generation is there already, or 0; PAWL_EXHAUSTED when
 * PAWL_VAULT_DATA_KEYS_MAX are. */
enum pawl_result pawl_vault_data_key_add(struct pawl_vault *vault, uint32_t generation,
                                         const uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* Wipes a data key that is neither the current one nor pinned: what is wrapped under it does not
 * open any more. No call on the vault that began while a row under it was stored may still be
 * running. */
void pawl_vault_data_key_forget(struct pawl_vault *vault, uint32_t generation);

/* The current generation; 0 without a data key. */
uint32_t pawl_vault_generation(const struct pawl_vault *vault);

/* Whoever wraps now and stores later, however soon, pins the vault before and unpins it after: no
 * data key goes while something under it may be on its way. The pin is a generation. */
uint32_t pawl_vault_pin(struct pawl_vault *vault);
void pawl_vault_unpin(struct pawl_vault *vault, uint32_t pin);
/* Whether a pin of this generation or an earlier one is held. */
bool pawl_vault_is_pinned(struct pawl_vault *vault, uint32_t generation);

/* What is wrapped, and which name binds it. */
enum pawl_vault_kind {
    PAWL_VAULT_UNIT_SECRET = 0,        /* name: device_id, 16 bytes */
    PAWL_VAULT_CONTENT_KEY = 1,        /* name: package_id, 32 bytes */
    PAWL_VAULT_SERVER_KEY = 2,         /* name: text, at most 32 bytes: the server's own keys */
    PAWL_VAULT_CONTENT_OBJECT_KEY = 3, /* name: content key id, 16 bytes (SPEC 20); its 16 bytes
                                        * are padded with zeros: headend/content_vault.h */
    PAWL_VAULT_KIND_COUNT
};

/* Wraps 32 bytes. PAWL_CRYPTO. */
enum pawl_result pawl_vault_wrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                 const void *name, size_t name_size,
                                 const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                 uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* The generation that an object is wrapped under. */
uint32_t pawl_vault_generation_of(const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* The reverse: PAWL_UNTRUSTED when these bytes were not wrapped by this vault as this kind under
 * this name; `key` is then untouched. Wipe `key`. */
enum pawl_result pawl_vault_unwrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                   uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* Wraps an object anew, under the current data key. As pawl_vault_unwrap. */
enum pawl_result pawl_vault_rewrap(const struct pawl_vault *vault, enum pawl_vault_kind kind,
                                   const void *name, size_t name_size,
                                   uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* A unit secret of no device, wrapped under a key that exists in this memory only: it opens as long
 * as the vault is open, at the price of any other. PAWL_IO, PAWL_CRYPTO. */
enum pawl_result pawl_vault_decoy_make(const struct pawl_vault *vault,
                                       const uint8_t device_id[PAWL_ID_SIZE],
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* A fresh random server key (challenge secret, fingerprint key), wrapped. PAWL_IO, PAWL_CRYPTO. */
enum pawl_result pawl_vault_key_create(const struct pawl_vault *vault, const char *name,
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* A tag that tells two equal unit secrets and nothing else: HMAC under the fingerprint key, which
 * outlives rotations of the data key (pawl_hmac_init with the 32 bytes of that key). */
void pawl_secret_tag_make(const struct pawl_hmac *fingerprint,
                          const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                          uint8_t tag[PAWL_SECRET_TAG_SIZE]);

#endif
