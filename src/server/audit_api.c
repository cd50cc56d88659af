/* GET /v1/audit, and GET and POST /v1/audit/checkpoints (SPEC 21). */
#include <string.h>
#include <time.h>

#include "host/hex.h"
#include "host/options.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

static enum pawl_result entry_add(void *context, const struct pawl_audit_row *row)
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
    pawl_json_put(&item, "hash", pawl_hex_json(row->hash, PAWL_AUDIT_HASH_SIZE));
    list->last = row->id;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

/* The readers below answer false when they failed the request. */

static bool time_read(struct pawl_request *request, const char *name, int64_t *time)
{
    const char *text = pawl_request_argument(request, name);
    uint64_t number = 0;
    if (text != NULL && (pawl_number_parse(text, &number) != PAWL_OK || number > INT64_MAX)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "%s must be Unix seconds", name);
        return false;
    }
    *time = (int64_t)number;
    return true;
}

static bool order_read(struct pawl_request *request, bool *newest_first)
{
    const char *text = pawl_request_argument(request, "order");
    *newest_first = text != NULL && strcmp(text, "newest") == 0;
    if (text == NULL || *newest_first || strcmp(text, "oldest") == 0)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "order must be oldest or newest");
    return false;
}

static bool device_read(struct pawl_request *request, uint8_t id[PAWL_ID_SIZE],
                        const uint8_t **device_id)
{
    const char *text = pawl_request_argument(request, "device");
    if (text == NULL)
        return true;
    if (pawl_hex_decode(text, id, PAWL_ID_SIZE) != PAWL_OK) {
        pawl_request_refuse(request, PAWL_MALFORMED, "device must be 32 hex digits");
        return false;
    }
    *device_id = id;
    return true;
}

static enum MHD_Result audit_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_audit_filter filter = {
        .actor = pawl_request_argument(request, "actor"),
        .action = pawl_request_argument(request, "action"),
    };
    struct pawl_numbered_list list = {NULL, 0};
    struct pawl_reader *reader = NULL;
    uint8_t device_id[PAWL_ID_SIZE];
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &filter.after) ||
        !time_read(request, "since", &filter.since) ||
        !time_read(request, "until", &filter.until) || !order_read(request, &filter.newest_first) ||
        !device_read(request, device_id, &filter.device_id))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_audit_find(reader, &filter, limit, entry_add, &list);
    pawl_reader_return(&server->readers, reader);
    return pawl_page_answer(request, result, list.items, limit, pawl_number_json(list.last),
                            "cannot read the audit trail");
}

const struct pawl_handler pawl_audit_handler = {.answer = audit_answer};

static json_t *checkpoint_json(const struct pawl_checkpoint_row *row)
{
    char text[PAWL_HEX_SIZE(PAWL_CHECKPOINT_SIZE_MAX)];
    json_t *item = json_object();
    pawl_json_put(&item, "entry", pawl_number_json(row->entry));
    pawl_json_put(&item, "time", json_integer((json_int_t)row->time));
    pawl_json_put(&item, "checkpoint", json_string(pawl_hex_encode(row->message, row->size, text)));
    return item;
}

static enum pawl_result checkpoint_add(void *context, const struct pawl_checkpoint_row *row)
{
    struct pawl_numbered_list *list = context;
    list->last = row->entry;
    return json_array_append_new(list->items, checkpoint_json(row)) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result checkpoints_gather(struct pawl_reader *reader, uint64_t after, size_t limit,
                                           struct pawl_numbered_list *list)
{
    return pawl_store_checkpoint_list(reader, after, limit, checkpoint_add, list);
}

static enum MHD_Result checkpoint_list_answer(struct pawl_request *request)
{
    return pawl_numbered_list_answer(request, checkpoints_gather, "cannot read the checkpoints");
}

const struct pawl_handler pawl_checkpoint_list_handler = {.answer = checkpoint_list_answer};

static enum MHD_Result checkpoint_make_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_checkpoint_row row;
    enum pawl_result result = pawl_checkpoint_make(&server->checkpoints, (int64_t)time(NULL), &row);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result, "the audit trail is empty");
    if (result == PAWL_CORRUPT)
        return pawl_request_refuse(request, result, "the audit trail is not what was signed");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot sign the audit trail");
    return pawl_json_answer(request, MHD_HTTP_OK, checkpoint_json(&row));
}

const struct pawl_handler pawl_checkpoint_make_handler = {.answer = checkpoint_make_answer};
