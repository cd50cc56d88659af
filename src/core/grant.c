/* Opening a grant (SPEC 20.5): what a device needs of grants. */
#include "pawl/content.h"

#include "pawl/secret.h"

enum pawl_result pawl_grant_unwrap(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                   uint64_t sequence,
                                   const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                   const uint8_t salt[PAWL_SALT_SIZE],
                                   const uint8_t wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE],
                                   uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    uint8_t kek[PAWL_KEY_SIZE];

    pawl_content_object_key_make(unit_secret, sequence, package_id, salt, kek);
    enum pawl_result result = pawl_key_unwrap(kek, wrapped, PAWL_CONTENT_KEY_WRAPPED_SIZE, key);
    pawl_wipe(kek, sizeof kek);
    return result == PAWL_UNTRUSTED ? PAWL_NOT_ENTITLED : result;
}
