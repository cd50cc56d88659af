#include "core/map.h"

#include <string.h>

#include "core/cbor.h"

/* Numbers are kept in members of several sizes; an enum's size is the compiler's choice. */
static void number_store(void *member, size_t size, uint64_t value)
{
    const uint8_t u8 = (uint8_t)value;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;

    switch (size) {
    case 1:
        memcpy(member, &u8, sizeof u8);
        break;
    case 2:
        memcpy(member, &u16, sizeof u16);
        break;
    case 4:
        memcpy(member, &u32, sizeof u32);
        break;
    default:
        memcpy(member, &value, sizeof value);
        break;
    }
}

static uint64_t number_load(const void *member, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case 1:
        memcpy(&u8, member, sizeof u8);
        return u8;
    case 2:
        memcpy(&u16, member, sizeof u16);
        return u16;
    case 4:
        memcpy(&u32, member, sizeof u32);
        return u32;
    default:
        memcpy(&u64, member, sizeof u64);
        return u64;
    }
}

static bool number_allowed(const struct pawl_field *field, uint64_t value)
{
    uint64_t most = field->bits != 0 ? UINT64_MAX >> (64 - field->bits) : field->most;

    return value >= field->least && value <= most;
}

static void fixed_read(struct pawl_reader *reader, const struct pawl_field *field)
{
    struct pawl_cbor_head head = pawl_cbor_integer_read(reader);
    enum pawl_cbor_major major = field->fixed < 0 ? PAWL_CBOR_NEGATIVE : PAWL_CBOR_UINT;
    uint32_t value = (uint32_t)(field->fixed < 0 ? -1 - field->fixed : field->fixed);

    if (head.major != major || head.value != value)
        pawl_reader_fail(reader, PAWL_UNSUPPORTED);
}

static void number_read(struct pawl_reader *reader, const struct pawl_field *field, void *member)
{
    bool is_code = field->type == PAWL_FIELD_CODE;
    struct pawl_cbor_head head = pawl_cbor_integer_read(reader);

    if (head.major == PAWL_CBOR_UINT && number_allowed(field, head.value))
        number_store(member, field->size, head.value);
    else
        pawl_reader_fail(reader, is_code ? PAWL_UNSUPPORTED : PAWL_MALFORMED);
}

static void field_read(struct pawl_reader *reader, const struct pawl_field *field,
                       const pawl_field_reader *others, void *target)
{
    uint8_t *member = (uint8_t *)target + field->offset;
    struct pawl_text text;

    switch (field->type) {
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
    if (key.major > PAWL_CBOR_NEGATIVE || key.value > INT16_MAX)
        return map->count;
    int signed_key = (int)key.value;
    if (key.major == PAWL_CBOR_NEGATIVE)
        signed_key = -1 - signed_key;
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->fields[i].key == signed_key)
            return i;
    }
    return map->count;
}

static void unknown_read(struct pawl_reader *reader, const struct pawl_map *map,
                         struct pawl_cbor_head key)
{
    bool is_extension = key.major == PAWL_CBOR_UINT && key.value >= PAWL_EXTENSION_KEY;

    if (key.major > PAWL_CBOR_NEGATIVE)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    else if (map->extensible && is_extension)
        pawl_cbor_item_skip(reader);
    else
        pawl_reader_fail(reader, PAWL_UNSUPPORTED);
}

void pawl_map_read(struct pawl_reader *reader, const struct pawl_map *map,
                   const pawl_field_reader *others, void *target, uint32_t *present)
{
    uint32_t seen = 0, absent = 0;

    uint64_t pairs = pawl_cbor_map_read(reader);
    for (uint64_t i = 0; i < pairs && reader->error == PAWL_OK; i++) {
        struct pawl_cbor_head key = pawl_cbor_head_read(reader);
        if (reader->error != PAWL_OK)
            break;
        uint32_t index = field_find(map, key);
        if (index == map->count) {
            unknown_read(reader, map, key);
            continue;
        }
        const struct pawl_field *field = &map->fields[index];
        if (seen >> index & 1)
            pawl_reader_fail(reader, PAWL_MALFORMED);
        seen |= UINT32_C(1) << index;
        if (field->rule == PAWL_FIELD_NULLABLE && pawl_cbor_null_take(reader))
            absent |= UINT32_C(1) << index;
        else
            field_read(reader, field, others, target);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->fields[i].rule != PAWL_FIELD_OPTIONAL && !(seen >> i & 1))
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
    uint64_t value = number_load(member, field->size);

    if (!number_allowed(field, value))
        pawl_writer_fail(writer, PAWL_MALFORMED);
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, value);
}

static void field_write(struct pawl_writer *writer, const struct pawl_field *field,
                        const pawl_field_writer *others, const void *target)
{
    const uint8_t *member = (const uint8_t *)target + field->offset;
    struct pawl_text text;

    switch (field->type) {
    case PAWL_FIELD_FIXED:
        pawl_cbor_integer_write(writer, field->fixed);
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
    return is_present || field->rule != PAWL_FIELD_OPTIONAL;
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
        if (field->rule == PAWL_FIELD_NULLABLE && !is_present)
            pawl_cbor_null_write(writer);
        else
            field_write(writer, field, others, target);
    }
}
