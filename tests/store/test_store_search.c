/* The store contract: searching devices (SPEC 16.20). What a search finds is compared with what
 * the same query finds when it is judged in another way: by a list made beforehand. */
#include <stdio.h>
#include <string.h>

#include "store_fixture.h"

#define NOW 1700000000

struct found {
    uint64_t numbers[256];
    size_t count;
};

static enum pawl_result found_visit(void *context, const struct pawl_device *device,
                                    int64_t last_seen)
{
    struct found *found = context;
    (void)last_seen;
    if (found->count < 256)
        found->numbers[found->count] = device->number;
    found->count++;
    return PAWL_OK;
}

/* Walks through all pages of `limit`; each page goes on behind the one before. */
static void search(struct store_fixture *fixture, const char *text, size_t limit,
                   struct found *found)
{
    struct pawl_query query;
    struct pawl_query_error error = {.at = 0};
    uint64_t after = 0, next = 1;
    found->count = 0;
    if (pawl_query_read(text, NOW, &query, &error) != PAWL_OK)
        fail_msg("%s: at %zu: %s", text, error.at, error.message);
    while (next != 0) {
        size_t before = found->count;
        next = 0;
        assert_result(PAWL_OK, pawl_store_device_search(fixture->reader, &query, after, limit,
                                                        found_visit, found, &next));
        assert_true(found->count - before <= limit && (next == 0 || next > after));
        after = next;
    }
    for (size_t i = 1; i < found->count && i < 256; i++)
        assert_true(found->numbers[i - 1] < found->numbers[i]);
}

static void expect(struct store_fixture *fixture, const char *text, const char *numbers)
{
    static const size_t limits[] = {100, 1, 3};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct found found;
        char list[512] = "";
        size_t at = 0;
        search(fixture, text, limits[i], &found);
        for (size_t k = 0; k < found.count; k++)
            at += (size_t)snprintf(list + at, sizeof list - at, "%s%llu", k > 0 ? " " : "",
                                   (unsigned long long)found.numbers[k]);
        if (strcmp(list, numbers) != 0)
            fail_msg("%s: found '%s', not '%s'", text, list, numbers);
    }
}

static void confirm(struct store_fixture *fixture, uint64_t number, uint64_t package)
{
    struct pawl_device device = device_read(fixture, number);
    struct pawl_change change = change_confirm(&device, package, 0);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
}

static void label(struct store_fixture *fixture, uint64_t number, const char *key,
                  const char *value)
{
    struct pawl_act act = {.kind = PAWL_ACT_LABEL};
    snprintf(act.label.key, sizeof act.label.key, "%s", key);
    snprintf(act.label.value, sizeof act.label.value, "%s", value);
    assert_int_equal(device_act(fixture, number, &act), PAWL_ACT_CHANGED);
}

/* Ten devices: 1-6 of class 1, 7-10 of class 2; 1-3 in the lab. Ids begin with their number. */
static void fleet_make(struct store_fixture *fixture)
{
    struct pawl_import imports[4];
    struct pawl_seen seen[] = {{1, NOW - 100}, {2, NOW - 86400 * 2}, {3, NOW - 86400 * 10}};
    for (uint64_t i = 1; i <= 6; i++)
        devices_import(fixture, i, 1, i <= 3 ? "lab" : NULL);
    for (uint64_t i = 7; i <= 10; i++) { /* one by one: numbers follow the order of import */
        imports_fill(imports, 1, i);
        id_fill(imports[0].class_id, PAWL_ID_SIZE, 2);
        id_fill(imports[0].vendor_id, PAWL_ID_SIZE, 2);
        assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 1, NULL, NULL));
    }
    package_publish(fixture, 0x21, 1);
    package_publish(fixture, 0x22, 1);
    for (uint64_t i = 1; i <= 5; i++)
        confirm(fixture, i, i <= 2 ? 0x21 : 0x22);
    confirm(fixture, 1, 0x22); /* 1 goes on */
    confirm(fixture, 6, 0x33); /* published nowhere */
    label(fixture, 1, "site", "berlin");
    label(fixture, 4, "site", "berlin");
    label(fixture, 7, "site", "new york");
    label(fixture, 4, "line", "a");
    assert_result(PAWL_OK, pawl_store_seen_set(fixture->store, seen, 3));
    struct pawl_failure_change failure = {.number = 8,
                                          .note = {.present = true, .package_id = {5}, .code = 67}};
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &failure, 1));
    assert_result(PAWL_OK, failure.result);
    assert_int_equal(device_do(fixture, 10, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
}

/* id_fill: eight bytes of the number, the low one first, then eight of the size. */
#define CLASS_1 "01000000000000001010101010101010"
#define VENDOR_2 "02000000000000001010101010101010"

static void terms_find_what_they_say(void **state)
{
    struct store_fixture *fixture = *state;
    static const struct {
        const char *text, *numbers;
    } cases[] = {
        {"", "1 2 3 4 5 6 7 8 9 10"},
        {"id=0", "1 2 3 4 5 6 7 8 9 10"},
        {"id=0a", "10"},
        {"id=0a0000000000000010101010101010", "10"},
        {"id=0A", "10"},
        {"id!=0a", "1 2 3 4 5 6 7 8 9"},
        {"id=ff", ""},
        {"class=" CLASS_1, "1 2 3 4 5 6"},
        {"class!=" CLASS_1, "7 8 9 10"},
        {"vendor=" VENDOR_2, "7 8 9 10"},
        {"vendor!=" VENDOR_2, "1 2 3 4 5 6"},
        {"class=gateway vendor=example.com", ""},
        {"group=lab", "1 2 3"},
        {"group!=lab", "4 5 6 7 8 9 10"},
        {"group=*", "1 2 3"},
        {"group!=*", "4 5 6 7 8 9 10"},
        {"group=nobody", ""},
        {"group!=nobody", "1 2 3 4 5 6 7 8 9 10"},
        {"label.site=berlin", "1 4"},
        {"label.site!=berlin", "2 3 5 6 7 8 9 10"},
        {"label.site=\"new york\"", "7"},
        {"label.site=*", "1 4 7"},
        {"label.site!=*", "2 3 5 6 8 9 10"},
        {"label.site=berlin label.line=a", "4"},
        {"label.site=berlin group=lab", "1"},
        {"state=active", "1 2 3 4 5 6 7 8 9"},
        {"state=decommissioned", "10"},
        {"state!=decommissioned id=0a", ""},
        {"state=quarantined", ""},
        {"package=2100000000000000", "2"},
        {"package=2200", "1 3 4 5"},
        {"package=3300", "6"},
        {"package!=2200", "2 6 7 8 9 10"},
        {"package=*", "1 2 3 4 5 6"},
        {"package!=*", "7 8 9 10"},
        {"package=2200 label.site=berlin", "1 4"},
        {"release=0904", "2"}, /* 0x21 + 1000 */
        {"release=0a04", "1 3 4 5"},
        {"release=*", "1 2 3 4 5"},
        {"release!=0a04", "2 6 7 8 9 10"},
        {"sequence=2", "1"},
        {"sequence>0", "1 2 3 4 5 6"},
        {"sequence<1", "7 8 9 10"},
        {"sequence!=0", "1 2 3 4 5 6"},
        {"seen<-1d", "2 3"},
        {"seen>-1d", "1"},
        {"seen<-1d seen>-7d", "2"},
        {"seen=never", "4 5 6 7 8 9 10"},
        {"seen!=never", "1 2 3"},
        {"seen<2020-01-01", ""},
        {"failed=67", "8"},
        {"failed=power", "8"},
        {"failed=crash", ""},
        {"failed=*", "8"},
        {"failed!=*", "1 2 3 4 5 6 7 9 10"},
        {"failed!=crash", "1 2 3 4 5 6 7 8 9 10"},
    };
    fleet_make(fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(fixture, cases[i].text, cases[i].numbers);
}

/* What runs is known by bits that are moved with each change. */
static void running_follows_every_change(void **state)
{
    struct store_fixture *fixture = *state;
    fleet_make(fixture);
    expect(fixture, "package=2100", "2");
    struct pawl_device device = device_read(fixture, 2);
    struct pawl_change twice[2] = {change_confirm(&device, 0x22, 0)};
    device.record = twice[0].after;
    twice[1] = change_confirm(&device, 0x21, 0); /* there and back in one batch */
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, twice, 2));
    assert_result(PAWL_OK, twice[1].result);
    expect(fixture, "package=2100", "2");
    expect(fixture, "package=2200", "1 3 4 5");
    assert_int_equal(device_do(fixture, 2, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
    expect(fixture, "package=2100", "");
    confirm(fixture, 3, 0x21);
    expect(fixture, "package=2100", "3");
    store_restart(fixture);
    expect(fixture, "package=2100", "3");
    expect(fixture, "package=2200", "1 4 5");
}

/* More devices than a page may look at: the search goes on in further calls. */
static void work_of_a_call_is_bounded(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_query query;
    struct pawl_query_error error;
    struct found found = {.count = 0};
    uint64_t next = 0;
    const size_t count = PAWL_SEARCH_WORK + 500;
    devices_import(fixture, 1, count, NULL);
    label(fixture, 3, "site", "berlin");
    assert_result(PAWL_OK, pawl_query_read("group=* ", NOW, &query, &error));
    assert_result(PAWL_OK, pawl_store_device_search(fixture->reader, &query, 0, 100, found_visit,
                                                    &found, &next));
    assert_int_equal(found.count, 0);
    assert_int_equal(next, PAWL_SEARCH_WORK);
    search(fixture, "state=active", 10000, &found);
    assert_int_equal(found.count, count);
    search(fixture, "class=" CLASS_1, 10000, &found);
    assert_int_equal(found.count, count);
    search(fixture, "vendor=" CLASS_1, 10000, &found); /* too many for a source that is sorted */
    assert_int_equal(found.count, count);
    search(fixture, "class=" CLASS_1 " label.site=berlin", 100, &found);
    assert_int_equal(found.count, 1);
}

static void last_page_says_so(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_query all = {.count = 0};
    struct found found = {.count = 0};
    uint64_t next = 0;
    devices_import(fixture, 1, 5, NULL);
    assert_result(
        PAWL_OK, pawl_store_device_search(fixture->reader, &all, 0, 2, found_visit, &found, &next));
    assert_int_equal(next, 2);
    assert_result(
        PAWL_OK, pawl_store_device_search(fixture->reader, &all, 2, 3, found_visit, &found, &next));
    assert_int_equal(next, 0); /* exactly full, and nothing more */
    assert_int_equal(found.count, 5);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(terms_find_what_they_say),
        STORE_TEST(running_follows_every_change),
        STORE_TEST(work_of_a_call_is_bounded),
        STORE_TEST(last_page_says_so),
    };
    return cmocka_run_group_tests_name("store: search, SPEC 16.20", tests, NULL, NULL);
}
