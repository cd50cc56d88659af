#include "headend/audit_chain.h"

#include <string.h>

#include "core/cbor.h"
#include "pawl/identifier.h"

static const char label[] = "pawl/1 audit";

#define GATHER_SIZE 1024u /* most entries have fewer bytes */

/* Gathers what is hashed: one update of 300 bytes costs a fraction of twelve small ones. */
struct gather {
    struct pawl_sha256 sha;
    size_t size;
    uint8_t bytes[GATHER_SIZE];
};

static void gather_put(struct gather *gather, const void *bytes, size_t size)
{
    if (size > GATHER_SIZE - gather->size) {
        pawl_sha256_update(&gather->sha, gather->bytes, gather->size);
        gather->size = 0;
    }
    if (size > GATHER_SIZE) {
        pawl_sha256_update(&gather->sha, bytes, size);
        return;
    }
    memcpy(gather->bytes + gather->size, bytes, size);
    gather->size += size;
}

/* An item: its head, then its bytes. */
static void item_put(struct gather *gather, enum pawl_cbor_major major, const void *bytes,
                     size_t size)
{
    uint8_t head[16];
    struct pawl_writer writer;
    pawl_writer_init(&writer, head, sizeof head);
    pawl_cbor_head_write(&writer, major, size);
    gather_put(gather, head, writer.size);
    gather_put(gather, bytes, size);
}

static void text_put(struct gather *gather, const char *text)
{
    item_put(gather, PAWL_CBOR_TEXT, text, strlen(text));
}

void pawl_audit_hash_make(const uint8_t previous[PAWL_AUDIT_HASH_SIZE],
                          const struct pawl_audit_entry *entry, uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    uint8_t head[32];
    struct pawl_writer writer;
    struct gather gather;
    pawl_writer_init(&writer, head, sizeof head);
    pawl_cbor_head_write(&writer, PAWL_CBOR_ARRAY, 6);
    pawl_cbor_head_write(&writer, PAWL_CBOR_UINT, entry->id);
    pawl_cbor_integer_write(&writer, entry->time);

    pawl_sha256_init(&gather.sha);
    gather.size = 0;
    gather_put(&gather, label, sizeof label - 1);
    gather_put(&gather, previous, PAWL_AUDIT_HASH_SIZE);
    gather_put(&gather, head, writer.size);
    text_put(&gather, entry->actor);
    text_put(&gather, entry->action);
    if (entry->device_id != NULL) {
        item_put(&gather, PAWL_CBOR_BYTES, entry->device_id, PAWL_ID_SIZE);
    } else {
        pawl_writer_init(&writer, head, sizeof head);
        pawl_cbor_null_write(&writer);
        gather_put(&gather, head, writer.size);
    }
    text_put(&gather, entry->detail);
    pawl_sha256_update(&gather.sha, gather.bytes, gather.size);
    pawl_sha256_final(&gather.sha, hash);
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
