#include "agent/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/link_client.h"
#include "host/hex.h"

#define TRIES 20
#define TRY_AGAIN_MS 100

static const char *const state_names[] = {
    [PAWL_STATE_READY] = "ready",         [PAWL_STATE_WRITING] = "writing",
    [PAWL_STATE_CANDIDATE] = "candidate", [PAWL_STATE_STAGED] = "staged",
    [PAWL_STATE_FAILED] = "failed",       [PAWL_STATE_TRIAL] = "trial",
    [PAWL_STATE_REJECTED] = "rejected",   [PAWL_STATE_UPDATED] = "updated"};

static const char *state_name(enum pawl_state state)
{
    size_t count = sizeof state_names / sizeof state_names[0];
    return (size_t)state < count ? state_names[state] : "unknown";
}

/* Every value is a number, a digest or one of our own words: nothing in it needs escaping. */
static void json_print(const struct pawl_link_hello *hello,
                       const struct pawl_processor_status *status)
{
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];

    printf("{\"device_id\":\"%s\",\"state\":\"%s\",\"sequence\":%" PRIu64 ",\"running\":%s",
           pawl_hex_encode(hello->device_id, PAWL_ID_SIZE, id), state_name(status->state),
           status->sequence, status->running ? "true" : "false");
    if (status->has_package)
        printf(",\"package_id\":\"%s\"",
               pawl_hex_encode(status->package_id, PAWL_PACKAGE_ID_SIZE, id));
    else
        printf(",\"package_id\":null");
    if (status->has_failure)
        printf(",\"last_failure\":{\"package_id\":\"%s\",\"code\":%" PRIu64 "}",
               pawl_hex_encode(status->failed_package_id, PAWL_PACKAGE_ID_SIZE, id),
               status->failure);
    else
        printf(",\"last_failure\":null");
    printf(",\"offset\":%" PRIu64 ",\"package_size\":%" PRIu64 "}\n", status->offset,
           status->package_size);
}

static void text_print(const struct pawl_link_hello *hello,
                       const struct pawl_processor_status *status)
{
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];

    printf("device    %s\n", pawl_hex_encode(hello->device_id, PAWL_ID_SIZE, id));
    printf("sequence  %" PRIu64 "\n", status->sequence);
    printf("state     %s%s\n", state_name(status->state), status->running ? ", an image runs" : "");
    if (status->has_package)
        printf("package   %s\n", pawl_hex_encode(status->package_id, PAWL_PACKAGE_ID_SIZE, id));
    if (status->has_failure)
        printf("failed    %s, code %" PRIu64 "\n",
               pawl_hex_encode(status->failed_package_id, PAWL_PACKAGE_ID_SIZE, id),
               status->failure);
    if (status->package_size > 0)
        printf("download  %" PRIu64 " of %" PRIu64 " bytes\n", status->offset,
               status->package_size);
}

/* A processor that listens serves one agent at a time and turns others away: tries for a while. */
static enum pawl_result client_open(struct pawl_link_client *client, struct pawl_wake *wake,
                                    const char *processor)
{
    for (unsigned i = 0;; i++) {
        enum pawl_result result = pawl_link_client_open(client, wake, processor);
        if (result == PAWL_OK || !client->was_reached || i == TRIES)
            return result;
        if (pawl_wake_sleep(wake, -1, pawl_clock_now() + TRY_AGAIN_MS) == PAWL_WAKE_STOP)
            return result;
    }
}

int pawl_agent_status_print(const struct pawl_agent_settings *settings, struct pawl_wake *wake)
{
    struct pawl_link_client client = {0};
    struct pawl_link_answer answer;
    struct pawl_processor_status status;

    enum pawl_result result = client_open(&client, wake, settings->processor);
    if (result == PAWL_OK)
        result = pawl_link_client_status(&client, &answer, &status);
    if (result != PAWL_OK)
        pawl_error(result, "%s", client.problem);
    else if (settings->json)
        json_print(&client.hello, &status);
    else
        text_print(&client.hello, &status);
    pawl_link_client_close(&client);
    return pawl_exit_code(result);
}
