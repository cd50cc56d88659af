#include "host/hex.h"

#include <string.h>

char *pawl_hex_encode(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

/* The value of a digit, 16 for anything else. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return (unsigned)(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F')
        return (unsigned)(digit - 'A') + 10;
    return 16;
}

enum pawl_result pawl_hex_decode(const char *text, uint8_t *bytes, size_t size)
{
    if (strlen(text) != 2 * size)
        return PAWL_MALFORMED;
    for (size_t i = 0; i < 2 * size; i++)
        if (digit_value(text[i]) > 15)
            return PAWL_MALFORMED;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    return PAWL_OK;
}
