/* pawl-fleet: a fleet of simulated devices against a real control server, for tests and
 * benchmarks. */
#include <stdio.h>
#include <string.h>

#include "fleet.h"
#include "host/log.h"
#include "host/options.h"
#include "host/secret.h"
#include "live.h"

static const struct pawl_usage usage = {
    .command = "pawl-fleet",
    .operands = "",
    .summary = "Simulates the devices of a units file against a control server that knows them.",
    .details =
        "poll     each device has installed what it should: idle polls\n"
        "confirm  a package is offered to each device; each report confirms a download\n"
        "full     as confirm, from the first report on, and the package is fetched\n"
        "blind    polls whose answers are not read, against a server that answers a constant\n"
        "live     each device polls again and again and takes what it is offered, also when the\n"
        "         server goes away and comes back; until SIGTERM, or for the duration\n"
        "It exits with 1 after any answer that is not as it must be.",
};

struct arguments {
    const char *server, *ca, *units, *state, *mode;
    uint64_t connections, rounds, seconds, interval, fail_percent;
    bool json;
};

static const char *const mode_names[] = {[FLEET_POLL] = "poll",
                                         [FLEET_CONFIRM] = "confirm",
                                         [FLEET_FULL] = "full",
                                         [FLEET_BLIND] = "blind",
                                         [FLEET_LIVE] = "live"};

static bool mode_read(const char *name, enum fleet_mode *mode)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof *mode_names; i++) {
        if (strcmp(mode_names[i], name) == 0) {
            *mode = (enum fleet_mode)i;
            return true;
        }
    }
    return false;
}

/* What both forms print, in their order. */
#define U(value) ((unsigned long long)(value))
#define FIGURES(plan, counts, rate)                                                           \
    mode_names[(plan)->mode], U((plan)->list->count), (plan)->connections, (counts)->seconds, \
        rate, U((counts)->requests), U((counts)->repeats), U((counts)->polls),                \
        U((counts)->confirmations), U((counts)->packages), U((counts)->bytes),                \
        U((counts)->cycles), U((counts)->failures), U((counts)->errors), U((counts)->answer), \
        U(fleet_latency(counts, 0.5)), U(fleet_latency(counts, 0.99)), U((counts)->latency_most)

static void counts_print(const struct fleet_plan *plan, const struct fleet_counts *counts,
                         bool json)
{
    double rate = counts->seconds > 0.0 ? (double)counts->cycles / counts->seconds : 0.0;
    if (json)
        printf("{\"mode\": \"%s\", \"devices\": %llu, \"connections\": %u, \"seconds\": %.3f, "
               "\"rate\": %.0f, \"requests\": %llu, \"repeats\": %llu, \"polls\": %llu, "
               "\"confirmations\": %llu, \"packages\": %llu, \"bytes\": %llu, "
               "\"cycles\": %llu, \"failures\": %llu, \"errors\": %llu, \"answer\": %llu, "
               "\"p50_us\": %llu, \"p99_us\": %llu, \"max_us\": %llu}\n",
               FIGURES(plan, counts, rate));
    else
        printf("%s: %llu devices, %u connections, %.2f s: %.0f a second\n"
               "requests %llu, repeats %llu, polls %llu, confirmations %llu, packages %llu "
               "(%llu bytes), cycles %llu, failures %llu, errors %llu\n"
               "last answer %llu bytes; latency us: p50 %llu, p99 %llu, most %llu\n",
               FIGURES(plan, counts, rate));
}

static enum pawl_result devices_read(const struct arguments *arguments, struct device_list *list)
{
    enum pawl_result result = device_list_read(arguments->units, list);
    if (result == PAWL_OK && list->count == 0)
        result = pawl_error(PAWL_MALFORMED, "%s: no devices", arguments->units);
    if (result == PAWL_OK && arguments->state != NULL)
        result = device_list_load(list, arguments->state);
    return result;
}

static enum pawl_result work(const struct arguments *arguments, const struct fleet_plan *plan,
                             struct fleet_counts *counts)
{
    enum pawl_result result =
        plan->mode == FLEET_LIVE ? live_run(plan, counts) : fleet_run(plan, counts);
    if (result != PAWL_OK)
        return result;
    counts_print(plan, counts, arguments->json);
    return arguments->state != NULL ? device_list_save(plan->list, arguments->state) : PAWL_OK;
}

static int run(const struct arguments *arguments, enum fleet_mode mode)
{
    struct target target;
    struct device_list list = {0};
    struct fleet_counts counts = {0};
    struct fleet_plan plan = {.target = &target,
                              .list = &list,
                              .mode = mode,
                              .rounds = arguments->rounds,
                              .seconds = arguments->seconds,
                              .interval = arguments->interval,
                              .fail_percent = (unsigned)arguments->fail_percent};

    enum pawl_result result = target_read(arguments->server, arguments->ca, &target);
    if (result == PAWL_OK)
        result = devices_read(arguments, &list);
    if (result == PAWL_OK) {
        if (plan.rounds == 0 && plan.seconds == 0)
            plan.rounds = 1;
        plan.connections =
            (unsigned)(arguments->connections < list.count ? arguments->connections : list.count);
        result = work(arguments, &plan, &counts);
    }
    device_list_release(&list);
    target_release(&target);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    return counts.errors == 0 ? PAWL_EXIT_DONE : PAWL_EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.mode = "poll", .connections = 64, .interval = 1000};
    const struct pawl_option options[] = {
        {"server", 's', "URL", "the control server, http or https", .text = &arguments.server,
         .required = true},
        {"ca", 0, "FILE", "certificates to trust an https server by (the system's)",
         .text = &arguments.ca},
        {"units", 'u', "PATH", "PUD file, sequence of PUDs, or directory of .pud files",
         .text = &arguments.units, .required = true},
        {"state", 0, "FILE", "where the devices' state is kept between runs",
         .text = &arguments.state},
        {"mode", 'm', "MODE", "poll, confirm, full, blind or live (poll)", .text = &arguments.mode},
        {"connections", 'c', "N", "at the same time (64)", .number = &arguments.connections,
         .least = 1, .most = 10000},
        {"rounds", 'r', "N", "cycles of each device (1)", .number = &arguments.rounds},
        {"duration", 'd', "SECONDS", "or: how long", .number = &arguments.seconds},
        {"interval", 'i', "MS", "live: between two polls of a device (1000)",
         .number = &arguments.interval, .least = 1, .most = 3600000},
        {"fail-percent", 0, "P", "live: so many percent of the devices fail on every package",
         .number = &arguments.fail_percent, .most = 100},
        {"json", 0, NULL, "figures as one JSON object", .flag = &arguments.json},
        {.name = NULL},
    };
    struct pawl_option_list operands = {0};
    enum fleet_mode mode;

    pawl_log_init("pawl-fleet", PAWL_LOG_INFO);
    pawl_process_harden();
    switch (pawl_options_parse(&usage, options, argc, argv, NULL, &operands)) {
    case PAWL_OPTIONS_HELPED:
        return PAWL_EXIT_DONE;
    case PAWL_OPTIONS_WRONG:
        return PAWL_EXIT_USAGE;
    case PAWL_OPTIONS_PROCEED:
        break;
    }
    if (!mode_read(arguments.mode, &mode))
        return pawl_usage_error("--mode: '%s' is none of poll, confirm, full, blind, live",
                                arguments.mode);
    return run(&arguments, mode);
}
