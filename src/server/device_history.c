/* GET /v1/devices/ID/history and /v1/devices/ID/why. */
#include <string.h>
#include <time.h>

#include "headend/why.h"
#include "server/device_find.h"
#include "server/operator_api.h"

/* What a detail is called: a cause of failure, or a finding. */
static json_t *detail_json(const struct pawl_attempt *attempt)
{
    bool failed = attempt->outcome == PAWL_ATTEMPT_FAILED;
    bool found =
        attempt->outcome == PAWL_ATTEMPT_QUARANTINED || attempt->outcome == PAWL_ATTEMPT_ADOPTED;
    const char *name = failed  ? pawl_failure_name(attempt->detail)
                       : found ? pawl_finding_name((enum pawl_finding)attempt->detail)
                               : NULL;
    return name != NULL ? json_string(name) : json_null();
}

static json_t *entry_json(const struct pawl_history_entry *entry)
{
    const struct pawl_attempt *attempt = &entry->attempt;
    bool failed = attempt->outcome == PAWL_ATTEMPT_FAILED;
    json_t *json = json_object();
    pawl_json_put(&json, "time", json_integer((json_int_t)attempt->time));
    pawl_json_put(&json, "outcome", json_string(pawl_attempt_outcome_name(attempt->outcome)));
    pawl_json_put(&json, "package_id",
                  entry->has_package ? pawl_hex_json(entry->package_id, PAWL_PACKAGE_ID_SIZE)
                                     : json_null());
    pawl_json_put(&json, "from_sequence", pawl_number_json(attempt->from));
    pawl_json_put(&json, "code", failed ? pawl_number_json(attempt->detail) : json_null());
    pawl_json_put(&json, "cause", detail_json(attempt));
    return json;
}

static enum MHD_Result history_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    struct pawl_reader *reader;
    struct pawl_device device;
    size_t count = 0;
    if (!pawl_device_find(request, &reader, &device))
        return MHD_YES;
    enum pawl_result result = pawl_store_history_get(reader, device.number, entries, &count);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the history");
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, entry_json(&entries[i]));
    return pawl_list_answer(request, items, NULL);
}

const struct pawl_handler pawl_device_history_handler = {.answer = history_answer};

/* What is read for an explanation. */
struct inquiry {
    struct pawl_reader *reader;
    struct pawl_device device;
    struct pawl_package_row packages[3]; /* running, wanted, failed */
    struct pawl_why_facts facts;
};

static enum pawl_result package_learn(struct inquiry *inquiry, struct pawl_package_row *row,
                                      const uint8_t *package_id, struct pawl_why_package *package)
{
    if (package_id == NULL)
        return PAWL_OK;
    package->present = true;
    memcpy(package->package_id, package_id, PAWL_PACKAGE_ID_SIZE);
    enum pawl_result result = pawl_store_package_get(inquiry->reader, package_id, row);
    if (result == PAWL_OK) {
        package->name = row->name;
        package->version = row->version;
    }
    return result == PAWL_STATE ? PAWL_OK : result;
}

/* When the device came to run its package, and when its last attempt failed. */
static enum pawl_result times_learn(struct inquiry *inquiry)
{
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    struct pawl_why_facts *facts = &inquiry->facts;
    const struct pawl_device_record *record = &inquiry->device.record;
    struct pawl_evidence evidence;
    size_t count = 0;
    enum pawl_result result =
        pawl_store_history_get(inquiry->reader, inquiry->device.number, entries, &count);
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        const struct pawl_attempt *attempt = &entries[i].attempt;
        bool took = attempt->distance > 0 && entries[i].has_package &&
                    memcmp(entries[i].package_id, record->package_id, PAWL_PACKAGE_ID_SIZE) == 0;
        if (took && attempt->from + attempt->distance == record->sequence)
            facts->confirmed = attempt->time;
        if (attempt->outcome == PAWL_ATTEMPT_FAILED && facts->failed_at == 0)
            facts->failed_at = attempt->time;
    }
    if (result == PAWL_OK && record->standing == PAWL_STANDING_QUARANTINED) {
        result = pawl_store_evidence_get(inquiry->reader, inquiry->device.number, &evidence);
        facts->quarantined = result == PAWL_OK ? evidence.time : 0;
        result = result == PAWL_STATE ? PAWL_OK : result;
    }
    return result;
}

/* Everything but the offer. */
static enum pawl_result facts_learn(const struct pawl_server *server, struct inquiry *inquiry,
                                    const uint8_t *wanted)
{
    const struct pawl_device *device = &inquiry->device;
    struct pawl_why_facts *facts = &inquiry->facts;
    facts->device_id = device->device_id;
    facts->now = (int64_t)time(NULL);
    facts->poll_after = device->poll_after != 0 ? device->poll_after : server->settings.poll_after;
    facts->record = &device->record;
    facts->quarantine = device->quarantine;
    facts->failure = &device->failure;
    enum pawl_result result =
        pawl_store_seen_get(inquiry->reader, device->number, &facts->last_seen);
    if (result == PAWL_OK)
        result = package_learn(inquiry, &inquiry->packages[0],
                               device->record.has_package ? device->record.package_id : NULL,
                               &facts->running);
    if (result == PAWL_OK)
        result = package_learn(inquiry, &inquiry->packages[1], wanted, &facts->wanted);
    if (result == PAWL_OK)
        result = package_learn(inquiry, &inquiry->packages[2],
                               device->failure.present ? device->failure.package_id : NULL,
                               &facts->failed);
    return result == PAWL_OK ? times_learn(inquiry) : result;
}

/* The plan is held only while it is asked; what is read for the answer is read before. */
static enum pawl_result why_write(struct pawl_server *server, struct inquiry *inquiry, char *text,
                                  const char **reason)
{
    const struct pawl_subject subject = pawl_device_subject(&inquiry->device);
    uint8_t wanted[PAWL_PACKAGE_ID_SIZE];
    struct pawl_offer offer;
    const struct pawl_plan *plan = pawl_plan_acquire(&server->plans);
    pawl_device_foresee(plan, &inquiry->device, &offer);
    bool wants = offer.entry != NULL;
    if (wants)
        memcpy(wanted, offer.entry->package_id, sizeof wanted);
    pawl_plan_release(&server->plans);
    enum pawl_result result = facts_learn(server, inquiry, wants ? wanted : NULL);
    if (result != PAWL_OK)
        return result;

    plan = pawl_plan_acquire(&server->plans);
    pawl_device_foresee(plan, &inquiry->device, &offer);
    if (offer.entry != NULL && memcmp(offer.entry->package_id, wanted, sizeof wanted) != 0)
        inquiry->facts.wanted = (struct pawl_why_package){.present = true}; /* it changed now */
    inquiry->facts.offer = &offer;
    inquiry->facts.ahead = pawl_plan_ahead(plan, &subject, &inquiry->facts.ahead_stage);
    pawl_why_write(&inquiry->facts, text);
    *reason = pawl_why_reason(&inquiry->facts);
    pawl_plan_release(&server->plans);
    return PAWL_OK;
}

static enum MHD_Result why_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct inquiry inquiry = {.reader = NULL};
    char text[PAWL_WHY_SIZE];
    const char *reason = NULL;
    if (!pawl_device_find(request, &inquiry.reader, &inquiry.device))
        return MHD_YES;
    enum pawl_result result = why_write(server, &inquiry, text, &reason);
    pawl_reader_return(&server->readers, inquiry.reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read what is known of the device");
    json_t *json = json_object();
    pawl_json_put(&json, "device_id", pawl_hex_json(inquiry.device.device_id, PAWL_ID_SIZE));
    pawl_json_put(&json, "reason", json_string(reason));
    pawl_json_put(&json, "text", json_string(text));
    return pawl_json_answer(request, MHD_HTTP_OK, json);
}

const struct pawl_handler pawl_device_why_handler = {.answer = why_answer};
