/* What report and directive share: a payload that is MACed under auth_key (SPEC 9, 10). */
#ifndef PAWL_CORE_MAC0_H
#define PAWL_CORE_MAC0_H

#include "core/bytes.h"
#include "core/cose.h"
#include "pawl/keys.h"
#include "pawl/report.h"

/* MAC over the MAC_structure that holds the payload. */
void pawl_mac0_make(const struct pawl_cose_profile *profile, const uint8_t auth_key[PAWL_KEY_SIZE],
                    const uint8_t *payload, size_t payload_size, uint8_t mac[PAWL_MAC_SIZE]);

/* PAWL_UNTRUSTED when `mac` is not that. */
enum pawl_result pawl_mac0_verify(const struct pawl_cose_profile *profile,
                                  const uint8_t auth_key[PAWL_KEY_SIZE], const uint8_t *payload,
                                  size_t payload_size, const uint8_t mac[PAWL_MAC_SIZE]);

/* The most that these hold is PAWL_COMMAND_MAX. */
#define PAWL_COMMAND_BITS 63u

/* MACs the payload that was written and writes the COSE_Mac0; the payload's error, if it has one.
 * `id` as in struct pawl_cose. */
enum pawl_result pawl_mac0_write(const struct pawl_cose_profile *profile,
                                 const struct pawl_writer *payload, const uint8_t *id,
                                 const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                 size_t capacity, size_t *size);

/* A challenge: a bstr of at most PAWL_CHALLENGE_SIZE_MAX bytes. */
void pawl_challenge_read(struct pawl_reader *reader, uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX],
                         uint32_t *size);
void pawl_challenge_write(struct pawl_writer *writer,
                          const uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX], uint32_t size);

#endif
