/* pawl campaign: brings a package to many devices in stages. */
#include <stdio.h>
#include <string.h>

#include "cli/campaign.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/verbs.h"

#define ACTION_WORDS \
    "create, list, status, watch, approve, start, pause, resume, abort, retry, next and delete"

static struct pawl_campaign_request request;
static const char *reason;
static uint64_t interval = 1;

static const struct pawl_option options[] = {
    {"name", 0, "NAME", "create: what people call it", .text = &request.name},
    {"class", 0, "CLASS", "create: for all devices of a class (name or id)",
     .text = &request.class_name},
    {"vendor", 0, "DOMAIN", "create: whose class it is (the package's vendor)",
     .text = &request.vendor, .configurable = true},
    {"group", 0, "GROUP", "create: for all devices of a group", .text = &request.group},
    {"devices", 0, "FILE", "create: for the devices of a list, an id a line; - is standard input",
     .text = &request.devices},
    {"skip-unknown", 0, NULL, "create: pass over devices of the list that the server has not",
     .flag = &request.skip_unknown},
    {"percent", 0, "P", "create: for so many percent of them", .text = &request.percent},
    {"stage", 0, "SHARE[:...]", "create: a stage, see below (one of 100 percent)",
     .list = &request.stages},
    {"success", 0, "P", "create: percent that must run it before the next stage (100)",
     .text = &request.success},
    {"error", 0, "P", "create: stop above so many percent of failures (10)",
     .text = &request.error},
    {"minimum", 0, "N", "create: devices before a percentage counts (0)",
     .number = &request.minimum},
    {"deadline", 0, "TIME", "create: after which silence is failure (none)",
     .text = &request.deadline},
    {"soak", 0, "TIME", "create: wait between a stage's success and the next (0)",
     .text = &request.soak},
    {"pause", 0, NULL, "create: pause after each stage", .flag = &request.pause},
    {"window", 0, "FROM-UNTIL[ZONE]", "create: hours of the day, 22:00-05:00+01:00",
     .text = &request.window},
    {"rate", 0, "N", "create: at most so many devices begin in a minute", .number = &request.rate},
    {"approval", 0, NULL, "create: another person must approve it", .flag = &request.approval},
    {"start", 0, NULL, "create: and start it", .flag = &request.start},
    {"reason", 0, "TEXT", "orders: why, for the audit trail", .text = &reason},
    {"interval", 0, "SECONDS", "watch: between two looks (1)", .number = &interval, .least = 1,
     .most = 3600},
    {"force", 0, NULL, "delete: though it keeps devices at its package", .flag = &pawl_cli.force},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

static int campaign_show(json_t *campaign)
{
    if (pawl_cli.json)
        return pawl_exit_code(pawl_print(campaign));
    pawl_campaign_print(stdout, campaign, false);
    json_decref(campaign);
    return PAWL_EXIT_DONE;
}

static int create(struct pawl_client *client, const char *action, const char *package)
{
    (void)action;
    request.package = package;
    return pawl_exit_code(pawl_campaign_create(client, &request));
}

static int order(struct pawl_client *client, const char *action, const char *number)
{
    char path[96];
    json_t *answer = NULL, *body = NULL;
    if (reason != NULL && (body = json_pack("{s:s}", "reason", reason)) == NULL)
        return pawl_exit_code(pawl_error(PAWL_MALFORMED, "the reason is not UTF-8 text"));
    snprintf(path, sizeof path, "/v1/campaigns/%s/%s", number, action);
    enum pawl_result result = pawl_client_json(client, "POST", path, body, &answer);
    return result == PAWL_OK ? campaign_show(answer) : pawl_exit_code(result);
}

static int status(struct pawl_client *client, const char *action, const char *number)
{
    char path[64];
    json_t *answer = NULL;
    (void)action;
    snprintf(path, sizeof path, "/v1/campaigns/%s", number);
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);
    return result == PAWL_OK ? campaign_show(answer) : pawl_exit_code(result);
}

static int watch(struct pawl_client *client, const char *action, const char *number)
{
    (void)action;
    return pawl_campaign_watch(client, number, interval);
}

static int delete_(struct pawl_client *client, const char *action, const char *number)
{
    char path[64];
    (void)action;
    snprintf(path, sizeof path, "/v1/campaigns/%s%s", number, pawl_cli.force ? "?force=true" : "");
    return pawl_exit_code(pawl_client_json(client, "DELETE", path, NULL, NULL));
}

static const struct pawl_column columns[] = {
    {"id", "NUMBER", 8},      {"name", "NAME", 24},
    {"state", "STATE", 22},   {"finished", "FINISHED", 10},
    {"failed", "FAILED", 10}, {"total", "OF", 0},
    {NULL, NULL, 0},
};

static int list(struct pawl_client *client, const char *action, const char *operand)
{
    const char *const query[] = {NULL};
    const struct pawl_pages pages = {"/v1/campaigns", query, NULL, UINT64_MAX};
    json_t *answer = NULL;
    (void)action;
    (void)operand;
    enum pawl_result result = pawl_pages_gather(client, &pages, &answer);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (pawl_cli.json)
        return pawl_exit_code(pawl_print(answer));
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    json_decref(answer);
    return PAWL_EXIT_DONE;
}

static const struct action {
    const char *name;
    int (*run)(struct pawl_client *client, const char *action, const char *operand);
    bool takes_plan, takes_reason, takes_operand;
} actions[] = {
    {"create", create, true, false, true},  {"list", list, false, false, false},
    {"status", status, false, false, true}, {"watch", watch, false, false, true},
    {"approve", order, false, true, true},  {"start", order, false, true, true},
    {"pause", order, false, true, true},    {"resume", order, false, true, true},
    {"abort", order, false, true, true},    {"retry", order, false, true, true},
    {"next", order, false, true, true},     {"delete", delete_, false, false, true},
};

static const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* Whether any option of a plan was given. */
static bool has_plan(void)
{
    return request.name != NULL || request.class_name != NULL || request.group != NULL ||
           request.devices != NULL || request.percent != NULL || request.stages.count > 0 ||
           request.success != NULL || request.error != NULL || request.minimum > 0 ||
           request.deadline != NULL || request.soak != NULL || request.window != NULL ||
           request.rate > 0 || request.pause || request.approval || request.start ||
           request.skip_unknown;
}

/* True when the command line makes sense; else a usage error was printed. */
static bool usage_check(const struct action *action, const struct pawl_option_list *operands)
{
    int targets =
        (request.class_name != NULL) + (request.group != NULL) + (request.devices != NULL);
    uint64_t number;
    const char *wrong = NULL;
    if ((operands->count == 2) != action->takes_operand)
        wrong = action->takes_plan      ? "create takes a PACKAGE"
                : action->takes_operand ? "which campaign? give its NUMBER"
                                        : "list takes no operand";
    else if (!action->takes_plan && has_plan())
        wrong = "what makes a plan belongs to create";
    else if (action->takes_plan && request.name == NULL)
        wrong = "--name is missing";
    else if (action->takes_plan && targets != 1)
        wrong = "give one of --class, --group and --devices";
    else if (request.skip_unknown && request.devices == NULL)
        wrong = "--skip-unknown belongs to --devices";
    else if (request.approval && request.start)
        wrong = "what must be approved cannot be started at once";
    else if (reason != NULL && !action->takes_reason)
        wrong = "--reason belongs to an order";
    else if (action->takes_operand && !action->takes_plan &&
             pawl_number_parse(operands->items[1], &number) != PAWL_OK)
        wrong = "a campaign has a number";
    if (wrong != NULL)
        pawl_usage_error("%s", wrong);
    return wrong == NULL;
}

static int run(const struct pawl_option_list *operands)
{
    const struct action *action = action_find(pawl_cli_action(operands));
    struct pawl_client *client = NULL;
    if (action == NULL)
        return pawl_usage_error("'%s' is none of " ACTION_WORDS, operands->items[0]);
    if (!usage_check(action, operands))
        return PAWL_EXIT_USAGE;
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    int code = action->run(client, action->name, operands->count > 1 ? operands->items[1] : NULL);
    pawl_client_close(client);
    return code;
}

const struct pawl_verb pawl_verb_campaign = {
    .name = "campaign",
    .usage = {.command = "pawl campaign",
              .operands = "[list] | create PACKAGE | ACTION NUMBER",
              .summary = "bring a package to many devices, in stages",
              .details =
                  "create makes a campaign; start, approve, pause, resume, abort, retry (what "
                  "failed, once more)\nand next (stage) move it; list, status and watch show it; "
                  "delete removes it.\nA stage is SHARE[:success=P][:error=P][:minimum=N]"
                  "[:deadline=TIME][:soak=TIME][:then=pause],\nfor example --stage "
                  "1:soak=1d 9 90:error=5. Shares are percent and 100 together. TIME is 90s,\n15m, "
                  "2h or 1d.",
              .least = 0,
              .most = 2},
    .options = options,
    .run = run,
    .words = "create list status watch approve start pause resume abort retry next delete",
};
