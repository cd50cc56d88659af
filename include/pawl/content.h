/*
 * Content keys (SPEC 20): how a control server grants the key of a content object to one device
 * that runs the release the content was made for, and how that device opens the grant.
 *
 * A device names the keys that it wants in a report (extension 128), at most four. The directive
 * that answers carries the grants (extension 140). They are wrapped under content_key(s, p, salt)
 * of SPEC 4.1, so that they open on that device alone, and only while it stands at s with p.
 */
#ifndef PAWL_CONTENT_H
#define PAWL_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/result.h"

#define PAWL_CONTENT_ID_SIZE 16u
#define PAWL_CONTENT_KEY_ID_SIZE 16u
#define PAWL_CONTENT_KEY_SIZE 16u /* AES-128 */
#define PAWL_CONTENT_KEY_WRAPPED_SIZE (PAWL_CONTENT_KEY_SIZE + PAWL_KEY_WRAP_OVERHEAD)
#define PAWL_CONTENT_WANTED_MAX 4u /* keys in one report, grants in one directive */

struct pawl_grant {
    uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE];
    uint8_t salt[PAWL_SALT_SIZE];
    uint8_t wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE];
};

/* Wraps a key for the device with `unit_secret` while it runs `package_id`, committed at
 * `sequence`. The grant's key_id and salt are set; the salt must be fresh. PAWL_CRYPTO. */
enum pawl_result pawl_grant_wrap(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                 uint64_t sequence, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                 const uint8_t key[PAWL_CONTENT_KEY_SIZE],
                                 struct pawl_grant *grant);

/* The reverse, in the secure processor. PAWL_NOT_ENTITLED when it was made for another device,
 * sequence number or package, or is no grant at all. Wipe `key`. PAWL_CRYPTO. */
enum pawl_result pawl_grant_unwrap(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                   uint64_t sequence,
                                   const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                   const uint8_t salt[PAWL_SALT_SIZE],
                                   const uint8_t wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE],
                                   uint8_t key[PAWL_CONTENT_KEY_SIZE]);

/* Adds grants (1 to PAWL_CONTENT_WANTED_MAX) to the directive of `*size` bytes that was just
 * written, and makes its MAC anew. PAWL_EXHAUSTED when `capacity` or PAWL_DIRECTIVE_SIZE_MAX is too
 * little; the directive is then as it was. Nothing with a higher key may be in it. */
enum pawl_result pawl_grants_append(const struct pawl_grant *grants, size_t count,
                                    const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                    size_t capacity, size_t *size);

/* Takes the grants out of a directive without its key; `*count` is 0 when there are none. Nothing
 * is verified and nothing needs to be: a grant that the server did not make does not unwrap.
 * PAWL_MALFORMED, PAWL_UNSUPPORTED. */
enum pawl_result pawl_grants_read(const uint8_t *bytes, size_t size,
                                  struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX], size_t *count);

#endif
