#include "cli/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/print.h"

#define PAGE_MOST 1000u /* items asked for at a time */
#define QUERY_MOST 32
#define CURSOR_SIZE 96

/* The path of the next page. */
static char *page_path(struct pawl_client *client, const struct pawl_pages *pages, uint64_t left,
                       const char *after)
{
    const char *query[QUERY_MOST + 5];
    char limit[24];
    size_t count = 0;

    while (count < QUERY_MOST && pages->query[count] != NULL) {
        query[count] = pages->query[count];
        query[count + 1] = pages->query[count + 1];
        count += 2;
    }
    snprintf(limit, sizeof limit, "%" PRIu64, left < PAGE_MOST ? left : (uint64_t)PAGE_MOST);
    query[count++] = "limit";
    query[count++] = limit;
    query[count++] = "after";
    query[count++] = after;
    query[count] = NULL;
    return pawl_client_path(client, pages->path, query);
}

static enum pawl_result page_fetch(struct pawl_client *client, const struct pawl_pages *pages,
                                   uint64_t left, const char *after, json_t **answer)
{
    char *path = page_path(client, pages, left, after);

    if (path == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, answer);
    free(path);
    return result;
}

/* A cursor as it goes into a query. */
static void cursor_write(const json_t *next, char cursor[CURSOR_SIZE])
{
    if (json_is_integer(next))
        snprintf(cursor, CURSOR_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(next));
    else
        snprintf(cursor, CURSOR_SIZE, "%s", json_is_string(next) ? json_string_value(next) : "");
}

enum pawl_result pawl_pages_fetch(struct pawl_client *client, const struct pawl_pages *pages,
                                  pawl_page_fn take, void *context, json_t **next)
{
    char cursor[CURSOR_SIZE] = "";
    uint64_t left = pages->most;
    enum pawl_result result = PAWL_OK;

    *next = json_null();
    if (pages->after != NULL)
        snprintf(cursor, sizeof cursor, "%s", pages->after);
    while (result == PAWL_OK && left > 0) {
        json_t *answer = NULL;
        result = page_fetch(client, pages, left, cursor[0] != '\0' ? cursor : NULL, &answer);
        if (result != PAWL_OK)
            break;
        json_t *items = json_object_get(answer, "items");
        uint64_t count = json_array_size(items);
        result = take(context, items);
        left -= count < left ? count : left;
        json_decref(*next);
        *next = json_incref(json_object_get(answer, "next"));
        cursor_write(*next, cursor);
        json_decref(answer);
        if (cursor[0] == '\0')
            break;
    }
    if (result != PAWL_OK) {
        json_decref(*next);
        *next = NULL;
    }
    return result;
}

static enum pawl_result items_add(void *context, json_t *items)
{
    return json_array_extend(context, items) == 0 ? PAWL_OK
                                                  : pawl_error(PAWL_EXHAUSTED, "no memory");
}

enum pawl_result pawl_pages_gather(struct pawl_client *client, const struct pawl_pages *pages,
                                   json_t **answer)
{
    json_t *all = json_array(), *next = NULL;
    enum pawl_result result = pawl_pages_fetch(client, pages, items_add, all, &next);

    if (result == PAWL_OK)
        *answer = json_pack("{s:o, s:o}", "items", all, "next", next);
    else
        json_decref(all);
    return result;
}

void pawl_more_print(const json_t *list)
{
    char cursor[CURSOR_SIZE];

    cursor_write(json_object_get(list, "next"), cursor);
    if (cursor[0] == '\0')
        return;
    fputs("more: --after ", stdout);
    pawl_print_text(cursor);
    putchar('\n');
}

const char *pawl_date_text(const json_t *seconds, char text[20])
{
    time_t moment = (time_t)json_integer_value(seconds);
    struct tm parts;

    if (!json_is_integer(seconds) || gmtime_r(&moment, &parts) == NULL ||
        strftime(text, 20, "%Y-%m-%d %H:%M", &parts) == 0)
        snprintf(text, 20, "-");
    return text;
}
