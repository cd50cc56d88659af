#include "server/range.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* Reads decimal digits, if there are any; false when they overflow 64 bits. */
static bool number_read(const char **text, bool *present, uint64_t *number)
{
    *present = false;
    *number = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        uint64_t digit = (uint64_t)(**text - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
        *present = true;
    }
    return true;
}

enum pawl_range_kind pawl_range_read(const char *text, uint64_t total, struct pawl_range *range)
{
    static const char unit[] = "bytes=";
    if (text == NULL || strncasecmp(text, unit, sizeof unit - 1) != 0)
        return PAWL_RANGE_WHOLE;
    text += sizeof unit - 1;

    bool has_first, has_last;
    uint64_t first, last;
    if (!number_read(&text, &has_first, &first) || *text++ != '-' ||
        !number_read(&text, &has_last, &last) || *text != '\0')
        return PAWL_RANGE_WHOLE;
    if (!has_first) { /* the last so many bytes */
        if (!has_last)
            return PAWL_RANGE_WHOLE;
        if (last == 0 || total == 0)
            return PAWL_RANGE_OUTSIDE;
        first = last < total ? total - last : 0;
        last = total - 1;
    } else if (has_last && last < first) {
        return PAWL_RANGE_WHOLE;
    }
    if (first >= total)
        return PAWL_RANGE_OUTSIDE;
    if (!has_last || last >= total)
        last = total - 1;
    range->first = first;
    range->size = last - first + 1;
    return PAWL_RANGE_PART;
}
