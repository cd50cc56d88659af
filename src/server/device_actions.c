/* What an operator does to one device: PUT group and labels; POST release, retry, decommission. */
#include <string.h>

#include "server/device_act.h"
#include "server/operator_api.h"

/* Does it to the device of the path and answers {"changed"}. */
static enum MHD_Result one_answer(struct pawl_request *request, const struct pawl_act *act)
{
    struct pawl_server *server = request->server;
    struct pawl_act_row row;
    if (!pawl_part_read(request, row.device_id, sizeof row.device_id))
        return MHD_YES;
    enum pawl_result result = pawl_devices_act(server, act, &row, 1, false);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write");
    if (row.outcome == PAWL_ACT_UNKNOWN)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device");
    const char *words = pawl_act_outcome_words(row.outcome);
    if (words != NULL)
        return pawl_request_refuse(request, PAWL_STATE, "%s", words);
    return pawl_json_answer(request, MHD_HTTP_OK,
                            json_pack("{s:b}", "changed", row.outcome == PAWL_ACT_CHANGED));
}

static enum MHD_Result group_answer(struct pawl_request *request)
{
    static const char *const members[] = {"group", "reason", NULL};
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_GROUP);
    char group[PAWL_GROUP_SIZE];
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    const json_t *value = json_object_get(body, "group");
    bool none = json_is_null(value);
    act.group = none ? NULL : group;
    enum MHD_Result answered = MHD_YES;
    if ((none || pawl_group_read(request, json_string_value(value), group)) &&
        pawl_reason_read(request, json_object_get(body, "reason"), false, &act))
        answered = one_answer(request, &act);
    json_decref(body);
    return answered;
}

const struct pawl_handler pawl_device_group_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = group_answer,
};

static enum MHD_Result label_answer(struct pawl_request *request)
{
    static const char *const members[] = {"key", "value", "reason", NULL};
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_LABEL);
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    const json_t *value = json_object_get(body, "value");
    const char *text = json_is_null(value) ? "" : json_string_value(value);
    enum MHD_Result answered = MHD_YES;
    if (text != NULL && text[0] == '\0' && !json_is_null(value))
        text = NULL; /* to take a label away is said by null alone */
    if (pawl_label_read(request, json_string_value(json_object_get(body, "key")), text,
                        &act.label) &&
        pawl_reason_read(request, json_object_get(body, "reason"), false, &act))
        answered = one_answer(request, &act);
    json_decref(body);
    return answered;
}

const struct pawl_handler pawl_device_label_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = label_answer,
};

/* Of what needs a reason and nothing else. */
static enum MHD_Result reasoned_answer(struct pawl_request *request, enum pawl_act_kind kind)
{
    static const char *const members[] = {"reason", NULL};
    struct pawl_act act = pawl_act_begin(request, kind);
    json_t *body = pawl_json_body_read(request, members);
    enum MHD_Result answered = MHD_YES;
    if (body != NULL && pawl_reason_read(request, json_object_get(body, "reason"), true, &act))
        answered = one_answer(request, &act);
    json_decref(body);
    return answered;
}

static enum MHD_Result release_answer(struct pawl_request *request)
{
    return reasoned_answer(request, PAWL_ACT_RELEASE);
}

const struct pawl_handler pawl_device_release_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = release_answer,
};

static enum MHD_Result decommission_answer(struct pawl_request *request)
{
    return reasoned_answer(request, PAWL_ACT_DECOMMISSION);
}

const struct pawl_handler pawl_device_decommission_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = decommission_answer,
};

static enum MHD_Result retry_answer(struct pawl_request *request)
{
    const struct pawl_act act = pawl_act_begin(request, PAWL_ACT_RETRY);
    return one_answer(request, &act);
}

const struct pawl_handler pawl_device_retry_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = retry_answer,
};
