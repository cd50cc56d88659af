/* pawl quarantine: devices that are held, with the evidence. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/why.h"

static const char *after;
static uint64_t limit = 100;

static const struct pawl_option options[] = {
    {"limit", 'n', "N", "at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"after", 0, "CURSOR", "go on behind an earlier list", .text = &after},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static void side_print(const char *name, json_t *side)
{
    const char *instance = json_string_value(json_object_get(side, "instance"));
    const char *package = json_string_value(json_object_get(side, "package_id"));

    printf("  %-10ssequence %-8" JSON_INTEGER_FORMAT " instance %-18.16s package %.64s\n", name,
           json_integer_value(json_object_get(side, "sequence")),
           instance != NULL ? instance : "none", package != NULL ? package : "none");
}

/* What a reason is in words. */
static const char *reason_words(const char *reason)
{
    for (int i = 0; i < PAWL_FINDING_COUNT; i++)
        if (strcmp(pawl_finding_name((enum pawl_finding)i), reason) == 0)
            return pawl_finding_words((enum pawl_finding)i);
    return "of a cause that this program does not know";
}

static void device_print(json_t *item)
{
    json_t *evidence = json_object_get(item, "evidence");
    const char *id = json_string_value(json_object_get(item, "device_id"));
    const char *reason = json_string_value(json_object_get(item, "reason"));
    const char *group = json_string_value(json_object_get(item, "group"));
    const char *source = json_string_value(json_object_get(evidence, "source"));
    char date[20];

    printf("%.32s  %s  ", id != NULL ? id : "-",
           pawl_date_text(json_object_get(evidence, "time"), date));
    pawl_print_text(reason != NULL ? reason : "-");
    if (group != NULL) {
        fputs(", group ", stdout);
        pawl_print_text(group);
    }
    if (source != NULL) {
        fputs(", from ", stdout);
        pawl_print_text(source);
    }
    printf("\n  because %s\n", reason_words(reason != NULL ? reason : ""));
    if (json_is_object(evidence)) {
        side_print("recorded", json_object_get(evidence, "recorded"));
        side_print("reported", json_object_get(evidence, "reported"));
    }
}

static enum pawl_result list_print(json_t *answer)
{
    size_t index;
    json_t *item;

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(json_object_get(answer, "items"), index, item) device_print(item);
    if (json_array_size(json_object_get(answer, "items")) == 0)
        puts("no device is in quarantine");
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

static int run(const struct pawl_option_list *operands)
{
    const char *const query[] = {NULL};
    const struct pawl_pages pages = {"/v1/quarantine", query, after, limit};
    struct pawl_client *client = NULL;
    json_t *answer = NULL;

    if (strcmp(pawl_cli_action(operands), "list") != 0)
        return pawl_usage_error("'%s' is not list; 'pawl device release' ends a quarantine",
                                operands->items[0]);
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = pawl_pages_gather(client, &pages, &answer);
    pawl_client_close(client);
    return pawl_exit_code(result == PAWL_OK ? list_print(answer) : result);
}

const struct pawl_verb pawl_verb_quarantine = {
    .name = "quarantine",
    .usage =
        {.command = "pawl quarantine",
         .operands = "[list]",
         .summary = "list devices in quarantine, with the evidence",
         .details =
             "A device is quarantined when what it reports says that its memory was copied, "
             "restored or altered.\nIt is told to hold, and gets nothing, until someone who "
             "looked at it says\n\n"
             "  pawl device release DEVICE_ID --reason 'visited: the board was exchanged'\n\n"
             "Its next report then becomes its record, whatever it says. Where two devices share "
             "an identity,\nthe one that reports first is taken, and the other is quarantined "
             "anew: take that one away\nbefore, or decommission the identity.",
         .least = 0,
         .most = 2},
    .options = options,
    .run = run,
    .words = "list",
};
