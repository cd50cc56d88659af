/* The store contract: devices imported, looked up, listed, moved between groups. */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static void imported_device_reads_back(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_import import;
    imports_fill(&import, 1, 7);
    import.has_maximum = true;
    import.maximum = UINT64_MAX;
    import.chain_length = 65535;
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, &import, 1, "lab", NULL));
    struct pawl_device device = device_read(fixture, 7);
    assert_int_equal(device.number, 1);
    assert_memory_equal(device.device_id, import.device_id, PAWL_ID_SIZE);
    assert_memory_equal(device.vendor_id, import.vendor_id, PAWL_ID_SIZE);
    assert_memory_equal(device.class_id, import.class_id, PAWL_ID_SIZE);
    assert_memory_equal(device.wrapped_secret, import.wrapped_secret, PAWL_VAULT_WRAPPED_SIZE);
    assert_string_equal(device.group, "lab");
    assert_int_equal(device.chain_length, 65535);
    assert_true(device.record.has_maximum && device.record.maximum == UINT64_MAX);
    assert_true(device.record.sequence == 0 && !device.record.has_instance);
    assert_false(device.record.has_package);
    assert_int_equal(device.record.standing, PAWL_STANDING_ACTIVE);
    assert_false(device.failure.present);
}

static void unknown_device_is_state(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_device device = {.number = 77};
    const uint8_t id[PAWL_ID_SIZE] = {1};
    assert_result(PAWL_STATE, pawl_store_device_get(fixture->reader, id, &device));
    assert_int_equal(device.number, 77);
    for (int kind = PAWL_ACT_GROUP; kind < PAWL_ACT_KIND_COUNT; kind++)
        assert_int_equal(device_do(fixture, 1, (enum pawl_act_kind)kind), PAWL_ACT_UNKNOWN);
}

static enum pawl_import_outcome outcome_of(const struct pawl_import *imports, size_t count,
                                           uint64_t number)
{
    uint8_t id[PAWL_ID_SIZE];
    id_fill(id, sizeof id, number);
    for (size_t i = 0; i < count; i++)
        if (memcmp(imports[i].device_id, id, sizeof id) == 0)
            return imports[i].outcome;
    fail_msg("device %d is not in the batch", (int)number);
    return PAWL_IMPORTED;
}

static void nothing_is_imported_twice_spec_3(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_import imports[4];
    devices_import(fixture, 1, 10, NULL);

    imports_fill(imports, 4, 9); /* 9 and 10 are there, with the same secrets */
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 4, NULL, NULL));
    assert_int_equal(outcome_of(imports, 4, 9), PAWL_IMPORT_DEVICE_KNOWN);
    assert_int_equal(outcome_of(imports, 4, 10), PAWL_IMPORT_DEVICE_KNOWN);
    assert_int_equal(outcome_of(imports, 4, 11), PAWL_IMPORTED);
    assert_int_equal(outcome_of(imports, 4, 12), PAWL_IMPORTED);

    imports_fill(imports, 2, 20);
    id_fill(imports[0].secret_tag, PAWL_SECRET_TAG_SIZE, ~UINT64_C(3)); /* the secret of 3 */
    id_fill(imports[1].device_id, PAWL_ID_SIZE, 4);                     /* the id of 4 */
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 2, NULL, NULL));
    assert_int_equal(outcome_of(imports, 2, 20), PAWL_IMPORT_SECRET_KNOWN);
    assert_int_equal(outcome_of(imports, 2, 4), PAWL_IMPORT_DEVICE_KNOWN);

    /* The secret that came with the refused id is not burnt. */
    imports_fill(imports, 1, 21);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 1, NULL, NULL));
    assert_int_equal(imports[0].outcome, PAWL_IMPORTED);

    struct pawl_totals totals;
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.devices, 13);
}

static void duplicates_within_a_batch_are_refused_spec_3(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_import imports[4];
    imports_fill(imports, 4, 1);
    memcpy(imports[1].secret_tag, imports[0].secret_tag, PAWL_SECRET_TAG_SIZE);
    memcpy(imports[3].device_id, imports[2].device_id, PAWL_ID_SIZE);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 4, NULL, NULL));
    unsigned imported = 0, secret_known = 0, device_known = 0;
    for (size_t i = 0; i < 4; i++) {
        imported += imports[i].outcome == PAWL_IMPORTED;
        secret_known += imports[i].outcome == PAWL_IMPORT_SECRET_KNOWN;
        device_known += imports[i].outcome == PAWL_IMPORT_DEVICE_KNOWN;
    }
    assert_int_equal(imported, 2);
    assert_int_equal(secret_known, 1);
    assert_int_equal(device_known, 1);
}

static void class_of_another_vendor_is_refused_spec_2(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_import import;
    devices_import(fixture, 1, 1, NULL);
    imports_fill(&import, 1, 2);
    id_fill(import.vendor_id, PAWL_ID_SIZE, 2);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, &import, 1, NULL, NULL));
    assert_int_equal(import.outcome, PAWL_IMPORT_OTHER_VENDOR);
    id_fill(import.vendor_id, PAWL_ID_SIZE, 1);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, &import, 1, NULL, NULL));
    assert_int_equal(import.outcome, PAWL_IMPORTED);
}

struct seen_list {
    uint64_t numbers[64];
    int64_t times[64];
    size_t count;
    enum pawl_result answer;
};

static enum pawl_result list_visit(void *context, const struct pawl_device *device,
                                   int64_t last_seen)
{
    struct seen_list *list = context;
    if (list->count < 64) {
        list->numbers[list->count] = device->number;
        list->times[list->count] = last_seen;
    }
    list->count++;
    return list->answer;
}

static size_t listed(struct store_fixture *fixture, const struct pawl_device_filter *filter,
                     uint64_t after, size_t limit, struct seen_list *list)
{
    memset(list, 0, sizeof *list);
    assert_result(PAWL_OK,
                  pawl_store_device_list(fixture->reader, filter, after, limit, list_visit, list));
    for (size_t i = 1; i < list->count && i < 64; i++)
        assert_true(list->numbers[i - 1] < list->numbers[i]);
    return list->count;
}

/* Devices 1-10 in "lab", 11-20 in no group, 21-24 of class 2 of vendor 2; 3 and 22 quarantined. */
static void fleet_make(struct store_fixture *fixture)
{
    struct pawl_import imports[4];
    devices_import(fixture, 1, 10, "lab");
    devices_import(fixture, 11, 10, NULL);
    imports_fill(imports, 4, 21);
    for (size_t i = 0; i < 4; i++) {
        id_fill(imports[i].vendor_id, PAWL_ID_SIZE, 2);
        id_fill(imports[i].class_id, PAWL_ID_SIZE, 2);
    }
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, 4, "lab", NULL));
    static const uint64_t caught[] = {3, 22};
    for (size_t i = 0; i < 2; i++) {
        struct pawl_device device = device_read(fixture, caught[i]);
        struct pawl_change change = {.number = device.number,
                                     .before = device.record,
                                     .after = device.record,
                                     .quarantine = PAWL_FINDING_BEHIND};
        change.after.standing = PAWL_STANDING_QUARANTINED;
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
        assert_result(PAWL_OK, change.result);
    }
}

static void lists_are_filtered(void **state)
{
    struct store_fixture *fixture = *state;
    uint8_t one[PAWL_ID_SIZE], two[PAWL_ID_SIZE], three[PAWL_ID_SIZE];
    struct seen_list list;
    id_fill(one, sizeof one, 1);
    id_fill(two, sizeof two, 2);
    id_fill(three, sizeof three, 3);
    fleet_make(fixture);
    const struct {
        struct pawl_device_filter filter;
        size_t count;
    } cases[] = {
        {{0}, 24},
        {{.class_id = one}, 20},
        {{.class_id = two}, 4},
        {{.class_id = three}, 0},
        {{.vendor_id = one}, 20},
        {{.vendor_id = two, .class_id = two}, 4},
        {{.vendor_id = one, .class_id = two}, 0},
        {{.group = "lab"}, 14},
        {{.group = "none"}, 0},
        {{.group = "lab", .class_id = one}, 10},
        {{.has_standing = true, .standing = PAWL_STANDING_QUARANTINED}, 2},
        {{.has_standing = true, .standing = PAWL_STANDING_ACTIVE}, 22},
        {{.has_standing = true, .standing = PAWL_STANDING_RELEASED}, 0},
        {{.has_standing = true, .standing = PAWL_STANDING_QUARANTINED, .class_id = two}, 1},
        {{.has_standing = true, .standing = PAWL_STANDING_ACTIVE, .group = "lab"}, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(listed(fixture, &cases[i].filter, 0, 1000, &list), cases[i].count);
}

static void lists_go_on_at_a_cursor(void **state)
{
    struct store_fixture *fixture = *state;
    static const struct pawl_device_filter all = {0}, lab = {.group = "lab"};
    struct seen_list list;
    uint64_t after = 0, total = 0;
    fleet_make(fixture);
    while (listed(fixture, &all, after, 7, &list) > 0) {
        assert_true(list.numbers[0] > after);
        after = list.numbers[list.count - 1];
        total += list.count;
    }
    assert_int_equal(total, 24);
    assert_int_equal(listed(fixture, &lab, 10, 1000, &list), 4);
    assert_int_equal(list.numbers[0], 21);
    assert_int_equal(listed(fixture, &all, 24, 1000, &list), 0);
}

static void callback_ends_a_list(void **state)
{
    struct store_fixture *fixture = *state;
    static const struct pawl_device_filter all = {0};
    struct seen_list list = {.answer = PAWL_IO};
    devices_import(fixture, 1, 5, NULL);
    assert_result(PAWL_IO,
                  pawl_store_device_list(fixture->reader, &all, 0, 1000, list_visit, &list));
    assert_int_equal(list.count, 1);
    /* The reader is as good as before. */
    assert_int_equal(listed(fixture, &all, 0, 1000, &list), 5);
}

static void visit_reaches_every_device_of_a_target_once(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_target class = {.kind = PAWL_TARGET_CLASS}, lab = {.kind = PAWL_TARGET_GROUP};
    struct pawl_target single = {.kind = PAWL_TARGET_DEVICE};
    struct pawl_target stranger = {.kind = PAWL_TARGET_DEVICE, .id = {0xff}};
    struct seen_list list = {0};
    uint64_t count;
    devices_import(fixture, 1, 4096, NULL);
    devices_import(fixture, 5001, 5000, "lab");
    id_fill(class.id, PAWL_ID_SIZE, 1);
    id_fill(single.id, PAWL_ID_SIZE, 17);
    strcpy(lab.group, "lab");
    const struct {
        struct pawl_target *target;
        size_t count;
    } cases[] = {{&class, 9096}, {&lab, 5000}, {&single, 1}, {&stranger, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        list.count = 0;
        assert_result(PAWL_OK,
                      pawl_store_device_visit(fixture->reader, cases[i].target, list_visit, &list));
        assert_int_equal(list.count, cases[i].count);
        assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, cases[i].target, &count));
        assert_int_equal(count, cases[i].count);
    }
}

static void devices_move_between_groups(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_target lab = {.kind = PAWL_TARGET_GROUP, .group = "lab"};
    struct pawl_target field = {.kind = PAWL_TARGET_GROUP, .group = "field"};
    uint64_t count;
    devices_import(fixture, 1, 3, "lab");
    const struct pawl_act move = {.kind = PAWL_ACT_GROUP, .group = "field"};
    assert_int_equal(device_act(fixture, 2, &move), PAWL_ACT_CHANGED);
    assert_string_equal(device_read(fixture, 2).group, "field");
    assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, &lab, &count));
    assert_int_equal(count, 2);
    assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, &field, &count));
    assert_int_equal(count, 1);
    assert_int_equal(device_do(fixture, 2, PAWL_ACT_GROUP), PAWL_ACT_CHANGED);
    assert_string_equal(device_read(fixture, 2).group, "");
    assert_result(PAWL_OK, pawl_store_device_count(fixture->reader, &field, &count));
    assert_int_equal(count, 0);
}

static void times_seen_move_forward_only(void **state)
{
    struct store_fixture *fixture = *state;
    static const struct pawl_device_filter all = {0};
    struct pawl_seen seen[] = {{3, 500}, {1, 400}, {3, 450}};
    struct seen_list list;
    int64_t time;
    devices_import(fixture, 1, 3, NULL);
    assert_result(PAWL_OK, pawl_store_seen_set(fixture->store, seen, 3));
    assert_result(PAWL_OK, pawl_store_seen_get(fixture->reader, 3, &time));
    assert_int_equal(time, 500);
    struct pawl_seen back = {3, 100};
    assert_result(PAWL_OK, pawl_store_seen_set(fixture->store, &back, 1));
    assert_int_equal(listed(fixture, &all, 0, 10, &list), 3);
    assert_int_equal(list.times[0], 400);
    assert_int_equal(list.times[1], 0);
    assert_int_equal(list.times[2], 500);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(imported_device_reads_back),
        STORE_TEST(unknown_device_is_state),
        STORE_TEST(nothing_is_imported_twice_spec_3),
        STORE_TEST(duplicates_within_a_batch_are_refused_spec_3),
        STORE_TEST(class_of_another_vendor_is_refused_spec_2),
        STORE_TEST(lists_are_filtered),
        STORE_TEST(lists_go_on_at_a_cursor),
        STORE_TEST(callback_ends_a_list),
        STORE_TEST(visit_reaches_every_device_of_a_target_once),
        STORE_TEST(devices_move_between_groups),
        STORE_TEST(times_seen_move_forward_only),
    };
    return cmocka_run_group_tests_name("store: devices", tests, NULL, NULL);
}
