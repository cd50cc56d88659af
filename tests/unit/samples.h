/* Bytes to test with, from hex and from a seed; also where there is no operating system. */
#ifndef PAWL_TESTS_SAMPLES_H
#define PAWL_TESTS_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline unsigned hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, c | 0x20, 16);

    assert_true(at != NULL);
    return (unsigned)(at - digits);
}

/* Decodes hex (blanks are skipped) into `bytes`; returns the size. */
static inline size_t hex_decode(const char *hex, uint8_t *bytes, size_t capacity)
{
    size_t size = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(size < capacity);
        bytes[size++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        hex++;
    }
    return size;
}

/* Deterministic noise; another seed gives other bytes. */
static inline void noise_fill(void *bytes, size_t size, uint64_t seed)
{
    uint8_t *at = bytes;

    seed = seed * 2 + 1;
    for (size_t i = 0; i < size; i++) { /* a multiplicative generator; its high bits are good */
        seed *= UINT64_C(6364136223846793005);
        at[i] = (uint8_t)(seed >> 56);
    }
}

#endif
