/* pawl content: media that only devices with a certain release can play. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/content_add.h"
#include "cli/load.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/package_file.h"
#include "host/hex.h"
#include "pawl/content.h"

#define SEGMENT_SECONDS 6u /* as HLS recommends */
#define KEY_PERIOD 5u      /* half a minute under one key */

static const char *release, *name;
static uint64_t segment_seconds = SEGMENT_SECONDS, key_period = KEY_PERIOD;

static const struct pawl_option options[] = {
    {"release", 0, "RELEASE", "add: the release that devices must run (a package file, or its id)",
     .text = &release},
    {"name", 0, "NAME", "add: what people call it", .text = &name},
    {"segment-seconds", 0, "SECONDS", "add: length of a segment, at least (6)",
     .number = &segment_seconds, .least = 1, .most = 3600},
    {"key-period", 0, "SEGMENTS", "add: a new key after so many segments (5)",
     .number = &key_period, .least = 1, .most = 65536},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

/* The release that an operand names: 64 hex digits, or a package file. */
static enum pawl_result release_id_load(const char *text, uint8_t release_id[PAWL_RELEASE_ID_SIZE])
{
    struct pawl_package_file file;
    if (pawl_hex_decode(text, release_id, PAWL_RELEASE_ID_SIZE) == PAWL_OK)
        return PAWL_OK;
    enum pawl_result result = pawl_package_load(text, &file);
    if (result != PAWL_OK)
        return result;
    pawl_sha256_make(file.package.signed_manifest.payload,
                     file.package.signed_manifest.payload_size, release_id);
    pawl_package_close(&file);
    return PAWL_OK;
}

static enum pawl_result add(struct pawl_client *client, const char *operand)
{
    struct pawl_content_request request = {.file = operand,
                                           .name = name,
                                           .segment_seconds = (uint32_t)segment_seconds,
                                           .key_period = (uint32_t)key_period};
    json_t *answer = NULL;
    enum pawl_result result = release_id_load(release, request.release_id);
    if (result == PAWL_OK)
        result = pawl_content_add(client, &request, &answer);
    return result == PAWL_OK ? pawl_print(answer) : result;
}

static const struct pawl_column columns[] = {
    {"content_id", "CONTENT", 34}, {"name", "NAME", 24}, {"segments", "SEGMENTS", 10},
    {"keys", "KEYS", 6},           {"size", "BYTES", 0}, {NULL, NULL, 0},
};

static enum pawl_result list(struct pawl_client *client, const char *operand)
{
    json_t *answer = NULL;
    enum pawl_result result =
        pawl_client_json(client, "GET", "/v1/contents?limit=10000", NULL, &answer);
    (void)operand;
    if (result != PAWL_OK || pawl_cli.json)
        return result == PAWL_OK ? pawl_print(answer) : result;
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    json_decref(answer);
    return PAWL_OK;
}

static bool id_is_good(const char *id)
{
    uint8_t bytes[PAWL_CONTENT_ID_SIZE];
    return pawl_hex_decode(id, bytes, sizeof bytes) == PAWL_OK;
}

/* The resource of a content object, whose id was judged before. */
static void resource_make(const char *id, char path[96])
{
    snprintf(path, 96, "/v1/contents/%.32s", id);
}

static enum pawl_result show(struct pawl_client *client, const char *operand)
{
    char path[96];
    json_t *answer = NULL;
    resource_make(operand, path);
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);
    return result == PAWL_OK ? pawl_print(answer) : result;
}

static enum pawl_result discard(struct pawl_client *client, const char *operand)
{
    char path[96];
    resource_make(operand, path);
    return pawl_client_json(client, "DELETE", path, NULL, NULL);
}

static const struct action {
    const char *name;
    enum pawl_result (*run)(struct pawl_client *client, const char *operand);
    size_t operands; /* with the action itself */
    bool adds;
} actions[] = {
    {"add", add, 2, true},
    {"list", list, 1, false},
    {"show", show, 2, false},
    {"remove", discard, 2, false},
};

static const struct action *action_find(const char *text)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, text) == 0)
            return &actions[i];
    return NULL;
}

static int run(const struct pawl_option_list *operands)
{
    const struct action *action = action_find(pawl_cli_action(operands));
    struct pawl_client *client = NULL;
    if (action == NULL)
        return pawl_usage_error("'%s' is none of add, list, show and remove", operands->items[0]);
    if (operands->count != action->operands && operands->count > 0)
        return pawl_usage_error(action->adds           ? "add takes a FILE"
                                : action->operands > 1 ? "a CONTENT_ID is needed"
                                                       : "list takes no operand");
    if (!action->adds && operands->count > 1 && !id_is_good(operands->items[1]))
        return pawl_usage_error("'%s' is no content id of 32 hex digits", operands->items[1]);
    if (action->adds && (release == NULL || name == NULL))
        return pawl_usage_error("add needs --release and --name");
    if (!action->adds && (release != NULL || name != NULL))
        return pawl_usage_error("--release and --name belong to add");
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = action->run(client, operands->count > 1 ? operands->items[1] : NULL);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_content = {
    .name = "content",
    .usage = {.command = "pawl content",
              .operands = "[list] | add FILE | show|remove CONTENT_ID",
              .summary = "media that only devices with a certain release can play",
              .details = "add cuts FILE into segments with ffmpeg, encrypts them here under keys "
                         "that change, and hands\nboth to the control server, which grants keys "
                         "to devices that run the release. remove ends\nthat; what a device holds "
                         "opens until its next download.",
              .least = 0,
              .most = 2},
    .options = options,
    .run = run,
    .words = "add list show remove",
};
