#include "server/exchange.h"

#include <time.h>

#include "pawl/keys.h"
#include "pawl/secret.h"
#include "server/directive.h"
#include "server/media.h"
#include "server/metrics.h"

/* Derives the key of a device's reports. */
static enum pawl_result auth_key_make(const struct pawl_server *server,
                                      const uint8_t device_id[PAWL_ID_SIZE],
                                      const uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE],
                                      uint8_t auth_key[PAWL_KEY_SIZE])
{
    uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
    enum pawl_result result = pawl_vault_unwrap(server->vault, PAWL_VAULT_UNIT_SECRET, device_id,
                                                PAWL_ID_SIZE, wrapped_secret, unit_secret);
    if (result == PAWL_OK)
        pawl_auth_key_make(unit_secret, auth_key);
    pawl_wipe(unit_secret, sizeof unit_secret);
    return result == PAWL_OK ? PAWL_OK : PAWL_STORAGE; /* a row of ours that does not open */
}

/* Reads the device and its key from the store. A device that is not known, or not any more, gets
 * the decoy's key, so that it costs and answers the same as a bad MAC. */
static enum pawl_result device_read(struct pawl_exchange *exchange, bool *known)
{
    const struct pawl_server *server = exchange->server;
    struct pawl_device *device = &exchange->device;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_exchange_reader_get(exchange, &reader);
    if (result == PAWL_OK)
        result = pawl_store_device_get(reader, exchange->mac0.device_id, device);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    *known = result == PAWL_OK && device->record.standing != PAWL_STANDING_DECOMMISSIONED;
    if (*known)
        return auth_key_make(server, device->device_id, device->wrapped_secret, exchange->auth_key);
    return auth_key_make(server, server->decoy.device_id, server->decoy.wrapped_secret,
                         exchange->auth_key);
}

/* Reads the device, from the cache if it is there, and verifies the report's MAC. */
static enum pawl_result mac_verify(struct pawl_exchange *exchange)
{
    struct pawl_device_cache *cache = exchange->server->devices;
    uint32_t ticket;
    bool cached = pawl_device_cache_find(cache, exchange->mac0.device_id, &exchange->device,
                                         exchange->auth_key, &ticket);
    pawl_count(cached ? PAWL_COUNT_CACHE_HITS : PAWL_COUNT_CACHE_MISSES);
    bool known = cached;
    enum pawl_result result = cached ? PAWL_OK : device_read(exchange, &known);
    if (result != PAWL_OK)
        return result;
    result = pawl_report_verify(&exchange->mac0, exchange->auth_key);
    if (result == PAWL_OK && known && !cached)
        pawl_device_cache_add(cache, &exchange->device, exchange->auth_key, ticket);
    if (result == PAWL_OK && known)
        return PAWL_OK;
    if (cached) /* the time it takes must not tell which devices reported lately */
        (void)device_read(exchange, &known);
    return PAWL_UNTRUSTED;
}

enum pawl_result pawl_exchange_begin(struct pawl_exchange *exchange, struct pawl_request *request)
{
    struct pawl_report *report = &exchange->report;
    exchange->request = request;
    exchange->server = request->server;
    exchange->reader = NULL;
    exchange->push_counter = pawl_push_counter(exchange->server->push);
    exchange->campaign = 0;
    exchange->grants.made = false;
    exchange->now = (int64_t)time(NULL);
    enum pawl_result result =
        pawl_report_split(request->body, (size_t)request->received, &exchange->mac0);
    if (result != PAWL_OK)
        return result;

    /* Decoded before it is authentic, for its challenge alone, which has a MAC of ours. */
    struct pawl_challenge challenge;
    enum pawl_result decoded = pawl_report_decode(&exchange->mac0, report);
    bool young = decoded == PAWL_OK && report->has_challenge &&
                 pawl_challenge_open(pawl_challenges_get(&exchange->server->challenges),
                                     exchange->mac0.device_id, (uint64_t)exchange->now,
                                     report->challenge, report->challenge_size, &challenge);
    result = mac_verify(exchange);
    if (result != PAWL_OK)
        return result;
    exchange->fresh = young && pawl_challenge_fits(&challenge, &exchange->device.record,
                                                   &exchange->device.failure);
    exchange->challenged = exchange->fresh ? (int64_t)challenge.time : 0;
    return decoded;
}

enum pawl_result pawl_exchange_reader_get(struct pawl_exchange *exchange,
                                          struct pawl_reader **reader)
{
    enum pawl_result result = PAWL_OK;
    if (exchange->reader == NULL)
        result = pawl_reader_borrow(&exchange->server->readers, &exchange->reader);
    if (result == PAWL_OK)
        *reader = exchange->reader;
    return result;
}

void pawl_exchange_end(struct pawl_exchange *exchange)
{
    pawl_reader_return(&exchange->server->readers, exchange->reader);
    pawl_wipe(exchange->auth_key, sizeof exchange->auth_key);
}

enum pawl_result pawl_exchange_grants_make(struct pawl_exchange *exchange)
{
    struct pawl_reader *reader = NULL;
    if (exchange->report.wanted_count == 0 || exchange->grants.made)
        return PAWL_OK;
    enum pawl_result result = pawl_exchange_reader_get(exchange, &reader);
    if (result == PAWL_OK)
        result = pawl_grants_make(exchange->server, reader, &exchange->device, &exchange->report,
                                  &exchange->grants);
    return result;
}

/* Adds the grants to the directive in the reply; what does not fit is asked for again. */
static void grants_append(struct pawl_exchange *exchange, size_t *size)
{
    const struct pawl_grants *grants = &exchange->grants;
    struct pawl_request *request = exchange->request;
    size_t count = grants->count;
    while (count > 0 && pawl_grants_append(grants->items, count, exchange->auth_key, request->reply,
                                           sizeof request->reply, size) != PAWL_OK)
        count--;
    pawl_count_add(PAWL_COUNT_GRANTS_GIVEN, count);
    pawl_count_add(PAWL_COUNT_GRANTS_REFUSED, grants->refused);
}

/* Adds to a directive what wakes the device; `bytes` live as long as that. */
static void summons_add(const struct pawl_exchange *exchange, struct pawl_directive *directive,
                        uint8_t bytes[PAWL_SUMMONS_SIZE_MAX])
{
    const struct pawl_push *push = exchange->server->push;
    const struct pawl_subject subject = pawl_device_subject(&exchange->device);
    struct pawl_summons summons;
    size_t size;
    if (push == NULL)
        return;
    pawl_push_summons(push, &subject, exchange->campaign, exchange->push_counter, &summons);
    if (pawl_summons_write(&summons, bytes, &size) != PAWL_OK)
        return;
    directive->summons = bytes;
    directive->summons_size = (uint32_t)size;
}

enum MHD_Result pawl_exchange_send(struct pawl_exchange *exchange, struct pawl_directive *directive)
{
    uint8_t summons[PAWL_SUMMONS_SIZE_MAX];
    struct pawl_request *request = exchange->request;
    size_t size;
    summons_add(exchange, directive, summons);
    enum pawl_result result = pawl_directive_write(directive, exchange->auth_key, request->reply,
                                                   sizeof request->reply, &size);
    if (result == PAWL_OK && exchange->grants.made)
        grants_append(exchange, &size);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, PAWL_CRYPTO, "cannot write a directive");
    pawl_count(PAWL_COUNT_REPORTS + (unsigned)directive->action);
    return pawl_request_answer_small(request, size, PAWL_MEDIA_MAC0);
}

enum MHD_Result pawl_exchange_answer(struct pawl_exchange *exchange, enum pawl_action action)
{
    struct pawl_directive directive;
    pawl_directive_begin(exchange->server, &exchange->device, &exchange->report, exchange->now,
                         action, &directive);
    exchange->grants.made = false;
    return pawl_exchange_send(exchange, &directive);
}

bool pawl_exchange_directive_begin(struct pawl_exchange *exchange, struct pawl_directive *directive)
{
    enum pawl_result granted = pawl_exchange_grants_make(exchange);
    if (granted != PAWL_OK) {
        pawl_request_refuse(exchange->request, PAWL_STORAGE, "cannot grant a content key: %s",
                            pawl_result_name(granted));
        return false;
    }
    pawl_directive_begin(exchange->server, &exchange->device, &exchange->report, exchange->now,
                         PAWL_ACTION_IDLE, directive);
    return true;
}

enum MHD_Result pawl_exchange_offer(struct pawl_exchange *exchange,
                                    const struct pawl_plan_entry *entry)
{
    struct pawl_directive directive;
    if (!pawl_exchange_directive_begin(exchange, &directive))
        return MHD_YES;
    if (entry != NULL) {
        struct pawl_reader *reader = NULL;
        enum pawl_result result = pawl_exchange_reader_get(exchange, &reader);
        if (result == PAWL_OK)
            result = pawl_directive_offer(exchange->server, reader, &exchange->device, entry,
                                          &directive);
        if (result != PAWL_OK && result != PAWL_STATE)
            return pawl_request_refuse(exchange->request, PAWL_STORAGE,
                                       "cannot make an entitlement: %s", pawl_result_name(result));
    }
    return pawl_exchange_send(exchange, &directive);
}
