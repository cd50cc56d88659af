#include "pawl/chain.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/secret.h"

/* A step hashes 52 bytes: "pawl" || device_id || link. That leaves room for SHA-256's own padding,
 * so a step is one compression of a block that is laid out once. */
#define DEVICE_AT 4u
#define LINK_AT (DEVICE_AT + PAWL_ID_SIZE)
#define HASHED (LINK_AT + PAWL_KEY_SIZE)
#define BLOCK_SIZE 64u

void pawl_chain_walk(const uint8_t device_id[PAWL_ID_SIZE], uint8_t link[PAWL_KEY_SIZE],
                     uint32_t steps)
{
    uint8_t block[BLOCK_SIZE] = {'p', 'a', 'w', 'l'};

    memcpy(block + DEVICE_AT, device_id, PAWL_ID_SIZE);
    memcpy(block + LINK_AT, link, PAWL_KEY_SIZE);
    block[HASHED] = 0x80;
    pawl_u32be_put(block + BLOCK_SIZE - 4, HASHED * 8);
    pawl_sha256_iterate(block, LINK_AT, steps);
    memcpy(link, block + LINK_AT, PAWL_KEY_SIZE);
    pawl_wipe(block, sizeof block);
}

void pawl_chain_root_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t epoch,
                          uint8_t root[PAWL_KEY_SIZE])
{
    uint8_t info[8];

    pawl_u64be_put(info, epoch);
    pawl_expand(unit_secret, "pawl/1 chain", info, sizeof info, root, PAWL_KEY_SIZE);
}

/* 16 bits at a time, as on paper: a divisor has no more, and the compiler's own division of 64 bits
 * takes 750 bytes of a small device. */
static uint64_t divide(uint64_t dividend, uint32_t divisor, uint32_t *rest)
{
    uint64_t quotient = 0;
    uint32_t part = 0;

    for (int shift = 48; shift >= 0; shift -= 16) {
        part = part << 16 | (uint32_t)(dividend >> shift & 0xffff);
        quotient = quotient << 16 | part / divisor;
        part %= divisor;
    }
    *rest = part;
    return quotient;
}

void pawl_download_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                            const uint8_t device_id[PAWL_ID_SIZE], uint32_t chain_length,
                            uint64_t sequence, uint8_t key[PAWL_KEY_SIZE])
{
    uint32_t used;
    uint64_t epoch = divide(sequence, chain_length, &used);

    pawl_chain_root_make(unit_secret, epoch, key);
    pawl_chain_walk(device_id, key, chain_length - used);
}
