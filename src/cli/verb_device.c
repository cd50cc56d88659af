/* pawl device: one device, shown, explained, or told what to do; many, by a list. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/device_act.h"
#include "cli/device_command.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

static struct pawl_device_act_options act;
static uint64_t expires;

static const struct pawl_option options[] = {
    {"reason", 0, "TEXT", "why, for the audit trail; release and decommission need it",
     .text = &act.reason},
    {"none", 0, NULL, "group: take it out of its group", .flag = &act.none},
    {"devices", 0, "FILE", "do it to these, one id a line; -: standard input",
     .text = &act.devices},
    {"dry-run", 0, NULL, "with --devices: say what would be done and refused, do nothing",
     .flag = &act.dry_run},
    {"report", 0, "FILE", "with --devices: write what was refused, a JSON object a line",
     .text = &act.report},
    {"expires", 0, "SECONDS", "command: give it up after so long (7 days)", .number = &expires,
     .least = 60, .most = 31536000},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static enum pawl_result why_print(json_t *answer)
{
    if (pawl_cli.json)
        return pawl_print(answer);
    const char *text = json_string_value(json_object_get(answer, "text"));
    pawl_print_paragraph(stdout, text != NULL ? text : "", 0);
    json_decref(answer);
    return PAWL_OK;
}

static enum pawl_result history_print(json_t *answer)
{
    static const struct pawl_column columns[] = {
        {"date", "TIME", 18},         {"outcome", "OUTCOME", 13},   {"cause", "CAUSE", 16},
        {"from_sequence", "FROM", 8}, {"package_id", "PACKAGE", 0}, {NULL, NULL, 0}};
    json_t *items = json_object_get(answer, "items");
    size_t index;
    json_t *item;
    char date[20];

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(items, index, item) json_object_set_new(
        item, "date", json_string(pawl_date_text(json_object_get(item, "time"), date)));
    pawl_print_table(json_incref(items), columns);
    json_decref(answer);
    return PAWL_OK;
}

/* What is asked about one device. */
static const struct question {
    const char *name;
    const char *resource; /* behind the device's own */
    enum pawl_result (*print)(json_t *answer);
} questions[] = {
    {"show", "", pawl_print},
    {"why", "/why", why_print},
    {"history", "/history", history_print},
};

static const struct question *question_find(const char *name)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (strcmp(questions[i].name, name) == 0)
            return &questions[i];
    return NULL;
}

static enum pawl_result ask(const struct question *question, const char *device)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    char path[96];

    snprintf(path, sizeof path, "/v1/devices/%s%s", device, question->resource);
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return result;
    result = pawl_client_json(client, "GET", path, NULL, &answer);
    pawl_client_close(client);
    return result == PAWL_OK ? question->print(answer) : result;
}

static int run(const struct pawl_option_list *operands)
{
    const char *word = operands->items[0];
    const struct question *question = question_find(word);
    bool acts = pawl_device_act_is(word);

    if (!acts && (act.reason != NULL || act.none || act.devices != NULL || act.dry_run ||
                  act.report != NULL))
        return pawl_usage_error("--reason, --none, --devices, --dry-run and --report belong to "
                                "group, label, release, retry and decommission");
    if (acts)
        return pawl_device_act_run(operands, &act);
    if (pawl_device_command_is(word))
        return operands->count > 1 ? pawl_device_command_run(operands, expires)
                                   : pawl_usage_error("%s takes a DEVICE_ID", word);
    if (question == NULL)
        return pawl_usage_error("'%s' is none of show, why, history, group, label, release, retry, "
                                "decommission, command, commands and cancel",
                                word);
    if (operands->count != 2)
        return pawl_usage_error("%s takes one DEVICE_ID", word);
    if (!pawl_device_id_check(operands->items[1]))
        return PAWL_EXIT_USAGE;
    return pawl_exit_code(ask(question, operands->items[1]));
}

const struct pawl_verb pawl_verb_device = {
    .name = "device",
    .usage =
        {.command = "pawl device",
         .operands = "ACTION DEVICE_ID [...] | ACTION [...] --devices FILE",
         .summary = "show or explain a device; group, label, release, retire devices",
         .details =
             "  show, why, history ID      what is known of it; in one paragraph why it runs what "
             "it runs\n"
             "                             and what it waits for; its newest attempts\n"
             "  group ID GROUP | --none    put it into a group, or into none\n"
             "  label ID KEY=VALUE         set a label; KEY= takes it away\n"
             "  release ID --reason TEXT   end a quarantine: whatever it reports next becomes its "
             "record\n"
             "  retry ID                   let a package be offered again that failed on it\n"
             "  decommission ID --reason TEXT\n"
             "                             for ever: its secret is destroyed, and it never comes "
             "back\n"
             "  command ID check-in | message TEXT | poll-interval SECONDS | diagnostic PACKAGE\n"
             "                             comes with the answer to its next report; commands ID "
             "lists those\n"
             "                             that wait, cancel ID NUMBER takes one back\n\n"
             "group, label, release, retry and decommission take --devices FILE instead of an ID, "
             "with ids one\na line, of any number: pawl device label site=berlin --devices "
             "list.txt --dry-run",
         .least = 1,
         .most = 4},
    .options = options,
    .run = run,
    .words = "show why history " PAWL_DEVICE_ACT_WORDS " " PAWL_DEVICE_COMMAND_WORDS,
};
