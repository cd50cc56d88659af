#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/pages.h"
#include "host/hex.h"

#define DEPTH_MOST 4
#define LINE_WIDTH 80u
#define HEX_MOST 64u

/* Escape sequences in a name must not reach the terminal: C0, DEL, and C1 as UTF-8 has it. */
static void text_put(FILE *out, const char *text, size_t size)
{
    const unsigned char *c = (const unsigned char *)text, *end = c + size;

    for (; c < end; c++) {
        bool is_c1 = *c == 0xc2 && c + 1 < end && c[1] >= 0x80 && c[1] < 0xa0;
        fputc(*c < ' ' || *c == 0x7f || is_c1 ? '?' : *c, out);
        c += is_c1;
    }
}

void pawl_print_text(const char *text)
{
    text_put(stdout, text, strlen(text));
}

void pawl_print_paragraph(FILE *out, const char *text, unsigned indent)
{
    while (*text != '\0') {
        size_t room = LINE_WIDTH - indent, size = strlen(text);
        if (size > room) {
            for (size = room; size > 0 && text[size] != ' ';)
                size--;
            size = size > 0 ? size : room;
        }
        text_put(out, text, size);
        fputc('\n', out);
        text += size;
        text += *text == ' ';
        if (*text != '\0')
            fprintf(out, "%*s", (int)indent, "");
    }
}

static void print_scalar(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        pawl_print_text(json_string_value(value));
        break;
    case JSON_INTEGER:
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_TRUE:
        fputs("yes", stdout);
        break;
    case JSON_FALSE:
        fputs("no", stdout);
        break;
    default:
        fputs("-", stdout);
        break;
    }
}

/* Members are named in JSON as programs like them; people get blanks. */
static void print_name(const char *name, int width)
{
    for (; *name != '\0'; name++, width--)
        putchar(*name == '_' ? ' ' : *name);
    printf("%*s", width > 0 ? width : 0, "");
}

/* Members that are moments: seconds since 1970 to programs, dates to people. */
static bool is_moment(const char *name, const json_t *value)
{
    static const char *const names[] = {"created", "since", "last_seen", "previous_until", "time"};

    for (size_t i = 0; json_is_integer(value) && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void print_member(const char *name, const json_t *value)
{
    char date[20];

    if (is_moment(name, value))
        printf("%s UTC", pawl_date_text(value, date));
    else
        print_scalar(value);
}

static void print_object(json_t *object, int depth);

static void print_array(json_t *array, int depth)
{
    size_t index;
    json_t *item;

    json_array_foreach(array, index, item)
    {
        if (json_is_object(item)) {
            print_object(item, depth);
        } else {
            printf("%*s", 2 * depth, "");
            print_scalar(item);
            putchar('\n');
        }
    }
}

static int name_width(json_t *object)
{
    const char *name;
    json_t *value;
    int widest = 0;

    json_object_foreach(object, name, value)
    {
        int width = (int)strlen(name);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_object(json_t *object, int depth)
{
    const char *name;
    json_t *value;
    int width = name_width(object) + 2;

    json_object_foreach(object, name, value)
    {
        bool nested = json_is_object(value) || json_is_array(value);
        printf("%*s", 2 * depth, "");
        print_name(name, nested ? 0 : width);
        if (!nested)
            print_member(name, value);
        putchar('\n');
        if (depth >= DEPTH_MOST)
            continue;
        if (json_is_object(value))
            print_object(value, depth + 1);
        else if (json_is_array(value))
            print_array(value, depth + 1);
    }
}

enum pawl_result pawl_print(json_t *value)
{
    if (value == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for the answer");
    if (pawl_cli.json) {
        json_dumpf(value, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (json_is_array(value)) {
        print_array(value, 0);
    } else {
        print_object(value, 0);
    }
    json_decref(value);
    return PAWL_OK;
}

/* The last column, of width 0, is not padded. */
static void print_cell(const json_t *value, int width)
{
    char number[24];
    const char *text = "-";

    if (json_is_string(value)) {
        text = json_string_value(value);
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "yes" : "no";
    }
    pawl_print_text(text);
    int size = (int)strlen(text);
    if (width > 0)
        printf("%*s", size < width ? width - size : 1, "");
}

void pawl_print_table(json_t *items, const struct pawl_column *columns)
{
    size_t index;
    json_t *item;

    for (const struct pawl_column *c = columns; c->member != NULL; c++)
        printf("%-*s", c->width, c->title);
    putchar('\n');
    json_array_foreach(items, index, item)
    {
        for (const struct pawl_column *c = columns; c->member != NULL; c++)
            print_cell(json_object_get(item, c->member), c->width);
        putchar('\n');
    }
    json_decref(items);
}

json_t *pawl_json_hex(const uint8_t *bytes, size_t size)
{
    char text[PAWL_HEX_SIZE(HEX_MOST)];

    return size > HEX_MOST ? NULL : json_string(pawl_hex_encode(bytes, size, text));
}

json_t *pawl_json_number(uint64_t number)
{
    char text[24];

    if (number <= INT64_MAX)
        return json_integer((json_int_t)number);
    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

json_t *pawl_json_string(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("(not UTF-8)");
}

json_t *pawl_json_text(const struct pawl_text *text)
{
    json_t *value = json_stringn(text->bytes, text->size);

    return value != NULL ? value : json_string("(not UTF-8)");
}
