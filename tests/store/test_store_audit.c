/* The store contract: the audit trail's chain (SPEC 21.1) and its lists. */
#include <stdio.h>
#include <string.h>

#include "store_fixture.h"

struct trail {
    size_t count;
    uint64_t ids[64];
    uint8_t hash[PAWL_AUDIT_HASH_SIZE]; /* of the last entry, by the chain */
    bool whole;                         /* each hash is what the chain says */
};

static enum pawl_result chain_visit(void *context, const struct pawl_audit_row *row)
{
    struct trail *trail = context;
    const struct pawl_audit_entry entry = pawl_audit_row_entry(row);
    if (trail->count < 64)
        trail->ids[trail->count] = row->id;
    trail->count++;
    pawl_audit_hash_make(trail->hash, &entry, trail->hash);
    trail->whole = trail->whole && memcmp(trail->hash, row->hash, sizeof row->hash) == 0;
    return PAWL_OK;
}

/* The whole trail; its chain must hold, and its head be the newest entry. */
static struct trail trail_check(struct store_fixture *fixture)
{
    struct trail trail = {.whole = true};
    uint64_t id;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100000, chain_visit, &trail));
    assert_true(trail.whole);
    assert_result(PAWL_OK, pawl_store_audit_head(fixture->reader, &id, hash));
    assert_int_equal(id, trail.count);
    assert_memory_equal(hash, trail.hash, sizeof hash);
    return trail;
}

static struct pawl_event event_of(int64_t time, const char *actor, const char *action)
{
    return (struct pawl_event){.time = time, .actor = actor, .action = action};
}

static void entries_are_chained(void **state)
{
    struct store_fixture *fixture = *state;
    uint8_t device[PAWL_ID_SIZE];
    id_fill(device, sizeof device, 7);
    assert_int_equal(trail_check(fixture).count, 0);
    struct pawl_event events[3] = {event_of(-5, "uid:0", "one"), event_of(1, "", "two"),
                                   event_of(1u << 31, "device", "three")};
    events[1].device_id = device;
    events[1].detail = "{\"reason\": \"caf\xc3\xa9\"}";
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, events, 3));
    assert_int_equal(trail_check(fixture).count, 3);
    store_restart(fixture);
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, events, 2));
    assert_int_equal(trail_check(fixture).count, 5);
}

/* A vector that was computed from SPEC 21.1 alone (Python, hashlib and cbor2). */
static void hash_is_that_of_spec_21_1(void **state)
{
    static const uint8_t first[PAWL_AUDIT_HASH_SIZE] = {
        0x30, 0xb5, 0x48, 0x72, 0x6d, 0x80, 0x07, 0x00, 0xcb, 0x5c, 0x31,
        0x97, 0xdd, 0xd4, 0x4f, 0xe3, 0xfe, 0x0b, 0xc1, 0xa7, 0x77, 0xde,
        0x9e, 0x60, 0x43, 0xe6, 0xc5, 0x5c, 0x37, 0x9e, 0x42, 0x02};
    static const uint8_t second[PAWL_AUDIT_HASH_SIZE] = {
        0x7b, 0x62, 0x19, 0x0c, 0xc2, 0x58, 0xe3, 0x9c, 0x79, 0xa0, 0x30,
        0x33, 0x12, 0xde, 0x82, 0xa9, 0xb2, 0x5b, 0xa3, 0xc7, 0x77, 0x88,
        0xac, 0x8e, 0x72, 0x85, 0xff, 0x4c, 0x9f, 0x98, 0x8a, 0x89};
    uint8_t device[PAWL_ID_SIZE], hash[PAWL_AUDIT_HASH_SIZE] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof device; i++)
        device[i] = (uint8_t)i;
    struct pawl_audit_entry entry = {1,          1767225600, "1000/anna",
                                     "released", device,     "{\"reason\":\"replaced board\"}"};
    pawl_audit_hash_make(hash, &entry, hash);
    assert_memory_equal(hash, first, sizeof hash);
    entry = (struct pawl_audit_entry){2, 1767225601, "pawld", "restored", NULL, "{}"};
    pawl_audit_hash_make(hash, &entry, hash);
    assert_memory_equal(hash, second, sizeof hash);
}

static void refused_changes_leave_the_chain_whole_i5(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_act release = {.kind = PAWL_ACT_RELEASE, .actor = "uid:0"};
    struct pawl_event event = event_of(1, "uid:0", "released");
    for (int i = 0; i < 5; i++) {
        assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, &event, 1));
        assert_int_equal(device_act(fixture, 999, &release), PAWL_ACT_UNKNOWN);
    }
    assert_int_equal(trail_check(fixture).count, 5);
}

/* What is no UTF-8 could be neither hashed nor exported as text: it is made readable. */
static void text_that_is_not_utf_8_is_mended_i9(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_event event = event_of(1, "\xff\xfename", "\xc3");
    event.detail = "{\"group\":\"\x80\"}";
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, &event, 1));
    assert_int_equal(trail_check(fixture).count, 1);
}

static struct trail find(struct store_fixture *fixture, const struct pawl_audit_filter *filter,
                         size_t limit)
{
    struct trail trail = {.count = 0};
    assert_result(PAWL_OK,
                  pawl_store_audit_find(fixture->reader, filter, limit, chain_visit, &trail));
    return trail;
}

static void lists_are_filtered(void **state)
{
    struct store_fixture *fixture = *state;
    uint8_t device[PAWL_ID_SIZE];
    id_fill(device, sizeof device, 7);
    struct pawl_event events[6];
    for (int i = 0; i < 6; i++) {
        events[i] = event_of(100 + i, i % 2 == 0 ? "1000/anna" : "token:ci", "campaign-started");
        events[i].device_id = i >= 4 ? device : NULL;
    }
    events[5].action = "released";
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, events, 6));

    const struct {
        struct pawl_audit_filter filter;
        size_t limit, count;
        uint64_t first, last;
    } cases[] = {
        {{.actor = "token:ci"}, 100, 3, 2, 6},
        {{.actor = "token:*"}, 100, 3, 2, 6},
        {{.actor = "tok"}, 100, 0, 0, 0},
        {{.actor = "*"}, 100, 6, 1, 6},
        {{.action = "campaign-*"}, 100, 5, 1, 5},
        {{.action = "released", .actor = "token:ci"}, 100, 1, 6, 6},
        {{.device_id = device}, 100, 2, 5, 6},
        {{.device_id = device, .newest_first = true}, 100, 2, 6, 5},
        {{.since = 102, .until = 105}, 100, 3, 3, 5},
        {{.newest_first = true}, 2, 2, 6, 5},
        {{.newest_first = true, .after = 5}, 2, 2, 4, 3},
        {{.after = 5}, 100, 1, 6, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trail trail = find(fixture, &cases[i].filter, cases[i].limit);
        assert_int_equal(trail.count, cases[i].count);
        if (trail.count > 0) {
            assert_int_equal(trail.ids[0], cases[i].first);
            assert_int_equal(trail.ids[trail.count - 1], cases[i].last);
        }
    }
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(entries_are_chained),
        cmocka_unit_test(hash_is_that_of_spec_21_1),
        STORE_TEST(refused_changes_leave_the_chain_whole_i5),
        STORE_TEST(text_that_is_not_utf_8_is_mended_i9),
        STORE_TEST(lists_are_filtered),
    };
    return cmocka_run_group_tests_name("store: audit", tests, NULL, NULL);
}
