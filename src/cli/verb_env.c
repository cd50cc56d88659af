/* pawl env: the settings in force, and where they come from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/verbs.h"

static const struct pawl_option options[] = {
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

/* Environment variables that are no settings. */
static const char *const variables[] = {"PAWL_CONFIG", "NO_COLOR", "SOURCE_DATE_EPOCH"};

static const char *const sources[] = {
    [PAWL_CONFIG_NONE] = "default",
    [PAWL_CONFIG_FLAG] = "flag",
    [PAWL_CONFIG_ENVIRONMENT] = "environment",
    [PAWL_CONFIG_FILE] = "file",
};

/* What a setting is without any: known for the socket alone. */
static const char *default_of(const char *name)
{
    return strcmp(name, "socket") == 0 ? PAWL_SOCKET_DEFAULT : NULL;
}

static void setting_add(json_t *settings, const char *name)
{
    enum pawl_config_source source = PAWL_CONFIG_NONE;
    const char *value = pawl_config_find(&pawl_cli.config, name, &source);
    bool is_socket = strcmp(name, "socket") == 0;

    if (json_object_get(settings, name) != NULL)
        return;
    if (is_socket && strcmp(pawl_cli.socket, value != NULL ? value : PAWL_SOCKET_DEFAULT) != 0) {
        value = pawl_cli.socket;
        source = PAWL_CONFIG_FLAG;
    }
    if (value == NULL)
        value = default_of(name);
    json_object_set_new(
        settings, name,
        json_pack("{s:o, s:s}", "value", pawl_json_string(value), "source", sources[source]));
}

/* Every option of every verb that may come from environment or file. */
static json_t *settings_make(void)
{
    json_t *settings = json_object();

    for (size_t v = 0; pawl_verbs[v] != NULL; v++)
        for (const struct pawl_option *o = pawl_verbs[v]->options; o->name != NULL; o++)
            if (o->configurable)
                setting_add(settings, o->name);
    return settings;
}

static void settings_print(json_t *all)
{
    const char *name, *path = json_string_value(json_object_get(all, "config_file"));
    json_t *setting;

    printf("# settings: flags, then environment, then %s\n", path != NULL ? path : "no file");
    json_object_foreach(json_object_get(all, "settings"), name, setting)
    {
        const char *value = json_string_value(json_object_get(setting, "value"));
        const char *source = json_string_value(json_object_get(setting, "source"));
        printf("%-20s", name);
        pawl_print_text(value != NULL ? value : "-");
        printf("  (%s)\n", source);
    }
    json_object_foreach(json_object_get(all, "environment"), name, setting)
    {
        printf("%-20s", name);
        pawl_print_text(json_is_string(setting) ? json_string_value(setting) : "-");
        putchar('\n');
    }
}

static int run(const struct pawl_option_list *operands)
{
    json_t *environment = json_object();

    (void)operands;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        json_object_set_new(environment, variables[i], pawl_json_string(getenv(variables[i])));
    json_t *all =
        json_pack("{s:o, s:o, s:o}", "config_file", pawl_json_string(pawl_cli.config.path),
                  "settings", settings_make(), "environment", environment);
    if (all == NULL || pawl_cli.json)
        return pawl_exit_code(pawl_print(all));
    settings_print(all);
    json_decref(all);
    return PAWL_EXIT_DONE;
}

const struct pawl_verb pawl_verb_env = {
    .name = "env",
    .usage = {.command = "pawl env",
              .operands = "",
              .summary = "show the settings in force and where they come from"},
    .options = options,
    .run = run,
};
