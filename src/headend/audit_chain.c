#include "headend/audit_chain.h"

#include <string.h>

#include "core/cbor.h"
#include "pawl/identifier.h"

static const char label[] = "pawl/1 audit";

/* Hashes an item: its head, then its bytes. */
static void item_hash(struct pawl_sha256 *sha, enum pawl_cbor_major major, const void *bytes,
                      size_t size)
{
    uint8_t head[16];
    struct pawl_writer writer;
    pawl_writer_init(&writer, head, sizeof head);
    pawl_cbor_head_write(&writer, major, size);
    pawl_sha256_update(sha, head, writer.size);
    pawl_sha256_update(sha, bytes, size);
}

void pawl_audit_hash_make(const uint8_t previous[PAWL_AUDIT_HASH_SIZE],
                          const struct pawl_audit_entry *entry, uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    uint8_t head[32];
    struct pawl_writer writer;
    struct pawl_sha256 sha;
    pawl_writer_init(&writer, head, sizeof head);
    pawl_cbor_head_write(&writer, PAWL_CBOR_ARRAY, 6);
    pawl_cbor_head_write(&writer, PAWL_CBOR_UINT, entry->id);
    pawl_cbor_integer_write(&writer, entry->time);

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, label, sizeof label - 1);
    pawl_sha256_update(&sha, previous, PAWL_AUDIT_HASH_SIZE);
    pawl_sha256_update(&sha, head, writer.size);
    item_hash(&sha, PAWL_CBOR_TEXT, entry->actor, strlen(entry->actor));
    item_hash(&sha, PAWL_CBOR_TEXT, entry->action, strlen(entry->action));
    if (entry->device_id != NULL) {
        item_hash(&sha, PAWL_CBOR_BYTES, entry->device_id, PAWL_ID_SIZE);
    } else {
        pawl_writer_init(&writer, head, sizeof head);
        pawl_cbor_null_write(&writer);
        pawl_sha256_update(&sha, head, writer.size);
    }
    item_hash(&sha, PAWL_CBOR_TEXT, entry->detail, strlen(entry->detail));
    pawl_sha256_final(&sha, hash);
}

bool pawl_audit_text_is_good(const char *text)
{
    return pawl_utf8_check((const uint8_t *)text, strlen(text));
}

void pawl_audit_text_mend(char *text)
{
    if (pawl_audit_text_is_good(text))
        return;
    for (; *text != '\0'; text++)
        if (((unsigned char)*text & 0x80) != 0)
            *text = '?';
}
