/* pawl assign: says which devices are to run a package. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

#define NOT_GIVEN UINT64_MAX

static const char *class_name, *vendor, *group, *device;
static uint64_t removed = NOT_GIVEN;
static bool list;

static const struct pawl_option options[] = {
    {"class", 0, "CLASS", "all devices of a class (name or id)", .text = &class_name},
    {"vendor", 0, "DOMAIN", "whose class it is (the package's vendor)", .text = &vendor,
     .configurable = true},
    {"group", 0, "GROUP", "all devices of a group", .text = &group},
    {"device", 0, "ID", "one device", .text = &device},
    {"list", 0, NULL, "list what is assigned", .flag = &list},
    {"remove", 0, "NUMBER", "take an assignment back", .number = &removed, .most = NOT_GIVEN - 1},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static enum pawl_result target_make(struct pawl_client *client,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], json_t **target)
{
    if (class_name != NULL)
        return pawl_class_target_make(client, class_name, vendor, package_id, target);
    *target =
        group != NULL ? json_pack("{s:s}", "group", group) : json_pack("{s:s}", "device", device);
    if (*target == NULL)
        return pawl_error(PAWL_MALFORMED, "the group's name is not UTF-8 text");
    return PAWL_OK;
}

static enum pawl_result assign(struct pawl_client *client, const char *package)
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    json_t *target = NULL, *answer = NULL;
    enum pawl_result result = pawl_package_id_load(package, package_id);

    if (result == PAWL_OK)
        result = target_make(client, package_id, &target);
    if (result != PAWL_OK)
        return result;
    json_t *body = json_pack("{s:o, s:o}", "package_id",
                             pawl_json_hex(package_id, sizeof package_id), "target", target);
    result = pawl_client_json(client, "PUT", "/v1/assignments", body, &answer);
    if (result != PAWL_OK)
        return result;
    if (json_integer_value(json_object_get(answer, "devices")) == 0)
        pawl_warning("no device is meant yet: is the name right?");
    return pawl_print(answer);
}

static enum pawl_result unassign(struct pawl_client *client)
{
    char path[64];

    snprintf(path, sizeof path, "/v1/assignments/%" PRIu64, removed);
    return pawl_client_json(client, "DELETE", path, NULL, NULL);
}

static const struct pawl_column columns[] = {
    {"id", "NUMBER", 8},           {"whom", "FOR", 42}, {"package", "PACKAGE", 18},
    {"confirmed", "CONFIRMED", 0}, {NULL, NULL, 0},
};

/* Adds what only people want: "group lab", and a short package id. */
static void item_adorn(json_t *item)
{
    const char *kind, *package = json_string_value(json_object_get(item, "package_id"));
    json_t *name;

    json_object_foreach(json_object_get(item, "target"), kind, name)
    {
        const char *text = json_string_value(name);
        json_object_set_new(item, "whom", json_sprintf("%s %s", kind, text != NULL ? text : "-"));
    }
    if (package != NULL)
        json_object_set_new(item, "package", json_sprintf("%.16s", package));
}

static enum pawl_result assignments_print(struct pawl_client *client)
{
    json_t *answer = NULL;
    enum pawl_result result =
        pawl_client_json(client, "GET", "/v1/assignments?limit=10000", NULL, &answer);
    size_t index;
    json_t *item;

    if (result != PAWL_OK || pawl_cli.json)
        return result == PAWL_OK ? pawl_print(answer) : result;
    json_array_foreach(json_object_get(answer, "items"), index, item) item_adorn(item);
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    json_decref(answer);
    return PAWL_OK;
}

static int run(const struct pawl_option_list *operands)
{
    int targets = (class_name != NULL) + (group != NULL) + (device != NULL);
    int ways = list + (removed != NOT_GIVEN) + (operands->count > 0);
    struct pawl_client *client = NULL;

    if (ways != 1)
        return pawl_usage_error("give a PACKAGE, --list or --remove");
    if (operands->count > 0 && targets != 1)
        return pawl_usage_error("give one of --class, --group and --device");
    if (operands->count == 0 && targets > 0)
        return pawl_usage_error("PACKAGE is missing");
    if (device != NULL && !pawl_device_id_check(device))
        return PAWL_EXIT_USAGE;
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (list)
        result = assignments_print(client);
    else if (removed != NOT_GIVEN)
        result = unassign(client);
    else
        result = assign(client, operands->items[0]);
    pawl_client_close(client);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_assign = {
    .name = "assign",
    .usage = {.command = "pawl assign",
              .operands = "[PACKAGE]",
              .summary = "say which devices are to run a package",
              .details = "PACKAGE is a package file or its id. A device's own assignment goes "
                         "before its group's, that\nbefore its class's; the latest wins in its "
                         "kind.",
              .most = 1},
    .options = options,
    .run = run,
};
