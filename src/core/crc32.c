#include "core/crc32.h"

/* One row per half byte: 64 bytes of table instead of 1 KiB. */
static const uint32_t half_byte[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

uint32_t pawl_crc32_make(const void *bytes, size_t size)
{
    const uint8_t *next = bytes;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc = (crc >> 4) ^ half_byte[(crc ^ next[i]) & 15];
        crc = (crc >> 4) ^ half_byte[(crc ^ (uint32_t)(next[i] >> 4)) & 15];
    }
    return crc ^ 0xffffffff;
}
