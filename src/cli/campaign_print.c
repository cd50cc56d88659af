/* A campaign for people. */
#include <string.h>

#include "cli/campaign.h"
#include "cli/print.h"

#define CELLS 24

static long long number_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* Text of the server's, with control characters made harmless. */
static void text_print(FILE *out, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    for (const unsigned char *c = (const unsigned char *)(text != NULL ? text : "-"); *c != '\0';
         c++) {
        bool c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        fputc(*c < ' ' || *c == 0x7f || c1 ? '?' : *c, out);
        c += c1;
    }
}

static void target_print(FILE *out, const json_t *campaign)
{
    const char *kind;
    json_t *value, *target = json_object_get(campaign, "target");
    json_object_foreach(target, kind, value)
    {
        if (json_is_integer(value))
            fprintf(out, "a list of %lld devices", (long long)json_integer_value(value));
        else
            fprintf(out, "%s ", kind), text_print(out, target, kind);
    }
    double percent = json_number_value(json_object_get(campaign, "percent"));
    if (percent < 100.0)
        fprintf(out, ", %g %% of it", percent);
    fputc('\n', out);
}

/* Cells in proportion: '#' finished, 'x' failed, '.' to come. */
static void bar_print(FILE *out, long long finished, long long failed, long long total, bool color)
{
    char cells[CELLS + 1];
    int good = total > 0 ? (int)(finished * CELLS / total) : 0;
    int bad = total > 0 ? (int)((failed * CELLS + total - 1) / total) : 0;
    good = good > CELLS ? CELLS : good;
    bad = bad > CELLS - good ? CELLS - good : bad;
    memset(cells, '.', CELLS);
    memset(cells, '#', (size_t)good);
    memset(cells + good, 'x', (size_t)bad);
    cells[CELLS] = '\0';
    if (color)
        fprintf(out, "\033[32m%.*s\033[31m%.*s\033[0m%s", good, cells, bad, cells + good,
                cells + good + bad);
    else
        fputs(cells, out);
}

static void stage_print(FILE *out, const json_t *stage, bool counted, bool color)
{
    long long total = number_of(stage, "total"), finished = number_of(stage, "finished");
    long long failed = number_of(stage, "failed"), silent = number_of(stage, "silent");
    const char *state = json_string_value(json_object_get(stage, "state"));
    fprintf(out, "stage %-2lld %-9s ", number_of(stage, "stage"), state != NULL ? state : "-");
    bar_print(out, finished, failed, total, color);
    fprintf(out, " %3lld %% %lld of %s%lld", total > 0 ? finished * 100 / total : 100, finished,
            counted ? "" : "about ", total);
    if (failed > 0)
        fprintf(out, ", %lld failed", failed);
    if (silent > 0)
        fprintf(out, " (%lld silent)", silent);
    fputc('\n', out);
}

unsigned pawl_campaign_print(FILE *out, json_t *campaign, bool color)
{
    bool counted = json_is_true(json_object_get(campaign, "counted"));
    size_t index;
    json_t *stage;
    unsigned lines = 5;
    fprintf(out, "campaign %lld ", number_of(campaign, "id"));
    text_print(out, campaign, "name");
    fputs("\nstate    ", out);
    text_print(out, campaign, "state");
    fputs("\nfor      ", out);
    target_print(out, campaign);
    fputs("package  ", out);
    text_print(out, campaign, "package_id");
    fputc('\n', out);
    json_array_foreach(json_object_get(campaign, "stages"), index, stage)
    {
        stage_print(out, stage, counted, color);
        lines++;
    }
    fputs("why      ", out);
    const char *why = json_string_value(json_object_get(campaign, "explanation"));
    pawl_print_paragraph(out, why != NULL ? why : "-", 9);
    return lines;
}
