/* Content keys at the control server (SPEC 20): at rest in the vault, and whom they are granted. */
#ifndef PAWL_HEADEND_CONTENT_GRANT_H
#define PAWL_HEADEND_CONTENT_GRANT_H

#include <stdbool.h>

#include "headend/reconcile.h"
#include "headend/vault.h"
#include "pawl/content.h"

/* Wraps a content key for the store, bound to its id. PAWL_CRYPTO. */
enum pawl_result pawl_content_key_shut(const struct pawl_vault *vault,
                                       const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                       const uint8_t key[PAWL_CONTENT_KEY_SIZE],
                                       uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]);

/* The reverse. PAWL_UNTRUSTED when it was not wrapped by this vault under this id. Wipe `key`. */
enum pawl_result pawl_content_key_unshut(const struct pawl_vault *vault,
                                         const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                         const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                         uint8_t key[PAWL_CONTENT_KEY_SIZE]);

/* Whether a device whose authentic report came with a good challenge is one that keys may be
 * granted to: in good standing, and the report exactly as the record that is held, so that what is
 * granted opens with what the device has committed and confirmed (SPEC 20.6). */
bool pawl_content_may_grant(const struct pawl_device_record *record,
                            const struct pawl_report *report);

#endif
