/* SPEC 8: entitlements and the entitlement table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "fixture.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"

static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {0x50};

static void device_make(uint64_t seed, struct pawl_pud *pud)
{
    struct signer nobody = {0};

    pud_make(&nobody, seed, pud);
}

static void row_make(const struct pawl_pud *pud, uint64_t sequence, const uint8_t *content_key,
                     uint8_t row[PAWL_ROW_SIZE])
{
    const struct pawl_unit unit = {pud->unit_secret, pud->device_id, pud->chain_length, sequence};

    assert_int_equal(pawl_entitlement_row_make(&unit, package_id, content_key, row), PAWL_OK);
}

/* I1, I2: it opens on one device, at one sequence number, for one package. */
static void an_entitlement_opens_for_one_download_alone(void **state)
{
    uint8_t content_key[PAWL_KEY_SIZE], row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    uint8_t other_id[PAWL_PACKAGE_ID_SIZE] = {0x51};
    struct pawl_pud pud, other;

    (void)state;
    noise_fill(content_key, sizeof content_key, 9);
    device_make(1, &pud);
    device_make(2, &other);
    row_make(&pud, 20, content_key, row);
    const uint8_t *entitlement = row + PAWL_TAG_SIZE;
    for (uint64_t s = 0; s < 50; s++) {
        memset(key, 0xee, sizeof key);
        enum pawl_result result = pawl_entitlement_open(&pud, s, package_id, entitlement, key);
        assert_int_equal(result, s == 20 ? PAWL_OK : PAWL_NOT_ENTITLED);
        assert_int_equal(memcmp(key, content_key, sizeof key) == 0, s == 20);
        if (s != 20)
            assert_int_equal(key[0], 0xee); /* written only on success */
    }
    assert_int_equal(pawl_entitlement_open(&other, 20, package_id, entitlement, key),
                     PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_entitlement_open(&pud, 20, other_id, entitlement, key),
                     PAWL_NOT_ENTITLED);
    pud.chain_length++;
    assert_int_equal(pawl_entitlement_open(&pud, 20, package_id, entitlement, key),
                     PAWL_NOT_ENTITLED);
}

static void the_maximum_is_a_hard_budget(void **state)
{
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    (void)state;
    device_make(1, &pud);
    pud.has_maximum = true;
    pud.maximum = 10;
    for (uint64_t s = 8; s < 12; s++) {
        enum pawl_result expected = s < 10 ? PAWL_OK : PAWL_NOT_ENTITLED;
        row_make(&pud, s, content_key, row);
        assert_int_equal(pawl_entitlement_open(&pud, s, package_id, row + PAWL_TAG_SIZE, key),
                         expected);
        assert_int_equal(pawl_sequence_check(&pud, s), expected);
    }
    pud.maximum = 0;
    assert_int_equal(pawl_sequence_check(&pud, 0), PAWL_NOT_ENTITLED);
    pud.has_maximum = false;
    assert_int_equal(pawl_sequence_check(&pud, UINT64_MAX - 1), PAWL_OK);
    assert_int_equal(pawl_sequence_check(&pud, UINT64_MAX), PAWL_NOT_ENTITLED);
}

/* A table that exists only as a function of the row's index: tags ascend in steps, one row is the
 * device's. It counts what is read of it. */
struct virtual_table {
    struct pawl_table table;
    uint64_t place;  /* of the device's row */
    uint64_t copies; /* rows of its tag in a row, all but the last of another key */
    const uint8_t *row;
    uint64_t reads, bytes;
    enum pawl_result failure; /* returned instead of the last row */
};

static enum pawl_result virtual_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    struct virtual_table *virtual = context;
    uint8_t row[PAWL_ROW_SIZE] = {0};

    assert_true(offset >= virtual->table.preamble_size);
    offset -= virtual->table.preamble_size;
    assert_int_equal(offset % PAWL_ROW_SIZE, 0);
    assert_true(size <= PAWL_ROW_SIZE);
    uint64_t index = offset / PAWL_ROW_SIZE;
    assert_true(index < virtual->table.count);
    virtual->reads++;
    virtual->bytes += size;
    uint64_t after = virtual->place + virtual->copies; /* first row behind the device's */
    if (index >= virtual->place && index < after) {
        memcpy(row, virtual->row, sizeof row);
        if (index + 1 < after)
            row[PAWL_TAG_SIZE] ^= 1;
    } else {
        memset(row, index < virtual->place ? 0 : 0xff, PAWL_TAG_SIZE);
    }
    memcpy(bytes, row, size);
    return size == PAWL_ROW_SIZE ? virtual->failure : PAWL_OK;
}

static void a_row_is_found_by_reading_few(void **state)
{
    static const uint64_t counts[] = {0, 1, 2, 3, 1000, 10000000, UINT64_C(1) << 40};
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    (void)state;
    device_make(1, &pud);
    row_make(&pud, 5, content_key, row);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t count = counts[i], log = 0;
        while (count >> log != 0)
            log++;
        const uint64_t places[] = {0, count / 2, count - 1, count}; /* the last: absent */
        for (size_t j = count == 0 ? 3 : 0; j < 4; j++) {
            struct virtual_table virtual = {.table = {.count = count, .preamble_size = 51},
                                            .place = places[j],
                                            .copies = 1,
                                            .row = row};
            memcpy(virtual.table.package_id, package_id, sizeof package_id);
            enum pawl_result result =
                pawl_table_open(&virtual.table, virtual_read, &virtual, &pud, 5, key);
            assert_int_equal(result, j < 3 ? PAWL_OK : PAWL_NOT_ENTITLED);
            assert_true(virtual.reads <= log + 1);
            assert_true(virtual.bytes <= 8 * log + PAWL_ROW_SIZE);
            if (result == PAWL_OK)
                assert_memory_equal(key, content_key, sizeof key);
        }
    }
}

static void at_most_four_rows_of_a_tag_are_tried(void **state)
{
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    (void)state;
    device_make(1, &pud);
    row_make(&pud, 5, content_key, row);
    for (uint64_t copies = 1; copies < 8; copies++) {
        struct virtual_table virtual = {.table = {.count = 1000, .preamble_size = 51},
                                        .place = 500,
                                        .copies = copies,
                                        .row = row};
        memcpy(virtual.table.package_id, package_id, sizeof package_id);
        assert_int_equal(pawl_table_open(&virtual.table, virtual_read, &virtual, &pud, 5, key),
                         copies <= 4 ? PAWL_OK : PAWL_NOT_ENTITLED);
        assert_true(virtual.reads <= 10 + 4);
        virtual.table.count = 500 + copies; /* also at the table's end */
        assert_int_equal(pawl_table_open(&virtual.table, virtual_read, &virtual, &pud, 5, key),
                         copies <= 4 ? PAWL_OK : PAWL_NOT_ENTITLED);
    }
}

static void a_failed_read_is_passed_on(void **state)
{
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    (void)state;
    device_make(1, &pud);
    row_make(&pud, 5, content_key, row);
    struct virtual_table virtual = {.table = {.count = 10, .preamble_size = 51},
                                    .place = 5,
                                    .copies = 1,
                                    .row = row,
                                    .failure = PAWL_IO};
    memcpy(virtual.table.package_id, package_id, sizeof package_id);
    assert_int_equal(pawl_table_open(&virtual.table, virtual_read, &virtual, &pud, 5, key),
                     PAWL_IO);
    pud.has_maximum = true;
    pud.maximum = 5;
    virtual.reads = 0;
    assert_int_equal(pawl_table_open(&virtual.table, virtual_read, &virtual, &pud, 5, key),
                     PAWL_NOT_ENTITLED);
    assert_int_equal(virtual.reads, 0);
}

static enum pawl_result failing_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    (void)context;
    (void)offset;
    (void)bytes;
    (void)size;
    return PAWL_STORAGE;
}

/* I9: a table in any disorder ends the search after the same few reads. */
static enum pawl_result noisy_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    uint64_t *reads = context;

    (*reads)++;
    noise_fill(bytes, size, offset);
    return PAWL_OK;
}

static void an_unsorted_table_reads_as_not_found(void **state)
{
    const struct pawl_table table = {.count = UINT64_C(1) << 50, .preamble_size = 60};
    uint8_t key[PAWL_KEY_SIZE];
    struct pawl_pud pud;
    uint64_t reads = 0;

    (void)state;
    device_make(1, &pud);
    assert_int_equal(pawl_table_open(&table, noisy_read, &reads, &pud, 5, key), PAWL_NOT_ENTITLED);
    assert_true(reads <= 56);
    assert_int_equal(pawl_table_open(&table, failing_read, NULL, &pud, 5, key), PAWL_STORAGE);
}

static void a_table_preamble_comes_back(void **state)
{
    static const uint64_t counts[] = {0, 1, 23, 24, 10000000, UINT64_C(1) << 40};
    uint8_t bytes[PAWL_TABLE_PREAMBLE_MAX];
    struct pawl_table table;
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(pawl_table_preamble_write(package_id, counts[i], bytes, &size), PAWL_OK);
        uint64_t total = size + counts[i] * PAWL_ROW_SIZE;
        assert_int_equal(pawl_table_preamble_read(bytes, size, total, &table), PAWL_OK);
        assert_int_equal(table.count, counts[i]);
        assert_int_equal(table.preamble_size, size);
        assert_memory_equal(table.package_id, package_id, sizeof package_id);
        assert_int_equal(pawl_table_preamble_read(bytes, size, total + 1, &table), PAWL_MALFORMED);
        assert_int_equal(pawl_table_preamble_read(bytes, size, total - 1, &table), PAWL_MALFORMED);
        assert_int_equal(pawl_table_preamble_read(bytes, size, total + PAWL_ROW_SIZE, &table),
                         PAWL_MALFORMED);
        for (size_t cut = 0; cut < size; cut++)
            assert_int_equal(pawl_table_preamble_read(bytes, cut, total, &table), PAWL_MALFORMED);
    }
}

static void each_table_field_is_checked(void **state)
{
    static const struct edit_case cases[] = {
        {1, "581f 00000000000000000000000000000000000000000000000000000000000000", PAWL_MALFORMED},
        {1, NULL, PAWL_MALFORMED},
        {2, "02", PAWL_MALFORMED}, /* not what the bytes hold */
        {2, "20", PAWL_MALFORMED},
        {2, "1800", PAWL_MALFORMED},
        {2, "1bffffffffffffffff", PAWL_MALFORMED},
        {2, "1b0555555555555556", PAWL_MALFORMED}, /* times 48 wraps round to 32 */
        {2, NULL, PAWL_MALFORMED},
        {3, "00", PAWL_UNSUPPORTED},
        {0, "00", PAWL_UNSUPPORTED},
        {-1, "00", PAWL_UNSUPPORTED},
        {128, "00", PAWL_UNSUPPORTED},
    };
    uint8_t bytes[PAWL_TABLE_PREAMBLE_MAX], changed[PAWL_TABLE_PREAMBLE_MAX];
    struct pawl_table table;
    size_t size = 0;

    (void)state;
    assert_int_equal(pawl_table_preamble_write(package_id, 1, bytes, &size), PAWL_OK);
    memcpy(changed, bytes, 12);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = map_edit(bytes + 12, size - 12, cases[i].key, cases[i].value, changed + 12,
                                 sizeof changed - 12);
        pawl_u32be_put(changed + 8, (uint32_t)length);
        enum pawl_result result =
            pawl_table_preamble_read(changed, 12 + length, 12 + length + PAWL_ROW_SIZE, &table);
        if (result != cases[i].expected)
            fail_msg("case %d: %s", (int)i, pawl_result_name(result));
    }
    for (size_t i = 0; i < 12; i++) {
        bytes[i] ^= 0x40;
        assert_int_equal(pawl_table_preamble_read(bytes, size, size + PAWL_ROW_SIZE, &table),
                         PAWL_MALFORMED);
        bytes[i] ^= 0x40;
    }
}

/* A table built and read as bytes: every device finds its own key and no other one. */
static int row_compare(const void *a, const void *b)
{
    return memcmp(a, b, PAWL_TAG_SIZE);
}

static enum pawl_result bytes_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    memcpy(bytes, (uint8_t *)context + offset, size);
    return PAWL_OK;
}

static void every_device_of_a_table_opens_it(void **state)
{
    enum { DEVICES = 300 };
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, key[PAWL_KEY_SIZE];
    uint8_t *bytes = malloc(PAWL_TABLE_PREAMBLE_MAX + DEVICES * PAWL_ROW_SIZE);
    struct pawl_table table;
    struct pawl_pud pud;
    size_t size = 0;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(pawl_table_preamble_write(package_id, DEVICES, bytes, &size), PAWL_OK);
    for (uint64_t i = 0; i < DEVICES; i++) {
        device_make(10 * i, &pud);
        row_make(&pud, i, content_key, bytes + size + i * PAWL_ROW_SIZE);
    }
    qsort(bytes + size, DEVICES, PAWL_ROW_SIZE, row_compare);
    assert_int_equal(pawl_table_preamble_read(bytes, size, size + DEVICES * PAWL_ROW_SIZE, &table),
                     PAWL_OK);
    for (uint64_t i = 0; i < DEVICES; i++) {
        device_make(10 * i, &pud);
        assert_int_equal(pawl_table_open(&table, bytes_read, bytes, &pud, i, key), PAWL_OK);
        assert_memory_equal(key, content_key, sizeof key);
        assert_int_equal(pawl_table_open(&table, bytes_read, bytes, &pud, i + 1, key),
                         PAWL_NOT_ENTITLED);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entitlement_opens_for_one_download_alone),
        cmocka_unit_test(the_maximum_is_a_hard_budget),
        cmocka_unit_test(a_row_is_found_by_reading_few),
        cmocka_unit_test(at_most_four_rows_of_a_tag_are_tried),
        cmocka_unit_test(a_failed_read_is_passed_on),
        cmocka_unit_test(an_unsorted_table_reads_as_not_found),
        cmocka_unit_test(a_table_preamble_comes_back),
        cmocka_unit_test(each_table_field_is_checked),
        cmocka_unit_test(every_device_of_a_table_opens_it),
    };

    return cmocka_run_group_tests_name("entitlement (SPEC 8)", tests, NULL, NULL);
}
