/* pawl packages: lists what is published. */
#include "cli/client.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

static const char *class_name, *vendor, *name, *state, *after;
static uint64_t limit = 100;

static const struct pawl_option options[] = {
    {"class", 0, "CLASS", "only of this class (name or id)", .text = &class_name},
    {"vendor", 0, "DOMAIN", "whose class it is, for a class by name", .text = &vendor,
     .configurable = true},
    {"name", 0, "NAME", "only of releases of this name", .text = &name},
    {"state", 0, "STATE", "only ready or needs-key ones", .text = &state},
    {"limit", 'n', "N", "at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"after", 0, "CURSOR", "go on behind an earlier list", .text = &after},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static const struct pawl_column columns[] = {
    {"package_id", "PACKAGE", 66},  {"name", "NAME", 20},  {"version", "VERSION", 12},
    {"signed_by", "SIGNED BY", 18}, {"state", "STATE", 0}, {NULL, NULL, 0},
};

static enum pawl_result list_print(json_t *answer)
{
    if (pawl_cli.json)
        return pawl_print(answer);
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

static enum pawl_result packages_list(struct pawl_client *client)
{
    const char *whose = class_name != NULL && !pawl_class_is_id(class_name) ? vendor : NULL;
    const char *const query[] = {"class", class_name, "vendor", whose, "name",
                                 name,    "state",    state,    NULL};
    const struct pawl_pages pages = {"/v1/packages", query, after, limit};
    json_t *answer = NULL;
    enum pawl_result result = pawl_pages_gather(client, &pages, &answer);

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
        result = packages_list(client);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_packages = {
    .name = "packages",
    .usage = {.command = "pawl packages",
              .operands = "",
              .summary = "list what is published",
              .details = NULL},
    .options = options,
    .run = run,
};
