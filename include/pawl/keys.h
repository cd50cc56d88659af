/* The independent key branches under a unit secret (SPEC 4), and HKDF-Expand on which they stand.
 * Every output is secret: the caller wipes it. */
#ifndef PAWL_KEYS_H
#define PAWL_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/pud.h"

#define PAWL_KEY_SIZE 32u
#define PAWL_MAC_SIZE 32u
#define PAWL_INFO_MAX 96u /* longest info string that HKDF-Expand takes here */

/* HMAC-SHA-256 with a key of at most 64 bytes, set once and used many times: the two padded key
 * blocks are hashed at init. Copyable; wipe after use. */
struct pawl_hmac {
    struct pawl_sha256 inner, outer;
};

void pawl_hmac_init(struct pawl_hmac *hmac, const uint8_t *key, size_t size);
/* MAC of the concatenation of two byte strings (either may be empty); `hmac` stays usable. */
void pawl_hmac_make(const struct pawl_hmac *hmac, const void *a, size_t a_size, const void *b,
                    size_t b_size, uint8_t mac[PAWL_MAC_SIZE]);

/* HKDF-Expand (RFC 5869) with SHA-256: `size` (1..64) bytes from a 32-byte key and
 * info = label || info (together at most PAWL_INFO_MAX bytes, or the call is a programmer's error).
 */
void pawl_expand(const uint8_t key[PAWL_KEY_SIZE], const char *label, const void *info,
                 size_t info_size, uint8_t *out, size_t size);

void pawl_auth_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                        uint8_t key[PAWL_KEY_SIZE]);
void pawl_storage_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t sequence,
                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                           uint8_t key[PAWL_KEY_SIZE]);
void pawl_trial_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t sequence,
                         const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                         uint8_t key[PAWL_KEY_SIZE]);
void pawl_content_object_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                  uint64_t sequence, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                  const uint8_t salt[PAWL_SALT_SIZE], uint8_t key[PAWL_KEY_SIZE]);

#endif
