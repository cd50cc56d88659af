/* Reports and directives. Their MAC needs the unit's secret and is not checked. */
#include <string.h>

#include "cli/inspect.h"
#include "cli/print.h"
#include "pawl/report.h"

static const char *const state_names[] = {"READY",  "WRITING", "CANDIDATE", "STAGED",
                                          "FAILED", "TRIAL",   "REJECTED",  "UPDATED"};
static const char *const action_names[] = {"idle", "download", "hold", "repeat"};

static json_t *challenge_json(const uint8_t *challenge, uint32_t size)
{
    return size > PAWL_CHALLENGE_SIZE_MAX ? NULL : pawl_json_hex(challenge, size);
}

static void report_json(const struct pawl_mac0 *mac0, const struct pawl_report *report, json_t *to)
{
    json_object_set_new(to, "device_id", pawl_json_hex(mac0->device_id, PAWL_ID_SIZE));
    json_object_set_new(to, "sequence", pawl_json_number(report->sequence));
    json_object_set_new(to, "instance",
                        report->has_instance ? pawl_json_hex(report->instance, PAWL_INSTANCE_SIZE)
                                             : json_null());
    json_object_set_new(to, "package_id",
                        report->has_package
                            ? pawl_json_hex(report->package_id, PAWL_PACKAGE_ID_SIZE)
                            : json_null());
    if (report->has_failure) {
        json_object_set_new(to, "failed_package_id",
                            pawl_json_hex(report->failed_package_id, PAWL_PACKAGE_ID_SIZE));
        json_object_set_new(to, "failure", pawl_json_number(report->failure));
    }
    json_object_set_new(to, "nonce", pawl_json_hex(report->nonce, PAWL_NONCE_SIZE));
    json_object_set_new(to, "challenge",
                        report->has_challenge
                            ? challenge_json(report->challenge, report->challenge_size)
                            : json_null());
    json_object_set_new(to, "state", json_string(state_names[report->state]));
    if (report->wanted_count > 0) {
        json_t *wanted = json_array();
        for (uint32_t i = 0; i < report->wanted_count; i++)
            json_array_append_new(wanted,
                                  pawl_json_hex(report->wanted[i], sizeof report->wanted[i]));
        json_object_set_new(to, "content_keys_wanted", wanted);
    }
    json_object_set_new(to, "mac", json_string("not checked"));
}

static void directive_json(const struct pawl_directive *directive, json_t *to)
{
    json_object_set_new(to, "nonce", pawl_json_hex(directive->nonce, PAWL_NONCE_SIZE));
    json_object_set_new(to, "action", json_string(action_names[directive->action]));
    json_object_set_new(to, "poll_after", pawl_json_number(directive->poll_after));
    json_object_set_new(to, "challenge",
                        challenge_json(directive->challenge, directive->challenge_size));
    if (directive->action == PAWL_ACTION_DOWNLOAD) {
        struct pawl_text url = {directive->url, directive->url_size};
        json_object_set_new(to, "package_id",
                            pawl_json_hex(directive->package_id, PAWL_PACKAGE_ID_SIZE));
        json_object_set_new(to, "url", pawl_json_text(&url));
        json_object_set_new(to, "package_size", pawl_json_number(directive->package_size));
        json_object_set_new(to, "entitlement", json_boolean(directive->has_entitlement));
    }
    json_object_set_new(to, "mac", json_string("not checked"));
}

/* A report names its device in the unprotected header, a directive has nothing there. */
enum pawl_result pawl_message_describe(const struct pawl_artefact *artefact, json_t *to)
{
    struct pawl_mac0 mac0;
    struct pawl_report report;
    struct pawl_directive directive;

    if (artefact->size > artefact->head_size)
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_report_split(artefact->head, artefact->head_size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_decode(&mac0, &report);
    if (result == PAWL_OK) {
        json_object_set_new(to, "type", json_string("report"));
        report_json(&mac0, &report, to);
        return PAWL_OK;
    }
    if (pawl_directive_decode(artefact->head, artefact->head_size, &directive) != PAWL_OK)
        return result;
    json_object_set_new(to, "type", json_string("directive"));
    directive_json(&directive, to);
    return PAWL_OK;
}
