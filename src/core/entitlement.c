#include "pawl/entitlement.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/chain.h"
#include "pawl/secret.h"

void pawl_entitlement_keys_make(const uint8_t download_key[PAWL_KEY_SIZE],
                                const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                struct pawl_entitlement_keys *keys)
{
    uint8_t both[PAWL_KEY_SIZE + PAWL_TAG_SIZE];

    pawl_expand(download_key, "pawl/1 entitle", package_id, PAWL_PACKAGE_ID_SIZE, both,
                sizeof both);
    memcpy(keys->kek, both, sizeof keys->kek);
    memcpy(keys->tag, both + sizeof keys->kek, sizeof keys->tag);
    pawl_wipe(both, sizeof both);
}

void pawl_direct_key_make(const uint8_t download_key[PAWL_KEY_SIZE],
                          const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                          uint8_t content_key[PAWL_KEY_SIZE])
{
    pawl_expand(download_key, "pawl/1 direct", package_id, PAWL_PACKAGE_ID_SIZE, content_key,
                PAWL_KEY_SIZE);
}

enum pawl_result pawl_sequence_check(const struct pawl_pud *pud, uint64_t sequence)
{
    uint64_t maximum = pud->has_maximum ? pud->maximum : UINT64_MAX;

    return sequence < maximum ? PAWL_OK : PAWL_NOT_ENTITLED;
}

static void unit_keys_make(const struct pawl_unit *unit,
                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                           struct pawl_entitlement_keys *keys)
{
    uint8_t download_key[PAWL_KEY_SIZE];

    pawl_download_key_make(unit->unit_secret, unit->device_id, unit->chain_length, unit->sequence,
                           download_key);
    pawl_entitlement_keys_make(download_key, package_id, keys);
    pawl_wipe(download_key, sizeof download_key);
}

enum pawl_result pawl_entitlement_row_make(const struct pawl_unit *unit,
                                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           const uint8_t content_key[PAWL_KEY_SIZE],
                                           uint8_t row[PAWL_ROW_SIZE])
{
    struct pawl_entitlement_keys keys;

    unit_keys_make(unit, package_id, &keys);
    enum pawl_result result =
        pawl_key_wrap(keys.kek, content_key, PAWL_KEY_SIZE, row + PAWL_TAG_SIZE);
    if (result == PAWL_OK)
        memcpy(row, keys.tag, PAWL_TAG_SIZE);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

/* The keys of a device at `sequence`, if it may still take a download there. */
static enum pawl_result pud_keys_make(const struct pawl_pud *pud, uint64_t sequence,
                                      const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                      struct pawl_entitlement_keys *keys)
{
    const struct pawl_unit unit = {pud->unit_secret, pud->device_id, pud->chain_length, sequence};

    enum pawl_result result = pawl_sequence_check(pud, sequence);
    if (result == PAWL_OK)
        unit_keys_make(&unit, package_id, keys);
    return result;
}

static enum pawl_result unwrap(const struct pawl_entitlement_keys *keys,
                               const uint8_t entitlement[PAWL_ENTITLEMENT_SIZE],
                               uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result =
        pawl_key_unwrap(keys->kek, entitlement, PAWL_ENTITLEMENT_SIZE, content_key);
    return result == PAWL_UNTRUSTED ? PAWL_NOT_ENTITLED : result;
}

enum pawl_result pawl_entitlement_open(const struct pawl_pud *pud, uint64_t sequence,
                                       const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                       const uint8_t entitlement[PAWL_ENTITLEMENT_SIZE],
                                       uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_entitlement_keys keys;

    enum pawl_result result = pud_keys_make(pud, sequence, package_id, &keys);
    if (result == PAWL_OK)
        result = unwrap(&keys, entitlement, content_key);
    pawl_wipe(&keys, sizeof keys);
    return result;
}

/* Guesses that a search makes before it only halves: tags look random, so about log log rows
 * suffice, and a table made to mislead costs these few reads more. */
#define GUESSES_MAX 8u

/* Rows [low, high) whose tags lie in [low_tag, high_tag]. */
struct range {
    uint64_t low, high;
    uint64_t low_tag, high_tag;
};

/* The row to look at next: where `tag` would be if the tags in the range were spread evenly. */
static uint64_t row_guess(const struct range *range, uint64_t tag)
{
    uint64_t rows = range->high - range->low;
    uint64_t span = range->high_tag - range->low_tag;
    uint64_t part = tag - range->low_tag;

    if (rows > UINT32_MAX)
        return range->low + rows / 2;
    while (span > UINT32_MAX - 1) {
        span >>= 1;
        part >>= 1;
    }
    return range->low + part * rows / (span + 1);
}

/* Index of the first row whose tag is not below `tag`: at most 64 + GUESSES_MAX tags are read. */
static enum pawl_result row_find(const struct pawl_table *table, pawl_table_read_fn read,
                                 void *context, const uint8_t tag[PAWL_TAG_SIZE], uint64_t *index)
{
    struct range range = {0, table->count, 0, UINT64_MAX};
    uint64_t wanted = pawl_u64be_get(tag);

    for (unsigned tries = 0; range.low < range.high; tries++) {
        uint64_t row = tries < GUESSES_MAX ? row_guess(&range, wanted)
                                           : range.low + (range.high - range.low) / 2;
        uint8_t bytes[PAWL_TAG_SIZE];
        enum pawl_result result =
            read(context, table->preamble_size + row * PAWL_ROW_SIZE, bytes, sizeof bytes);
        if (result != PAWL_OK)
            return result;
        uint64_t found = pawl_u64be_get(bytes);
        if (found < wanted) {
            range.low = row + 1;
            range.low_tag = found;
        } else {
            range.high = row;
            range.high_tag = found;
        }
    }
    *index = range.low;
    return PAWL_OK;
}

/* Tries the rows from `index` on that have the device's tag. */
static enum pawl_result rows_open(const struct pawl_table *table, pawl_table_read_fn read,
                                  void *context, uint64_t index,
                                  const struct pawl_entitlement_keys *keys,
                                  uint8_t content_key[PAWL_KEY_SIZE])
{
    enum pawl_result result = PAWL_NOT_ENTITLED;

    for (unsigned tried = 0; tried < PAWL_EQUAL_TAGS_MAX && index < table->count;
         tried++, index++) {
        uint8_t row[PAWL_ROW_SIZE];
        enum pawl_result error =
            read(context, table->preamble_size + index * PAWL_ROW_SIZE, row, sizeof row);
        if (error != PAWL_OK)
            return error;
        if (memcmp(row, keys->tag, PAWL_TAG_SIZE) != 0)
            break;
        result = unwrap(keys, row + PAWL_TAG_SIZE, content_key);
        if (result != PAWL_NOT_ENTITLED)
            break;
    }
    return result;
}

enum pawl_result pawl_table_open(const struct pawl_table *table, pawl_table_read_fn read,
                                 void *context, const struct pawl_pud *pud, uint64_t sequence,
                                 uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_entitlement_keys keys;
    uint64_t index = 0;

    enum pawl_result result = pud_keys_make(pud, sequence, table->package_id, &keys);
    if (result == PAWL_OK)
        result = row_find(table, read, context, keys.tag, &index);
    if (result == PAWL_OK)
        result = rows_open(table, read, context, index, &keys, content_key);
    pawl_wipe(&keys, sizeof keys);
    return result;
}
