#include "core/crc32.h"

#if __STDC_HOSTED__

/* A link between processes carries gigabytes: four bytes a step, from 4 KiB of tables. The tables
 * are linear, so each follows from its entries for the single bits. */
#define BIT(n, i, entry) (((n) >> (i)&1u) * (entry))
#define ENTRY(n, a, b, c, d, e, f, g, h)                                                       \
    (BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^ \
     BIT(n, 6, g) ^ BIT(n, 7, h))
#define FOUR(n, ...)                                                                          \
    ENTRY((n) + 0u, __VA_ARGS__), ENTRY((n) + 1u, __VA_ARGS__), ENTRY((n) + 2u, __VA_ARGS__), \
        ENTRY((n) + 3u, __VA_ARGS__)
#define SIXTEEN(n, ...)                                                                    \
    FOUR((n) + 0u, __VA_ARGS__), FOUR((n) + 4u, __VA_ARGS__), FOUR((n) + 8u, __VA_ARGS__), \
        FOUR((n) + 12u, __VA_ARGS__)
#define SIXTY_FOUR(n, ...)                                           \
    SIXTEEN((n) + 0u, __VA_ARGS__), SIXTEEN((n) + 16u, __VA_ARGS__), \
        SIXTEEN((n) + 32u, __VA_ARGS__), SIXTEEN((n) + 48u, __VA_ARGS__)
#define SLICE(...)                                                                                \
    {                                                                                             \
        SIXTY_FOUR(0u, __VA_ARGS__), SIXTY_FOUR(64u, __VA_ARGS__), SIXTY_FOUR(128u, __VA_ARGS__), \
            SIXTY_FOUR(192u, __VA_ARGS__)                                                         \
    }

/* Row k: what a byte does that is followed by k others of its step. */
static const uint32_t slices[4][256] = {
    SLICE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
          0xedb88320),
    SLICE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
          0x3b83984b),
    SLICE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
          0xe1351b80),
    SLICE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
          0xed59b63b),
};

static uint32_t whole_steps(uint32_t crc, const uint8_t *next, size_t steps)
{
    for (; steps > 0; steps--, next += 4)
        crc = slices[3][(crc ^ next[0]) & 255] ^ slices[2][(crc >> 8 ^ next[1]) & 255] ^
              slices[1][(crc >> 16 ^ next[2]) & 255] ^ slices[0][(crc >> 24 ^ next[3]) & 255];
    return crc;
}

static uint32_t byte_step(uint32_t crc, uint8_t byte)
{
    return crc >> 8 ^ slices[0][(crc ^ byte) & 255];
}

#else

/* On a device: bit by bit, without a table. */
static uint32_t byte_step(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (unsigned bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    return crc;
}

#endif

uint32_t pawl_crc32_make(const void *bytes, size_t size)
{
    const uint8_t *next = bytes;
    uint32_t crc = 0xffffffff;

#if __STDC_HOSTED__
    crc = whole_steps(crc, next, size / 4);
    next += size / 4 * 4;
    size %= 4;
#endif
    for (size_t i = 0; i < size; i++)
        crc = byte_step(crc, next[i]);
    return crc ^ 0xffffffff;
}
