#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/verbs.h"
#include "host/secret.h"
#include "pawl/version.h"

const struct pawl_verb *const pawl_verbs[] = {
    &pawl_verb_keygen,     &pawl_verb_personalize,
    &pawl_verb_package,    &pawl_verb_reseal,
    &pawl_verb_entitle,    &pawl_verb_open,
    &pawl_verb_inspect,    &pawl_verb_import,
    &pawl_verb_publish,    &pawl_verb_packages,
    &pawl_verb_assign,     &pawl_verb_campaign,
    &pawl_verb_content,    &pawl_verb_devices,
    &pawl_verb_device,     &pawl_verb_group,
    &pawl_verb_quarantine, &pawl_verb_notify,
    &pawl_verb_status,     &pawl_verb_audit,
    &pawl_verb_backup,     &pawl_verb_key,
    &pawl_verb_token,      &pawl_verb_env,
    &pawl_verb_completion, NULL,
};

const char pawl_socket_default[] = PAWL_SOCKET_DEFAULT;
struct pawl_cli pawl_cli = {.socket = pawl_socket_default};

static void print_help(void)
{
    puts("usage: pawl VERB [OPTION...] [OPERAND...]\n\n"
         "Packages software for secure devices: encrypted once, opened only by the devices it is\n"
         "meant for, at the one download it is meant for.\n");
    for (size_t i = 0; pawl_verbs[i] != NULL; i++)
        printf("  %-14s%s\n", pawl_verbs[i]->name, pawl_verbs[i]->usage.summary);
    puts("\n'pawl VERB --help' tells more, 'man pawl' everything.");
}

static const struct pawl_verb *find_verb(const char *name)
{
    for (size_t i = 0; pawl_verbs[i] != NULL; i++)
        if (strcmp(pawl_verbs[i]->name, name) == 0)
            return pawl_verbs[i];
    return NULL;
}

/* A mapped input file that someone truncates ends us here; outputs have no name yet. */
static void fail_truncated(int signal_number)
{
    static const char text[] = "pawl: corrupt: a file was truncated while it was read\n";

    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(PAWL_EXIT_CLASS + PAWL_CORRUPT);
}

static int run_verb(const struct pawl_verb *verb, int argc, char **argv)
{
    struct pawl_option_list operands = {0};

    pawl_cli.verb = verb->name;
    pawl_log_set_verb(verb->name);
    enum pawl_result result = pawl_config_load(&pawl_cli.config, "pawl");
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    enum pawl_options_outcome outcome =
        pawl_options_parse(&verb->usage, verb->options, argc, argv, &pawl_cli.config, &operands);
    int code = PAWL_EXIT_DONE;
    if (outcome == PAWL_OPTIONS_PROCEED)
        code = verb->run(&operands);
    else if (outcome == PAWL_OPTIONS_WRONG)
        code = PAWL_EXIT_USAGE;
    pawl_option_list_release(&operands);
    for (const struct pawl_option *option = verb->options; option->name != NULL; option++)
        if (option->list != NULL)
            pawl_option_list_release(option->list);
    pawl_config_release(&pawl_cli.config);
    return code;
}

/* What could not be printed must not look like success. */
static int flush_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    pawl_error(PAWL_IO, "standard output: %s", strerror(errno));
    return code == PAWL_EXIT_DONE ? pawl_exit_code(PAWL_IO) : code;
}

int main(int argc, char **argv)
{
    pawl_log_init("pawl", PAWL_LOG_INFO);
    enum pawl_result result = pawl_process_harden();
    if (result != PAWL_OK)
        return pawl_exit_code(
            pawl_error(result, "cannot protect this process: %s", strerror(errno)));
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit fails with EFBIG instead */
    signal(SIGBUS, fail_truncated);

    if (argc < 2)
        return pawl_usage_error("no verb is given");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        const struct pawl_verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
        if (verb != NULL)
            pawl_options_print_help(&verb->usage, verb->options);
        else
            print_help();
        return flush_output(PAWL_EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("pawl " PAWL_VERSION);
        return flush_output(PAWL_EXIT_DONE);
    }
    const struct pawl_verb *verb = find_verb(argv[1]);
    if (verb == NULL)
        return pawl_usage_error("'%s' is not a verb", argv[1]);
    return flush_output(run_verb(verb, argc - 1, argv + 1));
}
