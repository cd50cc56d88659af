#include "headend/checkpoint.h"

#include <string.h>

#include "core/cose.h"
#include "core/map.h"
#include "host/hex.h"

static const struct pawl_cose_profile profile = {
    .tag = 18,
    .protected_header = {0xa1, 0x01, 0x26}, /* {1: -7}, ES256 */
    .id_size = PAWL_KID_SIZE,
    .proof_size = PAWL_ES256_SIGNATURE_SIZE,
    .context = "Signature1",
    .external_aad = "pawl/1 checkpoint",
};

/* How every checkpoint begins, in hex: tag, array, protected header. */
static const char beginning[] = "d28443a10126";

static const struct pawl_field fields[] = {
    {.key = 0, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = 1, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_checkpoint, server_id)},
    {.key = 2,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_checkpoint, entry),
     .least = 1,
     .bits = 63},
    {.key = 3, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_checkpoint, hash)},
    {.key = 4,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_checkpoint, time),
     .bits = 63},
};
static const struct pawl_map map = PAWL_MAP(fields, true);

static void digest_make(const uint8_t *payload, size_t size, uint8_t digest[PAWL_SHA256_SIZE])
{
    uint8_t prefix[PAWL_COSE_PREFIX_MAX];
    struct pawl_sha256 sha;
    size_t prefix_size = pawl_cose_prefix_make(&profile, size, prefix);
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, prefix, prefix_size);
    pawl_sha256_update(&sha, payload, size);
    pawl_sha256_final(&sha, digest);
}

static enum pawl_result key_sign(void *context, const uint8_t digest[PAWL_SHA256_SIZE],
                                 uint8_t signature[PAWL_ES256_SIGNATURE_SIZE])
{
    return pawl_signer_digest_sign(context, digest, signature);
}

enum pawl_result pawl_checkpoint_signer_init(struct pawl_checkpoint_signer *signer,
                                             struct pawl_signer *key)
{
    struct pawl_anchor anchor;
    enum pawl_result result = pawl_signer_anchor_get(key, &anchor);
    if (result != PAWL_OK)
        return result;
    *signer = (struct pawl_checkpoint_signer){.sign = key_sign, .context = key};
    memcpy(signer->kid, anchor.kid, PAWL_KID_SIZE);
    return PAWL_OK;
}

enum pawl_result pawl_checkpoint_sign(const struct pawl_checkpoint_signer *signer,
                                      const struct pawl_checkpoint *checkpoint, uint8_t *bytes,
                                      size_t capacity, size_t *size)
{
    uint8_t payload[PAWL_CHECKPOINT_SIZE_MAX / 2];
    uint8_t digest[PAWL_SHA256_SIZE], signature[PAWL_ES256_SIGNATURE_SIZE];
    struct pawl_writer writer;
    size_t payload_size;
    pawl_writer_init(&writer, payload, sizeof payload);
    pawl_map_write(&writer, &map, NULL, checkpoint, 0);
    enum pawl_result result = pawl_writer_finish(&writer, &payload_size);
    if (result != PAWL_OK)
        return result;
    digest_make(payload, payload_size, digest);
    result = signer->sign(signer->context, digest, signature);
    if (result != PAWL_OK)
        return result;
    const struct pawl_cose cose = {signer->kid, payload, payload_size, signature};
    pawl_writer_init(&writer, bytes, capacity);
    pawl_cose_write(&writer, &profile, &cose);
    return pawl_writer_finish(&writer, size);
}

enum pawl_result pawl_checkpoint_open(const uint8_t *bytes, size_t size,
                                      const struct pawl_anchor *keys, size_t key_count,
                                      struct pawl_checkpoint *checkpoint)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    struct pawl_checkpoint found = {.entry = 0};
    struct pawl_cose cose;
    enum pawl_result result = pawl_cose_read(&profile, bytes, size, &cose);
    if (result != PAWL_OK)
        return result;
    digest_make(cose.payload, cose.payload_size, digest);
    result = PAWL_UNTRUSTED;
    for (size_t i = 0; result != PAWL_OK && i < key_count; i++)
        if (memcmp(keys[i].kid, cose.id, PAWL_KID_SIZE) == 0)
            result = pawl_es256_verify(keys[i].x, keys[i].y, digest, cose.proof);
    if (result == PAWL_OK)
        result = pawl_map_decode(cose.payload, cose.payload_size, &map, NULL, &found, NULL);
    if (result == PAWL_OK)
        *checkpoint = found;
    return result;
}

size_t pawl_checkpoint_text_read(const char *text, uint8_t *bytes, size_t *size)
{
    if (strncmp(text, beginning, sizeof beginning - 1) != 0)
        return 0;
    size_t digits = strspn(text, "0123456789abcdef");
    char copy[PAWL_HEX_SIZE(PAWL_CHECKPOINT_SIZE_MAX)];
    if (digits % 2 != 0 || digits >= sizeof copy)
        return 0;
    memcpy(copy, text, digits);
    copy[digits] = '\0';
    if (pawl_hex_decode(copy, bytes, digits / 2) != PAWL_OK)
        return 0;
    *size = digits / 2;
    return digits;
}
