/* pawl audit: who changed what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/client.h"
#include "cli/print.h"
#include "cli/verbs.h"

static uint64_t after, limit = 100;

static const struct pawl_option options[] = {
    {"after", 0, "NUMBER", "only entries behind this one", .number = &after, .most = INT64_MAX},
    {"limit", 'n', "N", "at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

/* "17 2026-01-31 12:00:05 1000/anna assigned DEVICE {...}" */
static void entry_print(json_t *entry)
{
    time_t moment = (time_t)json_integer_value(json_object_get(entry, "time"));
    const char *actor = json_string_value(json_object_get(entry, "actor"));
    const char *action = json_string_value(json_object_get(entry, "action"));
    const char *device = json_string_value(json_object_get(entry, "device_id"));
    json_t *detail = json_object_get(entry, "detail");
    struct tm parts;
    char date[32] = "";

    if (gmtime_r(&moment, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
    printf("%" JSON_INTEGER_FORMAT " %s ", json_integer_value(json_object_get(entry, "id")), date);
    pawl_print_text(actor != NULL ? actor : "-");
    putchar(' ');
    pawl_print_text(action != NULL ? action : "-");
    if (device != NULL)
        printf(" %.32s", device);
    if (json_is_object(detail) && json_object_size(detail) > 0) {
        char *text = json_dumps(detail, JSON_COMPACT);
        putchar(' ');
        pawl_print_text(text != NULL ? text : "");
        free(text);
    }
    putchar('\n');
}

static enum pawl_result list_print(json_t *answer)
{
    json_t *next = json_object_get(answer, "next");
    size_t index;
    json_t *entry;

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(json_object_get(answer, "items"), index, entry) entry_print(entry);
    if (json_is_integer(next))
        printf("more: --after %" JSON_INTEGER_FORMAT "\n", json_integer_value(next));
    json_decref(answer);
    return PAWL_OK;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    char path[96];
    enum pawl_result result = pawl_client_open(&client);

    (void)operands;
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    snprintf(path, sizeof path, "/v1/audit?after=%" PRIu64 "&limit=%" PRIu64, after, limit);
    result = pawl_client_json(client, "GET", path, NULL, &answer);
    pawl_client_close(client);
    return pawl_exit_code(result == PAWL_OK ? list_print(answer) : result);
}

const struct pawl_verb pawl_verb_audit = {
    .name = "audit",
    .usage = {.command = "pawl audit",
              .operands = "",
              .summary = "show who changed what, and what the server noticed"},
    .options = options,
    .run = run,
};
