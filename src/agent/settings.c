#include "agent/settings.h"

#include <stdlib.h>
#include <string.h>

#include "agent/content_address.h"
#include "agent/transport.h"
#include "agent/url.h"

#define MIN_POLL_MOST 86400u
#define SHORTEST_POLL_MS 50u /* what --min-poll 0 means */

static const struct pawl_usage usage = {
    .command = "pawl-agent",
    .operands = "",
    .summary =
        "Downloads software to the secure processor beside it: asks the control server, brings\n"
        "the processor what it is entitled to, and reports how it went. It keeps no secret and\n"
        "stores nothing.",
    .details =
        "PROCESSOR is unix:PATH, the socket that pawl-processor listens on, or exec:COMMAND, a\n"
        "processor that speaks on its standard input and output and lives as long as the agent.\n"
        "A microcontroller is eth:INTERFACE[,MAC], raw Ethernet, or serial:DEVICE[,BAUD]; one in\n"
        "an emulator of this machine is eth:udp:PORT:PORT, ours and its.\n"
        "What is not given comes from PAWL_SERVER, PAWL_PROCESSOR, ... and then from the file.\n"
        "SIGUSR1 or SIGHUP: poll now. SIGTERM or SIGINT: stop.",
};

/* Numbers as they are given. */
struct numbers {
    uint64_t min_poll, max_retries, stall;
};

static enum pawl_options_outcome parse(struct pawl_agent_settings *settings,
                                       struct numbers *numbers, const char **config_path,
                                       const char **level, int argc, char **argv,
                                       const struct pawl_config *config)
{
    const struct pawl_option options[] = {
        {"server", 's', "URL", "the control server", .text = &settings->server,
         .configurable = true},
        {"processor", 'p', "PROCESSOR", "the secure processor", .text = &settings->processor,
         .configurable = true},
        {"ca", 0, "FILE", "certificates (PEM) that the server's must lead to",
         .text = &settings->ca, .configurable = true},
        {"once", '1', NULL, "do what there is to do now, then exit", .flag = &settings->once},
        {"status", 0, NULL, "print where the processor stands, and do nothing else",
         .flag = &settings->status},
        {"provision", 0, "FILE", "in the factory: give a new device its unit data (PUD)",
         .text = &settings->provision},
        {"json", 0, NULL, "with --status: as JSON", .flag = &settings->json},
        {"max-retries", 0, "N", "with --once: failures in a row before it gives up (5)",
         .number = &numbers->max_retries, .most = 1000, .configurable = true},
        {"min-poll", 0, "SECONDS", "shortest time between two polls, and the first back-off (1)",
         .number = &numbers->min_poll, .most = MIN_POLL_MOST, .configurable = true},
        {"stall-timeout", 0, "SECONDS", "give up what makes no progress for so long (30)",
         .number = &numbers->stall, .least = 1, .most = 3600, .configurable = true},
        {"push", 0, "URL", "be woken through this MQTT broker: mqtts://HOST[:PORT]",
         .text = &settings->push, .configurable = true},
        {"push-ca", 0, "FILE", "what the broker's certificate must lead to (as --ca)",
         .text = &settings->push_ca, .configurable = true},
        {"on-message", 0, "PROGRAM", "gets each message of an operator on its input",
         .text = &settings->on_message, .configurable = true},
        {"content-listen", 0, "ADDRESS",
         "serve players of content there: 127.0.0.1:PORT, unix:PATH",
         .text = &settings->content_listen, .configurable = true},
        {"config", 'c', "FILE", "settings (ini), instead of PAWL_CONFIG", .text = config_path},
        {"quiet", 'q', NULL, "warnings and errors only, no progress", .flag = &settings->quiet},
        {"log-level", 0, "LEVEL", "error, warning, notice, info or debug (info)", .text = level,
         .configurable = true},
        {.name = NULL},
    };
    struct pawl_option_list operands = {0};
    enum pawl_options_outcome outcome =
        pawl_options_parse(&usage, options, argc, argv, config, &operands);
    pawl_option_list_release(&operands);
    return outcome;
}

static enum pawl_options_outcome wrong(int ignored)
{
    (void)ignored;
    return PAWL_OPTIONS_WRONG;
}

/* What the table of options cannot say. */
static enum pawl_options_outcome check(struct pawl_agent_settings *settings, const char *level)
{
    if (settings->json && !settings->status)
        return wrong(pawl_usage_error("--json belongs to --status"));
    if (settings->provision != NULL && (settings->status || settings->once))
        return wrong(pawl_usage_error("--provision goes with neither --status nor --once"));
    if (settings->server == NULL && !settings->status && settings->provision == NULL)
        return wrong(pawl_usage_error("no control server: give --server URL or PAWL_SERVER"));
    if (settings->server != NULL && !pawl_url_is_valid(settings->server))
        return wrong(pawl_usage_error("--server: '%s' is no http or https URL", settings->server));
    if (settings->processor == NULL)
        return wrong(pawl_usage_error("no secure processor: give --processor (%s)",
                                      pawl_channel_spec_forms()));
    if (!pawl_channel_spec_is_valid(settings->processor))
        return wrong(pawl_usage_error("--processor: '%s' is none of %s", settings->processor,
                                      pawl_channel_spec_forms()));
    if (settings->content_listen != NULL &&
        !pawl_content_address_is_valid(settings->content_listen))
        return wrong(pawl_usage_error("--content-listen: '%s' is none of %s",
                                      settings->content_listen, pawl_content_address_forms()));
    if (settings->content_listen != NULL && settings->once)
        return wrong(pawl_usage_error("--content-listen does not go with --once"));
    if (settings->push != NULL &&
        pawl_broker_address_read(settings->push, &settings->push_address) != PAWL_OK)
        return wrong(
            pawl_usage_error("--push: '%s' is no mqtt://HOST[:PORT] or mqtts://", settings->push));
    if (settings->push_ca == NULL)
        settings->push_ca = settings->ca;
    if (level != NULL && pawl_log_level_parse(level, &settings->level) != PAWL_OK)
        return wrong(pawl_usage_error("--log-level: '%s' is no level", level));
    if (settings->quiet && settings->level > PAWL_LOG_WARNING)
        settings->level = PAWL_LOG_WARNING;
    return PAWL_OPTIONS_PROCEED;
}

/* Takes environment and file into account; the flags are read a second time, now that it is known
 * which file they name. */
static enum pawl_options_outcome complete(struct pawl_agent_settings *settings,
                                          struct numbers *numbers, const char *config_path,
                                          int argc, char **argv)
{
    const char *level = NULL;
    if (config_path != NULL && setenv("PAWL_CONFIG", config_path, 1) != 0)
        return PAWL_OPTIONS_WRONG;
    if (pawl_config_load(&settings->config, "pawl-agent") != PAWL_OK)
        return PAWL_OPTIONS_WRONG;
    enum pawl_options_outcome outcome =
        parse(settings, numbers, &config_path, &level, argc, argv, &settings->config);
    return outcome == PAWL_OPTIONS_PROCEED ? check(settings, level) : outcome;
}

enum pawl_options_outcome pawl_agent_settings_read(struct pawl_agent_settings *settings, int argc,
                                                   char **argv)
{
    struct numbers numbers = {.min_poll = 1, .max_retries = 5, .stall = 30};
    const char *config_path = NULL;
    const char *level = NULL;

    *settings = (struct pawl_agent_settings){.level = PAWL_LOG_INFO};
    enum pawl_options_outcome outcome =
        parse(settings, &numbers, &config_path, &level, argc, argv, NULL);
    if (outcome == PAWL_OPTIONS_PROCEED)
        outcome = complete(settings, &numbers, config_path, argc, argv);
    settings->min_poll =
        numbers.min_poll > 0 ? (uint32_t)numbers.min_poll * 1000 : SHORTEST_POLL_MS;
    settings->max_retries = (uint32_t)numbers.max_retries;
    settings->stall = (uint32_t)numbers.stall;
    return outcome;
}

void pawl_agent_settings_release(struct pawl_agent_settings *settings)
{
    pawl_config_release(&settings->config);
}
