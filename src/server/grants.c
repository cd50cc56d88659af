#include "server/grants.h"

#include <string.h>
#include <sys/random.h>

#include "headend/content_grant.h"
#include "pawl/secret.h"
#include "store/contents.h"

/* The release that a device is known to run; PAWL_STATE when it is none of ours. */
static enum pawl_result release_get(struct pawl_reader *reader, const struct pawl_device *device,
                                    uint8_t release_id[PAWL_RELEASE_ID_SIZE])
{
    struct pawl_package_row package;
    enum pawl_result result = pawl_store_package_get(reader, device->record.package_id, &package);
    if (result == PAWL_OK && memcmp(package.class_id, device->class_id, PAWL_ID_SIZE) != 0)
        result = PAWL_STATE;
    if (result == PAWL_OK)
        memcpy(release_id, package.release_id, PAWL_RELEASE_ID_SIZE);
    return result;
}

/* One grant, as salt and id are set. The unit secret and the content key are in memory for as long
 * as it takes. */
static enum pawl_result grant_wrap(const struct pawl_server *server,
                                   const struct pawl_device *device,
                                   const struct pawl_content_key_row *row, struct pawl_grant *grant)
{
    struct {
        uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
        uint8_t key[PAWL_CONTENT_KEY_SIZE];
    } keys;
    enum pawl_result result =
        pawl_vault_unwrap(server->vault, PAWL_VAULT_UNIT_SECRET, device->device_id, PAWL_ID_SIZE,
                          device->wrapped_secret, keys.unit_secret);
    if (result == PAWL_OK)
        result = pawl_content_key_unshut(server->vault, row->key_id, row->wrapped, keys.key);
    if (result == PAWL_OK)
        result = pawl_grant_wrap(keys.unit_secret, device->record.sequence,
                                 device->record.package_id, keys.key, grant);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

/* PAWL_STATE: refused. */
static enum pawl_result grant_make(const struct pawl_server *server, struct pawl_reader *reader,
                                   const struct pawl_device *device, const uint8_t *key_id,
                                   const uint8_t release_id[PAWL_RELEASE_ID_SIZE],
                                   struct pawl_grant *grant)
{
    struct pawl_content_key_row row;
    uint8_t wanted[PAWL_RELEASE_ID_SIZE];
    enum pawl_result result = pawl_store_content_key_get(reader, key_id, &row, wanted);
    if (result == PAWL_OK && memcmp(wanted, release_id, sizeof wanted) != 0)
        result = PAWL_STATE;
    if (result == PAWL_OK &&
        getrandom(grant->salt, sizeof grant->salt, 0) != (ssize_t)sizeof grant->salt)
        result = PAWL_IO;
    if (result != PAWL_OK)
        return result;
    memcpy(grant->key_id, key_id, sizeof grant->key_id);
    return grant_wrap(server, device, &row, grant);
}

enum pawl_result pawl_grants_make(const struct pawl_server *server, struct pawl_reader *reader,
                                  const struct pawl_device *device,
                                  const struct pawl_report *report, struct pawl_grants *grants)
{
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    grants->made = true;
    grants->count = 0;
    grants->refused = report->wanted_count;
    enum pawl_result result = PAWL_STATE;
    if (pawl_content_may_grant(&device->record, report))
        result = release_get(reader, device, release_id);
    for (uint32_t i = 0; result == PAWL_OK && i < report->wanted_count; i++) {
        result = grant_make(server, reader, device, report->wanted[i], release_id,
                            &grants->items[grants->count]);
        grants->count += result == PAWL_OK;
        grants->refused -= result == PAWL_OK;
        if (result == PAWL_STATE)
            result = PAWL_OK;
    }
    return result == PAWL_STATE ? PAWL_OK : result;
}
