/* The preamble of an entitlement table (SPEC 8). */
#include <string.h>

#include "core/bytes.h"
#include "core/map.h"
#include "pawl/entitlement.h"

#define MAGIC_SIZE 8u
#define PREFIX_SIZE (MAGIC_SIZE + 4u)

static const uint8_t magic[MAGIC_SIZE] = {'P', 'A', 'W', 'L', 'E', 'N', 'T', '1'};

static const struct pawl_field header_fields[] = {
    {.key = 1, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_table, package_id)},
    {.key = 2, .type = PAWL_FIELD_UINT, PAWL_FIELD_MEMBER(struct pawl_table, count), .bits = 64},
};
static const struct pawl_map header_map = PAWL_MAP(header_fields, false);

enum pawl_result pawl_table_preamble_read(const uint8_t *bytes, size_t size, uint64_t total,
                                          struct pawl_table *table)
{
    struct pawl_table found;

    memset(&found, 0, sizeof found);
    if (size < PREFIX_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
        return PAWL_MALFORMED;
    uint32_t header_size = pawl_u32be_get(bytes + MAGIC_SIZE);
    if (header_size > PAWL_TABLE_PREAMBLE_MAX - PREFIX_SIZE || header_size > size - PREFIX_SIZE)
        return PAWL_MALFORMED;
    enum pawl_result result =
        pawl_map_decode(bytes + PREFIX_SIZE, header_size, &header_map, NULL, &found, NULL);
    if (result != PAWL_OK)
        return result;
    found.preamble_size = PREFIX_SIZE + header_size;
    if (total < found.preamble_size || (total - found.preamble_size) % PAWL_ROW_SIZE != 0 ||
        (total - found.preamble_size) / PAWL_ROW_SIZE != found.count)
        return PAWL_MALFORMED;
    *table = found;
    return PAWL_OK;
}

enum pawl_result pawl_table_preamble_write(const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           uint64_t count, uint8_t bytes[PAWL_TABLE_PREAMBLE_MAX],
                                           size_t *size)
{
    struct pawl_table table;
    struct pawl_writer writer;

    memset(&table, 0, sizeof table);
    memcpy(table.package_id, package_id, sizeof table.package_id);
    table.count = count;
    pawl_writer_init(&writer, bytes, PAWL_TABLE_PREAMBLE_MAX);
    pawl_writer_put(&writer, magic, sizeof magic);
    pawl_writer_put(&writer, "\0\0\0\0", 4); /* the header's length, known below */
    pawl_map_write(&writer, &header_map, NULL, &table, 0);
    enum pawl_result result = pawl_writer_finish(&writer, size);
    if (result == PAWL_OK)
        pawl_u32be_put(bytes + MAGIC_SIZE, (uint32_t)(*size - PREFIX_SIZE));
    return result;
}
