#include "headend/label.h"

#include <stdint.h>

#include "core/cbor.h"
#include "headend/assign.h"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool pawl_label_key_is_good(const char *text, size_t size)
{
    if (size < 1 || size >= PAWL_LABEL_KEY_SIZE || !is_alphanumeric(text[0]))
        return false;
    for (size_t i = 1; i < size; i++)
        if (!is_alphanumeric(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
            return false;
    return true;
}

/* UTF-8 without C0, DEL and C1. */
static bool is_text(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    if (!pawl_utf8_check(at, size))
        return false;
    for (size_t i = 0; i < size; i++)
        if (at[i] < ' ' || at[i] == 0x7f || (at[i] == 0xc2 && at[i + 1] < 0xa0))
            return false;
    return true;
}

bool pawl_label_value_is_good(const char *text, size_t size)
{
    return size >= 1 && size < PAWL_LABEL_VALUE_SIZE && is_text(text, size);
}

bool pawl_group_is_good(const char *text, size_t size)
{
    return size >= 1 && size < PAWL_GROUP_SIZE && is_text(text, size);
}
