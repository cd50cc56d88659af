#include "host/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "pawl/version.h"

#define OPTIONS_MOST 40
#define LONG_CODE 256 /* getopt's code of option i is LONG_CODE + i */
#define CODE_HELP (LONG_CODE + OPTIONS_MOST)
#define CODE_VERSION (CODE_HELP + 1)
#define HELP_COLUMN 30

/* One run over a command line. */
struct parsing {
    const struct pawl_usage *usage;
    const struct pawl_option *options;
    struct pawl_option_list *operands;
    bool given[OPTIONS_MOST];
};

enum pawl_result pawl_number_parse(const char *text, uint64_t *number)
{
    static const char suffixes[] = "KMG";
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return PAWL_MALFORMED;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0)
        return PAWL_MALFORMED;
    if (*end != '\0') {
        const char *suffix = strchr(suffixes, *end);
        if (suffix == NULL || end[1] != '\0')
            return PAWL_MALFORMED;
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (value > UINT64_MAX >> shift)
            return PAWL_MALFORMED;
        value <<= shift;
    }
    *number = value;
    return PAWL_OK;
}

static bool list_add(struct pawl_option_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);

    if (items == NULL) {
        pawl_error(PAWL_EXHAUSTED, "no memory for the arguments");
        return false;
    }
    items[list->count++] = item;
    list->items = items;
    return true;
}

void pawl_option_list_release(struct pawl_option_list *list)
{
    free(list->items);
    *list = (struct pawl_option_list){0};
}

static bool number_take(const struct pawl_option *option, const char *text)
{
    uint64_t number;

    if (pawl_number_parse(text, &number) != PAWL_OK) {
        pawl_usage_error("--%s: '%s' is not a number", option->name, text);
        return false;
    }
    if (number < option->least || (option->most != 0 && number > option->most)) {
        pawl_usage_error("--%s: %" PRIu64 " is not in %" PRIu64 "..%" PRIu64, option->name, number,
                         option->least, option->most != 0 ? option->most : UINT64_MAX);
        return false;
    }
    *option->number = number;
    return true;
}

/* Gives an option its value; `text` is NULL for a flag. */
static bool value_take(const struct pawl_option *option, const char *text)
{
    if (option->flag != NULL)
        *option->flag = true;
    else if (option->text != NULL)
        *option->text = text;
    else if (option->number != NULL)
        return number_take(option, text);
    else
        return list_add(option->list, text);
    return true;
}

/* getopt's two tables. The leading '-' hands operands over in their place, the ':' errors to us. */
static void getopt_tables(const struct pawl_option *options, struct option *longs, char *shorts)
{
    size_t count = 0;

    *shorts++ = '-';
    *shorts++ = ':';
    *shorts++ = 'h';
    for (; options[count].name != NULL; count++) {
        const struct pawl_option *option = &options[count];
        longs[count] = (struct option){
            .name = option->name,
            .has_arg = option->argument != NULL ? required_argument : no_argument,
            .val = LONG_CODE + (int)count,
        };
        if (option->letter != 0) {
            *shorts++ = option->letter;
            if (option->argument != NULL)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
    longs[count++] = (struct option){.name = "help", .val = CODE_HELP};
    longs[count++] = (struct option){.name = "version", .val = CODE_VERSION};
    longs[count] = (struct option){0};
}

/* The index of the option with getopt's `code`. */
static size_t option_index(const struct pawl_option *options, int code)
{
    size_t index = 0;

    if (code >= LONG_CODE)
        return (size_t)(code - LONG_CODE);
    while (options[index].letter != code)
        index++;
    return index;
}

static enum pawl_options_outcome option_refuse(int code, char **argv)
{
    if (code == ':')
        pawl_usage_error("'%s' needs an argument", argv[optind - 1]);
    else if (optopt > 0 && optopt < LONG_CODE)
        pawl_usage_error("unknown option '-%c'", optopt);
    else
        pawl_usage_error("'%s' is not an option, or not unambiguously", argv[optind - 1]);
    return PAWL_OPTIONS_WRONG;
}

static enum pawl_options_outcome arguments_read(struct parsing *parsing, int argc, char **argv)
{
    struct option longs[OPTIONS_MOST + 3];
    char shorts[2 * OPTIONS_MOST + 4];
    struct pawl_option_list *open = NULL; /* the list that takes what follows */
    int code;

    getopt_tables(parsing->options, longs, shorts);
    optind = 0;
    opterr = 0;
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (code == '?' || code == ':')
            return option_refuse(code, argv);
        if (code == 'h' || code == CODE_HELP) {
            pawl_options_print_help(parsing->usage, parsing->options);
            return PAWL_OPTIONS_HELPED;
        }
        if (code == CODE_VERSION) {
            puts("pawl " PAWL_VERSION);
            return PAWL_OPTIONS_HELPED;
        }
        if (code == 1) {
            if (!list_add(open != NULL ? open : parsing->operands, optarg))
                return PAWL_OPTIONS_WRONG;
            continue;
        }
        size_t index = option_index(parsing->options, code);
        if (!value_take(&parsing->options[index], optarg))
            return PAWL_OPTIONS_WRONG;
        parsing->given[index] = true;
        open = parsing->options[index].list;
    }
    for (int i = optind; i < argc; i++)
        if (!list_add(parsing->operands, argv[i]))
            return PAWL_OPTIONS_WRONG;
    return PAWL_OPTIONS_PROCEED;
}

/* Takes what flags did not give from the settings, and finds what is then missing. */
static enum pawl_options_outcome options_complete(struct parsing *parsing,
                                                  const struct pawl_config *config)
{
    for (size_t i = 0; parsing->options[i].name != NULL; i++) {
        const struct pawl_option *option = &parsing->options[i];
        if (parsing->given[i])
            continue;
        const char *value = config != NULL && option->configurable
                                ? pawl_config_find(config, option->name, NULL)
                                : NULL;
        if (value != NULL && !value_take(option, value))
            return PAWL_OPTIONS_WRONG;
        if (value == NULL && option->required) {
            pawl_usage_error("--%s %s is missing", option->name, option->argument);
            return PAWL_OPTIONS_WRONG;
        }
    }

    int count = (int)parsing->operands->count;
    if (count < parsing->usage->least)
        pawl_usage_error("%s is missing", parsing->usage->operands);
    else if (parsing->usage->most >= 0 && count > parsing->usage->most)
        pawl_usage_error("'%s' is one argument too many",
                         parsing->operands->items[parsing->usage->most]);
    else
        return PAWL_OPTIONS_PROCEED;
    return PAWL_OPTIONS_WRONG;
}

enum pawl_options_outcome pawl_options_parse(const struct pawl_usage *usage,
                                             const struct pawl_option *options, int argc,
                                             char **argv, const struct pawl_config *config,
                                             struct pawl_option_list *operands)
{
    struct pawl_option_list found = {0};
    struct parsing parsing = {.usage = usage, .options = options, .operands = &found};
    enum pawl_options_outcome outcome = arguments_read(&parsing, argc, argv);

    if (outcome == PAWL_OPTIONS_PROCEED)
        outcome = options_complete(&parsing, config);
    if (outcome == PAWL_OPTIONS_PROCEED)
        *operands = found;
    else
        pawl_option_list_release(&found);
    return outcome;
}

static void option_print(const struct pawl_option *option)
{
    char left[64];
    char letter[5] = "    ";

    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int size = snprintf(left, sizeof left, "  %s--%s%s%s%s", letter, option->name,
                        option->argument != NULL ? " " : "",
                        option->argument != NULL ? option->argument : "",
                        option->list != NULL ? "..." : "");
    if (size > HELP_COLUMN - 2)
        printf("%s\n%*s%s\n", left, HELP_COLUMN, "", option->help);
    else
        printf("%-*s%s\n", HELP_COLUMN, left, option->help);
}

void pawl_options_print_help(const struct pawl_usage *usage, const struct pawl_option *options)
{
    static const struct pawl_option help = {"help", 'h', NULL, "print this", .flag = NULL};
    bool any_optional = false;

    printf("usage: %s", usage->command);
    for (size_t i = 0; options[i].name != NULL; i++) {
        if (options[i].required)
            printf(" --%s %s%s", options[i].name, options[i].argument,
                   options[i].list != NULL ? "..." : "");
        else
            any_optional = true;
    }
    printf("%s%s%s\n\n%s\n\n", any_optional ? " [OPTION...]" : "",
           usage->operands[0] != '\0' ? " " : "", usage->operands, usage->summary);
    for (size_t i = 0; options[i].name != NULL; i++)
        option_print(&options[i]);
    option_print(&help);
    if (usage->details != NULL)
        printf("\n%s\n", usage->details);
}
