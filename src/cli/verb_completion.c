/* pawl completion: completion scripts, from the same tables as --help. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static const struct pawl_option options[] = {{.name = NULL}};

/* Options that stand for a file are those whose argument is one of these. */
static bool is_file(const struct pawl_option *option)
{
    static const char *const names[] = {"FILE", "PEM", "DIR", "PATH", "TABLE", "HEX|FILE"};

    for (size_t i = 0; option->argument != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(option->argument, names[i]) == 0)
            return true;
    return false;
}

/* Help texts in single quotes. */
static void print_quoted(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
}

static void print_bash_options(const struct pawl_verb *verb)
{
    fputs("--help", stdout);
    for (const struct pawl_option *o = verb->options; o->name != NULL; o++)
        printf(" --%s", o->name);
}

static void print_bash(void)
{
    puts("# bash completion for pawl; put it into /usr/share/bash-completion/completions/pawl\n"
         "_pawl()\n{\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=\n"
         "    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    fputs("        words='--help --version", stdout);
    for (size_t v = 0; pawl_verbs[v] != NULL; v++)
        printf(" %s", pawl_verbs[v]->name);
    puts("'\n    elif [[ $word == -* ]]; then\n        case $verb in");
    for (size_t v = 0; pawl_verbs[v] != NULL; v++) {
        printf("        %s) words='", pawl_verbs[v]->name);
        print_bash_options(pawl_verbs[v]);
        puts("' ;;");
    }
    puts("        esac\n    elif [ \"$COMP_CWORD\" -eq 2 ]; then\n        case $verb in");
    for (size_t v = 0; pawl_verbs[v] != NULL; v++)
        if (pawl_verbs[v]->words != NULL)
            printf("        %s) words='%s' ;;\n", pawl_verbs[v]->name, pawl_verbs[v]->words);
    puts("        esac\n    fi\n"
         "    if [ -n \"$words\" ]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "    else\n"
         "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "        compopt -o filenames 2>/dev/null\n"
         "    fi\n}\n"
         "complete -F _pawl pawl");
}

static void print_zsh_option(const struct pawl_option *option)
{
    printf("            '%s--%s[", option->list != NULL ? "*" : "", option->name);
    print_quoted(option->help);
    putchar(']');
    if (option->argument != NULL)
        printf(":%s:%s", option->argument, is_file(option) ? "_files" : "");
    puts("' \\");
}

static void print_zsh(void)
{
    puts("#compdef pawl\n"
         "_pawl() {\n"
         "    local -a verbs\n"
         "    verbs=(");
    for (size_t v = 0; pawl_verbs[v] != NULL; v++) {
        printf("        '%s:", pawl_verbs[v]->name);
        print_quoted(pawl_verbs[v]->usage.summary);
        puts("'");
    }
    puts("    )\n"
         "    if (( CURRENT == 2 )); then\n"
         "        _describe verb verbs\n"
         "        return\n"
         "    fi\n"
         "    local verb=$words[2]\n"
         "    shift words\n"
         "    (( CURRENT-- ))\n"
         "    case $verb in");
    for (size_t v = 0; pawl_verbs[v] != NULL; v++) {
        printf("    %s)\n        _arguments \\\n", pawl_verbs[v]->name);
        for (const struct pawl_option *o = pawl_verbs[v]->options; o->name != NULL; o++)
            print_zsh_option(o);
        if (pawl_verbs[v]->words != NULL)
            printf("            '1:action:(%s)' \\\n", pawl_verbs[v]->words);
        puts("            '*:file:_files'\n        ;;");
    }
    puts("    esac\n}\n"
         "_pawl \"$@\"");
}

static void print_fish(void)
{
    puts("# fish completion for pawl\n"
         "complete -c pawl -n __fish_use_subcommand -f -l help -d 'print help'\n"
         "complete -c pawl -n __fish_use_subcommand -f -l version -d 'print the version'");
    for (size_t v = 0; pawl_verbs[v] != NULL; v++) {
        const struct pawl_verb *verb = pawl_verbs[v];
        printf("complete -c pawl -n __fish_use_subcommand -f -a %s -d '", verb->name);
        print_quoted(verb->usage.summary);
        puts("'");
        for (const struct pawl_option *o = verb->options; o->name != NULL; o++) {
            printf("complete -c pawl -n '__fish_seen_subcommand_from %s' -l %s%s -d '", verb->name,
                   o->name,
                   o->argument == NULL ? ""
                   : is_file(o)        ? " -r -F"
                                       : " -x");
            print_quoted(o->help);
            puts("'");
        }
        if (verb->words != NULL)
            printf("complete -c pawl -n '__fish_seen_subcommand_from %s' -f -a '%s'\n", verb->name,
                   verb->words);
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

static int run(const struct pawl_option_list *operands)
{
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, operands->items[0]) == 0) {
            shells[i].print();
            return PAWL_EXIT_DONE;
        }
    return pawl_usage_error("'%s' is none of bash, zsh and fish", operands->items[0]);
}

const struct pawl_verb pawl_verb_completion = {
    .name = "completion",
    .usage = {.command = "pawl completion",
              .operands = "bash|zsh|fish",
              .summary = "print a completion script for a shell",
              .details = "For this session: source <(pawl completion bash)",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
    .words = "bash zsh fish",
};
