#include "core/cbor.h"

/* How many bytes follow a lead byte, and the range of the first of them: what shuts out overlong
 * forms, surrogates and anything above U+10FFFF. */
struct lead {
    uint8_t least, most;
    uint8_t following;
    uint8_t next_least, next_most;
};

static const struct lead leads[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

static const struct lead *lead_find(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (byte >= leads[i].least && byte <= leads[i].most)
            return &leads[i];
    }
    return NULL;
}

bool pawl_utf8_check(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        const struct lead *lead = lead_find(bytes[at++]);
        if (lead == NULL || lead->following > size - at)
            return false;
        for (size_t i = 0; i < lead->following; i++, at++) {
            uint8_t least = i == 0 ? lead->next_least : 0x80;
            uint8_t most = i == 0 ? lead->next_most : 0xbf;
            if (bytes[at] < least || bytes[at] > most)
                return false;
        }
    }
    return true;
}
