#include "core/cbor.h"

/* One code point of two to four bytes, whose lead byte was taken: how many bytes follow, or 0 for
 * an overlong form, a surrogate, anything above U+10FFFF and what is no UTF-8 at all. */
static size_t sequence_check(uint8_t lead, const uint8_t *next, size_t left)
{
    size_t following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t code = lead & (0x3fu >> following);

    if (lead < 0xc2 || lead > 0xf4 || following > left)
        return 0;
    for (size_t i = 0; i < following; i++) {
        if ((next[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (next[i] & 0x3f);
    }
    bool overlong = code >> (5 * following + 1) == 0, surrogate = code >> 11 == 0xd800 >> 11;
    return overlong || surrogate || code > 0x10ffff ? 0 : following;
}

bool pawl_utf8_check(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint8_t lead = bytes[at++];
        if (lead < 0x80)
            continue;
        size_t following = sequence_check(lead, bytes + at, size - at);
        if (following == 0)
            return false;
        at += following;
    }
    return true;
}
