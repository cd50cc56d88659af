/* SPEC 8: whatever a table holds, the look-up reads few rows, inside it. */
#include <string.h>

#include "fuzz.h"
#include "pawl/entitlement.h"

struct bytes {
    const uint8_t *bytes;
    size_t size;
    unsigned reads;
};

static enum pawl_result bytes_read(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    struct bytes *bytes = context;

    FUZZ_EXPECT(offset <= bytes->size && size <= bytes->size - offset);
    memcpy(out, bytes->bytes + offset, size);
    bytes->reads++;
    return PAWL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct pawl_pud pud = {.chain_length = 2};
    struct bytes whole = {bytes, size, 0};
    uint8_t preamble[PAWL_TABLE_PREAMBLE_MAX], key[PAWL_KEY_SIZE];
    struct pawl_table table;
    size_t preamble_size = 0;

    if (pawl_table_preamble_read(bytes, size, size, &table) != PAWL_OK)
        return 0;
    FUZZ_EXPECT(pawl_table_preamble_write(table.package_id, table.count, preamble,
                                          &preamble_size) == PAWL_OK);
    FUZZ_EXPECT(preamble_size == table.preamble_size);
    FUZZ_EXPECT(memcmp(preamble, bytes, preamble_size) == 0);
    FUZZ_EXPECT(pawl_table_open(&table, bytes_read, &whole, &pud, 0, key) == PAWL_NOT_ENTITLED);
    FUZZ_EXPECT(whole.reads <= 64 + PAWL_EQUAL_TAGS_MAX);
    return 0;
}
