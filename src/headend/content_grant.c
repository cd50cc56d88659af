#include "headend/content_grant.h"

#include <string.h>

#include "pawl/secret.h"

_Static_assert(PAWL_CONTENT_KEY_SIZE <= PAWL_VAULT_KEY_SIZE, "a content key is padded");

enum pawl_result pawl_content_key_shut(const struct pawl_vault *vault,
                                       const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                       const uint8_t key[PAWL_CONTENT_KEY_SIZE],
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE])
{
    uint8_t padded[PAWL_VAULT_KEY_SIZE] = {0};
    memcpy(padded, key, PAWL_CONTENT_KEY_SIZE);
    enum pawl_result result = pawl_vault_wrap(vault, PAWL_VAULT_CONTENT_OBJECT_KEY, key_id,
                                              PAWL_CONTENT_KEY_ID_SIZE, padded, wrapped);
    pawl_wipe(padded, sizeof padded);
    return result;
}

enum pawl_result pawl_content_key_unshut(const struct pawl_vault *vault,
                                         const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                         const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                         uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    uint8_t padded[PAWL_VAULT_KEY_SIZE];
    enum pawl_result result = pawl_vault_unwrap(vault, PAWL_VAULT_CONTENT_OBJECT_KEY, key_id,
                                                PAWL_CONTENT_KEY_ID_SIZE, wrapped, padded);
    if (result == PAWL_OK)
        memcpy(key, padded, PAWL_CONTENT_KEY_SIZE);
    pawl_wipe(padded, sizeof padded);
    return result;
}

bool pawl_content_may_grant(const struct pawl_device_record *record,
                            const struct pawl_report *report)
{
    return record->standing == PAWL_STANDING_ACTIVE && record->has_package &&
           record->has_instance && report->has_package && report->has_instance &&
           report->sequence == record->sequence &&
           memcmp(report->package_id, record->package_id, PAWL_PACKAGE_ID_SIZE) == 0 &&
           pawl_equal(report->instance, record->instance, PAWL_INSTANCE_SIZE);
}
