/* SPEC 1: maps by tables, also on bytes that nobody checked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/cbor.h"
#include "core/map.h"
#include "fixture.h"

struct sample {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    uint8_t bytes[2];
};

static const struct pawl_field fields[] = {
    {.key = 0, .type = PAWL_FIELD_UINT, PAWL_FIELD_MEMBER(struct sample, u8), .bits = 8},
    {.key = 1, .type = PAWL_FIELD_UINT, PAWL_FIELD_MEMBER(struct sample, u16), .bits = 16},
    {.key = 2, .type = PAWL_FIELD_UINT, PAWL_FIELD_MEMBER(struct sample, u32), .bits = 32},
    {.key = 3,
     .type = PAWL_FIELD_UINT | PAWL_FIELD_OPTIONAL,
     PAWL_FIELD_MEMBER(struct sample, u64),
     .bits = 64},
    {.key = -1,
     .type = PAWL_FIELD_BYTES | PAWL_FIELD_NULLABLE,
     PAWL_FIELD_MEMBER(struct sample, bytes)},
};
static const struct pawl_map closed = PAWL_MAP(fields, false);
static const struct pawl_map open = PAWL_MAP(fields, true);

#define U64_BIT 8u
#define BYTES_BIT 16u

/* Members of each size: a port's compiler may keep an enum in one or two bytes. */
static void members_of_every_size_come_back(void **state)
{
    const struct sample sample = {UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX, {1, 2}};
    struct sample read;
    struct pawl_writer writer;
    uint8_t bytes[64];
    uint32_t present = 0;

    (void)state;
    memset(&read, 0, sizeof read);
    pawl_writer_init(&writer, bytes, sizeof bytes);
    pawl_map_write(&writer, &closed, NULL, &sample, U64_BIT | BYTES_BIT);
    assert_int_equal(pawl_map_decode(bytes, writer.size, &closed, NULL, &read, &present), PAWL_OK);
    assert_int_equal(present, 31);
    assert_int_equal(read.u8, UINT8_MAX);
    assert_int_equal(read.u16, UINT16_MAX);
    assert_int_equal(read.u32, UINT32_MAX);
    assert_true(read.u64 == UINT64_MAX);
    assert_int_equal(read.bytes[1], 2);
    pawl_writer_init(&writer, bytes, sizeof bytes);
    pawl_map_write(&writer, &closed, NULL, &sample, 0);
    assert_int_equal(pawl_map_decode(bytes, writer.size, &closed, NULL, &read, &present), PAWL_OK);
    assert_int_equal(present, 7);
}

/* Nested maps are read without a check of their own; what it would find is found all the same. */
static void unchecked_bytes_are_judged_too(void **state)
{
    static const struct {
        const char *hex;
        enum pawl_result closed, open;
    } cases[] = {
        {"a4 00 01 01 01 02 01 20 f6", PAWL_OK, PAWL_OK},
        {"a5 00 01 01 01 02 01 1880 00 20 f6", PAWL_UNSUPPORTED, PAWL_OK},
        {"a5 00 01 01 01 02 01 1880 1800 20 f6", PAWL_UNSUPPORTED, PAWL_MALFORMED},
        {"a5 00 01 01 01 02 01 187f 00 20 f6", PAWL_UNSUPPORTED, PAWL_UNSUPPORTED},
        {"a5 00 01 01 01 02 01 20 f6 3880 00", PAWL_UNSUPPORTED, PAWL_UNSUPPORTED},
        {"a5 00 01 01 01 02 01 20 f6 60 00", PAWL_MALFORMED, PAWL_MALFORMED},
        {"a5 00 01 00 01 01 01 02 01 20 f6", PAWL_MALFORMED, PAWL_MALFORMED}, /* twice */
        {"a5 00 01 01 01 02 01 20 f6", PAWL_MALFORMED, PAWL_MALFORMED},       /* one missing */
        {"bb ffffffffffffffff 00 01 01 01 02 01 20 f6", PAWL_MALFORMED, PAWL_MALFORMED},
        {"a3 00 01 01 01 02 01", PAWL_MALFORMED, PAWL_MALFORMED},
        {"a4 00 190100 01 01 02 01 20 f6", PAWL_MALFORMED, PAWL_MALFORMED},
        {"a4 00 01 01 01 02 01 20 f7", PAWL_MALFORMED, PAWL_MALFORMED},
        {"a4 00 01 01 01 02 01 20", PAWL_MALFORMED, PAWL_MALFORMED},
        {"", PAWL_MALFORMED, PAWL_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        bool is_open = i % 2 == 1;
        uint8_t bytes[64];
        struct pawl_reader reader;
        struct sample sample;
        pawl_reader_init(&reader, bytes, hex_decode(cases[i / 2].hex, bytes, sizeof bytes));
        pawl_map_read(&reader, is_open ? &open : &closed, NULL, &sample, NULL);
        if (reader.error != (is_open ? cases[i / 2].open : cases[i / 2].closed))
            fail_msg("case %d: %s", (int)i / 2, pawl_result_name(reader.error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_every_size_come_back),
        cmocka_unit_test(unchecked_bytes_are_judged_too),
    };

    return cmocka_run_group_tests_name("maps (SPEC 1)", tests, NULL, NULL);
}
