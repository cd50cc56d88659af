/* GET /v1/keys and POST /v1/keys/KEY/rotate (SPEC 22). No key leaves the server by either. */
#include <stdatomic.h>
#include <string.h>

#include "server/master_place.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "server/server_keys.h"

static enum pawl_result keys_read(struct pawl_server *server,
                                  struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX],
                                  size_t *count)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_data_keys_get(reader, keys, count);
    pawl_reader_return(&server->readers, reader);
    return result;
}

/* The rotation of the data key, or null. It lasts as long as the store has two. */
static json_t *rotation_json(struct pawl_server *server, const struct pawl_data_key_row *keys,
                             size_t count)
{
    struct pawl_rewrap_progress progress;
    if (count < 2)
        return json_null();
    pawl_rewrap_progress_get(server->rewrap, &progress);
    bool begun = progress.from == keys[0].generation;
    json_t *json = json_object();
    pawl_json_put(&json, "from", pawl_number_json(keys[0].generation));
    pawl_json_put(&json, "to", pawl_number_json(keys[1].generation));
    pawl_json_put(&json, "done", pawl_number_json(begun ? progress.done : 0));
    pawl_json_put(&json, "left", begun ? pawl_number_json(progress.left) : json_null());
    pawl_json_put(&json, "since", json_integer((json_int_t)keys[1].created));
    pawl_json_put(&json, "stalled",
                  progress.trouble == PAWL_OK ? json_null()
                                              : json_string(pawl_result_name(progress.trouble)));
    return json;
}

static json_t *data_json(struct pawl_server *server, const struct pawl_data_key_row *keys,
                         size_t count)
{
    const struct pawl_data_key_row *current = &keys[count - 1];
    json_t *json = json_object();
    pawl_json_put(&json, "generation", pawl_number_json(current->generation));
    pawl_json_put(&json, "created", json_integer((json_int_t)current->created));
    pawl_json_put(&json, "rotation", rotation_json(server, keys, count));
    return json;
}

static json_t *server_json(struct pawl_server *server)
{
    int64_t until = pawl_server_identity_previous_until(server);
    return json_pack("{s:I, s:o}", "created", (json_int_t)pawl_server_identity_created(server),
                     "previous_until", pawl_time_json(until));
}

static enum MHD_Result keys_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    const struct pawl_challenges *challenges = &server->challenges;
    struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX];
    size_t count = 0;
    enum pawl_result result = keys_read(server, keys, &count);
    if (result != PAWL_OK || count == 0)
        return pawl_request_refuse(request, result == PAWL_OK ? PAWL_STORAGE : result,
                                   "cannot read the data keys");
    json_t *json = json_object();
    pawl_json_put(&json, "master",
                  json_pack("{s:s, s:b}", "place", server->master_place, "next",
                            pawl_master_next_exists(&server->data)));
    pawl_json_put(&json, "data", data_json(server, keys, count));
    pawl_json_put(&json, "challenge",
                  json_pack("{s:I, s:b}", "created", (json_int_t)atomic_load(&challenges->created),
                            "previous", pawl_challenges_get(challenges)->has_previous));
    pawl_json_put(&json, "server", server_json(server));
    return pawl_json_answer(request, MHD_HTTP_OK, json);
}

const struct pawl_handler pawl_key_status_handler = {.answer = keys_answer};

static const struct {
    const char *name;
    enum pawl_result (*rotate)(struct pawl_server *server, const char *actor,
                               struct pawl_trouble *trouble);
} rotations[] = {
    {"master", pawl_master_key_rotate},
    {"data", pawl_data_key_rotate},
    {"challenge", pawl_challenges_rotate},
    {"server", pawl_server_identity_rotate},
};

static enum MHD_Result rotate_answer(struct pawl_request *request)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    struct pawl_server *server = request->server;
    struct pawl_trouble trouble = {"the key cannot be rotated"};
    size_t count = sizeof rotations / sizeof *rotations, i = 0;
    while (i < count && strcmp(rotations[i].name, request->part) != 0)
        i++;
    if (i == count) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such key");
        return MHD_YES;
    }
    pawl_request_patience_set(request, true); /* an HSM may take its time */
    pthread_mutex_lock(&one_at_a_time);
    enum pawl_result result = rotations[i].rotate(server, request->actor, &trouble);
    pthread_mutex_unlock(&one_at_a_time);
    pawl_request_patience_set(request, false);
    if (result == PAWL_IO) /* an HSM that is away */
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, result, "%s", trouble.text);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "%s", trouble.text);
    pawl_rewrap_wake(server->rewrap);
    return keys_answer(request);
}

const struct pawl_handler pawl_key_rotate_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = rotate_answer,
};
