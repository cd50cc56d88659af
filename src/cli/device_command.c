#include "cli/device_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/target.h"
#include "host/options.h"
#include "pawl/package.h"

bool pawl_device_command_is(const char *word)
{
    return strcmp(word, "command") == 0 || strcmp(word, "commands") == 0 ||
           strcmp(word, "cancel") == 0;
}

/* A kind and how its argument goes into the order. False: an error was printed. */
struct kind {
    const char *name;
    const char *argument; /* for usage; NULL: none */
    bool (*put)(json_t *body, const char *text);
};

static bool message_put(json_t *body, const char *text)
{
    if (json_object_set_new(body, "message", json_string(text)) == 0)
        return true;
    pawl_error(PAWL_MALFORMED, "the message is not UTF-8 text");
    return false;
}

static bool seconds_put(json_t *body, const char *text)
{
    uint64_t seconds;
    if (pawl_number_parse(text, &seconds) == PAWL_OK && seconds <= INT32_MAX)
        return json_object_set_new(body, "seconds", json_integer((json_int_t)seconds)) == 0;
    pawl_usage_error("'%s' is no number of seconds", text);
    return false;
}

static bool package_put(json_t *body, const char *text)
{
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    return pawl_package_id_load(text, package_id) == PAWL_OK &&
           json_object_set_new(body, "package_id", pawl_json_hex(package_id, sizeof package_id)) ==
               0;
}

static const struct kind kinds[] = {
    {"check-in", NULL, NULL},
    {"message", "TEXT", message_put},
    {"poll-interval", "SECONDS", seconds_put},
    {"diagnostic", "PACKAGE", package_put},
};

static const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* The order's body, or NULL with `*code` set. */
static json_t *order_make(const struct pawl_option_list *operands, uint64_t expires, int *code)
{
    const struct kind *kind = operands->count > 2 ? kind_find(operands->items[2]) : NULL;
    const char *argument = operands->count > 3 ? operands->items[3] : NULL;

    *code = PAWL_EXIT_USAGE;
    if (kind == NULL) {
        pawl_usage_error("give check-in, message TEXT, poll-interval SECONDS or diagnostic "
                         "PACKAGE");
        return NULL;
    }
    if ((kind->argument != NULL) != (argument != NULL)) {
        if (kind->argument != NULL)
            pawl_usage_error("%s needs %s", kind->name, kind->argument);
        else
            pawl_usage_error("%s takes no argument", kind->name);
        return NULL;
    }
    json_t *body =
        json_pack("{s:{s:s}, s:s}", "target", "device", operands->items[1], "kind", kind->name);
    if (body != NULL && expires != 0)
        json_object_set_new(body, "expires_in", json_integer((json_int_t)expires));
    if (body != NULL && kind->put != NULL && !kind->put(body, argument)) {
        *code = kind->put == seconds_put ? PAWL_EXIT_USAGE : pawl_exit_code(PAWL_MALFORMED);
        json_decref(body);
        return NULL;
    }
    return body;
}

static int give(const struct pawl_option_list *operands, uint64_t expires)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    int code;
    json_t *body = order_make(operands, expires, &code);

    if (body == NULL)
        return code;
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK) {
        json_decref(body);
        return pawl_exit_code(result);
    }
    result = pawl_client_json(client, "POST", "/v1/commands", body, &answer);
    if (result == PAWL_OK)
        result = pawl_print(answer);
    pawl_client_close(client);
    return pawl_exit_code(result);
}

static const struct pawl_column columns[] = {
    {"number", "NUMBER", 8}, {"kind", "KIND", 15}, {"argument", "ARGUMENT", 44},
    {"actor", "BY", 0},      {NULL, NULL, 0},
};

/* Adds what only people want: one argument, whatever the kind. */
static void item_adorn(json_t *item)
{
    static const char *const members[] = {"message", "package_id", "seconds"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(item, members[i]);
        if (value != NULL)
            json_object_set(item, "argument", value);
    }
}

static int list(const char *device)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL, *item;
    char path[96];
    size_t index;

    snprintf(path, sizeof path, "/v1/commands?device=%s", device);
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = pawl_client_json(client, "GET", path, NULL, &answer);
    if (result == PAWL_OK && pawl_cli.json) {
        result = pawl_print(answer);
    } else if (result == PAWL_OK) {
        json_array_foreach(json_object_get(answer, "items"), index, item) item_adorn(item);
        pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
        json_decref(answer);
    }
    pawl_client_close(client);
    return pawl_exit_code(result);
}

static int cancel(const char *text)
{
    struct pawl_client *client = NULL;
    uint64_t number;
    char path[64];

    if (pawl_number_parse(text, &number) != PAWL_OK)
        return pawl_usage_error("'%s' is no number of a command", text);
    snprintf(path, sizeof path, "/v1/commands/%" PRIu64, number);
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = pawl_client_json(client, "DELETE", path, NULL, NULL);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

int pawl_device_command_run(const struct pawl_option_list *operands, uint64_t expires)
{
    const char *word = operands->items[0];

    if (!pawl_device_id_check(operands->items[1]))
        return PAWL_EXIT_USAGE;
    if (strcmp(word, "command") == 0)
        return give(operands, expires);
    if (strcmp(word, "commands") == 0)
        return operands->count == 2 ? list(operands->items[1])
                                    : pawl_usage_error("commands takes a device alone");
    return operands->count == 3 ? cancel(operands->items[2])
                                : pawl_usage_error("cancel needs a device and a command's number");
}
