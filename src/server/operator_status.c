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
    json_t *json = json_object();
    pawl_json_put(&json, "version", json_string(PAWL_VERSION));
    pawl_json_put(&json, "uptime", pawl_number_json((uint64_t)(time(NULL) - server->started)));
    pawl_json_put(&json, "devices", pawl_number_json(totals.devices));
    pawl_json_put(&json, "quarantined", pawl_number_json(totals.quarantined));
    pawl_json_put(&json, "packages", pawl_number_json(totals.packages));
    pawl_json_put(&json, "assignments", pawl_number_json(totals.assignments));
    pawl_json_put(&json, "confirmations", pawl_number_json(totals.confirmations));
    pawl_json_put(&json, "sequence_total", pawl_number_json(totals.sequence_total));
    return pawl_json_answer(request, MHD_HTTP_OK, json);
}

const struct pawl_handler pawl_status_handler = {.answer = status_answer};

static enum pawl_result audit_item_add(void *context, const struct pawl_audit_row *row)
{
    struct pawl_numbered_list *list = context;
    json_t *detail = json_loads(row->detail, 0, NULL);
    json_t *item = json_object();
    pawl_json_put(&item, "id", pawl_number_json(row->id));
    pawl_json_put(&item, "time", json_integer((json_int_t)row->time));
    pawl_json_put(&item, "actor", json_string(row->actor));
    pawl_json_put(&item, "action", json_string(row->action));
    pawl_json_put(&item, "device_id",
                  row->has_device ? pawl_hex_json(row->device_id, PAWL_ID_SIZE) : json_null());
    pawl_json_put(&item, "detail", detail != NULL ? detail : json_null());
    list->last = row->id;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result audit_list_gather(struct pawl_reader *reader, uint64_t after, size_t limit,
                                          struct pawl_numbered_list *list)
{
    return pawl_store_audit_list(reader, after, limit, audit_item_add, list);
}

static enum MHD_Result audit_answer(struct pawl_request *request)
{
    return pawl_numbered_list_answer(request, audit_list_gather, "cannot read the audit trail");
}

const struct pawl_handler pawl_audit_handler = {.answer = audit_answer};
