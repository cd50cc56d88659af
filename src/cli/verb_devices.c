/* pawl devices: lists devices. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/client.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

static const char *class_name, *vendor, *group, *state, *after;
static uint64_t limit = 100;

static const struct pawl_option options[] = {
    {"class", 0, "CLASS", "only of this class (name or id)", .text = &class_name},
    {"vendor", 0, "DOMAIN", "whose class it is, for a class by name", .text = &vendor,
     .configurable = true},
    {"group", 0, "GROUP", "only of this group", .text = &group},
    {"state", 0, "STATE", "only active, quarantined or released ones", .text = &state},
    {"limit", 'n', "N", "at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"after", 0, "CURSOR", "go on behind an earlier list", .text = &after},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static const struct pawl_column columns[] = {
    {"device_id", "DEVICE", 34},
    {"state", "STATE", 13},
    {"sequence", "SEQUENCE", 10},
    {"group", "GROUP", 12},
    {"package", "PACKAGE", 18},
    {"seen", "SEEN", 0},
    {NULL, NULL, 0},
};

/* Adds what only people want: a short package id and a date. */
static void item_adorn(json_t *item)
{
    const char *package = json_string_value(json_object_get(item, "package_id"));
    json_t *seen = json_object_get(item, "last_seen");
    time_t moment = (time_t)json_integer_value(seen);
    struct tm parts;
    char date[32];

    if (package != NULL)
        json_object_set_new(item, "package", json_sprintf("%.16s", package));
    if (json_is_integer(seen) && gmtime_r(&moment, &parts) != NULL &&
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &parts) > 0)
        json_object_set_new(item, "seen", json_string(date));
}

static enum pawl_result list_print(json_t *answer)
{
    json_t *items = json_object_get(answer, "items");
    json_t *next = json_object_get(answer, "next");
    size_t index;
    json_t *item;

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(items, index, item) item_adorn(item);
    pawl_print_table(json_incref(items), columns);
    if (json_is_integer(next))
        printf("more: --after %" JSON_INTEGER_FORMAT "\n", json_integer_value(next));
    json_decref(answer);
    return PAWL_OK;
}

static enum pawl_result devices_list(struct pawl_client *client)
{
    char limit_text[24];
    json_t *answer = NULL;

    snprintf(limit_text, sizeof limit_text, "%" PRIu64, limit);
    char *path = pawl_client_path(
        client, "/v1/devices",
        (const char *const[]){"class", class_name, "vendor",
                              pawl_class_is_id(class_name) ? NULL : vendor, "group", group, "state",
                              state, "limit", limit_text, "after", after, NULL});
    if (path == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);
    free(path);
    return result == PAWL_OK ? list_print(answer) : result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;

    (void)operands;
    if (class_name != NULL && !pawl_class_is_id(class_name) && vendor == NULL)
        return pawl_usage_error("a class by name needs its --vendor");
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = devices_list(client);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_devices = {
    .name = "devices",
    .usage = {.command = "pawl devices",
              .operands = "",
              .summary = "list devices",
              .details = NULL},
    .options = options,
    .run = run,
};
