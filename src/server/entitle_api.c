/* POST /v1/entitlements: rows of an entitlement table for many devices (SPEC 16.4). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hex.h"
#include "pawl/package.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "server/row_stream.h"

/* What is asked for. */
struct order {
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    struct pawl_row_selection selection;
};

/* The functions that return bool answer false when they failed the request. */

static bool ids_make(struct pawl_request *request, struct pawl_row_selection *selection,
                     size_t count)
{
    selection->ids = calloc(count, sizeof *selection->ids);
    selection->id_count = count;
    if (selection->ids == NULL)
        pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
    return selection->ids != NULL;
}

static bool list_read(struct pawl_request *request, const json_t *list,
                      struct pawl_row_selection *selection)
{
    size_t count = json_array_size(list);
    if (count == 0) {
        pawl_request_refuse(request, PAWL_MALFORMED, "devices must be a list of ids");
        return false;
    }
    if (!ids_make(request, selection, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!pawl_member_id_read(request, json_array_get(list, i), "each of devices",
                                 selection->ids[i], PAWL_ID_SIZE))
            return false;
    return true;
}

/* A single device is a list of one. */
static bool target_read(struct pawl_request *request, const json_t *value,
                        struct pawl_row_selection *selection)
{
    if (!pawl_target_read(request, value, &selection->target))
        return false;
    if (selection->target.kind != PAWL_TARGET_DEVICE)
        return true;
    if (!ids_make(request, selection, 1))
        return false;
    memcpy(selection->ids[0], selection->target.id, PAWL_ID_SIZE);
    return true;
}

/* Whatever it answers, the order's ids are the caller's to free. */
static bool order_read(struct pawl_request *request, struct order *order)
{
    static const char *const members[] = {"package_id", "target", "devices", NULL};
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return false;
    const json_t *target = json_object_get(body, "target");
    const json_t *devices = json_object_get(body, "devices");
    if (devices == NULL)
        devices = json_object_get(target, "devices");
    bool good = pawl_member_id_read(request, json_object_get(body, "package_id"), "package_id",
                                    order->package_id, PAWL_PACKAGE_ID_SIZE);
    if (good)
        good = devices != NULL ? list_read(request, devices, &order->selection)
                               : target_read(request, target, &order->selection);
    json_decref(body);
    return good;
}

static bool package_read(struct pawl_request *request,
                         const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                         struct pawl_package_row *package)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, package_id, package);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such package");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the packages");
    else if (!package->ready)
        pawl_request_refuse(request, PAWL_STATE, "the package has no content key yet");
    else if (package->mode != PAWL_MODE_WRAPPED)
        pawl_request_refuse(request, PAWL_UNSUPPORTED,
                            "a package of direct mode needs no entitlement");
    return request->status == 0;
}

static enum pawl_result issue_audit(struct pawl_request *request,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], uint64_t count)
{
    struct pawl_server *server = request->server;
    char package[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)], detail[160];
    pawl_hex_encode(package_id, PAWL_PACKAGE_ID_SIZE, package);
    snprintf(detail, sizeof detail, "{\"package_id\":\"%s\",\"rows\":%" PRIu64 "}", package, count);
    const struct pawl_event event = pawl_operator_event(request, "entitlements-made", NULL, detail);
    return pawl_store_audit_append(server->store, &event, 1);
}

static bool rows_count(struct pawl_request *request, struct pawl_row_stream *stream,
                       uint64_t *count)
{
    uint8_t missing[PAWL_ID_SIZE];
    char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    enum pawl_result result = pawl_row_stream_count(stream, count, missing);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device: %s",
                          pawl_hex_encode(missing, PAWL_ID_SIZE, name));
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the devices");
    return result == PAWL_OK;
}

/* Sends the stream, or frees it. */
static enum MHD_Result stream_answer(struct pawl_request *request, const struct order *order,
                                     struct pawl_row_stream *stream)
{
    uint64_t count = 0;
    struct MHD_Response *response = NULL;
    if (!rows_count(request, stream, &count)) {
        pawl_row_stream_free(stream);
        return MHD_YES;
    }
    enum pawl_result result = issue_audit(request, order->package_id, count);
    if (result == PAWL_OK)
        response = MHD_create_response_from_callback(
            pawl_row_stream_size(count), 65536, pawl_row_stream_read, stream, pawl_row_stream_free);
    if (response == NULL) {
        pawl_row_stream_free(stream);
        return pawl_request_refuse(request, result == PAWL_OK ? PAWL_EXHAUSTED : result,
                                   "cannot begin the answer");
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result entitle_answer(struct pawl_request *request)
{
    struct order order = {.selection = {.ids = NULL}};
    struct pawl_package_row package;
    struct pawl_row_stream *stream = NULL;
    if (!order_read(request, &order) || !package_read(request, order.package_id, &package)) {
        free(order.selection.ids);
        return MHD_YES;
    }
    enum pawl_result result =
        pawl_row_stream_open(request->server, &package, &order.selection, &stream);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot open the package's content key");
    pawl_request_patience_set(request, true);
    enum MHD_Result answered = stream_answer(request, &order, stream);
    pawl_request_patience_set(request, false);
    return answered;
}

const struct pawl_handler pawl_entitle_handler = {
    .body_max = PAWL_JSON_BODY_MAX,
    .answer = entitle_answer,
};
