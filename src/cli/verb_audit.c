/* pawl audit: who changed what, and whether the trail that says so is whole. */
#include <string.h>

#include "cli/audit.h"
#include "cli/verbs.h"

static struct pawl_audit_options given = {.limit = 100};

static const struct pawl_option options[] = {
    {"actor", 0, "NAME", "only what this one did; NAME* is all that begin so",
     .text = &given.actor},
    {"action", 0, "ACTION", "only this; ACTION* is all that begin so", .text = &given.action},
    {"device", 0, "DEVICE_ID", "only about this device", .text = &given.device},
    {"since", 0, "TIME", "only from then on: 2026-01-31, \"2026-01-31 12:00\" in UTC, 90m, 12h, 7d",
     .text = &given.since},
    {"until", 0, "TIME", "only before then", .text = &given.until},
    {"newest", 0, NULL, "the newest first", .flag = &given.newest},
    {"after", 0, "NUMBER", "go on behind this entry", .number = &given.after, .most = INT64_MAX},
    {"limit", 'n', "N", "at most so many (100)", .number = &given.limit, .least = 1, .most = 10000},
    {"out", 'o', "FILE", "export: write it here (standard output)", .text = &given.out},
    {"file", 0, "FILE", "verify: this export rather than the server's trail", .text = &given.file},
    {"checkpoint", 0, "FILE", "verify: hold it to the checkpoints in here, a log or list will do",
     .list = &given.checkpoints},
    {"key", 0, "PEM", "verify: the server's audit.pub.pem, or several", .list = &given.keys},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static int checkpoints_show(const struct pawl_audit_options *audit)
{
    return pawl_audit_checkpoints(audit, false);
}

static int checkpoint_make(const struct pawl_audit_options *audit)
{
    return pawl_audit_checkpoints(audit, true);
}

static const struct {
    const char *name;
    int (*run)(const struct pawl_audit_options *audit);
} actions[] = {
    {"list", pawl_audit_list},       {"export", pawl_audit_export},
    {"verify", pawl_audit_verify},   {"checkpoints", checkpoints_show},
    {"checkpoint", checkpoint_make},
};

static int run(const struct pawl_option_list *operands)
{
    const char *name = operands->count > 0 ? operands->items[0] : "list";
    bool verifies = strcmp(name, "verify") == 0;

    if (!verifies && (given.file != NULL || given.checkpoints.count > 0 || given.keys.count > 0))
        return pawl_usage_error("--file, --checkpoint and --key belong to verify");
    if (given.out != NULL && strcmp(name, "export") != 0)
        return pawl_usage_error("--out belongs to export");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return actions[i].run(&given);
    return pawl_usage_error("'%s' is none of list, export, verify, checkpoints and checkpoint",
                            name);
}

const struct pawl_verb pawl_verb_audit = {
    .name = "audit",
    .usage = {.command = "pawl audit",
              .operands = "[list|export|verify|checkpoints|checkpoint]",
              .summary = "show who changed what, and verify that nothing of it was changed",
              .details = "verify finds an entry that was altered, removed, inserted or moved. With "
                         "checkpoints that left\nthe server (--checkpoint) it also finds a cut end "
                         "and a trail that was written anew.\ncheckpoint has the server sign what "
                         "there is now.",
              .most = 1},
    .options = options,
    .run = run,
    .words = "list export verify checkpoints checkpoint",
};
