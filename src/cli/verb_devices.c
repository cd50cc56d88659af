/* pawl devices: finds and lists devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"
#include "headend/query.h"

static const char *class_name, *vendor, *group, *state, *after;
static uint64_t limit = 100;
static bool all, ids;

static const struct pawl_option options[] = {
    {"class", 0, "CLASS", "only of this class (name or id)", .text = &class_name},
    {"vendor", 0, "DOMAIN", "whose class it is, for a class by name", .text = &vendor,
     .configurable = true},
    {"group", 0, "GROUP", "only of this group", .text = &group},
    {"state", 0, "STATE", "only active, quarantined, released or decommissioned ones",
     .text = &state},
    {"limit", 'n', "N", "at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"all", 0, NULL, "all of them", .flag = &all},
    {"ids", 0, NULL, "print their ids only, one a line", .flag = &ids},
    {"after", 0, "CURSOR", "go on behind an earlier list", .text = &after},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static const struct pawl_column columns[] = {
    {"device_id", "DEVICE", 34},  {"state", "STATE", 13},
    {"sequence", "SEQUENCE", 10}, {"group", "GROUP", 12},
    {"package", "PACKAGE", 18},   {"seen", "SEEN", 18},
    {"labelled", "LABELS", 0},    {NULL, NULL, 0},
};

/* "line=7 site=berlin" */
static json_t *labels_text(json_t *labels)
{
    char text[2600] = "";
    size_t at = 0;
    const char *key;
    json_t *value;

    json_object_foreach(labels, key, value)
    {
        int written = snprintf(text + at, sizeof text - at, "%s%s=%s", at > 0 ? " " : "", key,
                               json_string_value(value));
        at += written > 0 && (size_t)written < sizeof text - at ? (size_t)written : 0;
    }
    return at > 0 ? json_string(text) : json_null();
}

/* Adds what only people want: a short package id, a date, labels in one column. */
static void item_adorn(json_t *item)
{
    const char *package = json_string_value(json_object_get(item, "package_id"));
    char date[20];

    if (package != NULL)
        json_object_set_new(item, "package", json_sprintf("%.16s", package));
    json_object_set_new(item, "seen",
                        json_string(pawl_date_text(json_object_get(item, "last_seen"), date)));
    json_object_set_new(item, "labelled", labels_text(json_object_get(item, "labels")));
}

static enum pawl_result ids_print(void *context, json_t *items)
{
    size_t index;
    json_t *item;

    (void)context;
    json_array_foreach(items, index, item)
    {
        const char *id = json_string_value(json_object_get(item, "device_id"));
        if (id != NULL)
            puts(id);
    }
    return PAWL_OK;
}

static enum pawl_result list_print(json_t *answer)
{
    json_t *items = json_object_get(answer, "items");
    size_t index;
    json_t *item;

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(items, index, item) item_adorn(item);
    pawl_print_table(json_incref(items), columns);
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

/* The terms that stand on the command line, as one text. NULL without memory. */
static char *filter_make(const struct pawl_option_list *operands)
{
    size_t room = 1, at = 0;

    for (size_t i = 0; i < operands->count; i++)
        room += strlen(operands->items[i]) + 1;
    char *text = malloc(room);
    if (text == NULL)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < operands->count; i++)
        at += (size_t)snprintf(text + at, room - at, "%s%s", i > 0 ? " " : "", operands->items[i]);
    return text;
}

/* Judges the filter here, where its text can be shown. A vendor given as an option counts. */
static enum pawl_result filter_check(const char *filter)
{
    struct pawl_query query;
    struct pawl_query_error error;
    char text[PAWL_QUERY_TEXT_MAX + 300] = "";

    if (vendor != NULL && strlen(vendor) < 256 && strchr(vendor, '"') == NULL)
        snprintf(text, sizeof text, "vendor=\"%s\" ", vendor);
    size_t before = strlen(text);
    if (strlen(filter) > PAWL_QUERY_TEXT_MAX - before)
        return pawl_error(PAWL_MALFORMED, "a filter has at most %u bytes", PAWL_QUERY_TEXT_MAX);
    snprintf(text + before, sizeof text - before, "%s", filter);
    if (pawl_query_read(text, (int64_t)time(NULL), &query, &error) == PAWL_OK)
        return PAWL_OK;
    size_t at = error.at > before ? error.at - before : 1;
    pawl_error(PAWL_MALFORMED, "filter, character %zu: %s", at, error.message);
    pawl_hint("it is where the arrow points: %.*s==>%s (see 'pawl devices --help')", (int)(at - 1),
              filter, filter + at - 1);
    return PAWL_MALFORMED;
}

static enum pawl_result devices_list(struct pawl_client *client, const char *filter)
{
    const char *const query[] = {"class",  class_name,
                                 "vendor", pawl_class_is_id(class_name) ? NULL : vendor,
                                 "group",  group,
                                 "state",  state,
                                 "filter", filter[0] != '\0' ? filter : NULL,
                                 NULL};
    const struct pawl_pages pages = {"/v1/devices", query, after, all ? UINT64_MAX : limit};
    json_t *answer = NULL;

    if (ids) {
        enum pawl_result result = pawl_pages_fetch(client, &pages, ids_print, NULL, &answer);
        json_decref(answer);
        return result;
    }
    enum pawl_result result = pawl_pages_gather(client, &pages, &answer);
    return result == PAWL_OK ? list_print(answer) : result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;

    if (class_name != NULL && !pawl_class_is_id(class_name) && vendor == NULL)
        return pawl_usage_error("a class by name needs its --vendor");
    if (ids && pawl_cli.json)
        return pawl_usage_error("--ids prints lines, --json prints JSON: give one of them");
    char *filter = filter_make(operands);
    if (filter == NULL)
        return pawl_exit_code(pawl_error(PAWL_EXHAUSTED, "no memory"));
    enum pawl_result result = filter_check(filter);
    if (result == PAWL_OK)
        result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = devices_list(client, filter);
        pawl_client_close(client);
    }
    free(filter);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_devices = {
    .name = "devices",
    .usage =
        {.command = "pawl devices",
         .operands = "[TERM...]",
         .summary = "find and list devices",
         .details =
             "Devices for which every TERM holds. A TERM is FIELD=VALUE or FIELD!=VALUE; sequence "
             "and seen are\nalso compared with < and >. * stands for any value at all:\n\n"
             "  id=0a1b                     ids that begin with these digits\n"
             "  class=gateway-a vendor=example.com, group=lab, group!=*\n"
             "  label.site=berlin label.line=*\n"
             "  state=quarantined           or active, released, decommissioned\n"
             "  package=62b4, release!=91fe what a device runs, by the first digits of its id\n"
             "  'seen<-30d' 'seen>-1h'      last seen before, or since, so long ago\n"
             "  'seen<2026-01-31', seen=never\n"
             "  failed=power                or crash, deadline, exit, rollback, 67, *\n"
             "  'sequence>100'\n\n"
             "A value with blanks stands in double quotes: 'label.site=\"New York\"'. What has < "
             "or "
             "> is to be\nquoted from the shell. With --ids the list is what 'pawl device' "
             "takes:\n\n"
             "  pawl devices --all --ids label.site=berlin 'seen>-7d' |\n"
             "      pawl device group pilots --devices -",
         .most = -1},
    .options = options,
    .run = run,
    .words = "id= class= vendor= group= label. state= package= release= sequence seen failed=",
};
