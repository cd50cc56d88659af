/* The language of queries: terms, and where a text is wrong. */
#include "headend/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "headend/query_value.h"

#define VALUE_SIZE 256u

/* A text being read. */
struct scan {
    const char *text;
    size_t at;
    struct pawl_query_error *error;
};

static bool scan_fail(struct scan *scan, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool scan_fail(struct scan *scan, size_t at, const char *format, ...)
{
    va_list arguments;
    scan->error->at = at + 1;
    va_start(arguments, format);
    vsnprintf(scan->error->message, sizeof scan->error->message, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void blanks_skip(struct scan *scan)
{
    while (is_blank(scan->text[scan->at]))
        scan->at++;
}

/* The field, and the key of a label. */
static bool field_scan(struct scan *scan, struct pawl_query_term *term)
{
    const char *name = scan->text + scan->at;
    size_t begin = scan->at, size = strcspn(name, "=!<> \t\r\n\"");
    bool is_label = size > 6 && strncmp(name, "label.", 6) == 0;
    scan->at += size;
    for (unsigned i = 0; i < PAWL_QUERY_FIELD_COUNT; i++) {
        const char *known = pawl_query_forms[i].name;
        bool same = strlen(known) == size && strncmp(known, name, size) == 0;
        if (i == PAWL_QUERY_LABEL ? !is_label : !same)
            continue;
        term->field = (enum pawl_query_field)i;
        if (!is_label)
            return true;
        if (!pawl_label_key_is_good(name + 6, size - 6))
            return scan_fail(scan, begin + 6, "a label's key has 1 to 63 of A-Z a-z 0-9 . _ -");
        memcpy(term->text.key, name + 6, size - 6);
        return true;
    }
    if (size == 5 && strncmp(name, "label", 5) == 0)
        return scan_fail(scan, begin, "a label is named by its key: label.site=berlin");
    return scan_fail(scan, begin,
                     "'%.*s' is no field; there are id, vendor, class, group, label.KEY, state, "
                     "package, release, sequence, seen and failed",
                     (int)(size < 32 ? size : 32), name);
}

static bool relation_scan(struct scan *scan, struct pawl_query_term *term)
{
    static const struct {
        const char *sign;
        enum pawl_query_relation relation;
    } relations[] = {{"!=", PAWL_QUERY_NOT_EQUAL},
                     {"=", PAWL_QUERY_EQUAL},
                     {"<", PAWL_QUERY_BELOW},
                     {">", PAWL_QUERY_ABOVE}};
    const struct pawl_query_form *form = &pawl_query_forms[term->field];
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        size_t size = strlen(relations[i].sign);
        if (strncmp(scan->text + scan->at, relations[i].sign, size) != 0)
            continue;
        if ((form->relations & relations[i].relation) == 0)
            return scan_fail(scan, scan->at, "%s is compared with = or != only", form->name);
        term->relation = relations[i].relation;
        scan->at += size;
        return true;
    }
    return scan_fail(scan, scan->at, "%s needs %s and a value behind it", form->name,
                     form->relations > (PAWL_QUERY_EQUAL | PAWL_QUERY_NOT_EQUAL) ? "=, !=, < or >"
                                                                                 : "= or !=");
}

/* A value in quotes, its first one being passed already. */
static bool quoted_scan(struct scan *scan, char value[VALUE_SIZE])
{
    size_t begin = scan->at - 1, size = 0;
    for (;;) {
        char c = scan->text[scan->at++];
        if (c == '"')
            break;
        if (c == '\\')
            c = scan->text[scan->at++];
        if (c == '\0') {
            scan->at--;
            return scan_fail(scan, begin, "these quotes are not closed");
        }
        if (size + 1 == VALUE_SIZE)
            return scan_fail(scan, begin, "this value is too long");
        value[size++] = c;
    }
    value[size] = '\0';
    char next = scan->text[scan->at];
    return next == '\0' || is_blank(next) || scan_fail(scan, scan->at, "a blank is missing here");
}

static bool value_scan(struct scan *scan, struct pawl_query_term *term, int64_t now)
{
    const struct pawl_query_form *form = &pawl_query_forms[term->field];
    size_t begin = scan->at;
    char value[VALUE_SIZE];
    bool quoted = scan->text[scan->at] == '"';
    if (quoted) {
        scan->at++;
        if (!quoted_scan(scan, value))
            return false;
    } else {
        size_t size = strcspn(scan->text + begin, " \t\r\n");
        if (size >= sizeof value)
            return scan_fail(scan, begin, "this value is too long");
        memcpy(value, scan->text + begin, size);
        value[size] = '\0';
        scan->at += size;
    }
    if (value[0] == '\0')
        return scan_fail(scan, begin, "a value is missing: %s", form->expected);
    if (!quoted && strcmp(value, "*") == 0 && form->may_be_any &&
        (term->relation == PAWL_QUERY_EQUAL || term->relation == PAWL_QUERY_NOT_EQUAL)) {
        term->any = true;
        return true;
    }
    return form->read(value, now, term) ||
           scan_fail(scan, begin, "%s wants %s", form->name, form->expected);
}

/* Makes ids of classes that are given by name, with the vendor that stands beside them. */
static bool classes_resolve(struct scan *scan, struct pawl_query *query, const size_t *begins)
{
    const struct pawl_query_term *vendor = NULL;
    for (size_t i = 0; i < query->count; i++)
        if (query->terms[i].field == PAWL_QUERY_VENDOR &&
            query->terms[i].relation == PAWL_QUERY_EQUAL)
            vendor = &query->terms[i];
    for (size_t i = 0; i < query->count; i++) {
        struct pawl_query_term *term = &query->terms[i];
        if (term->field != PAWL_QUERY_CLASS || term->text.value[0] == '\0')
            continue;
        if (vendor == NULL)
            return scan_fail(scan, begins[i], "a class by name needs vendor=DOMAIN beside it");
        pawl_class_id_make(vendor->low, term->text.value, term->low);
    }
    return true;
}

enum pawl_result pawl_query_read(const char *text, int64_t now, struct pawl_query *query,
                                 struct pawl_query_error *error)
{
    struct scan scan = {text, 0, error};
    struct pawl_query read = {.count = 0};
    size_t begins[PAWL_QUERY_TERMS_MAX];
    if (strnlen(text, PAWL_QUERY_TEXT_MAX + 1) > PAWL_QUERY_TEXT_MAX) {
        scan_fail(&scan, PAWL_QUERY_TEXT_MAX, "a filter has at most %u bytes", PAWL_QUERY_TEXT_MAX);
        return PAWL_MALFORMED;
    }
    for (blanks_skip(&scan); text[scan.at] != '\0'; blanks_skip(&scan)) {
        if (read.count == PAWL_QUERY_TERMS_MAX) {
            scan_fail(&scan, scan.at, "a filter has at most %u terms", PAWL_QUERY_TERMS_MAX);
            return PAWL_MALFORMED;
        }
        struct pawl_query_term *term = &read.terms[read.count];
        begins[read.count++] = scan.at;
        if (!field_scan(&scan, term) || !relation_scan(&scan, term) ||
            !value_scan(&scan, term, now))
            return PAWL_MALFORMED;
    }
    if (!classes_resolve(&scan, &read, begins))
        return PAWL_MALFORMED;
    *query = read;
    return PAWL_OK;
}
