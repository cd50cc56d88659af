/* What an operator does to a device: PUT group, POST release, POST retry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/operator_api.h"
#include "server/operator_json.h"

#define REASON_MAX 256u /* bytes */

/* Ends an action: `{}`, or why it was not possible. */
static enum MHD_Result action_answer(struct pawl_request *request, enum pawl_result result,
                                     const uint8_t device_id[PAWL_ID_SIZE], const char *impossible)
{
    struct pawl_server *server = request->server;
    pawl_device_cache_drop(server->devices, device_id);
    if (result == PAWL_OK)
        return pawl_json_answer(request, MHD_HTTP_OK, json_object());
    if (result != PAWL_STATE)
        return pawl_request_refuse(request, result, "cannot write");
    struct pawl_reader *reader = NULL;
    struct pawl_device device;
    enum pawl_result found = pawl_reader_borrow(&server->readers, &reader);
    if (found == PAWL_OK)
        found = pawl_store_device_get(reader, device_id, &device);
    pawl_reader_return(&server->readers, reader);
    if (found == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device");
    return pawl_request_refuse(request, PAWL_STATE, "%s", impossible);
}

/* `{"NAME": text}` for the audit: to be freed, or NULL. */
static char *detail_make(const char *name, const char *text)
{
    json_t *detail = json_pack("{s:s?}", name, text);
    char *made = detail != NULL ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    return made;
}

static enum MHD_Result group_answer(struct pawl_request *request)
{
    static const char *const members[] = {"group", NULL};
    struct pawl_server *server = request->server;
    uint8_t device_id[PAWL_ID_SIZE];
    char group[PAWL_GROUP_SIZE];
    if (!pawl_part_read(request, device_id, sizeof device_id))
        return MHD_YES;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    const json_t *value = json_object_get(body, "group");
    bool none = json_is_null(value);
    bool good = none || pawl_group_read(request, json_string_value(value), group);
    json_decref(body);
    if (!good)
        return MHD_YES;
    char *detail = detail_make("group", none ? NULL : group);
    const struct pawl_event event = pawl_operator_event(request, "group-set", device_id, detail);
    enum pawl_result result =
        pawl_store_device_group_set(server->store, device_id, none ? NULL : group, &event);
    free(detail);
    return action_answer(request, result, device_id, "the device has no group to change");
}

const struct pawl_handler pawl_device_group_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = group_answer,
};

static enum MHD_Result release_answer(struct pawl_request *request)
{
    static const char *const members[] = {"reason", NULL};
    struct pawl_server *server = request->server;
    uint8_t device_id[PAWL_ID_SIZE];
    if (!pawl_part_read(request, device_id, sizeof device_id))
        return MHD_YES;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    const char *reason = json_string_value(json_object_get(body, "reason"));
    bool good = reason != NULL && reason[0] != '\0' && strlen(reason) <= REASON_MAX;
    char *detail = good ? detail_make("reason", reason) : NULL;
    json_decref(body);
    if (!good)
        return pawl_request_refuse(request, PAWL_MALFORMED, "a reason of 1 to %u bytes is needed",
                                   REASON_MAX);
    const struct pawl_event event = pawl_operator_event(request, "released", device_id, detail);
    enum pawl_result result = pawl_store_device_release(server->store, device_id, &event);
    free(detail);
    return action_answer(request, result, device_id, "the device is not in quarantine");
}

const struct pawl_handler pawl_device_release_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = release_answer,
};

static enum MHD_Result retry_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    uint8_t device_id[PAWL_ID_SIZE];
    if (!pawl_part_read(request, device_id, sizeof device_id))
        return MHD_YES;
    const struct pawl_event event = pawl_operator_event(request, "retry-asked", device_id, NULL);
    enum pawl_result result = pawl_store_device_retry(server->store, device_id, &event);
    return action_answer(request, result, device_id, "no failed attempt is noted for the device");
}

const struct pawl_handler pawl_device_retry_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = retry_answer,
};
