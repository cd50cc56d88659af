#include "host/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

#define SETTINGS_MOST 64
#define NAME_SIZE 64

struct pawl_config_entry {
    char *name;
    char *value;
};

struct reading {
    struct pawl_config *config;
    const char *program;
};

/* inih's handler: 0 stops with an error at this line. */
static int entry_take(void *context, const char *section, const char *name, const char *value)
{
    const struct reading *reading = context;
    struct pawl_config *config = reading->config;

    if (section[0] != '\0' && strcmp(section, reading->program) != 0)
        return 1;
    if (config->count == SETTINGS_MOST)
        return 0;
    struct pawl_config_entry entry = {.name = strdup(name), .value = strdup(value)};
    if (entry.name == NULL || entry.value == NULL) {
        free(entry.name);
        free(entry.value);
        return 0;
    }
    config->entries[config->count++] = entry;
    return 1;
}

/* Where the settings are, owned by the caller; NULL when there are none. */
static char *config_path(void)
{
    const char *named = getenv("PAWL_CONFIG");
    const char *home = getenv("HOME");
    char *path = NULL;

    if (named != NULL)
        return named[0] == '\0' ? NULL : strdup(named);
    if (home != NULL && asprintf(&path, "%s/.config/pawl.conf", home) > 0) {
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return access("/etc/pawl/pawl.conf", F_OK) == 0 ? strdup("/etc/pawl/pawl.conf") : NULL;
}

enum pawl_result pawl_config_load(struct pawl_config *config, const char *program)
{
    struct pawl_config read = {.path = config_path()};
    struct reading reading = {.config = &read, .program = program};

    if (read.path == NULL) {
        *config = read;
        return PAWL_OK;
    }
    read.entries = calloc(SETTINGS_MOST, sizeof *read.entries);
    int line = read.entries == NULL ? -1 : ini_parse(read.path, entry_take, &reading);
    enum pawl_result result = PAWL_OK;
    if (line < 0)
        result = pawl_error(PAWL_IO, "%s: %s", read.path, strerror(errno));
    else if (line > 0)
        result = pawl_error(PAWL_MALFORMED, "%s: line %d is no setting", read.path, line);

    if (result == PAWL_OK)
        *config = read;
    else
        pawl_config_release(&read);
    return result;
}

void pawl_config_release(struct pawl_config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        free(config->entries[i].name);
        free(config->entries[i].value);
    }
    free(config->entries);
    free(config->path);
    *config = (struct pawl_config){0};
}

static const char *environment_find(const char *name)
{
    char variable[NAME_SIZE] = "PAWL_";
    size_t size = strlen(variable);

    for (; *name != '\0' && size < sizeof variable - 1; name++)
        variable[size++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
    variable[size] = '\0';
    return getenv(variable);
}

const char *pawl_config_find(const struct pawl_config *config, const char *name,
                             enum pawl_config_source *source)
{
    enum pawl_config_source found = PAWL_CONFIG_ENVIRONMENT;
    const char *value = environment_find(name);

    /* Sections follow the common settings, so the last one of a name is the most particular. */
    for (size_t i = config->count; value == NULL && i > 0; i--)
        if (strcmp(config->entries[i - 1].name, name) == 0) {
            value = config->entries[i - 1].value;
            found = PAWL_CONFIG_FILE;
        }
    if (source != NULL)
        *source = value == NULL ? PAWL_CONFIG_NONE : found;
    return value;
}
