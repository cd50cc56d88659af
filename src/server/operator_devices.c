/* GET /v1/devices and GET /v1/devices/ID. */
#include <string.h>
#include <time.h>

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
    pawl_json_put(&json, "last_seen",
                  last_seen != 0 ? json_integer((json_int_t)last_seen) : json_null());
    return json;
}

/* A list being gathered. */
struct device_list {
    json_t *items;
    uint64_t last;
};

static enum pawl_result device_add(void *context, const struct pawl_device *device,
                                   int64_t last_seen)
{
    struct device_list *list = context;
    list->last = device->number;
    return json_array_append_new(list->items, device_json(device, last_seen)) == 0 ? PAWL_OK
                                                                                   : PAWL_EXHAUSTED;
}

/* What ?class=&vendor=&group=&state= ask for, and where it is kept. */
struct selection {
    struct pawl_device_filter filter;
    uint8_t class_id[PAWL_ID_SIZE];
    uint8_t vendor_id[PAWL_ID_SIZE];
    char group[PAWL_GROUP_SIZE];
};

static bool state_read(struct pawl_request *request, struct pawl_device_filter *filter)
{
    const char *state = pawl_request_argument(request, "state");
    if (state == NULL)
        return true;
    for (int standing = PAWL_STANDING_ACTIVE; standing <= PAWL_STANDING_RELEASED; standing++)
        if (strcmp(pawl_standing_name((enum pawl_standing)standing), state) == 0) {
            filter->has_standing = true;
            filter->standing = (enum pawl_standing)standing;
            return true;
        }
    pawl_request_refuse(request, PAWL_MALFORMED, "state must be active, quarantined or released");
    return false;
}

static bool selection_read(struct pawl_request *request, struct selection *selection)
{
    const char *class = pawl_request_argument(request, "class");
    const char *vendor = pawl_request_argument(request, "vendor");
    const char *group = pawl_request_argument(request, "group");
    memset(selection, 0, sizeof *selection);
    if (class != NULL) {
        if (!pawl_class_read(request, class, vendor, selection->class_id))
            return false;
        selection->filter.class_id = selection->class_id;
    } else if (vendor != NULL) {
        pawl_vendor_id_make(vendor, selection->vendor_id);
        selection->filter.vendor_id = selection->vendor_id;
    }
    if (group != NULL) {
        if (!pawl_group_read(request, group, selection->group))
            return false;
        selection->filter.group = selection->group;
    }
    return state_read(request, &selection->filter);
}

static enum MHD_Result device_list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct device_list list = {NULL, 0};
    struct selection selection;
    uint64_t after;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after) ||
        !selection_read(request, &selection))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_device_list(reader, &selection.filter, after, limit, device_add, &list);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK) {
        json_decref(list.items);
        return pawl_request_refuse(request, result, "cannot read the devices");
    }
    bool full = json_array_size(list.items) == limit;
    return pawl_list_answer(request, list.items, full ? json_integer((json_int_t)list.last) : NULL);
}

const struct pawl_handler pawl_device_list_handler = {.answer = device_list_answer};

/* The package that the device would be offered if it reported what is held of it. */
static json_t *offered_json(struct pawl_server *server, const struct pawl_device *device)
{
    const struct pawl_subject subject = pawl_device_subject(device);
    const struct pawl_offer_terms terms = {.now = (int64_t)time(NULL)};
    struct pawl_report report = {
        .sequence = device->record.sequence,
        .has_instance = device->record.has_instance,
        .has_package = device->record.has_package,
        .state = PAWL_STATE_READY,
    };
    memcpy(report.package_id, device->record.package_id, PAWL_PACKAGE_ID_SIZE);
    if (device->failure.present) {
        report.has_failure = true;
        memcpy(report.failed_package_id, device->failure.package_id, PAWL_PACKAGE_ID_SIZE);
        report.failure = device->failure.code;
    }
    struct pawl_offer offer;
    pawl_offer_decide(pawl_plan_acquire(&server->plans), &subject, &device->record,
                      &device->failure, &report, &terms, &offer);
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

static enum MHD_Result device_show_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_device device;
    uint8_t device_id[PAWL_ID_SIZE];
    int64_t last_seen = 0;
    if (!pawl_part_read(request, device_id, sizeof device_id))
        return MHD_YES;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_device_get(reader, device_id, &device);
    bool missing = result == PAWL_STATE;
    if (result == PAWL_OK)
        result = pawl_store_seen_get(reader, device.number, &last_seen);
    pawl_reader_return(&server->readers, reader);
    if (missing) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device");
        return MHD_YES;
    }
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the device");
    return pawl_json_answer(request, MHD_HTTP_OK, device_detail_json(server, &device, last_seen));
}

const struct pawl_handler pawl_device_show_handler = {.answer = device_show_answer};
