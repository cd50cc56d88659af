/* GET /v1/quarantine: devices that are held, with the evidence. */
#include "server/evidence.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

static json_t *bytes_json(const uint8_t *bytes, size_t size, bool present)
{
    return present ? pawl_hex_json(bytes, size) : json_null();
}

static json_t *side_json(const struct pawl_evidence_side *side)
{
    json_t *json = json_object();
    pawl_json_put(&json, "sequence", pawl_number_json(side->sequence));
    pawl_json_put(&json, "instance",
                  bytes_json(side->instance, PAWL_INSTANCE_SIZE, side->has_instance));
    pawl_json_put(&json, "package_id",
                  bytes_json(side->package_id, PAWL_PACKAGE_ID_SIZE, side->has_package));
    return json;
}

json_t *pawl_evidence_json(const struct pawl_evidence *evidence)
{
    json_t *json = json_object();
    pawl_json_put(&json, "time", json_integer((json_int_t)evidence->time));
    pawl_json_put(&json, "recorded", side_json(&evidence->recorded));
    pawl_json_put(&json, "reported", side_json(&evidence->reported));
    pawl_json_put(&json, "source",
                  evidence->source[0] != '\0' ? json_string(evidence->source) : json_null());
    return json;
}

struct held_list {
    struct pawl_reader *reader;
    json_t *items;
};

static enum pawl_result held_add(void *context, const struct pawl_device *device, int64_t last_seen)
{
    struct held_list *list = context;
    struct pawl_evidence evidence;
    enum pawl_result result = pawl_store_evidence_get(list->reader, device->number, &evidence);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    json_t *item = json_object();
    pawl_json_put(&item, "device_id", pawl_hex_json(device->device_id, PAWL_ID_SIZE));
    pawl_json_put(&item, "class_id", pawl_hex_json(device->class_id, PAWL_ID_SIZE));
    pawl_json_put(&item, "group",
                  device->group[0] != '\0' ? json_string(device->group) : json_null());
    pawl_json_put(&item, "reason", json_string(pawl_finding_name(device->quarantine)));
    pawl_json_put(&item, "evidence",
                  result == PAWL_OK ? pawl_evidence_json(&evidence) : json_null());
    pawl_json_put(&item, "last_seen", pawl_time_json(last_seen));
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum MHD_Result quarantine_answer(struct pawl_request *request)
{
    static const struct pawl_query held = {
        .count = 1,
        .terms = {{.field = PAWL_QUERY_STATE,
                   .relation = PAWL_QUERY_EQUAL,
                   .number = PAWL_STANDING_QUARANTINED}},
    };
    struct pawl_server *server = request->server;
    struct held_list list = {NULL, NULL};
    uint64_t after, next = 0;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &list.reader);
    if (result == PAWL_OK)
        result = pawl_store_device_search(list.reader, &held, after, limit, held_add, &list, &next);
    pawl_reader_return(&server->readers, list.reader);
    if (result != PAWL_OK) {
        json_decref(list.items);
        return pawl_request_refuse(request, result, "cannot read the quarantine");
    }
    return pawl_list_answer(request, list.items, next != 0 ? json_integer((json_int_t)next) : NULL);
}

const struct pawl_handler pawl_quarantine_handler = {.answer = quarantine_answer};
