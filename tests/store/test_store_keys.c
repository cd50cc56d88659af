/* The store contract: data keys and what is wrapped under them (SPEC 22). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

static struct pawl_data_key_row data_key(uint32_t generation, uint8_t mark)
{
    struct pawl_data_key_row row = {.generation = generation, .created = generation};
    memset(row.wrapped, mark, sizeof row.wrapped);
    return row;
}

static size_t data_keys_read(struct store_fixture *fixture, struct pawl_data_key_row *keys)
{
    size_t count = 99;
    assert_result(PAWL_OK, pawl_store_data_keys_get(fixture->reader, keys, &count));
    return count;
}

static void data_keys_come_one_after_the_other(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX], row = data_key(2, 2);
    assert_int_equal(data_keys_read(fixture, keys), 0);
    assert_result(PAWL_STATE, pawl_store_data_key_add(fixture->store, &row, NULL));
    for (uint32_t i = 1; i <= 2; i++) {
        row = data_key(i, (uint8_t)i);
        assert_result(PAWL_OK, pawl_store_data_key_add(fixture->store, &row, NULL));
        assert_result(PAWL_STATE, pawl_store_data_key_add(fixture->store, &row, NULL));
    }
    row = data_key(3, 3);
    assert_result(PAWL_STATE, pawl_store_data_key_add(fixture->store, &row, NULL)); /* not yet */
    assert_result(PAWL_STATE, pawl_store_data_key_delete(fixture->store, 2, NULL));
    assert_result(PAWL_OK, pawl_store_data_key_delete(fixture->store, 1, NULL));
    assert_result(PAWL_STATE, pawl_store_data_key_delete(fixture->store, 1, NULL));
    assert_result(PAWL_STATE, pawl_store_data_key_delete(fixture->store, 2, NULL));
    assert_result(PAWL_OK, pawl_store_data_key_add(fixture->store, &row, NULL));
    store_restart(fixture);
    assert_int_equal(data_keys_read(fixture, keys), 2);
    assert_true(keys[0].generation == 2 && keys[1].generation == 3);
    assert_true(keys[0].wrapped[0] == 2 && keys[1].wrapped[39] == 3 && keys[1].created == 3);
}

static enum pawl_result entry_count(void *context, const struct pawl_audit_row *row)
{
    (void)row;
    ++*(int *)context;
    return PAWL_OK;
}

static void all_data_keys_move_to_a_master_or_none(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_event event = {.actor = "x", .action = "master-key-rotated"};
    struct pawl_data_key_row rows[] = {data_key(1, 1), data_key(2, 2)}, keys[2];
    int entries = 0;
    assert_result(PAWL_OK, pawl_store_data_key_add(fixture->store, &rows[0], NULL));
    rows[0].wrapped[0] = 9;
    assert_result(PAWL_STATE, pawl_store_data_keys_rewrap(fixture->store, rows, 2, &event));
    assert_result(PAWL_STATE, pawl_store_data_keys_rewrap(fixture->store, &rows[1], 1, &event));
    assert_int_equal(data_keys_read(fixture, keys), 1);
    assert_int_equal(keys[0].wrapped[0], 1);
    assert_result(PAWL_OK, pawl_store_data_keys_rewrap(fixture->store, rows, 1, &event));
    assert_int_equal(data_keys_read(fixture, keys), 1);
    assert_int_equal(keys[0].wrapped[0], 9);
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 10, entry_count, &entries));
    assert_int_equal(entries, 1);
}

struct gathered {
    struct pawl_wrapped_row rows[64];
    size_t count;
};

static enum pawl_result row_gather(void *context, const struct pawl_wrapped_row *row)
{
    struct gathered *gathered = context;
    gathered->rows[gathered->count++] = *row;
    return PAWL_OK;
}

static uint64_t left(struct store_fixture *fixture, uint32_t generation)
{
    uint64_t count = 999;
    assert_result(PAWL_OK, pawl_store_wrapped_count(fixture->reader, generation, &count));
    return count;
}

/* Devices, a package and server keys that say generation 1. */
static void wrapped_fill(struct store_fixture *fixture, size_t devices)
{
    struct pawl_import imports[32];
    struct pawl_key_row keys[2] = {{.slot = PAWL_KEY_SLOT_CHALLENGE, .wrapped = {0, 0, 0, 1}},
                                   {.slot = PAWL_KEY_SLOT_FINGERPRINT, .wrapped = {0, 0, 0, 1}}};
    const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE] = {0, 0, 0, 1, 7};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    imports_fill(imports, devices, 1);
    for (size_t i = 0; i < devices; i++)
        memcpy(imports[i].wrapped_secret, (const uint8_t[]){0, 0, 0, 1}, 4);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, imports, devices, NULL, NULL));
    package_publish(fixture, 1, 1);
    id_fill(package_id, sizeof package_id, 1);
    assert_result(PAWL_OK, pawl_store_package_key_set(fixture->store, package_id, wrapped, NULL));
    assert_result(PAWL_OK, pawl_store_keys_add(fixture->store, keys, 2, NULL));
}

static void every_wrapped_row_is_found_and_moved(void **state)
{
    struct store_fixture *fixture = *state;
    static const size_t expected[PAWL_VAULT_KIND_COUNT] = {
        [PAWL_VAULT_UNIT_SECRET] = 10, [PAWL_VAULT_CONTENT_KEY] = 1, [PAWL_VAULT_SERVER_KEY] = 2};
    uint64_t total = 0;
    wrapped_fill(fixture, 10);
    assert_int_equal(left(fixture, 1), 0);
    for (int kind = 0; kind < PAWL_VAULT_KIND_COUNT; kind++) {
        struct gathered found = {.count = 0};
        total = left(fixture, 2);
        assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, (enum pawl_vault_kind)kind,
                                                       1, 0, 64, row_gather, &found));
        assert_int_equal(found.count, 0);
        assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, (enum pawl_vault_kind)kind,
                                                       2, 0, 64, row_gather, &found));
        assert_int_equal(found.count, expected[kind]);
        for (size_t i = 0; i < found.count; i++) {
            memcpy(found.rows[i].after, found.rows[i].before, PAWL_VAULT_WRAPPED_SIZE);
            found.rows[i].after[3] = 2;
        }
        assert_result(PAWL_OK, pawl_store_wrapped_set(fixture->store, found.rows, found.count));
        for (size_t i = 0; i < found.count; i++)
            assert_true(found.rows[i].changed);
        assert_int_equal(left(fixture, 2), total - found.count);
    }
    assert_int_equal(left(fixture, 2), 0);
    struct pawl_device device = device_read(fixture, 3);
    assert_int_equal(pawl_vault_generation_of(device.wrapped_secret), 2);
}

/* SPEC 16.27: a secret that was destroyed is no secret to rotate, or a rotation would never end. */
static void destroyed_secrets_are_not_rotated(void **state)
{
    struct store_fixture *fixture = *state;
    struct gathered found = {.count = 0};
    wrapped_fill(fixture, 10);
    uint64_t before = left(fixture, 2);
    assert_int_equal(device_do(fixture, 4, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
    assert_int_equal(left(fixture, 2), before - 1);
    assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, PAWL_VAULT_UNIT_SECRET, 2, 0,
                                                   64, row_gather, &found));
    assert_int_equal(found.count, 9);
}

static void lists_go_on_behind_a_place(void **state)
{
    struct store_fixture *fixture = *state;
    struct gathered found = {.count = 0};
    uint64_t after = 0, seen = 0;
    wrapped_fill(fixture, 10);
    do {
        found.count = 0;
        assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, PAWL_VAULT_UNIT_SECRET, 2,
                                                       after, 3, row_gather, &found));
        for (size_t i = 0; i < found.count; i++) {
            assert_true(found.rows[i].place > after);
            assert_int_equal(found.rows[i].name_size, PAWL_ID_SIZE);
            after = found.rows[i].place;
        }
        seen += found.count;
    } while (found.count > 0);
    assert_int_equal(seen, 10);
}

/* I5: what another writer set meanwhile stays. */
static void row_that_changed_meanwhile_is_left_alone(void **state)
{
    struct store_fixture *fixture = *state;
    struct gathered found = {.count = 0};
    uint8_t fresh[PAWL_VAULT_WRAPPED_SIZE] = {0, 0, 0, 2, 99};
    struct pawl_package_row package;
    wrapped_fill(fixture, 1);
    assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, PAWL_VAULT_CONTENT_KEY, 2, 0,
                                                   64, row_gather, &found));
    assert_int_equal(found.count, 1);
    assert_result(PAWL_OK,
                  pawl_store_package_key_set(fixture->store, found.rows[0].name, fresh, NULL));
    memset(found.rows[0].after, 3, PAWL_VAULT_WRAPPED_SIZE);
    assert_result(PAWL_OK, pawl_store_wrapped_set(fixture->store, found.rows, 1));
    assert_false(found.rows[0].changed);
    assert_result(PAWL_OK, pawl_store_package_get(fixture->reader, found.rows[0].name, &package));
    assert_memory_equal(package.wrapped_content_key, fresh, sizeof fresh);
}

/* How often bytes are in the files of the database. */
static size_t files_search(struct store_fixture *fixture, const uint8_t *bytes, size_t size)
{
    size_t found = 0;
    for (int i = 0; i < 2; i++) {
        char path[320];
        snprintf(path, sizeof path, "%s%s", store_path(fixture), i == 0 ? "" : "-wal");
        FILE *file = fopen(path, "rb");
        static uint8_t all[8u << 20];
        size_t got = file != NULL ? fread(all, 1, sizeof all, file) : 0;
        for (size_t at = 0; at + size <= got; at++)
            found += memcmp(all + at, bytes, size) == 0;
        if (file != NULL)
            fclose(file);
    }
    return found;
}

/* SPEC 22: what was wrapped under a retired data key, and that key, are gone from the files. */
static void deleted_keys_leave_the_files_i8(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_data_key_row first = data_key(1, 0xa7), second = data_key(2, 0xb8);
    struct gathered found = {.count = 0};
    if (store_path(fixture) == NULL)
        skip();
    wrapped_fill(fixture, 10);
    assert_result(PAWL_OK, pawl_store_data_key_add(fixture->store, &first, NULL));
    assert_result(PAWL_OK, pawl_store_data_key_add(fixture->store, &second, NULL));
    assert_result(PAWL_OK, pawl_store_wrapped_list(fixture->reader, PAWL_VAULT_UNIT_SECRET, 2, 0,
                                                   64, row_gather, &found));
    uint8_t *before = found.rows[4].before;
    for (size_t i = 0; i < found.count; i++)
        memset(found.rows[i].after, (int)(0x40 + i), PAWL_VAULT_WRAPPED_SIZE);
    assert_true(files_search(fixture, before, PAWL_VAULT_WRAPPED_SIZE) > 0);
    assert_true(files_search(fixture, first.wrapped, sizeof first.wrapped) > 0);

    assert_result(PAWL_OK, pawl_store_wrapped_set(fixture->store, found.rows, found.count));
    assert_result(PAWL_OK, pawl_store_data_key_delete(fixture->store, 1, NULL));
    assert_result(PAWL_OK, pawl_store_scrub(fixture->store));
    assert_int_equal(files_search(fixture, before, PAWL_VAULT_WRAPPED_SIZE), 0);
    assert_int_equal(files_search(fixture, first.wrapped, sizeof first.wrapped), 0);
    assert_true(files_search(fixture, second.wrapped, sizeof second.wrapped) > 0);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(data_keys_come_one_after_the_other),
        STORE_TEST(all_data_keys_move_to_a_master_or_none),
        STORE_TEST(every_wrapped_row_is_found_and_moved),
        STORE_TEST(destroyed_secrets_are_not_rotated),
        STORE_TEST(lists_go_on_behind_a_place),
        STORE_TEST(row_that_changed_meanwhile_is_left_alone),
        STORE_TEST(deleted_keys_leave_the_files_i8),
    };
    return cmocka_run_group_tests_name("store keys", tests, NULL, NULL);
}
