/* JSON text where there is no JSON library: one string, escaped. */
#ifndef PAWL_HOST_JSON_TEXT_H
#define PAWL_HOST_JSON_TEXT_H

#include <stddef.h>

/* Writes `text`, which must be UTF-8, as a JSON string with its quotes, or `null` for NULL, and a
 * terminator to `out`. What does not fit into `room` (at least 8) is left out, whole characters of
 * it. Returns the length written. */
size_t pawl_json_text_write(const char *text, char *out, size_t room);

#endif
