/*
 * Command-line options from one table per program or verb, which is also its --help.
 *
 *     static const char *out;
 *     static uint64_t chunk = 65536;
 *     static const struct pawl_option options[] = {
 *         {"out", 'o', "FILE", "write the package here", .text = &out, .required = true},
 *         {"chunk-size", 0, "BYTES", "plaintext bytes in a chunk", .number = &chunk, .most = 1u <<
 * 20}, {NULL},
 *     };
 *
 * Settings that may also come from environment or file carry .configurable (host/config.h).
 */
#ifndef PAWL_HOST_OPTIONS_H
#define PAWL_HOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/config.h"

/* Several values of one option, in their order. Points into argv; `items` is owned. Options that
 * collect into a list take all that follow up to the next option too: `--pud a b c --out d`. */
struct pawl_option_list {
    const char **items;
    size_t count;
};

/* One option; exactly one of the four targets is set and written. */
struct pawl_option {
    const char *name;     /* long name without dashes; NULL ends the table */
    char letter;          /* short name, 0 for none */
    const char *argument; /* what --help calls the argument; NULL for a flag */
    const char *help;     /* one phrase */
    bool *flag;
    const char **text;
    uint64_t *number; /* decimal, with K, M, G for powers of 1024 */
    struct pawl_option_list *list;
    uint64_t least, most; /* bounds of a number; most 0 means none */
    bool required;
    bool configurable;
};

/* What stands around the table in --help. */
struct pawl_usage {
    const char *command;  /* "pawl package" */
    const char *operands; /* "PACKAGE", "" for none */
    const char *summary;  /* one sentence */
    const char *details;  /* more paragraphs, or NULL; lines of at most 100 columns */
    int least, most;      /* how many operands; most -1: any number */
};

enum pawl_options_outcome {
    PAWL_OPTIONS_PROCEED = 0,
    PAWL_OPTIONS_HELPED = 1, /* --help or --version was answered: exit 0 */
    PAWL_OPTIONS_WRONG = 2,  /* an error was printed: exit 2 */
};

/* Reads argv[1...] into the targets, options and operands in any order; "--" ends the options.
 * `operands` takes the operands (release its items with pawl_option_list_release); `config` may be
 * NULL. Secrets are never taken as arguments: they come in files. */
enum pawl_options_outcome pawl_options_parse(const struct pawl_usage *usage,
                                             const struct pawl_option *options, int argc,
                                             char **argv, const struct pawl_config *config,
                                             struct pawl_option_list *operands);

/* Prints what --help prints, on stdout. */
void pawl_options_print_help(const struct pawl_usage *usage, const struct pawl_option *options);

void pawl_option_list_release(struct pawl_option_list *list);

/* Reads a number as options do. PAWL_MALFORMED for anything else, or out of its 64 bits. */
enum pawl_result pawl_number_parse(const char *text, uint64_t *number);

#endif
