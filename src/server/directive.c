#include "server/directive.h"

#include <stdio.h>
#include <string.h>

#include "host/hex.h"
#include "pawl/entitlement.h"
#include "pawl/package.h"
#include "pawl/secret.h"

void pawl_directive_begin(const struct pawl_server *server, const struct pawl_device *device,
                          const struct pawl_report *report, int64_t now, enum pawl_action action,
                          struct pawl_directive *directive)
{
    memcpy(directive->nonce, report->nonce, sizeof directive->nonce);
    directive->action = action;
    directive->poll_after = action == PAWL_ACTION_REPEAT ? 0
                            : device->poll_after != 0    ? device->poll_after
                                                         : server->settings.poll_after;
    directive->challenge_size = PAWL_CHALLENGE_SIZE;
    pawl_challenge_make(pawl_challenges_get(&server->challenges), device->device_id, (uint64_t)now,
                        &device->record, &device->failure, directive->challenge);
    directive->url_size = 0;
    directive->has_entitlement = false;
    directive->command = 0;
    directive->diagnostic = false;
    directive->message_size = 0;
    directive->summons = NULL;
}

/* The device's entitlement at the sequence number that is held: the one place that has a unit
 * secret and a content key in memory at once, for as long as it takes. */
static enum pawl_result entitlement_make(const struct pawl_server *server,
                                         const struct pawl_device *device,
                                         const struct pawl_package_row *package,
                                         uint8_t entitlement[PAWL_ENTITLEMENT_SIZE])
{
    struct {
        uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
        uint8_t content_key[PAWL_KEY_SIZE];
    } keys;
    uint8_t row[PAWL_ROW_SIZE];
    enum pawl_result result =
        pawl_vault_unwrap(server->vault, PAWL_VAULT_UNIT_SECRET, device->device_id, PAWL_ID_SIZE,
                          device->wrapped_secret, keys.unit_secret);
    if (result == PAWL_OK)
        result =
            pawl_vault_unwrap(server->vault, PAWL_VAULT_CONTENT_KEY, package->package_id,
                              PAWL_PACKAGE_ID_SIZE, package->wrapped_content_key, keys.content_key);
    if (result == PAWL_OK) {
        const struct pawl_unit unit = {
            .unit_secret = keys.unit_secret,
            .device_id = device->device_id,
            .chain_length = device->chain_length,
            .sequence = device->record.sequence,
        };
        result = pawl_entitlement_row_make(&unit, package->package_id, keys.content_key, row);
    }
    if (result == PAWL_OK)
        memcpy(entitlement, row + PAWL_TAG_SIZE, PAWL_ENTITLEMENT_SIZE);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

enum pawl_result pawl_directive_offer(const struct pawl_server *server, struct pawl_reader *reader,
                                      const struct pawl_device *device,
                                      const struct pawl_plan_entry *entry,
                                      struct pawl_directive *directive)
{
    struct pawl_package_row package;
    enum pawl_result result = pawl_store_package_get(reader, entry->package_id, &package);
    if (result == PAWL_OK && !package.ready)
        result = PAWL_STATE;
    bool wrapped = result == PAWL_OK && package.mode == PAWL_MODE_WRAPPED;
    if (wrapped)
        result = entitlement_make(server, device, &package, directive->entitlement);
    if (result != PAWL_OK)
        return result;

    char name[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    pawl_hex_encode(package.package_id, PAWL_PACKAGE_ID_SIZE, name);
    directive->action = PAWL_ACTION_DOWNLOAD;
    memcpy(directive->package_id, package.package_id, PAWL_PACKAGE_ID_SIZE);
    directive->url_size =
        (uint32_t)snprintf(directive->url, sizeof directive->url, "/v1/packages/%s", name);
    directive->package_size = package.package_size;
    directive->has_entitlement = wrapped;
    return PAWL_OK;
}
