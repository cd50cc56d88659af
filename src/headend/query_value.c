#include "headend/query_value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "headend/assign.h"
#include "headend/attempt.h"
#include "headend/reconcile.h"
#include "host/hex.h"
#include "host/options.h"

#define EQUALITY (PAWL_QUERY_EQUAL | PAWL_QUERY_NOT_EQUAL)
#define ORDER (PAWL_QUERY_BELOW | PAWL_QUERY_ABOVE)

static int digit_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return found == NULL ? -1 : (int)(found - digits);
}

/* What a prefix of hex digits spans, of ids of `size` bytes. */
static bool prefix_read(const char *value, size_t size, unsigned least,
                        struct pawl_query_term *term)
{
    size_t digits = strlen(value);
    if (digits < least || digits > 2 * size)
        return false;
    memset(term->low, 0, sizeof term->low);
    memset(term->high, 0xff, sizeof term->high);
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_value(value[i]);
        if (digit < 0)
            return false;
        unsigned shift = i % 2 == 0 ? 4 : 0;
        term->low[i / 2] |= (uint8_t)(digit << shift);
        term->high[i / 2] &= (uint8_t)(digit << shift | (shift == 4 ? 0x0f : 0xf0));
    }
    term->digits = (unsigned)digits;
    return true;
}

static bool id_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    return prefix_read(value, PAWL_ID_SIZE, 1, term);
}

static bool hash_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    return prefix_read(value, PAWL_PACKAGE_ID_SIZE, 4, term);
}

static bool vendor_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    if (pawl_hex_decode(value, term->low, PAWL_ID_SIZE) != PAWL_OK)
        pawl_vendor_id_make(value, term->low);
    return true;
}

/* A name stays in `text` until its vendor is known (query.c). */
static bool class_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    if (pawl_hex_decode(value, term->low, PAWL_ID_SIZE) == PAWL_OK)
        return true;
    size_t size = strlen(value);
    if (size >= sizeof term->text.value)
        return false;
    memcpy(term->text.value, value, size + 1);
    return true;
}

static bool group_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    size_t size = strlen(value);
    (void)now;
    if (!pawl_group_is_good(value, size))
        return false;
    memcpy(term->text.value, value, size + 1);
    return true;
}

static bool label_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    size_t size = strlen(value);
    (void)now;
    if (!pawl_label_value_is_good(value, size))
        return false;
    memcpy(term->text.value, value, size + 1);
    return true;
}

static bool state_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    for (unsigned i = 0; i < PAWL_STANDING_COUNT; i++)
        if (strcmp(pawl_standing_name((enum pawl_standing)i), value) == 0) {
            term->number = i;
            return true;
        }
    return false;
}

static bool number_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    (void)now;
    for (const char *c = value; *c != '\0'; c++)
        if (*c < '0' || *c > '9')
            return false;
    return pawl_number_parse(value, &term->number) == PAWL_OK && term->number <= INT64_MAX;
}

static bool failure_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    uint32_t code;
    if (pawl_failure_find(value, &code)) {
        term->number = code;
        return true;
    }
    return number_read(value, now, term) && term->number <= UINT32_MAX;
}

/* -30d: so long before now. */
static bool span_read(const char *value, int64_t now, int64_t *time)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char *end;
    if (value[0] != '-' || value[1] < '0' || value[1] > '9')
        return false;
    unsigned long count = strtoul(value + 1, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (end[0] == units[i].unit && end[1] == '\0' && count <= 1000000) {
            *time = now - (int64_t)count * units[i].seconds;
            return true;
        }
    return false;
}

/* 2026-11-25, with 12:30, 12:30:00 and a Z behind a T if wanted: UTC. */
static bool moment_read(const char *value, int64_t *time)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ",
                                        "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm parts = {.tm_isdst = 0};
        const char *end = strptime(value, forms[i], &parts);
        if (end != NULL && *end == '\0') {
            *time = (int64_t)timegm(&parts);
            return *time > 0;
        }
    }
    return false;
}

static bool seen_read(const char *value, int64_t now, struct pawl_query_term *term)
{
    bool equal = (term->relation & EQUALITY) != 0;
    if (strcmp(value, "never") == 0 && equal) { /* the reverse of seen=* */
        term->any = true;
        term->relation =
            term->relation == PAWL_QUERY_EQUAL ? PAWL_QUERY_NOT_EQUAL : PAWL_QUERY_EQUAL;
        return true;
    }
    return !equal && (span_read(value, now, &term->time) || moment_read(value, &term->time));
}

const struct pawl_query_form pawl_query_forms[PAWL_QUERY_FIELD_COUNT] = {
    [PAWL_QUERY_ID] = {"id", EQUALITY, false, id_read, "1 to 32 hex digits, the first of the id"},
    [PAWL_QUERY_VENDOR] = {"vendor", EQUALITY, false, vendor_read, "a domain, or 32 hex digits"},
    [PAWL_QUERY_CLASS] = {"class", EQUALITY, false, class_read,
                          "a name beside vendor=DOMAIN, or 32 hex digits"},
    [PAWL_QUERY_GROUP] = {"group", EQUALITY, true, group_read, "a name of 1 to 64 bytes, or *"},
    [PAWL_QUERY_LABEL] = {"label", EQUALITY, true, label_read, "a text of 1 to 128 bytes, or *"},
    [PAWL_QUERY_STATE] = {"state", EQUALITY, false, state_read,
                          "active, quarantined, released or decommissioned"},
    [PAWL_QUERY_PACKAGE] = {"package", EQUALITY, true, hash_read,
                            "4 to 64 hex digits, the first of the id, or *"},
    [PAWL_QUERY_RELEASE] = {"release", EQUALITY, true, hash_read,
                            "4 to 64 hex digits, the first of the id, or *"},
    [PAWL_QUERY_SEQUENCE] = {"sequence", EQUALITY | ORDER, false, number_read, "a number"},
    [PAWL_QUERY_SEEN] = {"seen", EQUALITY | ORDER, true, seen_read,
                         "a time like -30d, -12h or 2026-01-31 behind < or >, or =never"},
    [PAWL_QUERY_FAILED] = {"failed", EQUALITY, true, failure_read,
                           "a cause by number or name (power, crash, rollback), or *"},
};
