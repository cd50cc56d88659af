/* The store contract: content objects and their keys. */
#include <string.h>

#include "store/contents.h"
#include "store_fixture.h"

#define KEYS 3u

static void content_make(uint64_t number, struct pawl_content_row *row,
                         struct pawl_content_key_row keys[KEYS])
{
    *row = (struct pawl_content_row){
        .name = "film", .segments = 9, .keys = KEYS, .size = UINT64_C(1) << 40, .created = 5};
    id_fill(row->content_id, PAWL_CONTENT_ID_SIZE, number);
    id_fill(row->release_id, PAWL_RELEASE_ID_SIZE, 1);
    for (unsigned i = 0; i < KEYS; i++) {
        id_fill(keys[i].key_id, PAWL_CONTENT_KEY_ID_SIZE, 1000 * number + i);
        memset(keys[i].wrapped, (int)(number + i), sizeof keys[i].wrapped);
    }
}

/* A package whose release is number 1. */
static void release_publish(struct store_fixture *fixture)
{
    struct pawl_package_row package = {.name = "app", .version = "1", .mode = 1};
    id_fill(package.package_id, PAWL_PACKAGE_ID_SIZE, 77);
    id_fill(package.release_id, PAWL_RELEASE_ID_SIZE, 1);
    id_fill(package.class_id, PAWL_ID_SIZE, 1);
    id_fill(package.vendor_id, PAWL_ID_SIZE, 1);
    assert_result(PAWL_OK, pawl_store_package_add(fixture->store, &package, NULL));
}

static void a_content_reads_back_with_its_keys(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_content_row row, found;
    struct pawl_content_key_row keys[KEYS], key;
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];

    content_make(1, &row, keys);
    assert_result(PAWL_STATE, pawl_store_release_find(fixture->reader, row.release_id));
    assert_result(PAWL_STATE, pawl_store_content_add(fixture->store, &row, keys, NULL));
    release_publish(fixture);
    assert_result(PAWL_OK, pawl_store_release_find(fixture->reader, row.release_id));
    assert_result(PAWL_OK, pawl_store_content_add(fixture->store, &row, keys, NULL));
    store_restart(fixture);
    assert_result(PAWL_OK, pawl_store_content_get(fixture->reader, row.content_id, &found));
    assert_memory_equal(found.content_id, row.content_id, sizeof row.content_id);
    assert_memory_equal(found.release_id, row.release_id, sizeof row.release_id);
    assert_string_equal(found.name, row.name);
    assert_int_equal(found.segments, row.segments);
    assert_int_equal(found.keys, row.keys);
    assert_true(found.size == row.size);
    assert_int_equal(found.created, row.created);
    for (unsigned i = 0; i < KEYS; i++) {
        assert_result(
            PAWL_OK, pawl_store_content_key_get(fixture->reader, keys[i].key_id, &key, release_id));
        assert_memory_equal(&key, &keys[i], sizeof key);
        assert_memory_equal(release_id, row.release_id, sizeof release_id);
    }
}

/* All or nothing: a key id that is there already, or twice, and an object that is there. */
static void a_key_id_is_taken_once(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_content_row row, found;
    struct pawl_content_key_row keys[KEYS], key;
    uint8_t release_id[PAWL_RELEASE_ID_SIZE], taken[PAWL_CONTENT_KEY_ID_SIZE];

    release_publish(fixture);
    content_make(1, &row, keys);
    assert_result(PAWL_OK, pawl_store_content_add(fixture->store, &row, keys, NULL));
    memcpy(taken, keys[1].key_id, sizeof taken);
    content_make(1, &row, keys);
    id_fill(keys[0].key_id, PAWL_CONTENT_KEY_ID_SIZE, 9000);
    assert_result(PAWL_STATE, pawl_store_content_add(fixture->store, &row, keys, NULL));
    content_make(2, &row, keys);
    memcpy(keys[2].key_id, taken, sizeof taken);
    assert_result(PAWL_STATE, pawl_store_content_add(fixture->store, &row, keys, NULL));
    content_make(3, &row, keys);
    memcpy(keys[2].key_id, keys[0].key_id, sizeof taken);
    assert_result(PAWL_STATE, pawl_store_content_add(fixture->store, &row, keys, NULL));
    assert_result(PAWL_STATE, pawl_store_content_get(fixture->reader, row.content_id, &found));
    assert_result(PAWL_STATE,
                  pawl_store_content_key_get(fixture->reader, keys[0].key_id, &key, release_id));
}

static enum pawl_result count(void *context, const struct pawl_content_row *row)
{
    uint8_t *last = context;
    assert_true(memcmp(last, row->content_id, PAWL_CONTENT_ID_SIZE) < 0);
    memcpy(last, row->content_id, PAWL_CONTENT_ID_SIZE);
    last[PAWL_CONTENT_ID_SIZE]++;
    return PAWL_OK;
}

static void contents_are_listed_by_id_and_removed_whole(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_content_row row;
    struct pawl_content_key_row keys[KEYS], key;
    uint8_t release_id[PAWL_RELEASE_ID_SIZE], last[PAWL_CONTENT_ID_SIZE + 1] = {0};

    release_publish(fixture);
    for (uint64_t i = 9; i > 0; i--) {
        content_make(i, &row, keys);
        assert_result(PAWL_OK, pawl_store_content_add(fixture->store, &row, keys, NULL));
    }
    assert_result(PAWL_OK, pawl_store_content_list(fixture->reader, NULL, 4, count, last));
    assert_int_equal(last[PAWL_CONTENT_ID_SIZE], 4);
    assert_result(PAWL_OK, pawl_store_content_list(fixture->reader, last, 100, count, last));
    assert_int_equal(last[PAWL_CONTENT_ID_SIZE], 9);

    content_make(5, &row, keys);
    assert_result(PAWL_OK, pawl_store_content_remove(fixture->store, row.content_id, NULL));
    assert_result(PAWL_STATE, pawl_store_content_remove(fixture->store, row.content_id, NULL));
    assert_result(PAWL_STATE, pawl_store_content_get(fixture->reader, row.content_id, &row));
    for (unsigned i = 0; i < KEYS; i++)
        assert_result(PAWL_STATE, pawl_store_content_key_get(fixture->reader, keys[i].key_id, &key,
                                                             release_id));
    content_make(6, &row, keys);
    assert_result(PAWL_OK,
                  pawl_store_content_key_get(fixture->reader, keys[0].key_id, &key, release_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_content_reads_back_with_its_keys, store_setup,
                                        store_teardown),
        cmocka_unit_test_setup_teardown(a_key_id_is_taken_once, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(contents_are_listed_by_id_and_removed_whole, store_setup,
                                        store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
