/* pawl-agent: runs on the untrusted host beside the secure processor and moves bytes. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "agent/loop.h"
#include "agent/provision.h"
#include "agent/status.h"
#include "host/secret.h"

static int run(const struct pawl_agent_settings *settings)
{
    struct pawl_wake wake;

    pawl_log_init("pawl-agent", settings->level);
    if (pawl_wake_init(&wake) != PAWL_OK)
        return pawl_exit_code(pawl_error(PAWL_IO, "signals: %s", strerror(errno)));
    int code = settings->provision != NULL ? pawl_agent_provision(settings, &wake)
               : settings->status          ? pawl_agent_status_print(settings, &wake)
                                           : pawl_agent_run(settings, &wake);
    pawl_wake_release(&wake);
    return code;
}

int main(int argc, char **argv)
{
    static const int codes[] = {
        [PAWL_OPTIONS_HELPED] = PAWL_EXIT_DONE, [PAWL_OPTIONS_WRONG] = PAWL_EXIT_USAGE};
    struct pawl_agent_settings settings;

    pawl_log_init("pawl-agent", PAWL_LOG_INFO);
    if (pawl_process_harden() != PAWL_OK || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return pawl_exit_code(
            pawl_error(PAWL_IO, "cannot give up privileges: %s", strerror(errno)));
    enum pawl_options_outcome outcome = pawl_agent_settings_read(&settings, argc, argv);
    int code = outcome == PAWL_OPTIONS_PROCEED ? run(&settings) : codes[outcome];
    pawl_agent_settings_release(&settings);
    return code;
}
