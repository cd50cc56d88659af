/* pawl device: one device, shown or told what to do. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/device_command.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

static const char *reason;
static bool none;
static uint64_t expires;

static const struct pawl_option options[] = {
    {"reason", 0, "TEXT", "release: why, for the audit trail", .text = &reason},
    {"none", 0, NULL, "group: take it out of its group", .flag = &none},
    {"expires", 0, "SECONDS", "command: give it up after so long (7 days)", .number = &expires,
     .least = 60, .most = 31536000},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static enum pawl_result show(struct pawl_client *client, const char *path, const char *group)
{
    json_t *answer = NULL;
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);

    (void)group;
    return result == PAWL_OK ? pawl_print(answer) : result;
}

static enum pawl_result release(struct pawl_client *client, const char *path, const char *group)
{
    (void)group;
    json_t *body = json_pack("{s:s}", "reason", reason);
    if (body == NULL)
        return pawl_error(PAWL_MALFORMED, "the reason is not UTF-8 text");
    return pawl_client_json(client, "POST", path, body, NULL);
}

static enum pawl_result retry(struct pawl_client *client, const char *path, const char *group)
{
    (void)group;
    return pawl_client_json(client, "POST", path, NULL, NULL);
}

static enum pawl_result regroup(struct pawl_client *client, const char *path, const char *group)
{
    json_t *body = json_pack("{s:o}", "group", group != NULL ? json_string(group) : json_null());

    if (body == NULL)
        return pawl_error(PAWL_MALFORMED, "the group's name is not UTF-8 text");
    return pawl_client_json(client, "PUT", path, body, NULL);
}

static const struct action {
    const char *name;
    const char *resource; /* behind the device's own */
    enum pawl_result (*run)(struct pawl_client *client, const char *path, const char *group);
    bool takes_reason, takes_group;
} actions[] = {
    {"show", "", show, false, false},
    {"release", "/release", release, true, false},
    {"retry", "/retry", retry, false, false},
    {"group", "/group", regroup, false, true},
};

static const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static int run(const struct pawl_option_list *operands)
{
    const struct action *action = action_find(operands->items[0]);
    const char *group = operands->count > 2 ? operands->items[2] : NULL;
    struct pawl_client *client = NULL;
    char path[96];

    if (pawl_device_command_is(operands->items[0]))
        return pawl_device_command_run(operands, expires);
    if (action == NULL)
        return pawl_usage_error("'%s' is none of show, release, retry, group, command, commands "
                                "and cancel",
                                operands->items[0]);
    if (!pawl_device_id_check(operands->items[1]))
        return PAWL_EXIT_USAGE;
    if (operands->count > 3)
        return pawl_usage_error("'%s': too many operands", operands->items[3]);
    if (action->takes_reason != (reason != NULL))
        return pawl_usage_error(reason == NULL ? "release needs a --reason"
                                               : "--reason belongs to release");
    if (action->takes_group != ((group != NULL) != none) || (none && !action->takes_group))
        return pawl_usage_error("group, and it alone, takes a GROUP or --none");
    snprintf(path, sizeof path, "/v1/devices/%s%s", operands->items[1], action->resource);
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = action->run(client, path, group);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_device = {
    .name = "device",
    .usage = {.command = "pawl device",
              .operands = "show|release|retry|group|command|commands|cancel DEVICE_ID [...]",
              .summary = "show a device, release it, let it retry, or group it",
              .details = "release ends a quarantine: the device's next report becomes its record. "
                         "retry lets a package\nbe offered again that failed on it.\n"
                         "command DEVICE_ID check-in | message TEXT | poll-interval SECONDS | "
                         "diagnostic PACKAGE\ncomes with the answer to the device's next report; "
                         "commands lists those that wait, and\ncancel DEVICE_ID NUMBER takes one "
                         "back.",
              .least = 2,
              .most = 4},
    .options = options,
    .run = run,
    .words = "show release retry group " PAWL_DEVICE_COMMAND_WORDS,
};
