/* Content-Range (RFC 9110, 14.4): what a server says that it sends is read strictly. */
#include "agent/content_range.h"
#include "pawl_test.h"

static void test_ranges_are_read(void **state)
{
    struct pawl_content_range range;

    (void)state;
    assert_result(PAWL_OK, pawl_content_range_read("bytes 100-199/1000", &range));
    assert_int_equal(100, range.first);
    assert_int_equal(199, range.last);
    assert_true(range.has_total);
    assert_int_equal(1000, range.total);

    assert_result(PAWL_OK, pawl_content_range_read("Bytes 0-0/*", &range));
    assert_int_equal(0, range.last);
    assert_false(range.has_total);

    assert_result(PAWL_OK,
                  pawl_content_range_read("bytes 18446744073709551613-18446744073709551614/"
                                          "18446744073709551615",
                                          &range));
    assert_true(range.total == UINT64_MAX);
}

static void test_anything_else_is_malformed(void **state)
{
    static const char *const wrong[] = {
        "",
        "bytes",
        "bytes ",
        "bytes */100",
        "items 0-1/2",
        "bytes 0-1",
        "bytes 0-1/",
        "bytes -1/2",
        "bytes 2-1/4",
        "bytes 0-4/4",
        "bytes 0-1/2 ",
        "bytes 0-1/*x",
        "bytes +0-1/2",
        "bytes 0x0-1/2",
        "bytes 0-18446744073709551616/*",
        "bytes 99999999999999999999-1/2",
    };
    struct pawl_content_range range = {.first = 7};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_result(PAWL_MALFORMED, pawl_content_range_read(wrong[i], &range));
    assert_int_equal(7, range.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_read),
        cmocka_unit_test(test_anything_else_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
