#include "pawl/manifest.h"

#include <string.h>

#include "core/bytes.h"
#include "core/cbor.h"
#include "core/map.h"

#define DIGEST_FS_VERITY 1u

/* Places in manifest_fields. */
#define ADDRESSES_FIELD 9u
#define ARGUMENTS_FIELD 12u
#define REVOKED_FIELD 13u
#define PROFILE_FIELD 14u

static const struct pawl_field address_fields[] = {
    {.key = 1,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, load_address),
     .bits = 64},
    {.key = 2,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, entry_address),
     .bits = 64},
};
static const struct pawl_map address_map = PAWL_MAP(address_fields, false);

static const struct pawl_field success_fields[] = {
    {.key = 1,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_manifest, success),
     .least = PAWL_SUCCESS_EXIT,
     .most = PAWL_SUCCESS_CONTACT},
    {.key = 2,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, deadline),
     .bits = 32},
};
static const struct pawl_map success_map = PAWL_MAP(success_fields, false);

static void digest_read(struct pawl_reader *reader, void *target)
{
    struct pawl_manifest *manifest = target;

    if (pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY) != 2)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    struct pawl_cbor_head algorithm = pawl_cbor_integer_read(reader);
    if (algorithm.major != PAWL_CBOR_UINT || algorithm.value != DIGEST_FS_VERITY)
        pawl_reader_fail(reader, PAWL_UNSUPPORTED);
    pawl_cbor_bytes_copy(reader, manifest->image_digest, sizeof manifest->image_digest);
}

static void digest_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_manifest *manifest = target;

    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, 2);
    pawl_cbor_integer_write(writer, DIGEST_FS_VERITY);
    pawl_cbor_bytes_write(writer, manifest->image_digest, sizeof manifest->image_digest);
}

static void addresses_read(struct pawl_reader *reader, void *target)
{
    pawl_map_read(reader, &address_map, NULL, target, NULL);
}

static void addresses_write(struct pawl_writer *writer, const void *target)
{
    pawl_map_write(writer, &address_map, NULL, target, 0);
}

static void success_read(struct pawl_reader *reader, void *target)
{
    pawl_map_read(reader, &success_map, NULL, target, NULL);
}

static void success_write(struct pawl_writer *writer, const void *target)
{
    pawl_map_write(writer, &success_map, NULL, target, 0);
}

static void arguments_read(struct pawl_reader *reader, void *target)
{
    struct pawl_manifest *manifest = target;

    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);
    if (count > PAWL_ARGUMENT_MAX) {
        pawl_reader_fail(reader, PAWL_UNSUPPORTED);
        return;
    }
    manifest->argument_count = (uint32_t)count;
    for (uint32_t i = 0; i < manifest->argument_count; i++)
        manifest->arguments[i] = pawl_cbor_text_read(reader);
}

static void arguments_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_manifest *manifest = target;

    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, manifest->argument_count);
    for (uint32_t i = 0; i < manifest->argument_count; i++)
        pawl_cbor_text_write(writer, manifest->arguments[i]);
}

static bool is_among(const struct pawl_manifest *manifest, uint32_t count,
                     const uint8_t kid[PAWL_KID_SIZE])
{
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(manifest->revoked[i], kid, PAWL_KID_SIZE) == 0)
            return true;
    }
    return false;
}

bool pawl_manifest_revokes(const struct pawl_manifest *manifest, const uint8_t kid[PAWL_KID_SIZE])
{
    return is_among(manifest, manifest->revoked_count, kid);
}

static bool revoked_valid(const struct pawl_manifest *manifest)
{
    if (manifest->revoked_count == 0 || manifest->revoked_count > PAWL_REVOKED_MAX)
        return false;
    for (uint32_t i = 1; i < manifest->revoked_count; i++) {
        if (is_among(manifest, i, manifest->revoked[i]))
            return false;
    }
    return true;
}

static void revoked_read(struct pawl_reader *reader, void *target)
{
    struct pawl_manifest *manifest = target;

    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);
    if (count > PAWL_REVOKED_MAX) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return;
    }
    manifest->revoked_count = (uint32_t)count;
    for (uint32_t i = 0; i < manifest->revoked_count; i++)
        pawl_cbor_bytes_copy(reader, manifest->revoked[i], PAWL_KID_SIZE);
    if (!revoked_valid(manifest))
        pawl_reader_fail(reader, PAWL_MALFORMED);
}

static void revoked_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_manifest *manifest = target;

    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, manifest->revoked_count);
    for (uint32_t i = 0; i < manifest->revoked_count; i++)
        pawl_cbor_bytes_write(writer, manifest->revoked[i], PAWL_KID_SIZE);
}

enum { DIGEST, ADDRESSES, SUCCESS, ARGUMENTS, REVOKED }; /* others */
static const pawl_field_reader readers[] = {
    [DIGEST] = digest_read,       [ADDRESSES] = addresses_read, [SUCCESS] = success_read,
    [ARGUMENTS] = arguments_read, [REVOKED] = revoked_read,
};
static const pawl_field_writer writers[] = {
    [DIGEST] = digest_write,       [ADDRESSES] = addresses_write, [SUCCESS] = success_write,
    [ARGUMENTS] = arguments_write, [REVOKED] = revoked_write,
};

static const struct pawl_field manifest_fields[] = {
    {.key = 1, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = 2, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_manifest, vendor_id)},
    {.key = 3, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_manifest, class_id)},
    {.key = 4, .type = PAWL_FIELD_TEXT, PAWL_FIELD_MEMBER(struct pawl_manifest, name)},
    {.key = 5, .type = PAWL_FIELD_TEXT, PAWL_FIELD_MEMBER(struct pawl_manifest, version)},
    {.key = 6,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, security_version),
     .bits = 64},
    {.key = 7,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_manifest, kind),
     .least = PAWL_KIND_EXEC,
     .most = PAWL_KIND_OPAQUE},
    {.key = 8,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, image_size),
     .least = 1,
     .bits = 64},
    {.key = 9, .type = PAWL_FIELD_OTHER, .other = DIGEST},
    [ADDRESSES_FIELD] = {.key = 10,
                         .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                         .other = ADDRESSES},
    {.key = 11, .type = PAWL_FIELD_OTHER, .other = SUCCESS},
    {.key = 12,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_manifest, created),
     .bits = 64},
    [ARGUMENTS_FIELD] = {.key = 13,
                         .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                         .other = ARGUMENTS},
    [REVOKED_FIELD] = {.key = 14, .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL, .other = REVOKED},
    [PROFILE_FIELD] = {.key = 16,
                       .type = PAWL_FIELD_CODE | PAWL_FIELD_OPTIONAL,
                       PAWL_FIELD_MEMBER(struct pawl_manifest, profile),
                       .least = PAWL_PROFILE_NETWORK,
                       .most = PAWL_PROFILE_NETWORK},
};
static const struct pawl_map manifest_map = PAWL_MAP(manifest_fields, true);

/* Addresses belong to a raw binary and to nothing else, arguments and a profile to an executable
 * alone. */
static bool fields_fit_kind(enum pawl_kind kind, uint32_t present)
{
    bool has_addresses = present >> ADDRESSES_FIELD & 1;
    bool has_arguments = present >> ARGUMENTS_FIELD & 1;
    bool has_profile = present >> PROFILE_FIELD & 1;

    return has_addresses == (kind == PAWL_KIND_RAW) &&
           (kind == PAWL_KIND_EXEC || (!has_arguments && !has_profile));
}

enum pawl_result pawl_manifest_read(const uint8_t *payload, size_t size, struct pawl_manifest *out)
{
    uint32_t present;

    memset(out, 0, sizeof *out);
    enum pawl_result result = pawl_map_decode(payload, size, &manifest_map, readers, out, &present);
    if (result == PAWL_OK && !fields_fit_kind(out->kind, present))
        result = PAWL_MALFORMED;
    if (result != PAWL_OK)
        memset(out, 0, sizeof *out);
    return result;
}

enum pawl_result pawl_manifest_write(const struct pawl_manifest *manifest, uint8_t *payload,
                                     size_t capacity, size_t *size)
{
    struct pawl_writer writer;
    const bool written[] = {[ADDRESSES_FIELD] = manifest->kind == PAWL_KIND_RAW,
                            [ARGUMENTS_FIELD] = manifest->argument_count > 0,
                            [REVOKED_FIELD] = manifest->revoked_count > 0,
                            [PROFILE_FIELD] = manifest->profile != PAWL_PROFILE_CONFINED};
    uint32_t present = 0;

    for (uint32_t i = 0; i < sizeof written / sizeof written[0]; i++)
        present |= (uint32_t)written[i] << i;
    if (manifest->argument_count > PAWL_ARGUMENT_MAX ||
        (written[REVOKED_FIELD] && !revoked_valid(manifest)) ||
        !fields_fit_kind(manifest->kind, present))
        return PAWL_MALFORMED;
    pawl_writer_init(&writer, payload, capacity);
    pawl_map_write(&writer, &manifest_map, writers, manifest, present);
    return pawl_writer_finish(&writer, size);
}
