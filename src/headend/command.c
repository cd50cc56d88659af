#include "headend/command.h"

#include <string.h>

static const char *const names[PAWL_COMMAND_KIND_END] = {
    [PAWL_COMMAND_CHECK_IN] = "check-in",
    [PAWL_COMMAND_MESSAGE] = "message",
    [PAWL_COMMAND_POLL_INTERVAL] = "poll-interval",
    [PAWL_COMMAND_DIAGNOSTIC] = "diagnostic",
};

const char *pawl_command_kind_name(enum pawl_command_kind kind)
{
    bool known = kind >= PAWL_COMMAND_CHECK_IN && kind < PAWL_COMMAND_KIND_END;
    return known ? names[kind] : "unknown";
}

bool pawl_command_kind_find(const char *name, enum pawl_command_kind *kind)
{
    for (unsigned i = PAWL_COMMAND_CHECK_IN; i < PAWL_COMMAND_KIND_END; i++) {
        if (strcmp(names[i], name) == 0) {
            *kind = (enum pawl_command_kind)i;
            return true;
        }
    }
    return false;
}

static bool is_at_work(enum pawl_state state)
{
    return state == PAWL_STATE_WRITING || state == PAWL_STATE_CANDIDATE ||
           state == PAWL_STATE_STAGED || state == PAWL_STATE_TRIAL;
}

enum pawl_command_turn pawl_command_decide(const struct pawl_command *command,
                                           const struct pawl_report *report, int64_t challenged,
                                           bool offers)
{
    /* The report is what was asked for, if it is news. */
    if (command->kind == PAWL_COMMAND_CHECK_IN)
        return challenged >= command->created ? PAWL_COMMAND_TAKEN : PAWL_COMMAND_AGAIN;
    /* One that does not know commands would commit what is meant to run once. */
    if (!report->has_command)
        return PAWL_COMMAND_WAITS;
    if (report->command == command->number)
        return PAWL_COMMAND_TAKEN;
    if (command->kind == PAWL_COMMAND_DIAGNOSTIC)
        return offers ? PAWL_COMMAND_WAITS : PAWL_COMMAND_OFFERED;
    return offers && is_at_work(report->state) ? PAWL_COMMAND_WAITS : PAWL_COMMAND_SENT;
}
