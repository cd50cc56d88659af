#include "headend/content_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "core/map.h"
#include "headend/segment_cipher.h"

static const char magic[8] = {'P', 'A', 'W', 'L', 'C', 'N', 'T', '1'};

void pawl_bundle_release(struct pawl_bundle *bundle)
{
    free(bundle->segment_sizes);
    bundle->segment_sizes = NULL;
}

enum pawl_result pawl_bundle_prefix_read(const uint8_t prefix[PAWL_BUNDLE_PREFIX_SIZE],
                                         uint32_t *header_size)
{
    uint32_t size = pawl_u32be_get(prefix + sizeof magic);
    if (memcmp(prefix, magic, sizeof magic) != 0 || size < 1 || size > PAWL_BUNDLE_HEADER_MAX)
        return PAWL_MALFORMED;
    *header_size = size;
    return PAWL_OK;
}

static void name_read(struct pawl_reader *reader, void *target)
{
    struct pawl_bundle *bundle = target;
    struct pawl_text text = pawl_cbor_text_read(reader);
    if (text.size < 1 || text.size >= sizeof bundle->name) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return;
    }
    memcpy(bundle->name, text.bytes, text.size);
    bundle->name[text.size] = '\0';
}

static void name_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_bundle *bundle = target;
    size_t size = strnlen(bundle->name, sizeof bundle->name);
    if (size < 1 || size >= sizeof bundle->name)
        pawl_writer_fail(writer, PAWL_MALFORMED);
    else
        pawl_cbor_text_write(writer, (struct pawl_text){bundle->name, (uint32_t)size});
}

static bool size_is_possible(uint64_t size)
{
    return size > 0 && size <= PAWL_SEGMENT_SIZE_MAX && size % PAWL_SEGMENT_BLOCK_SIZE == 0;
}

static void sizes_read(struct pawl_reader *reader, void *target)
{
    struct pawl_bundle *bundle = target;
    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);
    /* A size takes at least one byte: no more is allocated than was sent. */
    if (count < 1 || count > PAWL_SEGMENTS_MAX || count > reader->left) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return;
    }
    bundle->segment_sizes = calloc((size_t)count, sizeof *bundle->segment_sizes);
    if (bundle->segment_sizes == NULL) {
        pawl_reader_fail(reader, PAWL_EXHAUSTED);
        return;
    }
    bundle->segment_count = (uint32_t)count;
    for (uint64_t i = 0; i < count && reader->error == PAWL_OK; i++) {
        uint64_t size = pawl_cbor_uint_read(reader);
        if (!size_is_possible(size))
            pawl_reader_fail(reader, PAWL_MALFORMED);
        bundle->segment_sizes[i] = (uint32_t)size;
    }
}

static void sizes_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_bundle *bundle = target;
    if (bundle->segment_count < 1 || bundle->segment_count > PAWL_SEGMENTS_MAX)
        pawl_writer_fail(writer, PAWL_MALFORMED);
    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, bundle->segment_count);
    for (uint32_t i = 0; i < bundle->segment_count; i++) {
        if (!size_is_possible(bundle->segment_sizes[i]))
            pawl_writer_fail(writer, PAWL_MALFORMED);
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, bundle->segment_sizes[i]);
    }
}

enum { NAME, SIZES }; /* others */
static const pawl_field_reader readers[] = {
    [NAME] = name_read,
    [SIZES] = sizes_read,
};
static const pawl_field_writer writers[] = {
    [NAME] = name_write,
    [SIZES] = sizes_write,
};

static const struct pawl_field fields[] = {
    {.key = 1, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = 2, .type = PAWL_FIELD_OTHER, .other = NAME},
    {.key = 3, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_bundle, release_id)},
    {.key = 4,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_bundle, playlist_size),
     .least = 1,
     .bits = 32},
    {.key = 5, .type = PAWL_FIELD_OTHER, .other = SIZES},
};
static const struct pawl_map header_map = PAWL_MAP(fields, false);

enum pawl_result pawl_bundle_header_read(const uint8_t *bytes, size_t size,
                                         struct pawl_bundle *bundle)
{
    struct pawl_bundle found = {.segment_sizes = NULL};
    enum pawl_result result = pawl_map_decode(bytes, size, &header_map, readers, &found, NULL);
    if (result == PAWL_OK && found.playlist_size > PAWL_BUNDLE_PLAYLIST_MAX)
        result = PAWL_MALFORMED;
    if (result == PAWL_OK)
        *bundle = found;
    else
        pawl_bundle_release(&found);
    return result;
}

enum pawl_result pawl_bundle_preamble_write(const struct pawl_bundle *bundle,
                                            struct pawl_buffer *preamble)
{
    struct pawl_writer writer;
    size_t size = 0;
    uint8_t *bytes = malloc(PAWL_BUNDLE_PREFIX_SIZE + PAWL_BUNDLE_HEADER_MAX);
    if (bytes == NULL)
        return PAWL_EXHAUSTED;
    pawl_writer_init(&writer, bytes + PAWL_BUNDLE_PREFIX_SIZE, PAWL_BUNDLE_HEADER_MAX);
    pawl_map_write(&writer, &header_map, writers, bundle, UINT32_MAX);
    enum pawl_result result = pawl_writer_finish(&writer, &size);
    if (result != PAWL_OK) {
        free(bytes);
        return result;
    }
    memcpy(bytes, magic, sizeof magic);
    pawl_u32be_put(bytes + sizeof magic, (uint32_t)size);
    *preamble = (struct pawl_buffer){bytes, PAWL_BUNDLE_PREFIX_SIZE + size};
    return PAWL_OK;
}
