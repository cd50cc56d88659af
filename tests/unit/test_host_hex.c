/* Hexadecimal text: exact lengths, both cases, nothing written on refusal. */
#include "host/hex.h"
#include "pawl_test.h"

static void test_bytes_become_lower_case(void **state)
{
    const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
    char text[PAWL_HEX_SIZE(sizeof bytes)];

    (void)state;
    assert_string_equal(pawl_hex_encode(bytes, sizeof bytes, text), "009fa0ff");
    assert_string_equal(pawl_hex_encode(bytes, 0, text), "");
}

static void test_both_cases_are_read(void **state)
{
    const uint8_t expected[] = {0xab, 0xcd, 0x09};
    uint8_t bytes[3];

    (void)state;
    assert_result(PAWL_OK, pawl_hex_decode("aBCd09", bytes, sizeof bytes));
    assert_memory_equal(bytes, expected, sizeof bytes);
}

static void test_anything_else_is_malformed(void **state)
{
    static const char *const wrong[] = {"",       "aabb",   "aabbc",  "aabbccd", "aabbccdd",
                                        "aabbcg", "aa bcc", "0xaabb", "aabb/:",  "aabb@`"};
    uint8_t bytes[3] = {1, 2, 3};
    const uint8_t untouched[3] = {1, 2, 3};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_result(PAWL_MALFORMED, pawl_hex_decode(wrong[i], bytes, sizeof bytes));
    assert_memory_equal(bytes, untouched, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_become_lower_case),
        cmocka_unit_test(test_both_cases_are_read),
        cmocka_unit_test(test_anything_else_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
