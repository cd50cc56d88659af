/* pawl status: what the control server holds. */
#include "cli/client.h"
#include "cli/print.h"
#include "cli/verbs.h"

static const struct pawl_option options[] = {
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL;
    enum pawl_result result = pawl_client_open(&client);

    (void)operands;
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = pawl_client_json(client, "GET", "/v1/status", NULL, &answer);
    pawl_client_close(client);
    return pawl_exit_code(result == PAWL_OK ? pawl_print(answer) : result);
}

const struct pawl_verb pawl_verb_status = {
    .name = "status",
    .usage = {.command = "pawl status",
              .operands = "",
              .summary = "show what the control server holds"},
    .options = options,
    .run = run,
};
