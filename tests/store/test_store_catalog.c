/* The store contract: packages, assignments, the audit trail, keys. */
#include <string.h>

#include "store_fixture.h"

static struct pawl_package_row package_make(uint64_t package)
{
    struct pawl_package_row row = {.name = "app", .version = "1.0", .created = 5};
    id_fill(row.package_id, PAWL_PACKAGE_ID_SIZE, package);
    id_fill(row.release_id, PAWL_RELEASE_ID_SIZE, package);
    id_fill(row.class_id, PAWL_ID_SIZE, 1);
    id_fill(row.vendor_id, PAWL_ID_SIZE, 1);
    return row;
}

static void package_reads_back(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_package_row row = package_make(1), found;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE] = {7};
    row.security_version = UINT64_MAX;
    row.mode = 1;
    row.chunk_size = 1048576;
    row.image_size = UINT64_C(1) << 40;
    row.package_size = row.image_size + 99;
    memset(row.name, 'n', sizeof row.name - 1);
    strcpy(row.version, "2.0 \xc3\xa4");
    row.has_signer = true;
    row.revoked_count = PAWL_REVOKED_MAX;
    memset(row.signed_by, 1, sizeof row.signed_by);
    for (size_t i = 0; i < sizeof row.revoked; i++)
        row.revoked[i / PAWL_KID_SIZE][i % PAWL_KID_SIZE] = (uint8_t)(200 + i);
    row.profile = PAWL_PROFILE_NETWORK;
    assert_result(PAWL_OK, pawl_store_package_add(fixture->store, &row, NULL));
    assert_result(PAWL_OK, pawl_store_package_get(fixture->reader, row.package_id, &found));
    assert_memory_equal(found.package_id, row.package_id, sizeof row.package_id);
    assert_memory_equal(found.release_id, row.release_id, sizeof row.release_id);
    assert_memory_equal(found.vendor_id, row.vendor_id, sizeof row.vendor_id);
    assert_memory_equal(found.class_id, row.class_id, sizeof row.class_id);
    assert_string_equal(found.name, row.name);
    assert_string_equal(found.version, row.version);
    assert_true(found.security_version == UINT64_MAX);
    assert_int_equal(found.mode, row.mode);
    assert_int_equal(found.chunk_size, row.chunk_size);
    assert_true(found.image_size == row.image_size && found.package_size == row.package_size);
    assert_int_equal(found.created, row.created);
    assert_true(found.has_signer);
    assert_memory_equal(found.signed_by, row.signed_by, sizeof row.signed_by);
    assert_int_equal(found.revoked_count, PAWL_REVOKED_MAX);
    assert_memory_equal(found.revoked, row.revoked, sizeof row.revoked);
    assert_int_equal(found.profile, PAWL_PROFILE_NETWORK);
    assert_false(found.has_content_key);
    assert_true(found.ready); /* in direct mode there is no content key */
    assert_result(PAWL_STATE, pawl_store_package_add(fixture->store, &row, NULL));

    assert_result(PAWL_OK,
                  pawl_store_package_key_set(fixture->store, row.package_id, wrapped, NULL));
    assert_result(PAWL_OK, pawl_store_package_get(fixture->reader, row.package_id, &found));
    assert_true(found.ready && found.has_content_key);
    assert_memory_equal(found.wrapped_content_key, wrapped, sizeof wrapped);
    id_fill(row.package_id, PAWL_PACKAGE_ID_SIZE, 2);
    assert_result(PAWL_STATE,
                  pawl_store_package_key_set(fixture->store, row.package_id, wrapped, NULL));
    assert_result(PAWL_STATE, pawl_store_package_get(fixture->reader, row.package_id, &found));
}

struct packages {
    uint8_t ids[16][PAWL_PACKAGE_ID_SIZE];
    size_t count;
};

static enum pawl_result packages_visit(void *context, const struct pawl_package_row *row)
{
    struct packages *packages = context;
    memcpy(packages->ids[packages->count++], row->package_id, PAWL_PACKAGE_ID_SIZE);
    return PAWL_OK;
}

static void packages_are_listed_by_id(void **state)
{
    struct store_fixture *fixture = *state;
    struct packages packages = {.count = 0};
    for (uint64_t i = 9; i > 0; i--) {
        struct pawl_package_row row = package_make(i);
        assert_result(PAWL_OK, pawl_store_package_add(fixture->store, &row, NULL));
    }
    assert_result(PAWL_OK, pawl_store_package_list(fixture->reader, NULL, NULL, 4, packages_visit,
                                                   &packages));
    assert_int_equal(packages.count, 4);
    assert_result(PAWL_OK, pawl_store_package_list(fixture->reader, NULL, packages.ids[3], 100,
                                                   packages_visit, &packages));
    assert_int_equal(packages.count, 9);
    for (size_t i = 1; i < 9; i++)
        assert_true(memcmp(packages.ids[i - 1], packages.ids[i], PAWL_PACKAGE_ID_SIZE) < 0);
}

static void only_ready_packages_are_assigned(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_package_row row = package_make(1);
    struct pawl_target target = {.kind = PAWL_TARGET_GROUP, .group = "lab"};
    uint64_t id = 99;
    assert_result(PAWL_STATE,
                  pawl_store_assignment_add(fixture->store, &target, row.package_id, 1, NULL, &id));
    assert_result(PAWL_OK, pawl_store_package_add(fixture->store, &row, NULL));
    assert_result(PAWL_STATE,
                  pawl_store_assignment_add(fixture->store, &target, row.package_id, 1, NULL, &id));
    assert_int_equal(id, 99);
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE] = {7};
    assert_result(PAWL_OK,
                  pawl_store_package_key_set(fixture->store, row.package_id, wrapped, NULL));
    assert_result(PAWL_OK,
                  pawl_store_assignment_add(fixture->store, &target, row.package_id, 1, NULL, &id));
    assert_int_equal(id, 1);
}

struct assignments {
    struct pawl_assignment_row rows[8];
    size_t count;
};

static enum pawl_result assignments_visit(void *context, const struct pawl_assignment_row *row)
{
    struct assignments *assignments = context;
    assignments->rows[assignments->count++] = *row;
    return PAWL_OK;
}

static void assignments_carry_what_a_plan_needs(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_target targets[] = {{.kind = PAWL_TARGET_CLASS},
                                    {.kind = PAWL_TARGET_GROUP, .group = "lab"},
                                    {.kind = PAWL_TARGET_DEVICE}};
    struct assignments found = {.count = 0};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE], class_id[PAWL_ID_SIZE];
    uint64_t id;
    id_fill(targets[0].id, PAWL_ID_SIZE, 1);
    id_fill(targets[2].id, PAWL_ID_SIZE, 42);
    id_fill(package_id, sizeof package_id, 1);
    id_fill(class_id, sizeof class_id, 6);
    package_publish(fixture, 1, 6);
    for (size_t i = 0; i < 3; i++)
        assert_result(PAWL_OK, pawl_store_assignment_add(fixture->store, &targets[i], package_id,
                                                         (int64_t)i, NULL, &id));
    assert_result(PAWL_OK,
                  pawl_store_assignment_list(fixture->reader, 0, 2, assignments_visit, &found));
    assert_result(PAWL_OK,
                  pawl_store_assignment_list(fixture->reader, 2, 100, assignments_visit, &found));
    assert_int_equal(found.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct pawl_plan_entry *entry = &found.rows[i].entry;
        assert_int_equal(entry->assignment, i + 1);
        assert_int_equal(entry->target.kind, targets[i].kind);
        assert_memory_equal(entry->target.id, targets[i].id, PAWL_ID_SIZE);
        assert_string_equal(entry->target.group, targets[i].group);
        assert_memory_equal(entry->package_id, package_id, sizeof package_id);
        assert_memory_equal(entry->class_id, class_id, sizeof class_id);
        assert_int_equal(entry->security_version, 3);
        assert_int_equal(entry->package_size, 100400);
        assert_int_equal(found.rows[i].created, i);
        assert_int_equal(found.rows[i].confirmed, 0);
    }
    assert_result(PAWL_OK, pawl_store_assignment_delete(fixture->store, 2, NULL));
    assert_result(PAWL_STATE, pawl_store_assignment_delete(fixture->store, 2, NULL));
    found.count = 0;
    assert_result(PAWL_OK,
                  pawl_store_assignment_list(fixture->reader, 0, 100, assignments_visit, &found));
    assert_int_equal(found.count, 2);
}

static void plan_version_tells_every_change_of_the_plan(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t last, version;
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &last));
    package_publish(fixture, 1, 1);
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &version));
    assert_true(version > last);
    last = version;
    uint64_t id = class_assign(fixture, 1);
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &version));
    assert_true(version > last);
    last = version;
    devices_import(fixture, 1, 1, NULL);
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &version));
    assert_true(version == last);
    assert_result(PAWL_OK, pawl_store_assignment_delete(fixture->store, id, NULL));
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &version));
    assert_true(version > last);
}

struct trail {
    struct pawl_audit_row rows[16];
    char details[16][64];
    size_t count;
};

static enum pawl_result trail_visit(void *context, const struct pawl_audit_row *row)
{
    struct trail *trail = context;
    assert_true(strlen(row->detail) < sizeof trail->details[0]);
    strcpy(trail->details[trail->count], row->detail);
    trail->rows[trail->count++] = *row;
    return PAWL_OK;
}

static void audit_entries_read_back_in_order(void **state)
{
    struct store_fixture *fixture = *state;
    static const uint8_t device[PAWL_ID_SIZE] = {8};
    const struct pawl_event events[] = {
        {.time = 10,
         .actor = "uid:0",
         .action = "device-released",
         .device_id = device,
         .detail = "{\"reason\":\"checked\"}"},
        {.time = 11, .actor = "pawld", .action = "started"},
    };
    struct trail trail = {.count = 0};
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, events, 2));
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, events, 1));
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, trail_visit, &trail));
    assert_int_equal(trail.count, 3);
    assert_int_equal(trail.rows[0].id, 1);
    assert_int_equal(trail.rows[2].id, 3);
    assert_int_equal(trail.rows[0].time, 10);
    assert_string_equal(trail.rows[0].actor, "uid:0");
    assert_string_equal(trail.rows[0].action, "device-released");
    assert_true(trail.rows[0].has_device);
    assert_memory_equal(trail.rows[0].device_id, device, sizeof device);
    assert_string_equal(trail.details[0], "{\"reason\":\"checked\"}");
    assert_false(trail.rows[1].has_device);
    assert_string_equal(trail.details[1], "{}");
    trail.count = 0;
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 1, 1, trail_visit, &trail));
    assert_int_equal(trail.count, 1);
    assert_int_equal(trail.rows[0].id, 2);
}

static void long_names_in_events_are_cut_between_characters(void **state)
{
    struct store_fixture *fixture = *state;
    char action[200];
    struct pawl_event event = {.actor = "x", .action = action};
    struct trail trail = {.count = 0};
    memset(action, 'a', sizeof action);
    action[sizeof action - 1] = '\0';
    action[PAWL_ACTION_SIZE - 2] = (char)0xc3; /* a character of two bytes across the cut */
    action[PAWL_ACTION_SIZE - 1] = (char)0xa4;
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, &event, 1));
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, trail_visit, &trail));
    assert_int_equal(strlen(trail.rows[0].action), PAWL_ACTION_SIZE - 2);
}

static void event_goes_with_its_change_or_not_at_all(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_event event = {.actor = "uid:0", .action = "tried"};
    struct trail trail = {.count = 0};
    devices_import(fixture, 1, 1, NULL);
    const struct pawl_act release = {.kind = PAWL_ACT_RELEASE, .actor = "uid:0"};
    const struct pawl_act group = {.kind = PAWL_ACT_GROUP, .group = "lab", .actor = "uid:0"};
    assert_int_equal(device_act(fixture, 1, &release), PAWL_ACT_NOT_QUARANTINED);
    assert_result(PAWL_STATE, pawl_store_assignment_delete(fixture->store, 1, &event));
    assert_int_equal(device_act(fixture, 1, &group), PAWL_ACT_CHANGED);
    assert_int_equal(device_act(fixture, 1, &group), PAWL_ACT_UNCHANGED);
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, trail_visit, &trail));
    assert_int_equal(trail.count, 1);
}

static void keys_are_never_overwritten_i8(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_key_row keys[] = {
        {.slot = PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, .created = 1, .wrapped = {1}},
        {.slot = PAWL_KEY_SLOT_CHALLENGE, .created = 2, .wrapped = {2}},
    };
    const struct pawl_key_row again[] = {
        {.slot = PAWL_KEY_SLOT_FINGERPRINT, .wrapped = {3}},
        {.slot = PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, .wrapped = {4}},
    };
    struct pawl_key_row key;
    assert_result(PAWL_STATE,
                  pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, &key));
    assert_result(PAWL_OK, pawl_store_keys_add(fixture->store, keys, 2, NULL));
    assert_result(PAWL_STATE, pawl_store_keys_add(fixture->store, again, 2, NULL));
    assert_result(PAWL_OK,
                  pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, &key));
    assert_int_equal(key.wrapped[0], 1);
    assert_int_equal(key.created, 1);
    assert_result(PAWL_STATE, pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_FINGERPRINT, &key));
}

static void challenge_secret_rotates_into_the_previous_one_11_1(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_key_row first = {.slot = PAWL_KEY_SLOT_CHALLENGE, .wrapped = {1}};
    uint8_t next[PAWL_VAULT_WRAPPED_SIZE] = {2};
    struct pawl_key_row key;
    assert_result(PAWL_STATE, pawl_store_challenge_rotate(fixture->store, next, 5, NULL));
    assert_result(PAWL_OK, pawl_store_keys_add(fixture->store, &first, 1, NULL));
    for (uint8_t i = 2; i < 5; i++) {
        next[0] = i;
        assert_result(PAWL_OK, pawl_store_challenge_rotate(fixture->store, next, i, NULL));
        assert_result(PAWL_OK, pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_CHALLENGE, &key));
        assert_int_equal(key.wrapped[0], i);
        assert_int_equal(key.created, i);
        assert_result(PAWL_OK,
                      pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS, &key));
        assert_int_equal(key.wrapped[0], i - 1);
    }
}

static void unknown_kind_of_url_is_unsupported(void **state)
{
    (void)state;
    struct pawl_store *store = NULL;
    assert_result(PAWL_UNSUPPORTED, pawl_store_open("paper:/dev/null", true, &store));
    assert_null(store);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(package_reads_back),
        STORE_TEST(packages_are_listed_by_id),
        STORE_TEST(only_ready_packages_are_assigned),
        STORE_TEST(assignments_carry_what_a_plan_needs),
        STORE_TEST(plan_version_tells_every_change_of_the_plan),
        STORE_TEST(audit_entries_read_back_in_order),
        STORE_TEST(long_names_in_events_are_cut_between_characters),
        STORE_TEST(event_goes_with_its_change_or_not_at_all),
        STORE_TEST(keys_are_never_overwritten_i8),
        STORE_TEST(challenge_secret_rotates_into_the_previous_one_11_1),
        cmocka_unit_test(unknown_kind_of_url_is_unsupported),
    };
    return cmocka_run_group_tests_name("store: catalog", tests, NULL, NULL);
}
