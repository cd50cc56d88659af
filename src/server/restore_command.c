/* The options of `pawld restore`. */
#include <string.h>

#include "host/log.h"
#include "host/options.h"
#include "server/restore.h"

static const struct pawl_usage usage = {
    .command = "pawld restore",
    .operands = "FILE",
    .summary = "Puts a backup in the place of the database; pawld must be stopped.",
    .details = "The backup is checked first: its structure, its audit trail, and that the master\n"
               "key here opens it. What is there is kept under another name. Devices that went on\n"
               "since the backup resynchronise by themselves.",
    .least = 1,
    .most = 1,
};

int pawl_restore_main(int argc, char **argv)
{
    struct pawl_restore restore = {.data = NULL};
    const struct pawl_option options[] = {
        {"data", 'd', "DIR", "the data directory", .text = &restore.data, .required = true},
        {"packages", 0, "DIR", "take missing package files from here", .text = &restore.packages},
        {"check", 0, NULL, "only check the backup", .flag = &restore.check},
        {"hsm-module", 0, "PATH", "the PKCS #11 library of the HSM with the master key",
         .text = &restore.hsm.module},
        {"hsm-pin-file", 0, "FILE", "its PIN", .text = &restore.hsm.pin_file},
        {.name = NULL},
    };
    struct pawl_option_list operands = {NULL, 0};
    pawl_log_set_verb("restore");
    enum pawl_options_outcome outcome =
        pawl_options_parse(&usage, options, argc, argv, NULL, &operands);
    int code = outcome == PAWL_OPTIONS_HELPED ? PAWL_EXIT_DONE : PAWL_EXIT_USAGE;
    if (outcome == PAWL_OPTIONS_PROCEED) {
        restore.file = operands.items[0];
        code = pawl_exit_code(pawl_restore(&restore));
    }
    pawl_option_list_release(&operands);
    return code;
}
