#include "core/mac0.h"

#include <string.h>

#include "core/cbor.h"
#include "pawl/secret.h"

_Static_assert(PAWL_COMMAND_MAX == UINT64_MAX >> (64 - PAWL_COMMAND_BITS), "the tables' limit");

void pawl_mac0_make(const struct pawl_cose_profile *profile, const uint8_t auth_key[PAWL_KEY_SIZE],
                    const uint8_t *payload, size_t payload_size, uint8_t mac[PAWL_MAC_SIZE])
{
    uint8_t prefix[PAWL_COSE_PREFIX_MAX];
    struct pawl_hmac hmac;

    size_t prefix_size = pawl_cose_prefix_make(profile, payload_size, prefix);
    pawl_hmac_init(&hmac, auth_key, PAWL_KEY_SIZE);
    pawl_hmac_make(&hmac, prefix, prefix_size, payload, payload_size, mac);
    pawl_wipe(&hmac, sizeof hmac);
}

enum pawl_result pawl_mac0_verify(const struct pawl_cose_profile *profile,
                                  const uint8_t auth_key[PAWL_KEY_SIZE], const uint8_t *payload,
                                  size_t payload_size, const uint8_t mac[PAWL_MAC_SIZE])
{
    uint8_t right[PAWL_MAC_SIZE];

    pawl_mac0_make(profile, auth_key, payload, payload_size, right);
    bool same = pawl_equal(right, mac, sizeof right);
    pawl_wipe(right, sizeof right); /* it would let a forged message pass */
    return same ? PAWL_OK : PAWL_UNTRUSTED;
}

enum pawl_result pawl_mac0_write(const struct pawl_cose_profile *profile,
                                 const struct pawl_writer *payload, const uint8_t *id,
                                 const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                 size_t capacity, size_t *size)
{
    uint8_t mac[PAWL_MAC_SIZE];
    const struct pawl_cose cose = {id, payload->bytes, payload->size, mac};
    struct pawl_writer writer;

    if (payload->error != PAWL_OK)
        return payload->error;
    pawl_mac0_make(profile, auth_key, payload->bytes, payload->size, mac);
    pawl_writer_init(&writer, bytes, capacity);
    pawl_cose_write(&writer, profile, &cose);
    return pawl_writer_finish(&writer, size);
}

void pawl_challenge_read(struct pawl_reader *reader, uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX],
                         uint32_t *size)
{
    size_t found_size = 0;
    const uint8_t *found = pawl_cbor_bytes_read(reader, &found_size);

    if (found == NULL || found_size > PAWL_CHALLENGE_SIZE_MAX) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return;
    }
    memcpy(challenge, found, found_size);
    *size = (uint32_t)found_size;
}

void pawl_challenge_write(struct pawl_writer *writer,
                          const uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX], uint32_t size)
{
    if (size > PAWL_CHALLENGE_SIZE_MAX)
        pawl_writer_fail(writer, PAWL_MALFORMED);
    else
        pawl_cbor_bytes_write(writer, challenge, size);
}
