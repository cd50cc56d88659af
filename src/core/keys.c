#include "pawl/keys.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/secret.h"

#define HMAC_BLOCK_SIZE 64u

static void pad_init(struct pawl_sha256 *sha, const uint8_t *key, size_t size, uint8_t pad)
{
    uint8_t block[HMAC_BLOCK_SIZE];

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < size; i++)
        block[i] ^= key[i];
    pawl_sha256_init(sha);
    pawl_sha256_update(sha, block, sizeof block);
    pawl_wipe(block, sizeof block);
}

void pawl_hmac_init(struct pawl_hmac *hmac, const uint8_t *key, size_t size)
{
    pad_init(&hmac->inner, key, size, 0x36);
    pad_init(&hmac->outer, key, size, 0x5c);
}

void pawl_hmac_make(const struct pawl_hmac *hmac, const void *a, size_t a_size, const void *b,
                    size_t b_size, uint8_t mac[PAWL_MAC_SIZE])
{
    struct pawl_sha256 sha = hmac->inner;

    pawl_sha256_update(&sha, a, a_size);
    pawl_sha256_update(&sha, b, b_size);
    pawl_sha256_final(&sha, mac);
    sha = hmac->outer;
    pawl_sha256_update(&sha, mac, PAWL_MAC_SIZE);
    pawl_sha256_final(&sha, mac);
    pawl_wipe(&sha, sizeof sha);
}

/* T(1) = HMAC(key, info || 1), T(2) = HMAC(key, T(1) || info || 2); the output is their beginning.
 */
void pawl_expand(const uint8_t key[PAWL_KEY_SIZE], const char *label, const void *info,
                 size_t info_size, uint8_t *out, size_t size)
{
    struct pawl_hmac hmac;
    uint8_t text[PAWL_INFO_MAX + 1], block[PAWL_MAC_SIZE];
    size_t label_size = pawl_string_size(label), previous = 0;
    size_t counter = label_size + info_size;

    memcpy(text, label, label_size);
    if (info_size > 0)
        memcpy(text + label_size, info, info_size);
    text[counter] = 0;
    pawl_hmac_init(&hmac, key, PAWL_KEY_SIZE);
    while (size > 0) {
        size_t part = size < sizeof block ? size : sizeof block;
        text[counter]++;
        pawl_hmac_make(&hmac, block, previous, text, counter + 1, block);
        previous = sizeof block;
        memcpy(out, block, part);
        out += part;
        size -= part;
    }
    pawl_wipe(&hmac, sizeof hmac);
    pawl_wipe(block, sizeof block);
}

void pawl_auth_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                        uint8_t key[PAWL_KEY_SIZE])
{
    pawl_expand(unit_secret, "pawl/1 report", NULL, 0, key, PAWL_KEY_SIZE);
}

/* A branch whose info is a sequence number, a package and perhaps a salt. */
static void branch_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], const char *label,
                        uint64_t sequence, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                        const uint8_t *salt, uint8_t key[PAWL_KEY_SIZE])
{
    uint8_t info[8 + PAWL_PACKAGE_ID_SIZE + PAWL_SALT_SIZE];
    size_t size = 8 + PAWL_PACKAGE_ID_SIZE;

    pawl_u64be_put(info, sequence);
    memcpy(info + 8, package_id, PAWL_PACKAGE_ID_SIZE);
    if (salt != NULL) {
        memcpy(info + size, salt, PAWL_SALT_SIZE);
        size += PAWL_SALT_SIZE;
    }
    pawl_expand(unit_secret, label, info, size, key, PAWL_KEY_SIZE);
}

void pawl_storage_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t sequence,
                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                           uint8_t key[PAWL_KEY_SIZE])
{
    branch_make(unit_secret, "pawl/1 storage", sequence, package_id, NULL, key);
}

void pawl_trial_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t sequence,
                         const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], uint8_t key[PAWL_KEY_SIZE])
{
    branch_make(unit_secret, "pawl/1 trial", sequence, package_id, NULL, key);
}

void pawl_content_object_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                  uint64_t sequence, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                  const uint8_t salt[PAWL_SALT_SIZE], uint8_t key[PAWL_KEY_SIZE])
{
    branch_make(unit_secret, "pawl/1 content", sequence, package_id, salt, key);
}
