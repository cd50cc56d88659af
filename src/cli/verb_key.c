/* pawl key: the server's keys, shown and rotated. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/print.h"
#include "cli/verbs.h"

static const struct pawl_option options[] = {
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static bool is_key(const char *name)
{
    static const char *const names[] = {"master", "data", "challenge", "server"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    char path[64] = "/v1/keys";
    bool rotate = strcmp(operands->items[0], "rotate") == 0;

    if (!rotate && strcmp(operands->items[0], "status") != 0)
        return pawl_usage_error("'%s' is neither status nor rotate", operands->items[0]);
    if (rotate != (operands->count == 2))
        return pawl_usage_error(rotate ? "rotate needs a key: master, data, challenge or server"
                                       : "status takes no key");
    if (rotate && !is_key(operands->items[1]))
        return pawl_usage_error("'%s' is none of master, data, challenge and server",
                                operands->items[1]);
    if (rotate)
        snprintf(path, sizeof path, "/v1/keys/%s/rotate", operands->items[1]);
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = pawl_client_json(client, rotate ? "POST" : "GET", path, NULL, &answer);
    pawl_client_close(client);
    return pawl_exit_code(result == PAWL_OK ? pawl_print(answer) : result);
}

const struct pawl_verb pawl_verb_key = {
    .name = "key",
    .usage = {.command = "pawl key",
              .operands = "status | rotate master|data|challenge|server",
              .summary = "show the server's keys, or rotate one",
              .details =
                  "data: a new data key; everything under the old one is moved to it in the "
                  "background,\nand the old one destroyed. master: the data key moves to the "
                  "master key that\n`pawld new-master` made.",
              .least = 1,
              .most = 2},
    .options = options,
    .run = run,
    .words = "status rotate",
};
