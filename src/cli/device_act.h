/* What is done to devices: pawl device group, label, release, retry, decommission (SPEC 16.22). */
#ifndef PAWL_CLI_DEVICE_ACT_H
#define PAWL_CLI_DEVICE_ACT_H

#include <stdbool.h>

#include "cli/cli.h"

/* Words of theirs, for usage and completion. */
#define PAWL_DEVICE_ACT_WORDS "group label release retry decommission"

/* Values of the options that belong to them. */
struct pawl_device_act_options {
    const char *reason, *devices, *report;
    bool none, dry_run;
};

/* Whether the first operand is one of these. */
bool pawl_device_act_is(const char *word);

/* Carries it out, on one device or on those of a list: the exit code. */
int pawl_device_act_run(const struct pawl_option_list *operands,
                        const struct pawl_device_act_options *options);

#endif
