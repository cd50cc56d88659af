/* GET and DELETE /v1/contents. */
#include <stdlib.h>
#include <string.h>

#include "host/hex.h"
#include "host/log.h"
#include "server/content_api.h"
#include "server/content_shelf.h"

json_t *pawl_content_json(const struct pawl_content_row *content)
{
    json_t *json = json_object();
    pawl_json_put(&json, "content_id", pawl_hex_json(content->content_id, PAWL_CONTENT_ID_SIZE));
    pawl_json_put(&json, "name", json_string(content->name));
    pawl_json_put(&json, "release_id", pawl_hex_json(content->release_id, PAWL_RELEASE_ID_SIZE));
    pawl_json_put(&json, "segments", json_integer(content->segments));
    pawl_json_put(&json, "keys", json_integer(content->keys));
    pawl_json_put(&json, "size", pawl_number_json(content->size));
    pawl_json_put(&json, "created", json_integer((json_int_t)content->created));
    return json;
}

char *pawl_content_detail_make(const struct pawl_content_row *content)
{
    json_t *json = pawl_content_json(content);
    char *detail = pawl_json_dump(json);
    return detail;
}

/* A list being gathered. */
struct content_list {
    json_t *items;
    uint8_t last[PAWL_CONTENT_ID_SIZE];
};

static enum pawl_result item_add(void *context, const struct pawl_content_row *row)
{
    struct content_list *list = context;
    memcpy(list->last, row->content_id, PAWL_CONTENT_ID_SIZE);
    return json_array_append_new(list->items, pawl_content_json(row)) == 0 ? PAWL_OK
                                                                           : PAWL_EXHAUSTED;
}

static enum MHD_Result list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct content_list list = {.items = NULL, .last = {0}};
    const char *text = pawl_request_argument(request, "after");
    uint8_t after[PAWL_CONTENT_ID_SIZE];
    size_t limit;
    if (!pawl_limit_read(request, &limit))
        return MHD_YES;
    if (text != NULL && pawl_hex_decode(text, after, sizeof after) != PAWL_OK)
        return pawl_request_refuse(request, PAWL_MALFORMED, "after must be the cursor of a list");
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result =
            pawl_store_content_list(reader, text != NULL ? after : NULL, limit, item_add, &list);
    pawl_reader_return(&server->readers, reader);
    return pawl_page_answer(request, result, list.items, limit,
                            pawl_hex_json(list.last, PAWL_CONTENT_ID_SIZE),
                            "cannot read the contents");
}

static enum pawl_result row_read(struct pawl_request *request,
                                 const uint8_t content_id[PAWL_CONTENT_ID_SIZE],
                                 struct pawl_content_row *row)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_content_get(reader, content_id, row);
    pawl_reader_return(&server->readers, reader);
    return result;
}

static enum MHD_Result missing_answer(struct pawl_request *request)
{
    pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such content");
    return MHD_YES;
}

static enum MHD_Result show_answer(struct pawl_request *request)
{
    struct pawl_content_row row;
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    if (!pawl_part_read(request, content_id, sizeof content_id))
        return MHD_YES;
    enum pawl_result result = row_read(request, content_id, &row);
    if (result == PAWL_STATE)
        return missing_answer(request);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the contents");
    return pawl_json_answer(request, MHD_HTTP_OK, pawl_content_json(&row));
}

/* The row goes first: from then on no key is granted. Files without a row, of an upload that was
 * given up, go too. */
static enum MHD_Result remove_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_content_row row;
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    if (!pawl_part_read(request, content_id, sizeof content_id))
        return MHD_YES;
    enum pawl_result result = row_read(request, content_id, &row);
    if (result == PAWL_OK) {
        char *detail = pawl_content_detail_make(&row);
        const struct pawl_event event =
            pawl_operator_event(request, "content-removed", NULL, detail);
        result = pawl_store_content_remove(server->store, content_id, &event);
        free(detail);
    }
    if (result != PAWL_OK && result != PAWL_STATE)
        return pawl_request_refuse(request, result, "cannot remove the content");
    bool files = pawl_content_files_remove(&server->data, content_id);
    if (result == PAWL_STATE && !files)
        return missing_answer(request);
    pawl_log(PAWL_LOG_NOTICE, "event=content-removed actor=%s content=%s", request->actor,
             request->part);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

const struct pawl_handler pawl_content_list_handler = {.answer = list_answer};
const struct pawl_handler pawl_content_show_handler = {.answer = show_answer};
const struct pawl_handler pawl_content_remove_handler = {.answer = remove_answer};
