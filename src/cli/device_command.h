/* pawl device command, commands and cancel: commands for devices (SPEC 19.2). */
#ifndef PAWL_CLI_DEVICE_COMMAND_H
#define PAWL_CLI_DEVICE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"

/* Words of theirs, for usage and completion. */
#define PAWL_DEVICE_COMMAND_WORDS "command commands cancel"

/* Whether the first operand is one of these. */
bool pawl_device_command_is(const char *word);

/* Carries it out: the exit code. `expires`: seconds after which a command is given up, 0 for the
 * server's default. */
int pawl_device_command_run(const struct pawl_option_list *operands, uint64_t expires);

#endif
