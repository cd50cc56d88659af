/*
 * Devices that reported lately, with the key of their reports: an exchange is often followed by
 * another one (a challenge, a download, its confirmation), which then costs no look-up.
 *
 * An entry is never older than the last write that was acknowledged: every writer changes or
 * drops the device's entry after its commit, and what was read before that commit is not kept. This
 * holds because one process alone writes the store; servers that share one must do without (and
 * later compare versions). The keys are in locked memory, as many as there are entries (I8).
 */
#ifndef PAWL_SERVER_DEVICE_CACHE_H
#define PAWL_SERVER_DEVICE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/keys.h"
#include "store/store.h"

struct pawl_device_cache;

/* PAWL_EXHAUSTED. Free it: all is wiped. */
enum pawl_result pawl_device_cache_create(struct pawl_device_cache **cache);
void pawl_device_cache_free(struct pawl_device_cache *cache);

/* Finds a device and its key; false when it is not here. `ticket` then goes with what is read from
 * the store to pawl_device_cache_add. */
bool pawl_device_cache_find(struct pawl_device_cache *cache, const uint8_t device_id[PAWL_ID_SIZE],
                            struct pawl_device *device, uint8_t auth_key[PAWL_KEY_SIZE],
                            uint32_t *ticket);

/* Keeps what was read, unless the device was written since the ticket was given. */
void pawl_device_cache_add(struct pawl_device_cache *cache, const struct pawl_device *device,
                           const uint8_t auth_key[PAWL_KEY_SIZE], uint32_t ticket);

/* Takes over a change that was written, if what is here is what it changed; else forgets the
 * device.
 */
void pawl_device_cache_change(struct pawl_device_cache *cache,
                              const uint8_t device_id[PAWL_ID_SIZE],
                              const struct pawl_change *change);

/* Takes over that the device's secret is wrapped anew; all else of it is as it was. */
void pawl_device_cache_rewrap(struct pawl_device_cache *cache,
                              const uint8_t device_id[PAWL_ID_SIZE],
                              const uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE]);

/* Forgets all devices: something that many share was written. */
void pawl_device_cache_clear(struct pawl_device_cache *cache);

/* Forgets a device that was written otherwise. */
void pawl_device_cache_drop(struct pawl_device_cache *cache, const uint8_t device_id[PAWL_ID_SIZE]);

#endif
