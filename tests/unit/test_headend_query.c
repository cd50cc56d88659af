/* The language of queries (SPEC 16.20): what is read, and where a text is wrong. */
#include <stdio.h>
#include <string.h>

#include "headend/query.h"
#include "headend/reconcile.h"
#include "pawl_test.h"

#define NOW 1700000000

static struct pawl_query good(const char *text)
{
    struct pawl_query query = {.count = 99};
    struct pawl_query_error error = {.at = 0};
    if (pawl_query_read(text, NOW, &query, &error) != PAWL_OK)
        fail_msg("%s: at %zu: %s", text, error.at, error.message);
    return query;
}

static void terms_are_read(void **state)
{
    (void)state;
    assert_int_equal(good("").count, 0);
    assert_int_equal(good(" \t\n").count, 0);
    struct pawl_query query = good("id=0aB state!=quarantined label.site=\"new \\\"york\\\"\"");
    assert_int_equal(query.count, 3);
    const struct pawl_query_term *term = &query.terms[0];
    assert_int_equal(term->field, PAWL_QUERY_ID);
    assert_int_equal(term->digits, 3);
    assert_true(term->low[0] == 0x0a && term->low[1] == 0xb0 && term->low[2] == 0);
    assert_true(term->high[0] == 0x0a && term->high[1] == 0xbf && term->high[2] == 0xff);
    term = &query.terms[1];
    assert_int_equal(term->relation, PAWL_QUERY_NOT_EQUAL);
    assert_int_equal(term->number, PAWL_STANDING_QUARANTINED);
    term = &query.terms[2];
    assert_string_equal(term->text.key, "site");
    assert_string_equal(term->text.value, "new \"york\"");
    assert_false(term->any);
    assert_true(good("label.site=*").terms[0].any);
    assert_string_equal(good("label.site=\"*\"").terms[0].text.value, "*");
    assert_int_equal(good("failed=power").terms[0].number, 67);
    assert_int_equal(good("failed=rollback").terms[0].number, PAWL_ROLLBACK);
    assert_int_equal(good("failed=99").terms[0].number, 99);
    assert_int_equal(good("sequence>17").terms[0].relation, PAWL_QUERY_ABOVE);
}

static void classes_by_name_take_their_vendor(void **state)
{
    (void)state;
    uint8_t vendor[PAWL_ID_SIZE], class[PAWL_ID_SIZE];
    pawl_vendor_id_make("example.com", vendor);
    pawl_class_id_make(vendor, "gateway-a", class);
    static const char *const texts[] = {"class=gateway-a vendor=example.com",
                                        "vendor=example.com class=gateway-a"};
    for (size_t i = 0; i < 2; i++) {
        struct pawl_query query = good(texts[i]);
        assert_memory_equal(query.terms[i].low, class, sizeof class);
        assert_memory_equal(query.terms[1 - i].low, vendor, sizeof vendor);
    }
}

static void times_are_absolute_or_from_now(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {
        {"seen<-90s", NOW - 90},
        {"seen>-5m", NOW - 300},
        {"seen<-2h", NOW - 7200},
        {"seen<-30d", NOW - 30 * 86400},
        {"seen<-1w", NOW - 604800},
        {"seen<2023-11-14", 1699920000},
        {"seen>2023-11-14T22:13", 1699999980},
        {"seen>2023-11-14T22:13:20Z", 1700000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(good(cases[i].text).terms[0].time, cases[i].time);
    assert_int_equal(good("seen=never").terms[0].relation, PAWL_QUERY_NOT_EQUAL);
    assert_int_equal(good("seen!=never").terms[0].relation, PAWL_QUERY_EQUAL);
    assert_int_equal(good("seen=*").terms[0].relation, PAWL_QUERY_EQUAL);
}

/* I9: what is wrong is told with its place, and leaves the query alone. */
static void errors_point_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *words;
    } cases[] = {
        {"colour=red", 1, "'colour' is no field"},
        {"id=aa colour=red", 7, "'colour' is no field"},
        {"label=x", 1, "label.site=berlin"},
        {"label.=x", 1, "no field"},
        {"label.-x=y", 7, "key"},
        {"id", 3, "= or !="},
        {"id=", 4, "a value is missing"},
        {"id =aa", 3, "id needs"},
        {"id<aa", 3, "= or != only"},
        {"id=xyz", 4, "1 to 32 hex digits"},
        {"id=000000000000000000000000000000000", 4, "1 to 32"},
        {"package=abc", 9, "4 to 64"},
        {"state=dancing", 7, "decommissioned"},
        {"class=gateway-a", 1, "vendor=DOMAIN"},
        {"class=gateway-a vendor!=x", 1, "vendor=DOMAIN"},
        {"seen=-7d", 6, "behind < or >"},
        {"seen<yesterday", 6, "like -30d"},
        {"seen<-7", 6, "like -30d"},
        {"seen<never", 6, "like -30d"},
        {"seen<*", 6, "like -30d"},
        {"sequence=-1", 10, "a number"},
        {"sequence=*", 10, "a number"},
        {"failed=everything", 8, "power"},
        {"group=\"a", 7, "not closed"},
        {"group=\"a\\", 7, "not closed"},
        {"group=\"a\"b", 10, "blank is missing"},
        {"group=\x01", 7, "1 to 64"},
        {"group=\"\"", 7, "missing"},
        {"=x", 1, "no field"},
        {"a=1 \xff", 1, "no field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pawl_query query = {.count = 99};
        struct pawl_query_error error = {.at = 0};
        assert_result(PAWL_MALFORMED, pawl_query_read(cases[i].text, NOW, &query, &error));
        assert_int_equal(query.count, 99);
        if (error.at != cases[i].at || strstr(error.message, cases[i].words) == NULL)
            fail_msg("%s: at %zu: %s", cases[i].text, error.at, error.message);
    }
}

static void size_is_bounded(void **state)
{
    (void)state;
    struct pawl_query query;
    struct pawl_query_error error;
    char text[PAWL_QUERY_TEXT_MAX + 2];
    memset(text, ' ', sizeof text);
    text[PAWL_QUERY_TEXT_MAX] = '\0';
    assert_result(PAWL_OK, pawl_query_read(text, NOW, &query, &error));
    text[PAWL_QUERY_TEXT_MAX] = ' ';
    text[PAWL_QUERY_TEXT_MAX + 1] = '\0';
    assert_result(PAWL_MALFORMED, pawl_query_read(text, NOW, &query, &error));
    text[0] = '\0';
    for (unsigned i = 0; i < PAWL_QUERY_TERMS_MAX; i++)
        strcat(text, "id=aa ");
    assert_int_equal(good(text).count, PAWL_QUERY_TERMS_MAX);
    strcat(text, "id=aa");
    assert_result(PAWL_MALFORMED, pawl_query_read(text, NOW, &query, &error));
    memset(text, 'a', sizeof text);
    memcpy(text, "group=", 6);
    text[400] = '\0';
    assert_result(PAWL_MALFORMED, pawl_query_read(text, NOW, &query, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_read),
        cmocka_unit_test(classes_by_name_take_their_vendor),
        cmocka_unit_test(times_are_absolute_or_from_now),
        cmocka_unit_test(errors_point_at_their_place),
        cmocka_unit_test(size_is_bounded),
    };
    return cmocka_run_group_tests_name("query, SPEC 16.20", tests, NULL, NULL);
}
