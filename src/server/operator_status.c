/* GET /v1/status and GET /v1/audit. */
#include <time.h>

#include "pawl/version.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

static enum MHD_Result status_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_totals totals;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_totals_get(reader, &totals);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the totals");
    return pawl_json_answer(
        request, MHD_HTTP_OK,
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "version", PAWL_VERSION, "uptime",
                  (json_int_t)(time(NULL) - server->started), "devices", (json_int_t)totals.devices,
                  "quarantined", (json_int_t)totals.quarantined, "packages",
                  (json_int_t)totals.packages, "assignments", (json_int_t)totals.assignments,
                  "confirmations", (json_int_t)totals.confirmations, "sequence_total",
                  (json_int_t)totals.sequence_total));
}

const struct pawl_handler pawl_status_handler = {.answer = status_answer};

/* A list being gathered. */
struct audit_list {
    json_t *items;
    uint64_t last;
};

static enum pawl_result audit_item_add(void *context, const struct pawl_audit_row *row)
{
    struct audit_list *list = context;
    json_t *detail = json_loads(row->detail, 0, NULL);
    json_t *item =
        json_pack("{s:I, s:I, s:s, s:s, s:o, s:o}", "id", (json_int_t)row->id, "time",
                  (json_int_t)row->time, "actor", row->actor, "action", row->action, "device_id",
                  row->has_device ? pawl_hex_json(row->device_id, PAWL_ID_SIZE) : json_null(),
                  "detail", detail != NULL ? detail : json_null());
    list->last = row->id;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum MHD_Result audit_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct audit_list list = {NULL, 0};
    uint64_t after;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_audit_list(reader, after, limit, audit_item_add, &list);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK) {
        json_decref(list.items);
        return pawl_request_refuse(request, result, "cannot read the audit trail");
    }
    bool full = json_array_size(list.items) == limit;
    return pawl_list_answer(request, list.items, full ? json_integer((json_int_t)list.last) : NULL);
}

const struct pawl_handler pawl_audit_handler = {.answer = audit_answer};
