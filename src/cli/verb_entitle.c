/* pawl entitle: a table of entitlements, offline or by the control server. */
#include <string.h>

#include "cli/entitle.h"
#include "cli/verbs.h"

#define NOT_GIVEN UINT64_MAX
#define SEQUENCES_MOST 65536u /* what a server would still accept as a jump (SPEC 11) */

static struct pawl_entitle_request request;
static struct pawl_option_list puds;
static const char *sequences;
static uint64_t sequence = NOT_GIVEN;

static const struct pawl_option options[] = {
    {"out", 'o', "FILE", "the table", .text = &request.out, .required = true},
    {"content-key", 0, "FILE", "offline: the package's content key", .text = &request.content_key},
    {"sequence", 's', "S", "offline: the devices' sequence number", .number = &sequence,
     .most = NOT_GIVEN - 1},
    {"sequences", 0, "FROM..TO", "offline: a row for each of these numbers", .text = &sequences},
    {"pud", 0, "FILE", "offline: the devices' unit data", .list = &puds},
    {"units", 0, "FILE", "offline: a plain units.import file", .text = &request.units},
    {"class", 0, "CLASS", "server: all devices of a class (name or id)",
     .text = &request.class_name},
    {"group", 0, "GROUP", "server: all devices of a group", .text = &request.group},
    {"devices", 0, "FILE", "server: a file of device ids, one a line", .text = &request.devices},
    {"vendor", 0, "DOMAIN", "server: whose class it is (the package's vendor)",
     .text = &request.vendor, .configurable = true},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_THREADS,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

/* "3..17" */
static bool range_read(const char *text, uint64_t *first, uint64_t *last)
{
    const char *dots = strstr(text, "..");
    char from[24];

    if (dots == NULL || dots == text || (size_t)(dots - text) >= sizeof from)
        return false;
    memcpy(from, text, (size_t)(dots - text));
    from[dots - text] = '\0';
    return pawl_number_parse(from, first) == PAWL_OK &&
           pawl_number_parse(dots + 2, last) == PAWL_OK && *first <= *last &&
           *last - *first < SEQUENCES_MOST;
}

static int offline(void)
{
    if (request.content_key == NULL)
        return pawl_usage_error("--content-key is missing");
    if (puds.count == 0 && request.units == NULL)
        return pawl_usage_error("no device is named: give --pud or --units");
    if ((sequence != NOT_GIVEN) == (sequences != NULL))
        return pawl_usage_error("give --sequence or --sequences");
    request.first = request.last = sequence;
    if (sequences != NULL && !range_read(sequences, &request.first, &request.last))
        return pawl_usage_error("--sequences is FROM..TO, at most %u numbers", SEQUENCES_MOST);
    request.puds = &puds;
    return pawl_entitle_offline(&request);
}

static int run(const struct pawl_option_list *operands)
{
    int targets =
        (request.class_name != NULL) + (request.group != NULL) + (request.devices != NULL);
    bool local = request.content_key != NULL || sequence != NOT_GIVEN || sequences != NULL ||
                 puds.count > 0 || request.units != NULL;

    request.package = operands->items[0];
    if (targets == 0)
        return offline();
    if (local)
        return pawl_usage_error("--class, --group and --devices ask the server, which knows the "
                                "content key, the units and their sequence numbers");
    if (targets > 1)
        return pawl_usage_error("give one of --class, --group and --devices");
    return pawl_entitle_online(&request);
}

const struct pawl_verb pawl_verb_entitle = {
    .name = "entitle",
    .usage = {.command = "pawl entitle",
              .operands = "PACKAGE",
              .summary = "write a table that entitles devices to a package",
              .details =
                  "Offline, PACKAGE is a file and the devices are given by --pud or --units with "
                  "--sequence.\nWith --class, --group or --devices the control server entitles its "
                  "devices, each at the\nsequence number that it holds; PACKAGE is then an id or a "
                  "file.",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
