#include "pawl/package.h"

#include <string.h>

#include "core/bytes.h"
#include "core/cbor.h"
#include "core/map.h"

#define MAGIC_SIZE 8u

static const uint8_t magic[MAGIC_SIZE] = {'P', 'A', 'W', 'L', 'P', 'K', 'G', '1'};

static void manifest_read(struct pawl_reader *reader, void *target)
{
    struct pawl_package *package = target;

    package->manifest_bytes = pawl_cbor_bytes_read(reader, &package->manifest_size);
}

static void manifest_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_package *package = target;

    pawl_cbor_bytes_write(writer, package->manifest_bytes, package->manifest_size);
}

enum { MANIFEST }; /* others */
static const pawl_field_reader readers[] = {
    [MANIFEST] = manifest_read,
};
static const pawl_field_writer writers[] = {
    [MANIFEST] = manifest_write,
};

static const struct pawl_field header_fields[] = {
    {.key = 1, .type = PAWL_FIELD_OTHER, .other = MANIFEST},
    {.key = 2,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_package, chunk_size),
     .bits = 32},
    {.key = 3,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_package, mode),
     .least = PAWL_MODE_WRAPPED,
     .most = PAWL_MODE_DIRECT},
    {.key = 4, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_package, salt)},
};
static const struct pawl_map header_map = PAWL_MAP(header_fields, false);

static bool chunk_size_allowed(uint32_t size)
{
    return size >= PAWL_CHUNK_SIZE_MIN && size <= PAWL_CHUNK_SIZE_MAX && (size & (size - 1)) == 0;
}

enum pawl_result pawl_preamble_size_read(const uint8_t prefix[PAWL_PREFIX_SIZE], uint32_t *size)
{
    uint32_t header_size = pawl_u32be_get(prefix + MAGIC_SIZE);

    if (memcmp(prefix, magic, MAGIC_SIZE) != 0 || header_size > PAWL_HEADER_SIZE_MAX)
        return PAWL_MALFORMED;
    *size = PAWL_PREFIX_SIZE + header_size;
    return PAWL_OK;
}

enum pawl_result pawl_package_read(const uint8_t *bytes, size_t size, struct pawl_package *out)
{
    const uint8_t *header = bytes + PAWL_PREFIX_SIZE;

    memset(out, 0, sizeof *out);
    if (size < PAWL_PREFIX_SIZE)
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_preamble_size_read(bytes, &out->preamble_size);
    if (result == PAWL_OK && size < out->preamble_size)
        result = PAWL_MALFORMED;
    if (result != PAWL_OK)
        return result;
    size_t header_size = out->preamble_size - PAWL_PREFIX_SIZE;
    result = pawl_map_decode(header, header_size, &header_map, readers, out, NULL);
    if (result == PAWL_OK && !chunk_size_allowed(out->chunk_size))
        result = PAWL_MALFORMED;
    if (result == PAWL_OK)
        result = pawl_signed_manifest_read(out->manifest_bytes, out->manifest_size,
                                           &out->signed_manifest);
    if (result == PAWL_OK)
        pawl_sha256_make(header, header_size, out->package_id);
    return result;
}

enum pawl_result pawl_package_write(const uint8_t *manifest, size_t manifest_size,
                                    uint32_t chunk_size, enum pawl_mode mode,
                                    const uint8_t salt[PAWL_SALT_SIZE], uint8_t *bytes,
                                    size_t capacity, size_t *size)
{
    struct pawl_package package;
    struct pawl_writer writer;
    size_t written;

    if (!chunk_size_allowed(chunk_size))
        return PAWL_MALFORMED;
    memset(&package, 0, sizeof package);
    package.manifest_bytes = manifest;
    package.manifest_size = manifest_size;
    package.chunk_size = chunk_size;
    package.mode = mode;
    memcpy(package.salt, salt, sizeof package.salt);

    pawl_writer_init(&writer, bytes, capacity);
    pawl_writer_put(&writer, magic, sizeof magic);
    pawl_writer_put(&writer, "\0\0\0\0", 4); /* the header's length, known below */
    pawl_map_write(&writer, &header_map, writers, &package, 0);
    enum pawl_result result = pawl_writer_finish(&writer, &written);
    if (result != PAWL_OK)
        return result;
    if (written > PAWL_PREAMBLE_SIZE_MAX)
        return PAWL_EXHAUSTED;
    pawl_u32be_put(bytes + MAGIC_SIZE, (uint32_t)(written - PAWL_PREFIX_SIZE));
    *size = written;
    return PAWL_OK;
}

/* The place of a kid among the anchors, or their count. */
static uint32_t anchor_find(const struct pawl_pud *pud, const uint8_t kid[PAWL_KID_SIZE])
{
    uint32_t index = 0;

    while (index < pud->anchor_count && memcmp(pud->anchors[index].kid, kid, PAWL_KID_SIZE) != 0)
        index++;
    return index;
}

enum pawl_result pawl_revocation_make(const struct pawl_manifest *manifest,
                                      const uint8_t signer[PAWL_KID_SIZE],
                                      const struct pawl_pud *pud, uint32_t *revoked)
{
    uint32_t own = anchor_find(pud, signer);
    uint32_t found = 0;

    for (uint32_t i = 0; i < manifest->revoked_count; i++) {
        uint32_t anchor = anchor_find(pud, manifest->revoked[i]);
        if (anchor == pud->anchor_count)
            continue; /* not this device's */
        if (anchor >= own)
            return PAWL_UNTRUSTED;
        found |= UINT32_C(1) << anchor;
    }
    *revoked = found;
    return PAWL_OK;
}

/* The rest of the checks, once the signature held. A function of its own, not to be inlined: its
 * frame must not be there while the signature is verified, which takes most of a device's stack. */
__attribute__((noinline)) static enum pawl_result release_accept(
    const struct pawl_signed_manifest *outer, const struct pawl_acceptance *acceptance,
    struct pawl_manifest *manifest)
{
    const struct pawl_pud *pud = acceptance->pud;
    uint32_t revoked;

    enum pawl_result result = pawl_manifest_read(outer->payload, outer->payload_size, manifest);
    if (result == PAWL_OK)
        result = pawl_revocation_make(manifest, outer->kid, pud, &revoked);
    if (result == PAWL_OK && (memcmp(manifest->vendor_id, pud->vendor_id, PAWL_ID_SIZE) != 0 ||
                              memcmp(manifest->class_id, pud->class_id, PAWL_ID_SIZE) != 0))
        result = PAWL_WRONG_CLASS;
    if (result == PAWL_OK && manifest->security_version < acceptance->security_floor)
        result = PAWL_ROLLBACK;
    if (result != PAWL_OK)
        memset(manifest, 0, sizeof *manifest);
    return result;
}

enum pawl_result pawl_package_accept(const struct pawl_package *package,
                                     const struct pawl_acceptance *acceptance,
                                     struct pawl_manifest *manifest)
{
    const struct pawl_pud *pud = acceptance->pud;

    enum pawl_result result = pawl_signed_manifest_verify(
        &package->signed_manifest, pud->anchors, pud->anchor_count, acceptance->anchor_mask);
    if (result != PAWL_OK)
        return result;
    return release_accept(&package->signed_manifest, acceptance, manifest);
}
