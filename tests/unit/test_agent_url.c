/* Where packages are fetched from (SPEC 10, field 6): a path of the server's origin or a full URL,
 * http and https only. */
#include <string.h>

#include "agent/url.h"
#include "pawl_test.h"

struct row {
    const char *server, *reference, *url;
};

static void test_references_are_joined(void **state)
{
    static const struct row rows[] = {
        {"http://h", "/v1/packages/00", "http://h/v1/packages/00"},
        {"http://h:8080/", "/a", "http://h:8080/a"},
        {"https://h/pawl/base", "/a?b=c", "https://h/a?b=c"},
        {"http://[::1]:80/x", "/a", "http://[::1]:80/a"},
        {"http://h?x", "/a", "http://h/a"},
        {"https://h", "http://cdn.example/p", "http://cdn.example/p"},
        {"https://h", "HTTPS://cdn.example/p", "HTTPS://cdn.example/p"},
    };
    char url[PAWL_AGENT_URL_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_result(PAWL_OK, pawl_url_join(rows[i].server, rows[i].reference,
                                             strlen(rows[i].reference), url, sizeof url));
        assert_string_equal(rows[i].url, url);
    }
}

/* I9: what a directive names leads to no other protocol, file or hidden host. */
static void test_other_references_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",         "a",       "//evil/a", "file:///etc/passwd", "ftp://h/a",    "http:///a",
        "https://", "http:/a", "/a b",     "/a\r\nX: y",         "gopher://h/a", "/\xc3\xa9"};
    char url[PAWL_AGENT_URL_MAX] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_result(PAWL_UNSUPPORTED,
                      pawl_url_join("http://h", wrong[i], strlen(wrong[i]), url, sizeof url));
    assert_result(PAWL_UNSUPPORTED, pawl_url_join("http://h", "/a\0b", 4, url, sizeof url));
    assert_string_equal("untouched", url);
}

static void test_length_is_bounded(void **state)
{
    char url[12];
    char path[PAWL_AGENT_URL_MAX];

    (void)state;
    assert_result(PAWL_OK, pawl_url_join("http://h", "/ab", 3, url, sizeof url));
    assert_result(PAWL_EXHAUSTED, pawl_url_join("http://h", "/abc", 4, url, sizeof url));
    assert_string_equal("http://h/ab", url);
    memset(path, 'a', sizeof path);
    path[0] = '/';
    assert_result(PAWL_EXHAUSTED, pawl_url_join("http://h", path, sizeof path, url, sizeof url));
    assert_result(PAWL_EXHAUSTED,
                  pawl_url_join("http://h", path, sizeof path - 4, url, sizeof url));
}

static void test_paths_are_appended_to_the_base(void **state)
{
    char url[32];

    (void)state;
    assert_result(PAWL_OK, pawl_url_append("http://h/pawl//", "/v1/report", url, sizeof url));
    assert_string_equal("http://h/pawl/v1/report", url);
    assert_result(PAWL_EXHAUSTED, pawl_url_append("http://h/pawl", "/v1/report", url, 23));
}

static void test_servers_are_checked(void **state)
{
    (void)state;
    assert_true(pawl_url_is_valid("http://127.0.0.1:8080"));
    assert_true(pawl_url_is_valid("https://h/p"));
    assert_false(pawl_url_is_valid("h:8080"));
    assert_false(pawl_url_is_valid("https:///p"));
    assert_false(pawl_url_is_valid("http://h\n"));
    assert_false(pawl_url_is_valid(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references_are_joined),
        cmocka_unit_test(test_other_references_are_refused),
        cmocka_unit_test(test_length_is_bounded),
        cmocka_unit_test(test_paths_are_appended_to_the_base),
        cmocka_unit_test(test_servers_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
