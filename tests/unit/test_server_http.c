/* The server's readers of what HTTP says: ranges, media types, paths (SPEC 12; I9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http.h"
#include "server/media.h"
#include "server/range.h"
#include "server/route.h"

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t total;
        enum pawl_range_kind kind;
        uint64_t first, size;
    } cases[] = {
        {NULL, 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=0-9", 10, PAWL_RANGE_PART, 0, 10},
        {"bytes=0-", 10, PAWL_RANGE_PART, 0, 10},
        {"bytes=9-", 10, PAWL_RANGE_PART, 9, 1},
        {"bytes=3-3", 10, PAWL_RANGE_PART, 3, 1},
        {"bytes=3-18446744073709551615", 10, PAWL_RANGE_PART, 3, 7},
        {"bytes=-3", 10, PAWL_RANGE_PART, 7, 3},
        {"bytes=-30", 10, PAWL_RANGE_PART, 0, 10},
        {"Bytes=1-2", 10, PAWL_RANGE_PART, 1, 2},
        {"bytes=10-", 10, PAWL_RANGE_OUTSIDE, 0, 0},
        {"bytes=-0", 10, PAWL_RANGE_OUTSIDE, 0, 0},
        {"bytes=0-", 0, PAWL_RANGE_OUTSIDE, 0, 0},
        {"bytes=-1", 0, PAWL_RANGE_OUTSIDE, 0, 0},
        {"bytes=4-3", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=-", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=1", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=1-2,3-4", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=1-2 ", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"bytes=18446744073709551616-", 10, PAWL_RANGE_WHOLE, 0, 0},
        {"rows=1-2", 10, PAWL_RANGE_WHOLE, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pawl_range range = {0, 0};
        enum pawl_range_kind kind = pawl_range_read(cases[i].text, cases[i].total, &range);
        assert_int_equal(kind, cases[i].kind);
        assert_int_equal(range.first, cases[i].first);
        assert_int_equal(range.size, cases[i].size);
    }
}

static void test_media_types(void **state)
{
    (void)state;
    static const char *const good[] = {
        PAWL_MEDIA_MAC0,
        "application/cose;cose-type=cose-mac0",
        "APPLICATION/COSE ;\tCOSE-TYPE=\"COSE-MAC0\" ",
    };
    static const char *const bad[] = {
        "",
        "application/cose",
        "application/cose; cose-type=\"cose-mac0",
        "application/cose; cose-type=cose-mac0\"",
        "application/cose; cose-type=\"cose-sign1\"",
        "application/cose; cose-type=\"cose-mac0\"; x=y",
        "application/cosex; cose-type=\"cose-mac0\"",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(pawl_media_is_mac0(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pawl_media_is_mac0(bad[i]));
    assert_false(pawl_media_is_mac0(NULL));
}

static void test_routes(void **state)
{
    (void)state;
    static const struct pawl_handler list = {.body_max = 1}, show = {.body_max = 2};
    static const struct pawl_handler group = {.body_max = 3}, make = {.body_max = 4};
    static const struct pawl_route routes[] = {
        {"GET", "/v1/things", &list, PAWL_MAY_VIEW},
        {"PUT", "/v1/things", &make, PAWL_MAY_OPERATE},
        {"GET", "/v1/things/*", &show, 0},
        {"PUT", "/v1/things/*/group", &group, PAWL_MAY_ADMINISTER},
        {"GET", "/v1/files/*/*", &show, 0},
    };
    static const struct {
        const char *method, *path;
        bool path_known;
        const struct pawl_handler *handler;
        const char *part, *allow;
    } cases[] = {
        {"GET", "/v1/things", true, &list, "", ""},
        {"HEAD", "/v1/things", true, &list, "", ""},
        {"PUT", "/v1/things", true, &make, "", "GET, HEAD"},
        {"POST", "/v1/things", true, NULL, "", "GET, HEAD, PUT"},
        {"GET", "/v1/things/7", true, &show, "7", ""},
        {"PUT", "/v1/things/7/group", true, &group, "7", ""},
        {"GET", "/v1/things/7/group", true, NULL, "7", "PUT"},
        {"GET", "/v1/things/", false, NULL, NULL, ""},
        {"GET", "/v1/things/7/", false, NULL, NULL, ""},
        {"PUT", "/v1/things//group", false, NULL, NULL, ""},
        {"GET", "/v1/thing", false, NULL, NULL, ""},
        {"GET", "", false, NULL, NULL, ""},
        {"GET", "/v1/files/a", false, NULL, NULL, ""},
        {"GET", "/v1/files/a/", false, NULL, NULL, ""},
        {"GET", "/v1/files//b", false, NULL, NULL, ""},
        {"GET", "/v1/files/a/b/c", false, NULL, NULL, ""},
        {"GET", "/v1/files/a/b", true, &show, "a/b", ""},
        {"GET", "/v1/files/", false, NULL, NULL, ""},
        {"GET", "/v1/files", false, NULL, NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pawl_route_match match;
        pawl_route_find(routes, sizeof routes / sizeof routes[0], cases[i].method, cases[i].path,
                        &match);
        assert_int_equal(match.path_known, cases[i].path_known);
        assert_ptr_equal(match.handler, cases[i].handler);
        assert_int_equal(match.roles, match.handler == &list    ? PAWL_MAY_VIEW
                                      : match.handler == &make  ? PAWL_MAY_OPERATE
                                      : match.handler == &group ? PAWL_MAY_ADMINISTER
                                                                : 0);
        if (cases[i].part != NULL)
            assert_string_equal(match.part, cases[i].part);
        if (match.handler == NULL)
            assert_string_equal(match.allow, cases[i].allow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
