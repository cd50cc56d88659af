#include "pawl/pud.h"

#include <string.h>

#include "core/bytes.h"
#include "core/cbor.h"
#include "core/map.h"
#include "pawl/secret.h"

#define MAXIMUM_FIELD 7u /* its place in pud_fields */

static const struct pawl_field anchor_fields[] = {
    {.key = 1, .type = PAWL_FIELD_FIXED, .fixed = 2}, /* key type EC2 */
    {.key = 2, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_anchor, kid)},
    {.key = 3, .type = PAWL_FIELD_FIXED, .fixed = 0x26}, /* -7, ES256 */
    {.key = -1, .type = PAWL_FIELD_FIXED, .fixed = 1},   /* curve P-256 */
    {.key = -2, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_anchor, x)},
    {.key = -3, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_anchor, y)},
};
static const struct pawl_map anchor_map = PAWL_MAP(anchor_fields, false);

/* A kid that is not the key's, or that an earlier anchor has, would make the signer ambiguous. */
static bool anchor_allowed(const struct pawl_pud *pud, uint32_t index)
{
    const struct pawl_anchor *anchor = &pud->anchors[index];
    uint8_t kid[PAWL_KID_SIZE];

    pawl_kid_make(anchor->x, anchor->y, kid);
    if (memcmp(kid, anchor->kid, sizeof kid) != 0)
        return false;
    for (uint32_t i = 0; i < index; i++) {
        if (memcmp(kid, pud->anchors[i].kid, sizeof kid) == 0)
            return false;
    }
    return true;
}

static void anchors_read(struct pawl_reader *reader, void *target)
{
    struct pawl_pud *pud = target;

    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);
    if (count < 1 || count > PAWL_ANCHOR_MAX) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return;
    }
    pud->anchor_count = (uint32_t)count;
    for (uint32_t i = 0; i < pud->anchor_count; i++) {
        pawl_map_read(reader, &anchor_map, NULL, &pud->anchors[i], NULL);
        if (reader->error == PAWL_OK && !anchor_allowed(pud, i))
            pawl_reader_fail(reader, PAWL_MALFORMED);
    }
}

static void anchors_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_pud *pud = target;

    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, pud->anchor_count);
    for (uint32_t i = 0; i < pud->anchor_count; i++)
        pawl_map_write(writer, &anchor_map, NULL, &pud->anchors[i], 0);
}

enum { ANCHORS }; /* others */
static const pawl_field_reader readers[] = {
    [ANCHORS] = anchors_read,
};
static const pawl_field_writer writers[] = {
    [ANCHORS] = anchors_write,
};

static const struct pawl_field pud_fields[] = {
    {.key = 1, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = 2, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_pud, device_id)},
    {.key = 3, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_pud, vendor_id)},
    {.key = 4, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_pud, class_id)},
    {.key = 5, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_pud, unit_secret)},
    {.key = 6,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_pud, chain_length),
     .least = 1,
     .bits = 16},
    {.key = 7, .type = PAWL_FIELD_OTHER, .other = ANCHORS},
    [MAXIMUM_FIELD] = {.key = 8,
                       .type = PAWL_FIELD_UINT | PAWL_FIELD_OPTIONAL,
                       PAWL_FIELD_MEMBER(struct pawl_pud, maximum),
                       .bits = 64},
};
static const struct pawl_map pud_map = PAWL_MAP(pud_fields, false);

enum pawl_result pawl_pud_read_next(const uint8_t *bytes, size_t size, struct pawl_pud *pud,
                                    size_t *used)
{
    struct pawl_pud found;
    uint32_t present;
    size_t length = 0;

    enum pawl_result result = pawl_cbor_item_check(bytes, size, &length);
    if (result != PAWL_OK)
        return result;
    memset(&found, 0, sizeof found);
    result = pawl_map_decode(bytes, length, &pud_map, readers, &found, &present);
    if (result == PAWL_OK) {
        found.has_maximum = present >> MAXIMUM_FIELD & 1;
        *pud = found;
        *used = length;
    }
    pawl_wipe(&found, sizeof found);
    return result;
}

enum pawl_result pawl_pud_read(const uint8_t *bytes, size_t size, struct pawl_pud *pud)
{
    size_t used;

    enum pawl_result result = pawl_cbor_check(bytes, size);
    return result == PAWL_OK ? pawl_pud_read_next(bytes, size, pud, &used) : result;
}

enum pawl_result pawl_pud_write(const struct pawl_pud *pud, uint8_t *bytes, size_t capacity,
                                size_t *size)
{
    struct pawl_writer writer;
    struct pawl_pud copy = *pud;
    enum pawl_result result = PAWL_MALFORMED;

    if (pud->anchor_count < 1 || pud->anchor_count > PAWL_ANCHOR_MAX)
        goto out;
    for (uint32_t i = 0; i < copy.anchor_count; i++) {
        pawl_kid_make(copy.anchors[i].x, copy.anchors[i].y, copy.anchors[i].kid);
        if (!anchor_allowed(&copy, i))
            goto out;
    }
    pawl_writer_init(&writer, bytes, capacity);
    pawl_map_write(&writer, &pud_map, writers, &copy, copy.has_maximum ? 1u << MAXIMUM_FIELD : 0);
    result = pawl_writer_finish(&writer, size);
out:
    pawl_wipe(&copy, sizeof copy);
    return result;
}
