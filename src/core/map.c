#include "core/map.h"

#include <limits.h>
#include <string.h>

#include "core/cbor.h"

/* Where in a number of 64 bits the `size` bytes are that a smaller member has of it. Members come
 * in several sizes; an enum's is the compiler's choice. */
static size_t low_bytes(size_t size)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : sizeof(uint64_t) - size;
}

static bool number_allowed(const struct pawl_field *field, uint64_t value)
{
    bool is_code = (field->type & PAWL_FIELD_TYPE) == PAWL_FIELD_CODE;
    uint64_t most = is_code ? field->most : UINT64_MAX >> (64 - field->bits);

    return value >= field->least && value <= most;
}

static void fixed_read(struct pawl_reader *reader, const struct pawl_field *field)
{
    struct pawl_cbor_head head = pawl_cbor_integer_read(reader);

    if (((unsigned)head.major << 5 | head.info) != field->fixed)
        pawl_reader_fail(reader, PAWL_UNSUPPORTED);
}

static void number_read(struct pawl_reader *reader, const struct pawl_field *field, void *member)
{
    bool is_code = (field->type & PAWL_FIELD_TYPE) == PAWL_FIELD_CODE;
    struct pawl_cbor_head head = pawl_cbor_integer_read(reader);

    if (head.major == PAWL_CBOR_UINT && number_allowed(field, head.value))
        memcpy(member, (const uint8_t *)&head.value + low_bytes(field->size), field->size);
    else
        pawl_reader_fail(reader, is_code ? PAWL_UNSUPPORTED : PAWL_MALFORMED);
}

static void field_read(struct pawl_reader *reader, const struct pawl_field *field,
                       const pawl_field_reader *others, void *target)
{
    uint8_t *member = (uint8_t *)target + field->offset;
    struct pawl_text text;

    switch (field->type & PAWL_FIELD_TYPE) {
    case PAWL_FIELD_FIXED:
        fixed_read(reader, field);
        break;
    case PAWL_FIELD_UINT:
    case PAWL_FIELD_CODE:
        number_read(reader, field, member);
        break;
    case PAWL_FIELD_BYTES:
        pawl_cbor_bytes_copy(reader, member, field->size);
        break;
    case PAWL_FIELD_TEXT:
        text = pawl_cbor_text_read(reader);
        memcpy(member, &text, sizeof text);
        break;
    case PAWL_FIELD_OTHER:
        others[field->other](reader, target);
        break;
    }
}

/* The index of the field with that key, or the map's count. */
static uint32_t field_find(const struct pawl_map *map, struct pawl_cbor_head key)
{
    uint32_t index = 0;
    int wanted = key.value > INT16_MAX ? INT_MAX : (int)key.value;

    if (key.major == PAWL_CBOR_NEGATIVE)
        wanted = -1 - wanted;
    while (index < map->count && map->fields[index].key != wanted)
        index++;
    return index;
}

void pawl_map_read(struct pawl_reader *reader, const struct pawl_map *map,
                   const pawl_field_reader *others, void *target, uint32_t *present)
{
    uint32_t seen = 0, absent = 0;

    for (size_t pairs = pawl_cbor_count_read(reader, PAWL_CBOR_MAP); pairs > 0; pairs--) {
        struct pawl_cbor_head key = pawl_cbor_integer_read(reader);
        if (reader->error != PAWL_OK)
            break;
        uint32_t index = field_find(map, key);
        if (index == map->count) {
            if (map->extensible && key.major == PAWL_CBOR_UINT && key.value >= PAWL_EXTENSION_KEY)
                pawl_cbor_item_skip(reader);
            else
                pawl_reader_fail(reader, PAWL_UNSUPPORTED);
            continue;
        }
        const struct pawl_field *field = &map->fields[index];
        if (seen >> index & 1)
            pawl_reader_fail(reader, PAWL_MALFORMED);
        seen |= UINT32_C(1) << index;
        if ((field->type & PAWL_FIELD_NULLABLE) && pawl_cbor_null_take(reader))
            absent |= UINT32_C(1) << index;
        else
            field_read(reader, field, others, target);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        if (!(map->fields[i].type & PAWL_FIELD_OPTIONAL) && !(seen >> i & 1))
            pawl_reader_fail(reader, PAWL_MALFORMED);
    }
    if (present != NULL)
        *present = seen & ~absent;
}

enum pawl_result pawl_map_decode(const uint8_t *bytes, size_t size, const struct pawl_map *map,
                                 const pawl_field_reader *others, void *target, uint32_t *present)
{
    struct pawl_reader reader;

    enum pawl_result result = pawl_cbor_check(bytes, size);
    if (result != PAWL_OK)
        return result;
    pawl_reader_init(&reader, bytes, size);
    pawl_map_read(&reader, map, others, target, present);
    return reader.error;
}

static void number_write(struct pawl_writer *writer, const struct pawl_field *field,
                         const void *member)
{
    uint64_t value = 0;

    memcpy((uint8_t *)&value + low_bytes(field->size), member, field->size);
    if (!number_allowed(field, value))
        pawl_writer_fail(writer, PAWL_MALFORMED);
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, value);
}

static void field_write(struct pawl_writer *writer, const struct pawl_field *field,
                        const pawl_field_writer *others, const void *target)
{
    const uint8_t *member = (const uint8_t *)target + field->offset;
    struct pawl_text text;

    switch (field->type & PAWL_FIELD_TYPE) {
    case PAWL_FIELD_FIXED:
        pawl_writer_u8_put(writer, field->fixed);
        break;
    case PAWL_FIELD_UINT:
    case PAWL_FIELD_CODE:
        number_write(writer, field, member);
        break;
    case PAWL_FIELD_BYTES:
        pawl_cbor_bytes_write(writer, member, field->size);
        break;
    case PAWL_FIELD_TEXT:
        memcpy(&text, member, sizeof text);
        pawl_cbor_text_write(writer, text);
        break;
    case PAWL_FIELD_OTHER:
        others[field->other](writer, target);
        break;
    }
}

/* Whether a field takes part in writing, as a value or as null. */
static bool field_written(const struct pawl_field *field, bool is_present)
{
    return is_present || !(field->type & PAWL_FIELD_OPTIONAL);
}

void pawl_map_write(struct pawl_writer *writer, const struct pawl_map *map,
                    const pawl_field_writer *others, const void *target, uint32_t present)
{
    uint64_t pairs = 0;

    for (uint32_t i = 0; i < map->count; i++)
        pairs += field_written(&map->fields[i], present >> i & 1);
    pawl_cbor_head_write(writer, PAWL_CBOR_MAP, pairs);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct pawl_field *field = &map->fields[i];
        bool is_present = present >> i & 1;
        if (!field_written(field, is_present))
            continue;
        pawl_cbor_integer_write(writer, field->key);
        if ((field->type & PAWL_FIELD_NULLABLE) && !is_present)
            pawl_cbor_null_write(writer);
        else
            field_write(writer, field, others, target);
    }
}
