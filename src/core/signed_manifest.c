/* The vendor's signature around a manifest. */
#include <string.h>

#include "core/bytes.h"
#include "core/cose.h"
#include "pawl/manifest.h"

enum pawl_result pawl_signed_manifest_read(const uint8_t *bytes, size_t size,
                                           struct pawl_signed_manifest *out)
{
    struct pawl_cose cose;

    enum pawl_result result = pawl_cose_read(&pawl_cose_manifest, bytes, size, &cose);
    if (result != PAWL_OK)
        return result;
    out->payload = cose.payload;
    out->payload_size = cose.payload_size;
    memcpy(out->kid, cose.id, sizeof out->kid);
    out->signature = cose.proof;
    return PAWL_OK;
}

void pawl_manifest_digest_make(const uint8_t *payload, size_t size,
                               uint8_t digest[PAWL_SHA256_SIZE])
{
    uint8_t prefix[PAWL_COSE_PREFIX_MAX];
    struct pawl_sha256 sha;

    size_t prefix_size = pawl_cose_prefix_make(&pawl_cose_manifest, size, prefix);
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, prefix, prefix_size);
    pawl_sha256_update(&sha, payload, size);
    pawl_sha256_final(&sha, digest);
}

enum pawl_result pawl_signed_manifest_verify(const struct pawl_signed_manifest *manifest,
                                             const struct pawl_anchor *anchors, uint32_t count,
                                             uint32_t mask)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    for (uint32_t i = 0; i < count; i++) {
        const struct pawl_anchor *anchor = &anchors[i];
        if (!(mask >> i & 1) || memcmp(anchor->kid, manifest->kid, sizeof anchor->kid) != 0)
            continue;
        pawl_manifest_digest_make(manifest->payload, manifest->payload_size, digest);
        return pawl_es256_verify(anchor->x, anchor->y, digest, manifest->signature);
    }
    return PAWL_UNTRUSTED;
}

enum pawl_result pawl_signed_manifest_write(const uint8_t *payload, size_t payload_size,
                                            const uint8_t kid[PAWL_KID_SIZE],
                                            const uint8_t signature[PAWL_ES256_SIGNATURE_SIZE],
                                            uint8_t *bytes, size_t capacity, size_t *size)
{
    const struct pawl_cose cose = {kid, payload, payload_size, signature};
    struct pawl_writer writer;

    pawl_writer_init(&writer, bytes, capacity);
    pawl_cose_write(&writer, &pawl_cose_manifest, &cose);
    return pawl_writer_finish(&writer, size);
}
