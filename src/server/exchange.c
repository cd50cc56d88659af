#include "server/exchange.h"

#include <time.h>

#include "pawl/keys.h"
#include "pawl/secret.h"
#include "server/directive.h"
#include "server/media.h"

/* Reads the device and derives its key. A device that is not known gets the decoy's, so that it
 * costs and answers the same as a bad MAC. */
static enum pawl_result device_read(struct pawl_exchange *exchange, bool *known)
{
    struct pawl_server *server = exchange->server;
    struct pawl_device *device = &exchange->device;
    enum pawl_result result =
        pawl_store_device_get(exchange->reader, exchange->mac0.device_id, device);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    *known = result == PAWL_OK;
    const uint8_t *name = *known ? device->device_id : server->decoy.device_id;
    const uint8_t *wrapped = *known ? device->wrapped_secret : server->decoy.wrapped_secret;
    uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
    result = pawl_vault_unwrap(server->vault, PAWL_VAULT_UNIT_SECRET, name, PAWL_ID_SIZE, wrapped,
                               unit_secret);
    if (result == PAWL_OK)
        pawl_auth_key_make(unit_secret, exchange->auth_key);
    pawl_wipe(unit_secret, sizeof unit_secret);
    return result == PAWL_OK ? PAWL_OK : PAWL_STORAGE; /* a row of ours that does not open */
}

enum pawl_result pawl_exchange_begin(struct pawl_exchange *exchange, struct pawl_request *request)
{
    struct pawl_report *report = &exchange->report;
    exchange->request = request;
    exchange->server = request->server;
    exchange->reader = NULL;
    exchange->now = (int64_t)time(NULL);
    enum pawl_result result =
        pawl_report_split(request->body, (size_t)request->received, &exchange->mac0);
    if (result != PAWL_OK)
        return result;

    /* Decoded before it is authentic, for its challenge alone, which has a MAC of ours. */
    struct pawl_challenge challenge;
    enum pawl_result decoded = pawl_report_decode(&exchange->mac0, report);
    bool young = decoded == PAWL_OK && report->has_challenge &&
                 pawl_challenge_open(&exchange->server->challenge_key, exchange->mac0.device_id,
                                     (uint64_t)exchange->now, report->challenge,
                                     report->challenge_size, &challenge);
    bool known = false;
    result = pawl_reader_borrow(&exchange->server->readers, &exchange->reader);
    if (result == PAWL_OK)
        result = device_read(exchange, &known);
    if (result == PAWL_OK)
        result = pawl_report_verify(&exchange->mac0, exchange->auth_key);
    if (result == PAWL_OK && !known)
        result = PAWL_UNTRUSTED;
    if (result != PAWL_OK)
        return result;
    exchange->fresh = young && pawl_challenge_fits(&challenge, &exchange->device.record);
    return decoded;
}

void pawl_exchange_end(struct pawl_exchange *exchange)
{
    pawl_reader_return(&exchange->server->readers, exchange->reader);
    pawl_wipe(exchange->auth_key, sizeof exchange->auth_key);
}

static enum MHD_Result directive_send(struct pawl_exchange *exchange,
                                      const struct pawl_directive *directive)
{
    struct pawl_request *request = exchange->request;
    size_t size;
    enum pawl_result result = pawl_directive_write(directive, exchange->auth_key, request->reply,
                                                   sizeof request->reply, &size);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, PAWL_CRYPTO, "cannot write a directive");
    return pawl_request_answer_small(request, size, PAWL_MEDIA_MAC0);
}

enum MHD_Result pawl_exchange_answer(struct pawl_exchange *exchange, enum pawl_action action)
{
    struct pawl_directive directive;
    pawl_directive_begin(exchange->server, &exchange->device, &exchange->report, exchange->now,
                         action, &directive);
    return directive_send(exchange, &directive);
}

enum MHD_Result pawl_exchange_offer(struct pawl_exchange *exchange,
                                    const struct pawl_plan_entry *entry)
{
    struct pawl_directive directive;
    pawl_directive_begin(exchange->server, &exchange->device, &exchange->report, exchange->now,
                         PAWL_ACTION_IDLE, &directive);
    if (entry != NULL) {
        enum pawl_result result = pawl_directive_offer(exchange->server, exchange->reader,
                                                       &exchange->device, entry, &directive);
        if (result != PAWL_OK && result != PAWL_STATE)
            return pawl_request_refuse(exchange->request, PAWL_STORAGE,
                                       "cannot make an entitlement: %s", pawl_result_name(result));
    }
    return directive_send(exchange, &directive);
}
