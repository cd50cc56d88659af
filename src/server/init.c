#include "server/init.h"

#include "host/log.h"
#include "host/options.h"
#include "server/master_place.h"
#include "server/server.h"

/* What both commands take. */
static const char *data, *hsm;
static struct pawl_hsm_access hsm_access;

static const struct pawl_option options[] = {
    {"data", 'd', "DIR", "the data directory", .text = &data, .required = true},
    {"hsm", 0, "URI", "make the master key in an HSM, as \"pkcs11:token=pawl;object=master\"",
     .text = &hsm},
    {"hsm-existing", 0, NULL, "the key is in the HSM already, made in a ceremony",
     .flag = &hsm_access.existing},
    {"hsm-module", 0, "PATH", "the PKCS #11 library (default: those of the system)",
     .text = &hsm_access.module},
    {"hsm-pin-file", 0, "FILE", "a file with the HSM's PIN ($CREDENTIALS_DIRECTORY/pawld.pin)",
     .text = &hsm_access.pin_file},
    {.name = NULL},
};

static const struct pawl_usage init_usage = {
    .command = "pawld init",
    .operands = "",
    .summary = "Makes the keys and the database of a new data directory; overwrites nothing.",
    .details =
        "With --hsm master key and server key are made in the HSM and stay there; without it\n"
        "they are files, which is for development.",
    .most = 0,
};

static const struct pawl_usage new_master_usage = {
    .command = "pawld new-master",
    .operands = "",
    .summary = "Makes a new master key for `pawl key rotate master`, in a file or an HSM.",
    .details = "It may be called while pawld serves; nothing changes until the rotation.",
    .most = 0,
};

/* False: `*code` is the exit code. */
static bool command_parse(const struct pawl_usage *usage, const char *verb, int argc, char **argv,
                          int *code)
{
    struct pawl_option_list operands = {NULL, 0};
    pawl_log_set_verb(verb);
    enum pawl_options_outcome outcome =
        pawl_options_parse(usage, options, argc, argv, NULL, &operands);
    pawl_option_list_release(&operands);
    *code = outcome == PAWL_OPTIONS_HELPED ? PAWL_EXIT_DONE : PAWL_EXIT_USAGE;
    if (outcome != PAWL_OPTIONS_PROCEED)
        return false;
    if (hsm == NULL &&
        (hsm_access.module != NULL || hsm_access.pin_file != NULL || hsm_access.existing)) {
        *code = pawl_usage_error("--hsm-module, --hsm-pin-file and --hsm-existing belong to --hsm");
        return false;
    }
    return true;
}

int pawl_init_main(int argc, char **argv)
{
    int code;
    if (!command_parse(&init_usage, "init", argc, argv, &code))
        return code;
    return pawl_exit_code(pawl_server_init(data, hsm, &hsm_access));
}

int pawl_new_master_main(int argc, char **argv)
{
    struct pawl_trouble trouble;
    int code;
    if (!command_parse(&new_master_usage, "new-master", argc, argv, &code))
        return code;
    enum pawl_result result = pawl_master_next_create(data, hsm, &hsm_access, &trouble);
    if (result != PAWL_OK)
        pawl_error(result, "%s", trouble.text);
    return pawl_exit_code(result);
}
