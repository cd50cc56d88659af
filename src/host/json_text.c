#include "host/json_text.h"

#include <stdio.h>
#include <string.h>

/* How `c` stands in a JSON string: itself, or escaped. Returns the length. */
static size_t escape(unsigned char c, char out[8])
{
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 8, "\\%c", c);
    if (c < ' ' || c == 0x7f)
        return (size_t)snprintf(out, 8, "\\u%04x", c);
    out[0] = (char)c;
    return 1;
}

/* Bytes of the UTF-8 character that begins with `c`. */
static size_t character_size(unsigned char c)
{
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

size_t pawl_json_text_write(const char *text, char *out, size_t room)
{
    size_t at = 0;
    if (text == NULL) {
        memcpy(out, "null", 5);
        return 4;
    }
    out[at++] = '"';
    while (*text != '\0') {
        char piece[8];
        size_t taken = character_size((unsigned char)*text), size = taken;
        if (taken == 1)
            size = escape((unsigned char)*text, piece);
        else
            memcpy(piece, text, taken = size = strnlen(text, taken));
        if (at + size + 2 > room)
            break;
        memcpy(out + at, piece, size);
        at += size;
        text += taken;
    }
    out[at++] = '"';
    out[at] = '\0';
    return at;
}
