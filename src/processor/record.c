#include "processor/record.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/secret.h"

#define BODY_SIZE (PAWL_RECORD_SIZE - PAWL_MAC_SIZE)

static const uint8_t magic[8] = {'P', 'A', 'W', 'L', 'R', 'E', 'C', '1'};

/* One of the two keys of a record: under `label`, from the branch that its role names. */
static void key_make(const struct pawl_record *record, const struct pawl_pud *pud,
                     const char *label, uint8_t key[PAWL_KEY_SIZE])
{
    uint8_t branch[PAWL_KEY_SIZE];

    if (record->role == PAWL_ROLE_COMMITTED)
        pawl_storage_key_make(pud->unit_secret, record->sequence, record->package_id, branch);
    else
        pawl_trial_key_make(pud->unit_secret, record->sequence, record->package_id, branch);
    pawl_expand(branch, label, NULL, 0, key, PAWL_KEY_SIZE);
    pawl_wipe(branch, sizeof branch);
}

enum pawl_result pawl_record_key_wrap(struct pawl_record *record, const struct pawl_pud *pud,
                                      const uint8_t content_key[PAWL_KEY_SIZE])
{
    uint8_t kek[PAWL_KEY_SIZE];

    key_make(record, pud, "pawl/1 record wrap", kek);
    enum pawl_result result = pawl_key_wrap(kek, content_key, PAWL_KEY_SIZE, record->wrapped_key);
    pawl_wipe(kek, sizeof kek);
    return result;
}

enum pawl_result pawl_record_key_unwrap(const struct pawl_record *record,
                                        const struct pawl_pud *pud,
                                        uint8_t content_key[PAWL_KEY_SIZE])
{
    uint8_t kek[PAWL_KEY_SIZE];

    key_make(record, pud, "pawl/1 record wrap", kek);
    enum pawl_result result =
        pawl_key_unwrap(kek, record->wrapped_key, sizeof record->wrapped_key, content_key);
    pawl_wipe(kek, sizeof kek);
    return result;
}

static void mac_make(const struct pawl_record *record, const struct pawl_pud *pud,
                     const uint8_t body[BODY_SIZE], uint8_t mac[PAWL_MAC_SIZE])
{
    uint8_t key[PAWL_KEY_SIZE];
    struct pawl_hmac hmac;

    key_make(record, pud, "pawl/1 record mac", key);
    pawl_hmac_init(&hmac, key, sizeof key);
    pawl_hmac_make(&hmac, body, BODY_SIZE, NULL, 0, mac);
    pawl_wipe(&hmac, sizeof hmac);
    pawl_wipe(key, sizeof key);
}

void pawl_record_write(const struct pawl_record *record, const struct pawl_pud *pud,
                       uint8_t bytes[PAWL_RECORD_SIZE])
{
    struct pawl_writer writer;

    pawl_writer_init(&writer, bytes, BODY_SIZE);
    pawl_writer_put(&writer, magic, sizeof magic);
    pawl_writer_u32be_put(&writer, (uint32_t)record->role);
    pawl_writer_u32be_put(&writer, record->anchor_mask);
    pawl_writer_u64be_put(&writer, record->sequence);
    pawl_writer_u64be_put(&writer, record->package_size);
    pawl_writer_u64be_put(&writer, record->security_floor);
    pawl_writer_put(&writer, record->instance, sizeof record->instance);
    pawl_writer_put(&writer, record->package_id, sizeof record->package_id);
    pawl_writer_put(&writer, record->wrapped_key, sizeof record->wrapped_key);
    mac_make(record, pud, bytes, bytes + BODY_SIZE);
}

enum pawl_result pawl_record_read(const uint8_t bytes[PAWL_RECORD_SIZE], const struct pawl_pud *pud,
                                  enum pawl_role role, uint64_t sequence,
                                  struct pawl_record *record)
{
    uint32_t found = pawl_u32be_get(bytes + 8);
    uint8_t mac[PAWL_MAC_SIZE];

    if (memcmp(bytes, magic, sizeof magic) != 0)
        return PAWL_MALFORMED;
    if ((found != role && !(role == PAWL_ROLE_TRIAL && found == PAWL_ROLE_DIAGNOSTIC)) ||
        pawl_u64be_get(bytes + 16) != sequence)
        return PAWL_STATE;
    record->role = (enum pawl_role)found;
    record->sequence = sequence;
    record->anchor_mask = pawl_u32be_get(bytes + 12);
    record->package_size = (size_t)pawl_u64be_get(bytes + 24);
    record->security_floor = pawl_u64be_get(bytes + 32);
    memcpy(record->instance, bytes + 40, sizeof record->instance);
    memcpy(record->package_id, bytes + 48, sizeof record->package_id);
    memcpy(record->wrapped_key, bytes + 80, sizeof record->wrapped_key);
    mac_make(record, pud, bytes, mac);
    if (pawl_equal(mac, bytes + BODY_SIZE, sizeof mac))
        return PAWL_OK;
    pawl_wipe(record, sizeof *record);
    return PAWL_UNTRUSTED;
}
