#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "host/options.h"
#include "host/secret.h"
#include "server/access_log.h"
#include "server/init.h"
#include "server/listen.h"
#include "server/restore.h"
#include "server/run.h"
#include "server/server.h"
#include "server/service_watch.h"

#define SECONDS_MOST (7u * 24u * 3600u)

static const struct pawl_usage serve_usage = {
    .command = "pawld",
    .operands = "",
    .summary =
        "The control server of Pawl: serves devices over HTTP and operators on a local socket.",
    .details =
        "`pawld init --data DIR` makes a new data directory: master key, the server's key and\n"
        "certificate (server.crt, for `pawl personalize --server-cert`), and the database.\n"
        "`pawld restore --data DIR FILE` puts a backup of `pawl backup` in place.\n"
        "SIGTERM ends it after the work in hand; SIGHUP reads certificates and assignments anew.",
    .most = 0,
};

/* What the options below write. */
static struct pawl_run run = {.slow_after = 120, .listen = "127.0.0.1:8480"};
static struct pawl_option_list operators;
static struct pawl_log_settings logging = {"info", "text", "operators", "info"};
static const char *settings_file;
static uint64_t challenge_minutes = PAWL_CHALLENGE_LIFETIME_DEFAULT / 60u, poll_after = 300;
static uint64_t threads = 2, challenge_days = 30, server_key_days = 30, token_rate = 50;
static uint64_t push_rate = 10000;

static const struct pawl_option serve_options[] = {
    {"data", 'd', "DIR", "the data directory", .text = &run.data, .required = true,
     .configurable = true},
    {"listen", 'l', "ADDR:PORT", "where devices connect (127.0.0.1:8480); port 0: a free one",
     .text = &run.listen, .configurable = true},
    {"tls-cert", 0, "PEM", "speak HTTPS, with this certificate and what leads to its authority",
     .text = &run.tls.certificate, .configurable = true},
    {"tls-key", 0, "PEM", "the certificate's key", .text = &run.tls.key, .configurable = true},
    {"plain-devices", 0, NULL, "HTTP for devices all the same: behind a proxy that speaks TLS",
     .flag = &run.plain_devices},
    {"operator-socket", 0, "PATH", "where operators connect (DIR/operator.sock)",
     .text = &run.operator_socket, .configurable = true},
    {"operator-uid", 0, "UID", "users who may operate it, beside its own and root",
     .list = &operators, .configurable = true},
    {"operator-listen", 0, "ADDR:PORT", "where operators of other machines connect, with tokens",
     .text = &run.operator_listen, .configurable = true},
    {"client-ca", 0, "PEM", "whose client certificates operators may show instead of tokens",
     .text = &run.tls.client_ca, .configurable = true},
    {"plain-operators", 0, NULL, "HTTP for operators: on a loopback address alone",
     .flag = &run.plain_operators},
    {"operator-port-file", 0, "FILE", "write the port of --operator-listen here when serving",
     .text = &run.operator_port_file},
    {"token-rate", 0, "N", "requests of one token in a second (50)", .number = &token_rate,
     .least = 1, .most = 100000, .configurable = true},
    {"threads", 't', "N", "threads that serve devices (2)", .number = &threads, .least = 1,
     .most = 64, .configurable = true},
    {"challenge-minutes", 0, "N", "how long a challenge is good (15)", .number = &challenge_minutes,
     .least = 1, .most = 60, .configurable = true},
    {"challenge-days", 0, "N", "days after which the challenge secret changes (30); 0: never",
     .number = &challenge_days, .most = 3650, .configurable = true},
    {"server-key-days", 0, "N", "days that the key before a rotation opens what comes late (30)",
     .number = &server_key_days, .most = 3650, .configurable = true},
    {"hsm-module", 0, "PATH", "the PKCS #11 library of the HSM (default: what master.key says)",
     .text = &run.server.hsm.module, .configurable = true},
    {"hsm-pin-file", 0, "FILE", "its PIN (default: master.key's, $CREDENTIALS_DIRECTORY/pawld.pin)",
     .text = &run.server.hsm.pin_file, .configurable = true},
    {"poll-after", 0, "SECONDS", "how long devices wait between polls (300)", .number = &poll_after,
     .least = 1, .most = SECONDS_MOST, .configurable = true},
    {"push-broker", 0, "URL", "wake devices through this MQTT broker: mqtts://HOST[:PORT]",
     .text = &run.server.push.broker, .configurable = true},
    {"push-user", 0, "NAME", "as whom to publish there", .text = &run.server.push.user,
     .configurable = true},
    {"push-password-file", 0, "FILE", "that user's password, mode 0600",
     .text = &run.server.push.password_file, .configurable = true},
    {"push-ca", 0, "PEM", "what the broker's certificate must lead to", .text = &run.server.push.ca,
     .configurable = true},
    {"push-rate", 0, "N", "polls a second that are welcome after a push (10000)",
     .number = &push_rate, .least = 1, .most = 1000000, .configurable = true},
    {"port-file", 0, "FILE", "write the port here when serving", .text = &run.port_file},
    {"config", 0, "FILE", "settings (default: $PAWL_CONFIG, else /etc/pawl/pawl.conf)",
     .text = &settings_file},
    {"metrics-listen", 0, "ADDR:PORT", "serve /metrics, /healthz and /readyz there, too",
     .text = &run.metrics_listen, .configurable = true},
    {"metrics-port-file", 0, "FILE", "write its port here", .text = &run.metrics_port_file},
    {"connections-per-address", 0, "N", "connections of devices from one address (any number)",
     .number = &run.peer_connections, .least = 1, .most = 16384, .configurable = true},
    {"slow-after", 0, "SECONDS", "hang up on who sends head or body slower (120)",
     .number = &run.slow_after, .least = 1, .most = 3600, .configurable = true},
    {"stop-delay", 0, "SECONDS", "how long it is not ready before it stops (0)",
     .number = &run.stop_delay, .most = 300, .configurable = true},
    {"log-level", 0, "LEVEL", "error, warning, notice, info (default) or debug",
     .text = &logging.level, .configurable = true},
    {"log-format", 0, "FORMAT", "text (default) or json", .text = &logging.format,
     .configurable = true},
    {"access-log", 0, "WHICH", "log requests: none, failures, operators (and failures) or all",
     .text = &logging.access, .configurable = true},
    {"access-log-level", 0, "LEVEL", "as what they are logged (info)",
     .text = &logging.access_level, .configurable = true},
    {.name = NULL},
};

/* What it must not serve, or cannot. 0, or the exit code. */
static int tls_check(void)
{
    bool has_tls = run.tls.certificate != NULL;
    if (has_tls != (run.tls.key != NULL))
        return pawl_usage_error("--tls-cert and --tls-key belong together");
    if (run.tls.client_ca != NULL && (!has_tls || run.operator_listen == NULL))
        return pawl_usage_error("--client-ca needs --tls-cert and --operator-listen");
    if (run.operator_listen == NULL || (has_tls && !run.plain_operators))
        return PAWL_EXIT_DONE;
    if (!run.plain_operators)
        return pawl_usage_error("--operator-listen needs --tls-cert and --tls-key: tokens must not "
                                "travel in the clear");
    if (!pawl_address_is_loopback(run.operator_listen))
        return pawl_usage_error("--plain-operators: %s is no loopback address",
                                run.operator_listen);
    return PAWL_EXIT_DONE;
}

/* Judges what the table of options cannot. */
static int serve_checked(void)
{
    uid_t uids[PAWL_OPERATORS_MAX];
    if (operators.count > PAWL_OPERATORS_MAX)
        return pawl_usage_error("--operator-uid: at most %u", PAWL_OPERATORS_MAX);
    for (size_t i = 0; i < operators.count; i++) {
        uint64_t uid;
        if (pawl_number_parse(operators.items[i], &uid) != PAWL_OK || uid >= UINT32_MAX)
            return pawl_usage_error("--operator-uid %s: not a user id", operators.items[i]);
        uids[i] = (uid_t)uid;
    }
    int wrong = tls_check();
    if (wrong == PAWL_EXIT_DONE)
        wrong = pawl_log_configure("pawld", &logging);
    if (wrong != PAWL_EXIT_DONE)
        return wrong;
    run.threads = (unsigned)threads;
    run.server.challenge_lifetime = (uint32_t)challenge_minutes * 60u;
    run.server.challenge_days = (uint32_t)challenge_days;
    run.server.server_key_days = (uint32_t)server_key_days;
    run.server.push.rate = (uint32_t)push_rate;
    run.server.poll_after = (uint32_t)poll_after;
    run.server.token_rate =
        (struct pawl_rate){.interval = 1000000u / token_rate, .burst = 4u * (uint32_t)token_rate};
    run.server.operators = uids;
    run.server.operator_count = operators.count;
    run.server.patience = pawl_service_patience();
    return pawl_exit_code(pawl_run(&run));
}

static int serve_main(int argc, char **argv, struct pawl_config *config)
{
    struct pawl_option_list operands = {NULL, 0};
    enum pawl_options_outcome outcome =
        pawl_options_parse(&serve_usage, serve_options, argc, argv, config, &operands);
    int code = outcome == PAWL_OPTIONS_HELPED ? PAWL_EXIT_DONE : PAWL_EXIT_USAGE;
    if (outcome == PAWL_OPTIONS_PROCEED)
        code = serve_checked();
    pawl_option_list_release(&operators);
    pawl_option_list_release(&operands);
    return code;
}

/* The settings are read before the options, so their file is looked for first. */
static void config_choose(int argc, char **argv)
{
    static const char option[] = "--config";
    size_t size = sizeof option - 1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], option, size) != 0)
            continue;
        const char *file = argv[i][size] == '=' ? argv[i] + size + 1 : NULL;
        if (argv[i][size] == '\0' && i + 1 < argc)
            file = argv[i + 1];
        if (file != NULL)
            setenv("PAWL_CONFIG", file, 1);
    }
}

int main(int argc, char **argv)
{
    pawl_log_init("pawld", PAWL_LOG_INFO);
    if (pawl_process_harden() != PAWL_OK)
        return pawl_exit_code(pawl_error(PAWL_IO, "cannot protect the process's memory"));
    if (argc > 1 && strcmp(argv[1], "init") == 0)
        return pawl_init_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "new-master") == 0)
        return pawl_new_master_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "restore") == 0)
        return pawl_restore_main(argc - 1, argv + 1);
    config_choose(argc, argv);
    struct pawl_config config = {NULL, NULL, 0};
    enum pawl_result result = pawl_config_load(&config, "pawld");
    int code = result == PAWL_OK ? serve_main(argc, argv, &config) : pawl_exit_code(result);
    pawl_config_release(&config);
    return code;
}
