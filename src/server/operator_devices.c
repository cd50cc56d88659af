/* GET /v1/devices and GET /v1/devices/ID. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/device_find.h"
#include "server/evidence.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

static json_t *package_json(bool present, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    return present ? pawl_hex_json(package_id, PAWL_PACKAGE_ID_SIZE) : json_null();
}

/* What a list says of a device: a new reference, or NULL. */
static json_t *device_json(const struct pawl_device *device, int64_t last_seen)
{
    const struct pawl_device_record *record = &device->record;
    json_t *json = json_object();
    pawl_json_put(&json, "device_id", pawl_hex_json(device->device_id, PAWL_ID_SIZE));
    pawl_json_put(&json, "vendor_id", pawl_hex_json(device->vendor_id, PAWL_ID_SIZE));
    pawl_json_put(&json, "class_id", pawl_hex_json(device->class_id, PAWL_ID_SIZE));
    pawl_json_put(&json, "group",
                  device->group[0] != '\0' ? json_string(device->group) : json_null());
    pawl_json_put(&json, "sequence", pawl_number_json(record->sequence));
    pawl_json_put(&json, "package_id", package_json(record->has_package, record->package_id));
    pawl_json_put(&json, "state", json_string(pawl_standing_name(record->standing)));
    pawl_json_put(&json, "last_seen", pawl_time_json(last_seen));
    return json;
}

/* A list being gathered. */
struct device_list {
    struct pawl_reader *reader;
    json_t *items;
};

static json_t *labels_json(struct pawl_reader *reader, uint64_t number)
{
    struct pawl_label labels[PAWL_LABELS_MAX];
    size_t count = 0;
    json_t *json = json_object();
    if (pawl_store_labels_get(reader, number, labels, &count) != PAWL_OK) {
        json_decref(json);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        pawl_json_put(&json, labels[i].key, json_string(labels[i].value));
    return json;
}

static enum pawl_result device_add(void *context, const struct pawl_device *device,
                                   int64_t last_seen)
{
    struct device_list *list = context;
    json_t *item = device_json(device, last_seen);
    pawl_json_put(&item, "labels", labels_json(list->reader, device->number));
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

/* A term for a filter, `"` and `\\` in its value escaped. */
static void term_append(char *text, size_t room, const char *field, const char *value)
{
    size_t at = strlen(text);
    int written = snprintf(text + at, room - at, "%s=\"", field);
    at += written > 0 ? (size_t)written : 0;
    for (; *value != '\0' && at + 4 < room; value++) {
        if (*value == '"' || *value == '\\')
            text[at++] = '\\';
        text[at++] = *value;
    }
    snprintf(text + at, room > at ? room - at : 0, "\" ");
}

/* What ?filter= asks for; ?class=&vendor=&group=&state= are terms of it. */
static bool query_read(struct pawl_request *request, struct pawl_query *query)
{
    static const char *const names[] = {"vendor", "class", "group", "state"};
    const char *filter = pawl_request_argument(request, "filter");
    char text[2 * PAWL_QUERY_TEXT_MAX] = "";
    struct pawl_query_error error;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = pawl_request_argument(request, names[i]);
        if (value != NULL && strlen(value) < 200)
            term_append(text, sizeof text, names[i], value);
        else if (value != NULL) {
            pawl_request_refuse(request, PAWL_MALFORMED, "%s is too long", names[i]);
            return false;
        }
    }
    size_t before = strlen(text);
    if (filter != NULL && strlen(filter) > PAWL_QUERY_TEXT_MAX - before) {
        pawl_request_refuse(request, PAWL_MALFORMED, "filter is too long");
        return false;
    }
    snprintf(text + before, sizeof text - before, "%s", filter != NULL ? filter : "");
    if (pawl_query_read(text, (int64_t)time(NULL), query, &error) == PAWL_OK)
        return true;
    if (error.at > before)
        pawl_request_refuse(request, PAWL_MALFORMED, "filter, character %zu: %s", error.at - before,
                            error.message);
    else
        pawl_request_refuse(request, PAWL_MALFORMED, "%s", error.message);
    return false;
}

static enum MHD_Result device_list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct device_list list = {NULL, NULL};
    struct pawl_query query;
    uint64_t after, next = 0;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after) ||
        !query_read(request, &query))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &list.reader);
    if (result == PAWL_OK)
        result =
            pawl_store_device_search(list.reader, &query, after, limit, device_add, &list, &next);
    pawl_reader_return(&server->readers, list.reader);
    if (result != PAWL_OK) {
        json_decref(list.items);
        return pawl_request_refuse(request, result, "cannot read the devices");
    }
    return pawl_list_answer(request, list.items, next != 0 ? json_integer((json_int_t)next) : NULL);
}

const struct pawl_handler pawl_device_list_handler = {.answer = device_list_answer};

/* The package that the device would be offered if it reported what is held of it. */
static json_t *offered_json(struct pawl_server *server, const struct pawl_device *device)
{
    struct pawl_offer offer;
    pawl_device_foresee(pawl_plan_acquire(&server->plans), device, &offer);
    bool offered =
        device->record.standing == PAWL_STANDING_ACTIVE && offer.reason == PAWL_OFFER_PACKAGE;
    json_t *json = package_json(offered, offered ? offer.entry->package_id : NULL);
    pawl_plan_release(&server->plans);
    return json;
}

/* What is known of one device beyond the list: a new reference, or NULL. */
static json_t *device_detail_json(struct pawl_server *server, const struct pawl_device *device,
                                  int64_t last_seen)
{
    const struct pawl_device_record *record = &device->record;
    const struct pawl_failure_note *note = &device->failure;
    json_t *failure = json_null(), *reason = json_null();
    if (note->present)
        failure = json_pack("{s:o, s:I}", "package_id", package_json(true, note->package_id),
                            "code", (json_int_t)note->code);
    if (record->standing == PAWL_STANDING_QUARANTINED)
        reason = json_string(pawl_finding_name(device->quarantine));
    json_t *json = device_json(device, last_seen);
    pawl_json_put(&json, "instance_known", json_boolean(record->has_instance));
    pawl_json_put(&json, "maximum",
                  record->has_maximum ? pawl_number_json(record->maximum) : json_null());
    pawl_json_put(&json, "chain_length", pawl_number_json(device->chain_length));
    pawl_json_put(&json, "quarantine_reason", reason);
    pawl_json_put(&json, "last_failure", failure);
    pawl_json_put(&json, "offered", offered_json(server, device));
    return json;
}

/* The evidence of a device that is held, else null. */
static enum pawl_result evidence_read(struct pawl_reader *reader, const struct pawl_device *device,
                                      json_t **json)
{
    struct pawl_evidence evidence;
    enum pawl_result result = PAWL_STATE;
    if (device->record.standing == PAWL_STANDING_QUARANTINED)
        result = pawl_store_evidence_get(reader, device->number, &evidence);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    *json = result == PAWL_OK ? pawl_evidence_json(&evidence) : json_null();
    return PAWL_OK;
}

static enum MHD_Result device_show_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader;
    struct pawl_device device;
    json_t *labels = NULL, *evidence = NULL;
    int64_t last_seen = 0;
    if (!pawl_device_find(request, &reader, &device))
        return MHD_YES;
    enum pawl_result result = pawl_store_seen_get(reader, device.number, &last_seen);
    if (result == PAWL_OK)
        result = evidence_read(reader, &device, &evidence);
    if (result == PAWL_OK)
        labels = labels_json(reader, device.number);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the device");
    json_t *json = device_detail_json(server, &device, last_seen);
    pawl_json_put(&json, "evidence", evidence);
    pawl_json_put(&json, "labels", labels);
    return pawl_json_answer(request, MHD_HTTP_OK, json);
}

const struct pawl_handler pawl_device_show_handler = {.answer = device_show_answer};
