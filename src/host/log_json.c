/* Log lines as JSON objects: what was said as logfmt, taken apart again. */
#include <stdbool.h>
#include <string.h>

#include "host/log_line.h"

/* Bytes of the UTF-8 character at `text`; 0 when there is none. Overlong forms are no concern: they
 * are valid to nobody, and harmless inside a string. */
static size_t character_size(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80                    ? 1
                  : first >= 0xc2 && first < 0xe0 ? 2
                  : first >= 0xe0 && first < 0xf0 ? 3
                  : first >= 0xf0 && first < 0xf5 ? 4
                                                  : 0;
    for (size_t i = 1; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* Adds one character of a string's inside; returns how many bytes it had. */
static size_t character_add(struct pawl_log_line *line, const char *text)
{
    size_t size = character_size(text);
    if (size == 0 || (unsigned char)text[0] < ' ' || text[0] == 0x7f) {
        pawl_log_line_add(line, "?");
        return 1;
    }
    pawl_log_line_add(line, "%s%.*s", text[0] == '"' || text[0] == '\\' ? "\\" : "", (int)size,
                      text);
    return size;
}

void pawl_log_json_member(struct pawl_log_line *line, const char *name, const char *value)
{
    pawl_log_line_add(line, ",\"%s\":\"", name);
    while (*value != '\0')
        value += character_add(line, value);
    pawl_log_line_add(line, "\"");
}

/* Length of the key that begins here, 0 when "key=" does not. */
static size_t key_size(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return text[size] == '=' ? size : 0;
}

/* Whether a value is a number that every reader of JSON takes as it is; it ends at a space. */
static bool is_number(const char *text)
{
    size_t size = strspn(text, "0123456789");
    return size >= 1 && size <= 15 && (text[size] == ' ' || text[size] == '\0') &&
           (text[0] != '0' || size == 1);
}

/* Adds a value that is a string, and returns what follows it. */
static const char *string_add(struct pawl_log_line *line, const char *text)
{
    bool quoted = *text == '"';
    if (quoted)
        text++;
    pawl_log_line_add(line, "\"");
    while (*text != '\0') {
        if (quoted ? *text == '"' : *text == ' ' && key_size(text + 1) > 0) {
            text++;
            break;
        }
        if (quoted && *text == '\\' && text[1] != '\0')
            text++;
        text += character_add(line, text);
    }
    pawl_log_line_add(line, "\"");
    return text;
}

/* Adds a value up to the next key, and returns what follows it. */
static const char *value_add(struct pawl_log_line *line, const char *text)
{
    if (is_number(text)) {
        size_t size = strspn(text, "0123456789");
        pawl_log_line_add(line, "%.*s", (int)size, text);
        text += size;
    } else {
        text = string_add(line, text);
    }
    return text + strspn(text, " ");
}

void pawl_log_json_add(struct pawl_log_line *line, const char *said)
{
    if (key_size(said) == 0) {
        pawl_log_json_member(line, "message", said);
        return;
    }
    while (*said != '\0') {
        size_t size = key_size(said);
        if (size == 0) { /* what follows a quoted value, or a number, and is no key */
            pawl_log_json_member(line, "rest", said);
            return;
        }
        pawl_log_line_add(line, ",\"%.*s\":", (int)size, said);
        said = value_add(line, said + size + 1);
    }
}
