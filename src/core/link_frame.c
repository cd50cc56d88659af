#include "pawl/link.h"

#include <string.h>

#include "core/bytes.h"
#include "core/crc32.h"

#define CRC_SIZE 4u

static const uint8_t magic[2] = {'P', 'L'};

enum pawl_result pawl_link_frame_write(uint8_t type, uint8_t id, const uint8_t *payload,
                                       uint32_t size, uint8_t *bytes, size_t capacity,
                                       size_t *written)
{
    if (size > PAWL_LINK_PAYLOAD_MAX || capacity < PAWL_LINK_OVERHEAD ||
        size > capacity - PAWL_LINK_OVERHEAD)
        return PAWL_EXHAUSTED;
    memcpy(bytes, magic, sizeof magic);
    bytes[2] = type;
    bytes[3] = id;
    pawl_u32be_put(bytes + 4, size);
    if (size > 0)
        memmove(bytes + PAWL_LINK_HEADER_SIZE, payload, size);

    size_t end = PAWL_LINK_HEADER_SIZE + size;
    pawl_u32be_put(bytes + end, pawl_crc32_make(bytes, end));
    *written = end + CRC_SIZE;
    return PAWL_OK;
}

/* How many bytes to drop so that the next look starts where a frame may start. */
static size_t next_start_find(const uint8_t *bytes, size_t size)
{
    size_t at = 1;

    while (at < size && bytes[at] != magic[0])
        at++;
    return at;
}

enum pawl_result pawl_link_frame_read(const uint8_t *bytes, size_t size, uint32_t payload_max,
                                      struct pawl_link_frame *frame, size_t *used)
{
    enum pawl_result result = PAWL_EXHAUSTED;
    uint32_t payload_size = 0;
    size_t end = 0;

    *used = 0;
    if ((size > 0 && bytes[0] != magic[0]) || (size > 1 && bytes[1] != magic[1])) {
        result = PAWL_MALFORMED;
    } else if (size >= PAWL_LINK_HEADER_SIZE) {
        payload_size = pawl_u32be_get(bytes + 4);
        end = PAWL_LINK_HEADER_SIZE + (size_t)payload_size;
        if (payload_size > payload_max || payload_size > PAWL_LINK_PAYLOAD_MAX)
            result = PAWL_MALFORMED;
        else if (size >= PAWL_LINK_OVERHEAD && size - PAWL_LINK_OVERHEAD >= payload_size)
            result =
                pawl_u32be_get(bytes + end) == pawl_crc32_make(bytes, end) ? PAWL_OK : PAWL_CORRUPT;
    }
    if (result == PAWL_OK) {
        frame->type = bytes[2];
        frame->id = bytes[3];
        frame->payload = bytes + PAWL_LINK_HEADER_SIZE;
        frame->size = payload_size;
        *used = end + CRC_SIZE;
    } else if (result != PAWL_EXHAUSTED) {
        *used = next_start_find(bytes, size);
    }
    return result;
}
