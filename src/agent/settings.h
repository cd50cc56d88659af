/* What the agent is told to do: from flags, then environment, then file. */
#ifndef PAWL_AGENT_SETTINGS_H
#define PAWL_AGENT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/config.h"
#include "host/log.h"
#include "host/options.h"
#include "push/address.h"

struct pawl_agent_settings {
    const char *server;    /* base URL */
    const char *processor; /* agent/transport.h */
    const char *ca;        /* PEM file; NULL for the system's certificates */
    const char *push;      /* the broker's URL; NULL: no push */
    const char *push_ca;   /* PEM file; NULL for `ca` */
    struct pawl_broker_address push_address;
    const char *on_message;     /* program that gets messages on its input; NULL: they are logged */
    const char *content_listen; /* agent/content_address.h; NULL: players are not served */
    bool once;
    bool status; /* print the processor's status and do nothing else */
    const char
        *provision; /* file with unit data to give to the device, and nothing else; or NULL */
    bool json;
    bool quiet;
    enum pawl_log_level level;
    uint32_t min_poll;    /* milliseconds between two polls at least */
    uint32_t max_retries; /* failures in a row before --once gives up */
    uint32_t stall;       /* seconds */

    struct pawl_config config; /* what the strings above may point into */
};

/* Reads the command line and what completes it. Anything but PAWL_OPTIONS_PROCEED was dealt with on
 * stdout or stderr. Release `settings` in any case. */
enum pawl_options_outcome pawl_agent_settings_read(struct pawl_agent_settings *settings, int argc,
                                                   char **argv);
void pawl_agent_settings_release(struct pawl_agent_settings *settings);

#endif
