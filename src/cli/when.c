#include "cli/when.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "host/options.h"

enum pawl_result pawl_span_parse(const char *text, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t digits = strspn(text, "0123456789");
    char number[12];
    uint64_t count;
    if (digits == 0 || digits >= sizeof number - 1 || strlen(text) != digits + 1)
        return PAWL_MALFORMED;
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (pawl_number_parse(number, &count) != PAWL_OK)
        return PAWL_MALFORMED;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].unit == text[digits]) {
            *seconds = (int64_t)count * units[i].seconds;
            return count > 0 ? PAWL_OK : PAWL_MALFORMED;
        }
    return PAWL_MALFORMED;
}

static enum pawl_result ago_parse(const char *text, int64_t now, int64_t *time)
{
    int64_t span;
    if (pawl_span_parse(text, &span) != PAWL_OK || span >= now)
        return PAWL_MALFORMED;
    *time = now - span;
    return PAWL_OK;
}

static enum pawl_result date_parse(const char *text, int64_t *time)
{
    static const char *const formats[] = {
        "%Y-%m-%d",        "%Y-%m-%d %H:%M",    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm parts = {.tm_isdst = 0};
        const char *end = strptime(text, formats[i], &parts);
        if (end == NULL || *end != '\0')
            continue;
        *time = (int64_t)timegm(&parts);
        return *time > 0 ? PAWL_OK : PAWL_MALFORMED;
    }
    return PAWL_MALFORMED;
}

enum pawl_result pawl_when_parse(const char *text, int64_t now, int64_t *time)
{
    uint64_t number;
    if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text)) {
        if (pawl_number_parse(text, &number) != PAWL_OK || number > INT64_MAX || number == 0)
            return PAWL_MALFORMED;
        *time = (int64_t)number;
        return PAWL_OK;
    }
    return ago_parse(text, now, time) == PAWL_OK ? PAWL_OK : date_parse(text, time);
}
