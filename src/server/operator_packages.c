/* GET /v1/packages. */
#include <string.h>

#include "host/hex.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

json_t *pawl_revokes_json(const struct pawl_package_row *row)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < row->revoked_count; i++)
        json_array_append_new(list, pawl_hex_json(row->revoked[i], PAWL_KID_SIZE));
    return list;
}

/* A list being gathered. */
struct package_list {
    json_t *items;
    uint8_t last[PAWL_PACKAGE_ID_SIZE];
};

static enum pawl_result item_add(void *context, const struct pawl_package_row *row)
{
    struct package_list *list = context;
    json_t *item = json_object();
    pawl_json_put(&item, "package_id", pawl_hex_json(row->package_id, PAWL_PACKAGE_ID_SIZE));
    pawl_json_put(&item, "release_id", pawl_hex_json(row->release_id, PAWL_RELEASE_ID_SIZE));
    pawl_json_put(&item, "vendor_id", pawl_hex_json(row->vendor_id, PAWL_ID_SIZE));
    pawl_json_put(&item, "class_id", pawl_hex_json(row->class_id, PAWL_ID_SIZE));
    pawl_json_put(&item, "name", json_string(row->name));
    pawl_json_put(&item, "version", json_string(row->version));
    pawl_json_put(&item, "security_version", pawl_number_json(row->security_version));
    pawl_json_put(&item, "signed_by",
                  row->has_signer ? pawl_hex_json(row->signed_by, PAWL_KID_SIZE) : json_null());
    pawl_json_put(&item, "revokes", pawl_revokes_json(row));
    pawl_json_put(&item, "profile",
                  json_string(row->profile == PAWL_PROFILE_NETWORK ? "network" : "confined"));
    pawl_json_put(&item, "image_size", pawl_number_json(row->image_size));
    pawl_json_put(&item, "package_size", pawl_number_json(row->package_size));
    pawl_json_put(&item, "created", json_integer((json_int_t)row->created));
    pawl_json_put(&item, "state", json_string(row->ready ? "ready" : "needs-key"));
    memcpy(list->last, row->package_id, PAWL_PACKAGE_ID_SIZE);
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

/* What ?class=&vendor=&name=&state= ask for; false when that failed the request. */
static bool filter_read(struct pawl_request *request, struct pawl_package_filter *filter,
                        uint8_t class_id[PAWL_ID_SIZE])
{
    const char *class = pawl_request_argument(request, "class");
    const char *vendor = pawl_request_argument(request, "vendor");
    const char *state = pawl_request_argument(request, "state");
    *filter = (struct pawl_package_filter){.name = pawl_request_argument(request, "name")};
    if ((class != NULL || vendor != NULL) && !pawl_class_read(request, class, vendor, class_id))
        return false;
    filter->class_id = class != NULL ? class_id : NULL;
    filter->has_state = state != NULL;
    filter->ready = state != NULL && strcmp(state, "ready") == 0;
    if (state == NULL || filter->ready || strcmp(state, "needs-key") == 0)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "state must be needs-key or ready");
    return false;
}

static enum MHD_Result package_list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct package_list list = {.items = NULL, .last = {0}};
    const char *text = pawl_request_argument(request, "after");
    struct pawl_package_filter filter;
    uint8_t after[PAWL_PACKAGE_ID_SIZE], class_id[PAWL_ID_SIZE];
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !filter_read(request, &filter, class_id))
        return MHD_YES;
    if (text != NULL && pawl_hex_decode(text, after, sizeof after) != PAWL_OK)
        return pawl_request_refuse(request, PAWL_MALFORMED, "after must be the cursor of a list");
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_list(reader, &filter, text != NULL ? after : NULL, limit,
                                         item_add, &list);
    pawl_reader_return(&server->readers, reader);
    return pawl_page_answer(request, result, list.items, limit,
                            pawl_hex_json(list.last, PAWL_PACKAGE_ID_SIZE),
                            "cannot read the packages");
}

const struct pawl_handler pawl_package_list_handler = {.answer = package_list_answer};
