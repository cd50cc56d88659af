/* pawl audit list, checkpoints, checkpoint. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/audit.h"
#include "cli/cli.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/when.h"

void pawl_audit_time_format(int64_t time, char text[32])
{
    time_t moment = (time_t)time;
    struct tm parts;

    text[0] = '\0';
    if (gmtime_r(&moment, &parts) != NULL)
        strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts);
}

/* What a column shows of a row that is being read. */
static const char *member(json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));

    return text != NULL ? text : "-";
}

/* Widths that fit what is there: a column as wide as the table's widest is. */
static int width_of(json_t *items, const char *name, int least, int most)
{
    size_t index;
    json_t *entry;

    json_array_foreach(items, index, entry)
    {
        int width = (int)strnlen(member(entry, name), (size_t)most);
        least = width > least ? width : least;
    }
    return least;
}

static void cell_print(const char *text, int width)
{
    int blanks = width - (int)strlen(text);

    pawl_print_text(text);
    printf("%*s", blanks > 0 ? blanks + 2 : 2, "");
}

static void entry_print(json_t *entry, int actor_width, int action_width)
{
    json_t *detail = json_object_get(entry, "detail");
    char date[32];

    pawl_audit_time_format(json_integer_value(json_object_get(entry, "time")), date);
    printf("%8" JSON_INTEGER_FORMAT "  %-19s  ", json_integer_value(json_object_get(entry, "id")),
           date);
    cell_print(member(entry, "actor"), actor_width);
    cell_print(member(entry, "action"), action_width);
    printf("%-32.32s", member(entry, "device_id"));
    if (json_is_object(detail) && json_object_size(detail) > 0) {
        char *text = json_dumps(detail, JSON_COMPACT);
        fputs("  ", stdout);
        pawl_print_text(text != NULL ? text : "");
        free(text);
    }
    putchar('\n');
}

static enum pawl_result list_print(json_t *answer)
{
    json_t *items = json_object_get(answer, "items");
    size_t index;
    json_t *entry;

    if (pawl_cli.json)
        return pawl_print(answer);
    int actor_width = width_of(items, "actor", 5, 24);
    int action_width = width_of(items, "action", 6, 32);
    if (json_array_size(items) > 0)
        printf("%8s  %-19s  %-*s  %-*s  %-32s  %s\n", "ENTRY", "TIME (UTC)", actor_width, "ACTOR",
               action_width, "ACTION", "DEVICE", "DETAIL");
    json_array_foreach(items, index, entry) entry_print(entry, actor_width, action_width);
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

/* Reads a time into text for the query; false when it is none. */
static bool when_read(const char *option, const char *text, char number[24])
{
    int64_t moment;

    if (text == NULL)
        return true;
    if (pawl_when_parse(text, (int64_t)time(NULL), &moment) != PAWL_OK) {
        pawl_usage_error("%s %s: not a time", option, text);
        return false;
    }
    snprintf(number, 24, "%" PRId64, moment);
    return true;
}

/* Sends a request and prints its list. */
static int list_show(const char *path, const char *const *query)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    enum pawl_result result = pawl_client_open(&client);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    char *target = pawl_client_path(client, path, query);
    result = target == NULL ? pawl_error(PAWL_EXHAUSTED, "no memory")
                            : pawl_client_json(client, "GET", target, NULL, &answer);
    free(target);
    pawl_client_close(client);
    return pawl_exit_code(result == PAWL_OK ? list_print(answer) : result);
}

int pawl_audit_list(const struct pawl_audit_options *options)
{
    char after[24], limit[24], since[24], until[24];

    if (!when_read("--since", options->since, since) ||
        !when_read("--until", options->until, until))
        return PAWL_EXIT_USAGE;
    if (options->device != NULL && !pawl_device_id_check(options->device))
        return PAWL_EXIT_USAGE;
    snprintf(after, sizeof after, "%" PRIu64, options->after);
    snprintf(limit, sizeof limit, "%" PRIu64, options->limit);
    const char *const query[] = {"limit",  limit,
                                 "after",  after,
                                 "actor",  options->actor,
                                 "action", options->action,
                                 "device", options->device,
                                 "since",  options->since != NULL ? since : NULL,
                                 "until",  options->until != NULL ? until : NULL,
                                 "order",  options->newest ? "newest" : NULL,
                                 NULL};
    return list_show("/v1/audit", query);
}

static void checkpoint_print(json_t *checkpoint)
{
    char date[32];

    pawl_audit_time_format(json_integer_value(json_object_get(checkpoint, "time")), date);
    printf("%8" JSON_INTEGER_FORMAT "  %-19s  %s\n",
           json_integer_value(json_object_get(checkpoint, "entry")), date,
           member(checkpoint, "checkpoint"));
}

int pawl_audit_checkpoints(const struct pawl_audit_options *options, bool make)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    char path[96];
    enum pawl_result result = pawl_client_open(&client);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    snprintf(path, sizeof path, "/v1/audit/checkpoints?after=%" PRIu64 "&limit=%" PRIu64,
             options->after, options->limit);
    result = make ? pawl_client_json(client, "POST", "/v1/audit/checkpoints", NULL, &answer)
                  : pawl_client_json(client, "GET", path, NULL, &answer);
    pawl_client_close(client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (pawl_cli.json)
        return pawl_exit_code(pawl_print(answer));
    json_t *items = json_object_get(answer, "items"), *checkpoint;
    size_t index;
    if (make)
        checkpoint_print(answer);
    json_array_foreach(items, index, checkpoint) checkpoint_print(checkpoint);
    json_decref(answer);
    return PAWL_EXIT_DONE;
}
