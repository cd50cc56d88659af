#include "server/metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/metric_table.h"

#define ROOM_FIRST 16384u
#define LABELS_MAX 3u

void pawl_metrics_release(struct pawl_metrics_text *text)
{
    free(text->bytes);
    *text = (struct pawl_metrics_text){NULL, 0, 0, false};
}

/* Makes room for `size` more bytes. */
static bool room_make(struct pawl_metrics_text *text, size_t size)
{
    if (text->failed)
        return false;
    if (text->room - text->size >= size)
        return true;
    size_t room = text->room == 0 ? ROOM_FIRST : 2 * text->room;
    while (room - text->size < size)
        room *= 2;
    char *bytes = realloc(text->bytes, room);
    if (bytes == NULL) {
        pawl_metrics_release(text);
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->room = room;
    return true;
}

static void add(struct pawl_metrics_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct pawl_metrics_text *text, const char *format, ...)
{
    char part[512]; /* names and helps of ours, and numbers: none is nearly as long */
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(part, sizeof part, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof part || !room_make(text, (size_t)size))
        return;
    memcpy(text->bytes + text->size, part, (size_t)size);
    text->size += (size_t)size;
}

/* A label's value: backslash, quote and newline are escaped, other control characters replaced. */
static void value_add(struct pawl_metrics_text *text, const char *value)
{
    if (!room_make(text, 2 * strlen(value)))
        return;
    for (; *value != '\0'; value++) {
        char c = *value;
        if (c == '"' || c == '\\' || c == '\n')
            text->bytes[text->size++] = '\\';
        if (c == '\n')
            c = 'n';
        else if ((unsigned char)c < ' ' || c == 0x7f)
            c = '?';
        text->bytes[text->size++] = c;
    }
}

static void labels_add(struct pawl_metrics_text *text, const char *const *labels)
{
    if (labels == NULL || labels[0] == NULL)
        return;
    for (size_t i = 0; labels[i] != NULL; i += 2) {
        add(text, "%s%s=\"", i == 0 ? "{" : ",", labels[i]);
        value_add(text, labels[i + 1]);
        add(text, "\"");
    }
    add(text, "}");
}

void pawl_metrics_family(struct pawl_metrics_text *text, const char *name, const char *type,
                         const char *help)
{
    add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void pawl_metrics_number(struct pawl_metrics_text *text, const char *name,
                         const char *const *labels, uint64_t value)
{
    add(text, "%s", name);
    labels_add(text, labels);
    add(text, " %" PRIu64 "\n", value);
}

void pawl_metrics_real(struct pawl_metrics_text *text, const char *name, const char *const *labels,
                       double value)
{
    add(text, "%s", name);
    labels_add(text, labels);
    add(text, " %.15g\n", value);
}

void pawl_metrics_single(struct pawl_metrics_text *text, const char *name, const char *type,
                         const char *help, double value)
{
    pawl_metrics_family(text, name, type, help);
    pawl_metrics_real(text, name, NULL, value);
}

void pawl_metrics_distribution(struct pawl_metrics_text *text,
                               const struct pawl_distribution *about, const char *const *labels,
                               const uint64_t *buckets, uint64_t sum)
{
    const char *with_bound[2 * LABELS_MAX + 3] = {NULL};
    char name[64], bound[32];
    size_t used = 0;
    while (labels != NULL && labels[used] != NULL && used < 2 * LABELS_MAX) {
        with_bound[used] = labels[used];
        used++;
    }
    with_bound[used] = "le";
    with_bound[used + 1] = bound;

    uint64_t count = 0;
    snprintf(name, sizeof name, "%s_bucket", about->name);
    for (size_t i = 0; i <= about->count; i++) {
        count += buckets[i];
        if (i < about->count)
            snprintf(bound, sizeof bound, "%.9g", (double)about->bounds[i] / about->unit);
        else
            snprintf(bound, sizeof bound, "+Inf");
        pawl_metrics_number(text, name, with_bound, count);
    }
    snprintf(name, sizeof name, "%s_sum", about->name);
    pawl_metrics_real(text, name, labels, (double)sum / about->unit);
    snprintf(name, sizeof name, "%s_count", about->name);
    pawl_metrics_number(text, name, labels, count);
}
