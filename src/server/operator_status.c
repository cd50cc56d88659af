/* GET /v1/status. */
#include <time.h>

#include "pawl/version.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

/* What became of the newest backup that was put back. */
static json_t *restored_json(const struct pawl_restoration *restoration)
{
    json_t *json = json_object();
    pawl_json_put(&json, "entry", pawl_number_json(restoration->entry));
    pawl_json_put(&json, "time", json_integer((json_int_t)restoration->time));
    pawl_json_put(&json, "backup_time",
                  restoration->backup_time == 0
                      ? json_null()
                      : json_integer((json_int_t)restoration->backup_time));
    pawl_json_put(&json, "caught_up", pawl_number_json(restoration->caught_up));
    pawl_json_put(&json, "downloads_learnt", pawl_number_json(restoration->learnt));
    pawl_json_put(&json, "unattributed", pawl_number_json(restoration->unattributed));
    pawl_json_put(&json, "settled",
                  restoration->settled == 0 ? json_null()
                                            : json_integer((json_int_t)restoration->settled));
    return json;
}

/* Null without a broker. */
static json_t *push_json(struct pawl_push *push)
{
    struct pawl_push_status status;
    if (push == NULL)
        return json_null();
    pawl_push_status_get(push, &status);
    json_t *json = json_object();
    pawl_json_put(&json, "connected", json_boolean(status.connected));
    pawl_json_put(&json, "published", pawl_number_json(status.published));
    pawl_json_put(&json, "waiting", pawl_number_json(status.waiting));
    pawl_json_put(&json, "dropped", pawl_number_json(status.dropped));
    return json;
}

static enum MHD_Result status_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_totals totals;
    struct pawl_restoration restoration;
    enum pawl_result restored = PAWL_STATE;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_totals_get(reader, &totals);
    if (result == PAWL_OK)
        restored = pawl_store_restoration_get(reader, &restoration);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the totals");
    json_t *json = json_object();
    pawl_json_put(&json, "version", json_string(PAWL_VERSION));
    pawl_json_put(&json, "uptime", pawl_number_json((uint64_t)(time(NULL) - server->started)));
    pawl_json_put(&json, "devices", pawl_number_json(totals.devices));
    pawl_json_put(&json, "quarantined", pawl_number_json(totals.quarantined));
    pawl_json_put(&json, "decommissioned", pawl_number_json(totals.decommissioned));
    pawl_json_put(&json, "packages", pawl_number_json(totals.packages));
    pawl_json_put(&json, "assignments", pawl_number_json(totals.assignments));
    pawl_json_put(&json, "confirmations", pawl_number_json(totals.confirmations));
    pawl_json_put(&json, "sequence_total", pawl_number_json(totals.sequence_total));
    pawl_json_put(&json, "restored",
                  restored == PAWL_OK ? restored_json(&restoration) : json_null());
    pawl_json_put(&json, "push", push_json(server->push));
    return pawl_json_answer(request, MHD_HTTP_OK, json);
}

const struct pawl_handler pawl_status_handler = {.answer = status_answer};
