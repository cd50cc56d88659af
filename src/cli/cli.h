/*
 * What the verbs of `pawl` share. A verb is one file, verb_NAME.c, that defines one struct
 * pawl_verb; main.c has the table of them. Exit codes are in SPEC 17.
 */
#ifndef PAWL_CLI_CLI_H
#define PAWL_CLI_CLI_H

#include <stdbool.h>

#include "host/config.h"
#include "host/log.h"
#include "host/options.h"
#include "host/progress.h"
#include "pawl/result.h"

struct pawl_verb {
    const char *name;
    struct pawl_usage usage;
    const struct pawl_option *options;
    /* Runs after the options were read; returns the exit code. */
    int (*run)(const struct pawl_option_list *operands);
    /* What operands and option arguments are, for completion: words apart by blanks, or NULL for
     * file names. */
    const char *words;
};

/* Ends with NULL. */
extern const struct pawl_verb *const pawl_verbs[];

/* Values of the options that several verbs have. */
struct pawl_cli {
    const char *verb; /* that runs */
    bool json, quiet, force;
    const char *socket, *server_cert;
    const char *server, *token_file, *ca, *client_cert, *client_key; /* access.h */
    uint64_t threads;
    struct pawl_config config;
};
extern struct pawl_cli pawl_cli;

#define PAWL_SOCKET_DEFAULT "/var/lib/pawld/operator.sock"
extern const char pawl_socket_default[]; /* the same: what pawl_cli.socket is at first */

#define PAWL_OPTION_JSON                                                       \
    {                                                                          \
        .name = "json", .help = "print JSON (stable; the text is for people)", \
        .flag = &pawl_cli.json                                                 \
    }
#define PAWL_OPTION_QUIET                                                              \
    {                                                                                  \
        .name = "quiet", .letter = 'q', .help = "no progress", .flag = &pawl_cli.quiet \
    }
#define PAWL_OPTION_FORCE                                                         \
    {                                                                             \
        .name = "force", .help = "replace existing keys", .flag = &pawl_cli.force \
    }
/* Where pawld is: rows of every verb that speaks to it. */
#define PAWL_OPTION_SOCKET                                                                        \
    {.name = "socket",                                                                            \
     .argument = "PATH",                                                                          \
     .help = "pawld's operator socket (" PAWL_SOCKET_DEFAULT ")",                                 \
     .text = &pawl_cli.socket,                                                                    \
     .configurable = true},                                                                       \
        {.name = "server",                                                                        \
         .argument = "URL",                                                                       \
         .help = "or pawld elsewhere: https://HOST:PORT",                                         \
         .text = &pawl_cli.server,                                                                \
         .configurable = true},                                                                   \
        {.name = "token-file",                                                                    \
         .argument = "FILE",                                                                      \
         .help = "with --server: holds the token that says who asks",                             \
         .text = &pawl_cli.token_file,                                                            \
         .configurable = true},                                                                   \
        {.name = "ca",                                                                            \
         .argument = "PEM",                                                                       \
         .help = "with --server: the authority of its certificate (the system's)",                \
         .text = &pawl_cli.ca,                                                                    \
         .configurable = true},                                                                   \
        {.name = "client-cert",                                                                   \
         .argument = "PEM",                                                                       \
         .help = "with --server: a certificate instead of a token",                               \
         .text = &pawl_cli.client_cert,                                                           \
         .configurable = true},                                                                   \
    {                                                                                             \
        .name = "client-key", .argument = "PEM", .help = "its key", .text = &pawl_cli.client_key, \
        .configurable = true                                                                      \
    }
#define PAWL_OPTION_SERVER_CERT                                                                  \
    {                                                                                            \
        .name = "server-cert", .argument = "PEM", .help = "encrypt what the server needs to it", \
        .text = &pawl_cli.server_cert, .configurable = true                                      \
    }
#define PAWL_OPTION_THREADS                                                            \
    {                                                                                  \
        .name = "threads", .argument = "N", .help = "threads (as many as processors)", \
        .number = &pawl_cli.threads, .most = 64, .configurable = true                  \
    }

/* Progress for this run: none with --quiet. */
enum pawl_progress_style pawl_cli_progress_style(void);

/* Progress of `total` bytes; quiet when there are so few that nobody waits. */
void pawl_cli_progress_bytes(struct pawl_progress *progress, const char *what, uint64_t total);

/* Prints "pawl: VERB: CLASS: PATH: cause" and a hint that fits; returns `result`. A result of
 * PAWL_MALFORMED or PAWL_UNSUPPORTED says that the file is no `expected` ("a PEM key"). */
enum pawl_result pawl_file_error(enum pawl_result result, const char *path, const char *expected);

/* The first operand of a verb with actions; "list" when there is none. */
const char *pawl_cli_action(const struct pawl_option_list *operands);

/* Prints "pawl: VERB: nothing: ..." and returns the exit code for nothing to do. */
int pawl_nothing(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "pawl: VERB: warning: ..." */
void pawl_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
