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
     .least = PAWL_CHUNK_SIZE_MIN,
     .most = PAWL_CHUNK_SIZE_MAX},
    {.key = 3,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_package, mode),
     .least = PAWL_MODE_WRAPPED,
     .most = PAWL_MODE_DIRECT},
    {.key = 4, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_package, salt)},
};
static const struct pawl_map header_map = PAWL_MAP(header_fields, false);

static bool power_of_two(uint32_t value)
{
    return (value & (value - 1)) == 0;
}

enum pawl_result pawl_preamble_size_read(const uint8_t prefix[PAWL_PREFIX_SIZE], uint32_t *size)
{
    uint32_t header_size = pawl_u32be_get(prefix + MAGIC_SIZE);

    if (memcmp(prefix, magic, MAGIC_SIZE) != 0 || header_size > PAWL_HEADER_SIZE_MAX)
        return PAWL_MALFORMED;
    *size = PAWL_PREFIX_SIZE + header_size;
    return PAWL_OK;
}

static void package_id_make(const uint8_t *header, size_t size, uint8_t id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, header, size);
    pawl_sha256_final(&sha, id);
}

enum pawl_result pawl_package_read(const uint8_t *bytes, size_t size, struct pawl_package *out)
{
    struct pawl_package found;

    memset(&found, 0, sizeof found);
    if (size < PAWL_PREFIX_SIZE)
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_preamble_size_read(bytes, &found.preamble_size);
    if (result != PAWL_OK)
        return result;
    if (size < found.preamble_size)
        return PAWL_MALFORMED;
    const uint8_t *header = bytes + PAWL_PREFIX_SIZE;
    size_t header_size = found.preamble_size - PAWL_PREFIX_SIZE;
    result = pawl_map_decode(header, header_size, &header_map, readers, &found, NULL);
    if (result != PAWL_OK)
        return result;
    if (!power_of_two(found.chunk_size))
        return PAWL_MALFORMED;
    result = pawl_signed_manifest_read(found.manifest_bytes, found.manifest_size,
                                       &found.signed_manifest);
    if (result != PAWL_OK)
        return result;
    package_id_make(header, header_size, found.package_id);
    *out = found;
    return PAWL_OK;
}

enum pawl_result pawl_package_write(const uint8_t *manifest, size_t manifest_size,
                                    uint32_t chunk_size, enum pawl_mode mode,
                                    const uint8_t salt[PAWL_SALT_SIZE], uint8_t *bytes,
                                    size_t capacity, size_t *size)
{
    struct pawl_package package;
    struct pawl_writer writer;
    size_t written;

    if (!power_of_two(chunk_size))
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
    struct pawl_manifest found;
    uint32_t revoked;

    enum pawl_result result = pawl_manifest_read(outer->payload, outer->payload_size, &found);
    if (result == PAWL_OK)
        result = pawl_revocation_make(&found, outer->kid, pud, &revoked);
    if (result != PAWL_OK)
        return result;
    if (memcmp(found.vendor_id, pud->vendor_id, PAWL_ID_SIZE) != 0 ||
        memcmp(found.class_id, pud->class_id, PAWL_ID_SIZE) != 0)
        return PAWL_WRONG_CLASS;
    if (found.security_version < acceptance->security_floor)
        return PAWL_ROLLBACK;
    *manifest = found;
    return PAWL_OK;
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
