/* SPEC 3: personalized unit data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/cbor.h"
#include "fixture.h"
#include "pawl/pud.h"

static struct signer signers[PAWL_ANCHOR_MAX];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAWL_ANCHOR_MAX; i++)
        signer_make(&signers[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAWL_ANCHOR_MAX; i++)
        signer_release(&signers[i]);
    return 0;
}

static size_t sample(uint32_t anchors, uint8_t bytes[PAWL_PUD_SIZE_MAX])
{
    struct pawl_pud pud;
    size_t size = 0;

    pud_make(&signers[0], 1, &pud);
    pud.anchor_count = anchors;
    for (uint32_t i = 0; i < anchors; i++)
        pud.anchors[i] = signers[i].anchor;
    assert_int_equal(pawl_pud_write(&pud, bytes, PAWL_PUD_SIZE_MAX, &size), PAWL_OK);
    return size;
}

static void every_field_comes_back(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud, again;
    size_t size = 0;

    (void)state;
    memset(&again, 0, sizeof again);
    pud_make(&signers[0], 1, &pud);
    pud.chain_length = 65535;
    pud.anchor_count = PAWL_ANCHOR_MAX;
    for (size_t i = 0; i < PAWL_ANCHOR_MAX; i++)
        pud.anchors[i] = signers[i].anchor;
    pud.has_maximum = true;
    pud.maximum = UINT64_MAX;
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_OK);
    assert_int_equal(pawl_pud_read(bytes, size, &again), PAWL_OK);
    assert_memory_equal(again.device_id, pud.device_id, sizeof pud.device_id);
    assert_memory_equal(again.vendor_id, pud.vendor_id, sizeof pud.vendor_id);
    assert_memory_equal(again.class_id, pud.class_id, sizeof pud.class_id);
    assert_memory_equal(again.unit_secret, pud.unit_secret, sizeof pud.unit_secret);
    assert_memory_equal(again.anchors, pud.anchors, sizeof pud.anchors);
    assert_int_equal(again.chain_length, 65535);
    assert_int_equal(again.anchor_count, PAWL_ANCHOR_MAX);
    assert_true(again.has_maximum);
    assert_true(again.maximum == UINT64_MAX);
}

static const struct edit_case field_cases[] = {
    {1, "02", PAWL_UNSUPPORTED},
    {1, "00", PAWL_UNSUPPORTED},
    {1, "20", PAWL_UNSUPPORTED},
    {1, "1bffffffffffffffff", PAWL_UNSUPPORTED},
    {1, "6131", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "40", PAWL_MALFORMED},
    {2, "4f000000000000000000000000000000", PAWL_MALFORMED},
    {2, "51 0000000000000000000000000000000000", PAWL_MALFORMED},
    {2, "70 30303030303030303030303030303030", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, "00", PAWL_MALFORMED},
    {3, NULL, PAWL_MALFORMED},
    {4, "f6", PAWL_MALFORMED},
    {4, NULL, PAWL_MALFORMED},
    {5, "50 00000000000000000000000000000000", PAWL_MALFORMED},
    {5, NULL, PAWL_MALFORMED},
    {6, "00", PAWL_MALFORMED},
    {6, "01", PAWL_OK},
    {6, "19ffff", PAWL_OK},
    {6, "1a00010000", PAWL_MALFORMED},
    {6, "20", PAWL_MALFORMED},
    {6, "4101", PAWL_MALFORMED},
    {6, NULL, PAWL_MALFORMED},
    {7, "80", PAWL_MALFORMED},
    {7, "81a0", PAWL_MALFORMED},
    {7, "a0", PAWL_MALFORMED},
    {7, "8101", PAWL_MALFORMED},
    {7, NULL, PAWL_MALFORMED},
    {8, "00", PAWL_OK},
    {8, "1bffffffffffffffff", PAWL_OK},
    {8, "20", PAWL_MALFORMED},
    {8, "f6", PAWL_MALFORMED},
    /* nowhere but in payloads are keys from 128 up extensions */
    {0, "00", PAWL_UNSUPPORTED},
    {9, "00", PAWL_UNSUPPORTED},
    {127, "00", PAWL_UNSUPPORTED},
    {128, "00", PAWL_UNSUPPORTED},
    {INT64_MAX, "00", PAWL_UNSUPPORTED},
    {-1, "00", PAWL_UNSUPPORTED},
    {INT64_MIN, "00", PAWL_UNSUPPORTED},
};

static void each_field_is_checked(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX], changed[PAWL_PUD_SIZE_MAX + 64];
    struct pawl_pud pud, before;

    (void)state;
    size_t size = sample(1, bytes);
    memset(&pud, 0xee, sizeof pud);
    before = pud;
    for (size_t i = 0; i < sizeof field_cases / sizeof field_cases[0]; i++) {
        const struct edit_case *edit = &field_cases[i];
        size_t length = map_edit(bytes, size, edit->key, edit->value, changed, sizeof changed);
        enum pawl_result result = pawl_pud_read(changed, length, &pud);
        if (result != edit->expected)
            fail_msg("key %d, case %d: %s", (int)edit->key, (int)i, pawl_result_name(result));
        if (result != PAWL_OK)
            assert_memory_equal(&pud, &before, sizeof pud); /* written only on success */
        memset(&pud, 0xee, sizeof pud);
    }
}

static const struct edit_case anchor_cases[] = {
    {1, "01", PAWL_UNSUPPORTED}, /* OKP */
    {1, "6145", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "480000000000000000", PAWL_MALFORMED},
    {2, "4700000000000000", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, "27", PAWL_UNSUPPORTED}, /* EdDSA */
    {3, "07", PAWL_UNSUPPORTED},
    {3, NULL, PAWL_MALFORMED},
    {4, "8102", PAWL_UNSUPPORTED}, /* key_ops */
    {128, "00", PAWL_UNSUPPORTED},
    {-1, "02", PAWL_UNSUPPORTED}, /* P-384 */
    {-1, NULL, PAWL_MALFORMED},
    {-2, "40", PAWL_MALFORMED},
    {-2, NULL, PAWL_MALFORMED},
    {-3, "f5", PAWL_MALFORMED}, /* compressed point */
    {-3, NULL, PAWL_MALFORMED},
    {-4, "5820 0000000000000000000000000000000000000000000000000000000000000000",
     PAWL_UNSUPPORTED}, /* a private key */
};

/* Replaces field 7 by the given item. */
static size_t with_anchors(const uint8_t *bytes, size_t size, const uint8_t *item, size_t item_size,
                           uint8_t *out, size_t capacity)
{
    char hex[4 * PAWL_PUD_SIZE_MAX];

    for (size_t i = 0; i < item_size; i++) {
        hex[2 * i] = "0123456789abcdef"[item[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[item[i] & 15];
    }
    hex[2 * item_size] = '\0';
    return map_edit(bytes, size, 7, hex, out, capacity);
}

/* Where the one anchor of a sample lies: it is the PUD's last item. */
static const uint8_t *anchor_find(const uint8_t *bytes, size_t size, size_t *anchor_size)
{
    struct pawl_reader reader;

    pawl_reader_init(&reader, bytes, size);
    pawl_cbor_count_read(&reader, PAWL_CBOR_MAP);
    for (int i = 0; i < 6; i++) {
        pawl_cbor_item_skip(&reader);
        pawl_cbor_item_skip(&reader);
    }
    assert_int_equal(pawl_cbor_uint_read(&reader), 7);
    assert_int_equal(pawl_cbor_count_read(&reader, PAWL_CBOR_ARRAY), 1);
    *anchor_size = reader.left;
    return reader.next;
}

static void each_field_of_an_anchor_is_checked(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX], list[PAWL_PUD_SIZE_MAX] = {0x81}, changed[1024];
    size_t anchor_size;
    struct pawl_pud pud;

    (void)state;
    size_t size = sample(1, bytes);
    const uint8_t *anchor = anchor_find(bytes, size, &anchor_size);
    for (size_t i = 0; i < sizeof anchor_cases / sizeof anchor_cases[0]; i++) {
        const struct edit_case *edit = &anchor_cases[i];
        size_t length =
            map_edit(anchor, anchor_size, edit->key, edit->value, list + 1, sizeof list - 1);
        length = with_anchors(bytes, size, list, 1 + length, changed, sizeof changed);
        enum pawl_result result = pawl_pud_read(changed, length, &pud);
        if (result != edit->expected)
            fail_msg("key %d, case %d: %s", (int)edit->key, (int)i, pawl_result_name(result));
    }
}

static void there_are_one_to_four_anchors(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX], changed[1024];
    uint8_t list[5 * 128] = {0x80};
    struct pawl_pud pud;
    size_t list_size = 1;

    (void)state;
    for (uint32_t count = 1; count <= PAWL_ANCHOR_MAX; count++) {
        size_t size = sample(count, bytes);
        assert_int_equal(pawl_pud_read(bytes, size, &pud), PAWL_OK);
        assert_int_equal(pud.anchor_count, count);
    }
    /* four different ones and a fifth: too many, whatever it is */
    size_t size = sample(1, bytes), anchor_size;
    const uint8_t *anchor = anchor_find(bytes, size, &anchor_size);
    for (int i = 0; i < 5; i++, list_size += anchor_size, list[0]++)
        memcpy(list + list_size, anchor, anchor_size);
    size_t length = with_anchors(bytes, size, list, list_size, changed, sizeof changed);
    assert_int_equal(list[0], 0x85);
    assert_int_equal(pawl_pud_read(changed, length, &pud), PAWL_MALFORMED);
}

static void a_pud_cut_anywhere_is_malformed(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX + 1];
    struct pawl_pud pud;
    size_t used;

    (void)state;
    size_t size = sample(2, bytes);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(pawl_pud_read(bytes, cut, &pud), PAWL_MALFORMED);
        assert_int_equal(pawl_pud_read_next(bytes, cut, &pud, &used), PAWL_MALFORMED);
    }
    bytes[size] = 0xf6;
    assert_int_equal(pawl_pud_read(bytes, size + 1, &pud), PAWL_MALFORMED);
}

static void a_sequence_of_puds_is_read_one_by_one(void **state)
{
    uint8_t bytes[2 * PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud;
    size_t used = 0;

    (void)state;
    size_t first = sample(1, bytes), second = sample(3, bytes + first);
    assert_int_equal(pawl_pud_read_next(bytes, first + second, &pud, &used), PAWL_OK);
    assert_int_equal(used, first);
    assert_int_equal(pawl_pud_read_next(bytes + used, second, &pud, &used), PAWL_OK);
    assert_int_equal(used, second);
    assert_int_equal(pud.anchor_count, 3);
    assert_int_equal(pawl_pud_read_next(bytes, 0, &pud, &used), PAWL_MALFORMED);
}

static void values_that_no_reader_takes_are_not_written(void **state)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud;
    size_t size = 99;

    (void)state;
    pud_make(&signers[0], 1, &pud);
    pud.chain_length = 0;
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_MALFORMED);
    pud.chain_length = 65536;
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_MALFORMED);
    pud.chain_length = 1;
    pud.anchor_count = 0;
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_MALFORMED);
    pud.anchor_count = PAWL_ANCHOR_MAX + 1;
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_MALFORMED);
    pud.anchor_count = 2;
    pud.anchors[1] = pud.anchors[0];
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_MALFORMED);
    pud.anchor_count = 1;
    memset(pud.anchors[0].kid, 0, PAWL_KID_SIZE); /* recomputed */
    for (size_t capacity = 0; capacity < 100; capacity += 7)
        assert_int_equal(pawl_pud_write(&pud, bytes, capacity, &size), PAWL_EXHAUSTED);
    assert_int_equal(size, 99);
    assert_int_equal(pawl_pud_write(&pud, bytes, sizeof bytes, &size), PAWL_OK);
    assert_int_equal(pawl_pud_read(bytes, size, &pud), PAWL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(each_field_is_checked),
        cmocka_unit_test(each_field_of_an_anchor_is_checked),
        cmocka_unit_test(there_are_one_to_four_anchors),
        cmocka_unit_test(a_pud_cut_anywhere_is_malformed),
        cmocka_unit_test(a_sequence_of_puds_is_read_one_by_one),
        cmocka_unit_test(values_that_no_reader_takes_are_not_written),
    };

    return cmocka_run_group_tests_name("PUD (SPEC 3)", tests, setup, teardown);
}
