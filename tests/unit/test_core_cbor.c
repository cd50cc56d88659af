/* SPEC 1: deterministic CBOR and nothing else is read or written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/cbor.h"
#include "fixture.h"

/* One well-formed deterministic item each, of every kind and argument width. */
static const char *const accepted[] = {
    /* integers at the edges of their widths */
    "00",
    "17",
    "1818",
    "18ff",
    "190100",
    "19ffff",
    "1a00010000",
    "1affffffff",
    "1b0000000100000000",
    "1bffffffffffffffff",
    "20",
    "37",
    "3818",
    "390100",
    "3a00010000",
    "3bffffffffffffffff",
    /* strings, UTF-8 of every length */
    "40",
    "4401020304",
    "581800112233445566778899aabbccddeeff0011223344556677",
    "60",
    "6161",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "61 00",
    /* containers */
    "80",
    "83010203",
    "8301820203820405",
    "a0",
    "a201020304",
    "a2 01 02 20 03",
    "a1 6161 01",
    "a2 01 02 41 00 03",
    "a2 8101 01 8102 01",
    "a2 a10101 01 a10102 01",
    "a1 01 a1 01 a1 01 80",
    /* the RFC's own order of keys: 10, 100, -1, "z", "aa", [100], [-1], false */
    "a8 0a 01 1864 02 20 03 617a 04 626161 05 811864 06 8120 07 f4 08",
    /* tags, simple values, floats that no shorter form holds */
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "d8184101",
    "e0",
    "f3",
    "f4",
    "f6",
    "f7",
    "f820",
    "f8ff",
    "f90000",
    "f93c00",
    "f97e00",
    "f97c00",
    "f90001",
    "fa47c35000",
    "fa3f800001",
    "fa33000000",
    "fb3ff199999999999a",
    "fb7e37e43c8800759c",
    "fb380fffffe0000000",
    "fb36a8000000000000",
    /* 16 levels */
    "8181818181818181818181818181818100",
    "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c180",
};

static const char *const refused[] = {
    /* longer than needed, at every width and for every major type */
    "1800",
    "1817",
    "190000",
    "1900ff",
    "1a00000000",
    "1a0000ffff",
    "1b0000000000000000",
    "1b00000000ffffffff",
    "3800",
    "3900ff",
    "3a0000ffff",
    "3b00000000ffffffff",
    "5800",
    "590000",
    "5a00000000",
    "5b0000000000000000",
    "7800",
    "790001 61",
    "9800",
    "990000",
    "9a00000000",
    "9b0000000000000000",
    "b800",
    "b90000",
    "ba00000000",
    "bb0000000000000000",
    "d80000",
    "d9000000",
    "da0000000000",
    "db000000000000000000",
    /* indefinite lengths, the break, reserved argument widths */
    "5f4101ff",
    "7f6161ff",
    "9fff",
    "bfff",
    "9f01ff",
    "bf0101ff",
    "ff",
    "1c",
    "1d",
    "1e",
    "1f",
    "3f",
    "5c",
    "df00",
    "fc",
    "fd",
    "fe",
    /* keys out of order or twice */
    "a2 02 00 01 00",
    "a2 01 00 01 00",
    "a2 20 00 01 00",
    "a2 6161 00 01 00",
    "a2 1818 00 17 00",
    "a2 626161 00 617a 00",
    "a2 8102 01 8101 01",
    "a2 8101 01 8101 01",
    "81 a2 01 00 01 00",
    "a2 4100 00 4100 00",
    "a1 01 a2 02 00 01 00",
    "a2 a2 02 00 01 00 00 01 00",
    /* simple values with two forms or none */
    "f800",
    "f817",
    "f81f",
    /* floats that a shorter form holds */
    "fa3f800000",
    "fa00000000",
    "fa7fc00000",
    "fa7f800000",
    "fa33800000",
    "fa38000000",
    "fb3ff0000000000000",
    "fb0000000000000000",
    "fb7ff8000000000000",
    "fb7ff0000000000000",
    "fb36a0000000000000",
    "fb380fffffc0000000",
    "fb47efffffe0000000",
    /* not UTF-8: a lone continuation, overlong, surrogate, above U+10FFFF, cut short */
    "6180",
    "62c080",
    "62c1bf",
    "63e08080",
    "63eda080",
    "64f0808080",
    "64f4908080",
    "64f5808080",
    "61c3",
    "62e6b0",
    "63f09085",
    "62c328",
    "63e6b041",
    "61ff",
    /* lengths that the bytes do not bear out */
    "41",
    "5affffffff00",
    "5bffffffffffffffff00",
    "7bffffffffffffffff00",
    "9bffffffffffffffff00",
    "bbffffffffffffffff00",
    "bb8000000000000000 00",
    "ba7fffffff00",
    "9affffffff00",
    /* 17 levels */
    "818181818181818181818181818181818100",
    "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c100",
};

static void deterministic_items_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        uint8_t bytes[128];
        size_t size = hex_decode(accepted[i], bytes, sizeof bytes), used = 0;
        if (pawl_cbor_check(bytes, size) != PAWL_OK)
            fail_msg("%s was refused", accepted[i]);
        assert_int_equal(pawl_cbor_item_check(bytes, size, &used), PAWL_OK);
        assert_int_equal(used, size);
    }
}

static void other_encodings_are_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uint8_t bytes[128];
        size_t size = hex_decode(refused[i], bytes, sizeof bytes);
        if (pawl_cbor_check(bytes, size) != PAWL_MALFORMED)
            fail_msg("%s was accepted", refused[i]);
    }
}

static void items_cut_anywhere_are_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        uint8_t bytes[128];
        size_t size = hex_decode(accepted[i], bytes, sizeof bytes), used = 99;
        for (size_t cut = 0; cut < size; cut++) {
            assert_int_equal(pawl_cbor_item_check(bytes, cut, &used), PAWL_MALFORMED);
            assert_int_equal(used, 99);
        }
    }
}

static void trailing_bytes_are_malformed_in_a_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        uint8_t bytes[128];
        size_t size = hex_decode(accepted[i], bytes, sizeof bytes - 1), used = 0;
        bytes[size] = 0;
        assert_int_equal(pawl_cbor_check(bytes, size + 1), PAWL_MALFORMED);
        assert_int_equal(pawl_cbor_item_check(bytes, size + 1, &used), PAWL_OK);
        assert_int_equal(used, size);
    }
}

/* Every initial byte, followed by zeros: the reader must not depend on the check before it. */
static void readers_refuse_other_types(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        const uint8_t bytes[16] = {(uint8_t)first};
        struct pawl_reader reader;
        unsigned major = first >> 5;
        size_t size;

        for (unsigned wanted = PAWL_CBOR_UINT; wanted < PAWL_CBOR_SIMPLE; wanted++) {
            pawl_reader_init(&reader, bytes, sizeof bytes);
            switch (wanted) {
            case PAWL_CBOR_UINT:
                pawl_cbor_uint_read(&reader);
                break;
            case PAWL_CBOR_NEGATIVE:
                pawl_cbor_integer_read(&reader);
                break;
            case PAWL_CBOR_BYTES:
                pawl_cbor_bytes_read(&reader, &size);
                break;
            case PAWL_CBOR_TEXT:
                pawl_cbor_text_read(&reader);
                break;
            case PAWL_CBOR_ARRAY:
                pawl_cbor_count_read(&reader, PAWL_CBOR_ARRAY);
                break;
            case PAWL_CBOR_MAP:
                pawl_cbor_count_read(&reader, PAWL_CBOR_MAP);
                break;
            default:
                pawl_cbor_tag_read(&reader);
                break;
            }
            bool same = major == wanted || (wanted == PAWL_CBOR_NEGATIVE && major == 0);
            if (!same)
                assert_int_equal(reader.error, PAWL_MALFORMED);
        }
    }
}

static void errors_stick_and_readers_give_zeros_after_them(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x41, 0x07, 0x05};
    struct pawl_reader reader;
    uint8_t out[2] = {9, 9};
    size_t size = 0;

    pawl_reader_init(&reader, bytes, sizeof bytes);
    pawl_cbor_bytes_copy(&reader, out, sizeof out); /* one byte is there */
    assert_int_equal(reader.error, PAWL_MALFORMED);
    assert_int_equal(out[0], 9);
    pawl_reader_fail(&reader, PAWL_UNSUPPORTED);
    assert_int_equal(reader.error, PAWL_MALFORMED);
    assert_int_equal(pawl_cbor_uint_read(&reader), 0);
    assert_null(pawl_cbor_bytes_read(&reader, &size));
    assert_null(pawl_cbor_text_read(&reader).bytes);
    assert_false(pawl_cbor_null_take(&reader));
    pawl_cbor_item_skip(&reader);
    assert_int_equal(reader.error, PAWL_MALFORMED);
    assert_int_equal(reader.left, 0);
}

static void text_with_a_nul_is_malformed_where_text_is_used(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x63, 'a', 0, 'b'};
    uint8_t out[8];
    struct pawl_reader reader;
    struct pawl_writer writer;

    pawl_reader_init(&reader, bytes, sizeof bytes);
    pawl_cbor_text_read(&reader);
    assert_int_equal(reader.error, PAWL_MALFORMED);
    pawl_writer_init(&writer, out, sizeof out);
    pawl_cbor_text_write(&writer, (struct pawl_text){"a\0b", 3});
    assert_int_equal(writer.error, PAWL_MALFORMED);
    pawl_writer_init(&writer, out, sizeof out);
    pawl_cbor_text_write(&writer, (struct pawl_text){"\xff", 1});
    assert_int_equal(writer.error, PAWL_MALFORMED);
}

static void skipping_takes_exactly_one_item(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x82, 0x01, 0xa1, 0x01, 0x02, 0x07, 0x18};
    struct pawl_reader reader;

    pawl_reader_init(&reader, bytes, sizeof bytes);
    pawl_cbor_item_skip(&reader);
    assert_int_equal(pawl_cbor_uint_read(&reader), 7);
    pawl_cbor_item_skip(&reader); /* 18 alone is cut short */
    assert_int_equal(reader.error, PAWL_MALFORMED);
}

/* What is written is the shortest form, and reads back as what it was. */
static void written_integers_are_shortest(void **state)
{
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "00"},
        {23, "17"},
        {24, "1818"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {4294967295, "1affffffff"},
        {4294967296, "1b0000000100000000"},
        {INT64_MAX, "1b7fffffffffffffff"},
        {-1, "20"},
        {-24, "37"},
        {-25, "3818"},
        {-257, "390100"},
        {INT64_MIN, "3b7fffffffffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[9], expected[9];
        struct pawl_writer writer;
        size_t size = 0;

        pawl_writer_init(&writer, bytes, sizeof bytes);
        pawl_cbor_integer_write(&writer, cases[i].value);
        assert_int_equal(pawl_writer_finish(&writer, &size), PAWL_OK);
        assert_int_equal(size, hex_decode(cases[i].hex, expected, sizeof expected));
        assert_memory_equal(bytes, expected, size);
    }
}

static void a_full_writer_writes_nothing_and_says_so(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0xee, 0xee, 0xee, 0xee};
    struct pawl_writer writer;
    size_t size = 99;

    pawl_writer_init(&writer, bytes, 3);
    pawl_cbor_bytes_write(&writer, "abc", 3);
    pawl_cbor_null_write(&writer); /* would fit, but the error sticks */
    assert_int_equal(pawl_writer_finish(&writer, &size), PAWL_EXHAUSTED);
    assert_int_equal(size, 99);
    assert_int_equal(bytes[3], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deterministic_items_are_accepted),
        cmocka_unit_test(other_encodings_are_malformed),
        cmocka_unit_test(items_cut_anywhere_are_malformed),
        cmocka_unit_test(trailing_bytes_are_malformed_in_a_document),
        cmocka_unit_test(readers_refuse_other_types),
        cmocka_unit_test(errors_stick_and_readers_give_zeros_after_them),
        cmocka_unit_test(text_with_a_nul_is_malformed_where_text_is_used),
        cmocka_unit_test(skipping_takes_exactly_one_item),
        cmocka_unit_test(written_integers_are_shortest),
        cmocka_unit_test(a_full_writer_writes_nothing_and_says_so),
    };

    return cmocka_run_group_tests_name("deterministic CBOR (SPEC 1)", tests, NULL, NULL);
}
