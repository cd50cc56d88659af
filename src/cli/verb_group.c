/* pawl group: groups of devices, listed, renamed, deleted. */
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/verbs.h"

static const char *after;
static uint64_t limit = 100;

static const struct pawl_option options[] = {
    {"limit", 'n', "N", "list: at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"after", 0, "CURSOR", "list: go on behind an earlier list", .text = &after},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static enum pawl_result list_print(json_t *answer)
{
    static const struct pawl_column columns[] = {{"devices", "DEVICES", 12},
                                                 {"assignments", "ASSIGNMENTS", 13},
                                                 {"campaigns", "CAMPAIGNS", 11},
                                                 {"name", "GROUP", 0},
                                                 {NULL, NULL, 0}};

    if (pawl_cli.json)
        return pawl_print(answer);
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

static enum pawl_result list(struct pawl_client *client)
{
    const char *const query[] = {NULL};
    const struct pawl_pages pages = {"/v1/groups", query, after, limit};
    json_t *answer = NULL;
    enum pawl_result result = pawl_pages_gather(client, &pages, &answer);

    return result == PAWL_OK ? list_print(answer) : result;
}

/* Renames a group, or deletes it where there is no new name. */
static enum pawl_result edit(struct pawl_client *client, const char *name, const char *new_name)
{
    json_t *body = new_name != NULL ? json_pack("{s:s}", "name", new_name) : NULL;

    if (new_name != NULL && body == NULL)
        return pawl_error(PAWL_MALFORMED, "the group's name is not UTF-8 text");
    char *path = pawl_client_path(client, "/v1/groups", (const char *const[]){"group", name, NULL});
    if (path == NULL) {
        json_decref(body);
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    enum pawl_result result =
        pawl_client_json(client, new_name != NULL ? "PUT" : "DELETE", path, body, NULL);
    free(path);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    static const struct {
        const char *name;
        size_t operands;
    } actions[] = {{"list", 1}, {"rename", 3}, {"delete", 2}};
    struct pawl_client *client = NULL;
    const char *action = pawl_cli_action(operands);
    size_t i = 0;

    while (i < 3 && strcmp(actions[i].name, action) != 0)
        i++;
    if (i == 3)
        return pawl_usage_error("'%s' is none of list, rename and delete", action);
    if (operands->count != actions[i].operands && operands->count > 0)
        return pawl_usage_error("list takes nothing, rename GROUP NEW_NAME, delete GROUP");
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = i == 0 ? list(client)
                    : edit(client, operands->items[1], i == 1 ? operands->items[2] : NULL);
    pawl_client_close(client);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_group = {
    .name = "group",
    .usage = {.command = "pawl group",
              .operands = "[list] | rename GROUP NEW_NAME | delete GROUP",
              .summary = "list groups of devices, rename one, delete one that is empty",
              .details = "A group comes into being with its first device: 'pawl device group'. "
                         "Assignments and campaigns\nfor a group go with it when it is renamed.",
              .least = 0,
              .most = 3},
    .options = options,
    .run = run,
    .words = "list rename delete",
};
