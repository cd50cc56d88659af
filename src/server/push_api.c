/* POST /v1/notify: wakes devices (SPEC 19.8). */
#include <stdlib.h>

#include "server/operator_api.h"
#include "server/operator_json.h"

static enum pawl_result notify_audit(struct pawl_request *request, const struct pawl_target *target)
{
    struct pawl_server *server = request->server;
    bool single = target->kind == PAWL_TARGET_DEVICE;
    json_t *about = json_pack("{s:o}", "target", pawl_target_json(target));
    char *detail = pawl_json_dump(about);
    const struct pawl_event event =
        pawl_operator_event(request, "notified", single ? target->id : NULL, detail);
    enum pawl_result result = pawl_store_audit_append(server->store, &event, 1);
    free(detail);
    return result;
}

static enum MHD_Result notify_answer(struct pawl_request *request)
{
    static const char *const members[] = {"target", NULL};
    struct pawl_server *server = request->server;
    struct pawl_push_status status;
    struct pawl_target target;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    bool good = pawl_target_read(request, json_object_get(body, "target"), &target);
    json_decref(body);
    if (!good)
        return MHD_YES;
    if (server->push == NULL)
        return pawl_request_refuse(request, PAWL_STATE, "pawld runs without --push-broker");
    pawl_push_target(server->push, &target);
    enum pawl_result result = notify_audit(request, &target);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the audit trail");
    pawl_push_status_get(server->push, &status);
    return pawl_json_answer(request, MHD_HTTP_ACCEPTED,
                            json_pack("{s:b}", "connected", status.connected));
}

const struct pawl_handler pawl_notify_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = notify_answer,
};
