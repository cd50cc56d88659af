/*
 * Challenges (SPEC 11): they keep a recorded or delayed report from doing harm, and cost the server
 * no memory. Any replica that shares the secrets can judge one.
 *
 *   challenge = flags (1: bit 0, an instance is held) || time (8, Unix seconds) || sequence (8)
 *             || instance (8, zeros when none) || status (8: standing and failure, SPEC 11.1)
 *             || first 16 bytes of
 *               HMAC-SHA-256(secret, "pawl/1 challenge" || device_id || all of the above)
 *
 * integers big-endian. It is judged in two steps: MAC and age before the database is touched, the
 * values against the row that was read.
 */
#ifndef PAWL_HEADEND_CHALLENGE_H
#define PAWL_HEADEND_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/assign.h"
#include "headend/reconcile.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"

#define PAWL_CHALLENGE_SIZE 49u
#define PAWL_CHALLENGE_STATUS_SIZE 8u
#define PAWL_CHALLENGE_SECRET_SIZE 32u
#define PAWL_CHALLENGE_LIFETIME_DEFAULT 900u /* seconds; more than devices wait to poll */
#define PAWL_CHALLENGE_SKEW 30u              /* seconds that replicas' clocks may differ */

/* The secrets that replicas share. Two overlap while they are rotated: challenges are made with
 * the current one and accepted with either. Copyable; wipe it with pawl_challenge_key_wipe. Reading
 * by several threads is safe. */
struct pawl_challenge_key {
    struct pawl_hmac current, previous;
    bool has_previous;
    uint32_t lifetime; /* seconds */
};

/* `previous` may be NULL. `lifetime` in seconds, at least 1. */
void pawl_challenge_key_init(struct pawl_challenge_key *key,
                             const uint8_t current[PAWL_CHALLENGE_SECRET_SIZE],
                             const uint8_t *previous, uint32_t lifetime);
void pawl_challenge_key_wipe(struct pawl_challenge_key *key);

/* A challenge for a device of which `record` is held and `failure` noted; `now` in Unix seconds. */
void pawl_challenge_make(const struct pawl_challenge_key *key,
                         const uint8_t device_id[PAWL_ID_SIZE], uint64_t now,
                         const struct pawl_device_record *record,
                         const struct pawl_failure_note *failure,
                         uint8_t challenge[PAWL_CHALLENGE_SIZE]);

/* What a challenge carries, once its MAC and age held. */
struct pawl_challenge {
    uint64_t time; /* when it was made, Unix seconds */
    uint64_t sequence;
    bool has_instance;
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint8_t status[PAWL_CHALLENGE_STATUS_SIZE];
};

/* Step one. False when it is stale: not ours, not this device's, older than the lifetime, or from
 * further in the future than clocks may differ. `size` may be anything; `out` only set on true. */
bool pawl_challenge_open(const struct pawl_challenge_key *key,
                         const uint8_t device_id[PAWL_ID_SIZE], uint64_t now,
                         const uint8_t *challenge, size_t size, struct pawl_challenge *out);

/* Step two. False when it was made for something else than is held now: another sequence number,
 * instance or standing, or another failure, or before it was tried again. That is stale just the
 * same. */
bool pawl_challenge_fits(const struct pawl_challenge *challenge,
                         const struct pawl_device_record *record,
                         const struct pawl_failure_note *failure);

#endif
