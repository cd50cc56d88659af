/* The chunks of a package: the STREAM construction over AES-256-GCM (SPEC 7). A chunk's nonce holds
 * its index and whether it is the last, so that no reordered, cut or extended stream opens (I3). */
#include <stdbool.h>
#include <string.h>

#include "core/bytes.h"
#include "pawl/package.h"
#include "pawl/secret.h"

size_t pawl_chunk_count(size_t image_size, uint32_t chunk_size)
{
    return (image_size - 1) / chunk_size + 1;
}

uint32_t pawl_chunk_length(size_t image_size, uint32_t chunk_size, size_t index)
{
    size_t last = pawl_chunk_count(image_size, chunk_size) - 1;

    if (index > last)
        return 0;
    return index < last ? chunk_size : (uint32_t)(image_size - last * chunk_size);
}

enum pawl_result pawl_package_size_make(uint32_t preamble_size, uint64_t image_size,
                                        uint32_t chunk_size, size_t *size)
{
    size_t added =
        preamble_size + pawl_chunk_count((size_t)image_size, chunk_size) * PAWL_CHUNK_OVERHEAD;

    if (image_size > SIZE_MAX - added)
        return PAWL_CORRUPT;
    *size = (size_t)image_size + added;
    return PAWL_OK;
}

enum pawl_result pawl_stream_init(struct pawl_stream *stream,
                                  const uint8_t content_key[PAWL_KEY_SIZE],
                                  const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], size_t image_size,
                                  uint32_t chunk_size)
{
    uint8_t key[PAWL_KEY_SIZE];

    stream->image_size = image_size;
    stream->chunk_size = chunk_size;
    pawl_expand(content_key, "pawl/1 stream", package_id, PAWL_PACKAGE_ID_SIZE, key, sizeof key);
    enum pawl_result result = pawl_gcm_init(&stream->gcm, key);
    pawl_wipe(key, sizeof key);
    return result;
}

void pawl_stream_release(struct pawl_stream *stream)
{
    pawl_gcm_release(&stream->gcm);
}

/* The nonce and length of a chunk; false when there is no such chunk. */
static bool chunk_locate(const struct pawl_stream *stream, size_t index,
                         uint8_t nonce[PAWL_GCM_NONCE_SIZE], uint32_t *length)
{
    size_t count = pawl_chunk_count(stream->image_size, stream->chunk_size);

    memset(nonce, 0, PAWL_GCM_NONCE_SIZE);
    pawl_u64be_put(nonce + 3, index);
    nonce[PAWL_GCM_NONCE_SIZE - 1] = index == count - 1;
    *length = pawl_chunk_length(stream->image_size, stream->chunk_size, index);
    return index < count;
}

enum pawl_result pawl_stream_seal(struct pawl_stream *stream, size_t index, const uint8_t *plain,
                                  uint8_t *sealed)
{
    uint8_t nonce[PAWL_GCM_NONCE_SIZE];
    uint32_t length;

    if (!chunk_locate(stream, index, nonce, &length))
        return PAWL_STATE;
    return pawl_gcm_seal(&stream->gcm, nonce, plain, length, sealed);
}

enum pawl_result pawl_stream_open(struct pawl_stream *stream, size_t index, const uint8_t *sealed,
                                  uint8_t *plain)
{
    uint8_t nonce[PAWL_GCM_NONCE_SIZE];
    uint32_t length;

    if (!chunk_locate(stream, index, nonce, &length))
        return PAWL_CORRUPT;
    return pawl_gcm_open(&stream->gcm, nonce, sealed, length, plain);
}
