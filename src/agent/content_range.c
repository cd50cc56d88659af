#include "agent/content_range.h"

#include <stddef.h>
#include <strings.h>

/* Reads decimal digits at `*text` and moves behind them. */
static bool number_read(const char **text, uint64_t *number)
{
    const char *c = *text;
    uint64_t value = 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (c == *text)
        return false;
    *text = c;
    *number = value;
    return true;
}

static bool character_read(const char **text, char expected)
{
    if (**text != expected)
        return false;
    (*text)++;
    return true;
}

enum pawl_result pawl_content_range_read(const char *text, struct pawl_content_range *range)
{
    static const char unit[] = "bytes ";
    struct pawl_content_range found = {0};

    if (strncasecmp(text, unit, sizeof unit - 1) != 0)
        return PAWL_MALFORMED;
    text += sizeof unit - 1;
    if (!number_read(&text, &found.first) || !character_read(&text, '-') ||
        !number_read(&text, &found.last) || !character_read(&text, '/'))
        return PAWL_MALFORMED;
    if (!character_read(&text, '*')) {
        if (!number_read(&text, &found.total))
            return PAWL_MALFORMED;
        found.has_total = true;
    }
    if (*text != '\0' || found.first > found.last || (found.has_total && found.last >= found.total))
        return PAWL_MALFORMED;
    *range = found;
    return PAWL_OK;
}
