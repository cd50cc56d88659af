/* A database that an earlier version wrote, with devices in it, is brought up to date: nothing is
 * lost, and what the new tables hold is made from the old ones. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headend/audit_check.h"
#include "store_fixture.h"

#define DEVICES 9000 /* more than two blocks of bits, and than one step of the filling */
#define ENTRIES 300  /* of the audit trail */

/* 40 bytes as SQL, of which some end text, or are none. */
#define WRAPPED(digits)                                      \
    "x'00ff80fe" digits "0000000000000000000000000000000000" \
    "0000000000000000000000000000000000ff'"

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void run(sqlite3 *db, const char *text)
{
    char *message = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
}

/* Schema 1: devices 1 to DEVICES in a group; even ones run a package, each third one is held. */
static void old_database_make(const char *path)
{
    sqlite3 *db = NULL;
    char text[2048];
    char *schema = file_read("../../src/store/schema/sqlite-1.sql");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "BEGIN");
    run(db, schema);
    free(schema);
    run(db, "INSERT INTO class VALUES (1, zeroblob(16), zeroblob(16), 9000);"
            "INSERT INTO device_group VALUES (1, 'old', 9000)");
    run(db,
        "INSERT INTO server_key VALUES (1, " WRAPPED("d0") ", 11), (2, " WRAPPED(
            "d1") ", 12), (3, " WRAPPED("d2") ", 13);"
                                              "INSERT INTO package VALUES (CAST(printf('%032d', 7) "
                                              "AS BLOB), zeroblob(32), "
                                              "zeroblob(16), zeroblob(16), 'n', 'v', 1, 0, 4096, "
                                              "1, 1, 1, " WRAPPED(
                                                  "c0") "),"
                                                        "(CAST(printf('%032d', 8) AS BLOB), "
                                                        "zeroblob(32), zeroblob(16), zeroblob(16), "
                                                        "'n', "
                                                        "'v', 1, 0, 4096, 1, 1, 1, NULL)");
    snprintf(
        text, sizeof text,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
        "INSERT INTO device SELECT i, CAST(printf('%%016d', i) AS BLOB), " WRAPPED(
            "a7") ", 1, "
                  "1, 1024, NULL FROM n;"
                  "INSERT INTO record (device, sequence, standing, quarantine, instance, "
                  "package_id) "
                  "SELECT number, 1, number %% 3 = 0, iif(number %% 3 = 0, 6, 0), zeroblob(8), "
                  "CAST(printf('%%032d', 7) AS BLOB) FROM device WHERE number %% 2 = 0;"
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
                  "INSERT INTO audit SELECT i, 1000 - i, iif(i %% 2, '0/root', ''), 'released', "
                  "iif(i %% 3, NULL, CAST(printf('%%016d', i) AS BLOB)), "
                  "'{\"note\": \"caf\u00e9 ' || i || '\"}' FROM n;"
                  "UPDATE total SET devices = %d, quarantined = %d;"
                  "PRAGMA user_version = 1; COMMIT",
        DEVICES, ENTRIES, DEVICES, DEVICES / 6);
    run(db, text);
    sqlite3_close(db);
}

static enum pawl_result count_visit(void *context, const struct pawl_device *device,
                                    int64_t last_seen)
{
    (void)device;
    (void)last_seen;
    ++*(size_t *)context;
    return PAWL_OK;
}

static size_t search_count(struct store_fixture *fixture, const char *text)
{
    struct pawl_query query;
    struct pawl_query_error error;
    uint64_t after = 0, next = 1;
    size_t count = 0;
    assert_result(PAWL_OK, pawl_query_read(text, 0, &query, &error));
    while (next != 0) {
        assert_result(PAWL_OK, pawl_store_device_search(fixture->reader, &query, after, 10000,
                                                        count_visit, &count, &next));
        after = next;
    }
    return count;
}

/* Puts such a database in the place of the fixture's. */
static void old_database_open(struct store_fixture *fixture)
{
    const char *path = store_path(fixture);
    if (path == NULL)
        skip();
    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
    assert_int_equal(unlink(path), 0);
    old_database_make(path);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
}

static void devices_of_schema_1_are_found(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    struct pawl_evidence evidence;
    size_t count = 99;
    old_database_open(fixture);
    assert_int_equal(search_count(fixture, "group=old"), DEVICES);
    assert_int_equal(search_count(fixture, "package=30303030"), DEVICES / 2);
    assert_int_equal(search_count(fixture, "package!=30303030"), DEVICES / 2);
    assert_int_equal(search_count(fixture, "state=quarantined"), DEVICES / 6);
    assert_int_equal(search_count(fixture, "package=30303030 state=quarantined"), DEVICES / 6);
    assert_result(PAWL_OK, pawl_store_history_get(fixture->reader, 2, entries, &count));
    assert_int_equal(count, 0);
    assert_result(PAWL_STATE, pawl_store_evidence_get(fixture->reader, 6, &evidence));

    /* And it goes on from there. */
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE + 1];
    snprintf((char *)id, sizeof id, "%016d", 2);
    assert_result(PAWL_OK, pawl_store_device_get(fixture->reader, id, &device));
    struct pawl_change change = change_confirm(&device, 1, 0);
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    assert_int_equal(search_count(fixture, "package=30303030"), DEVICES / 2 - 1);
}

/* SPEC 22.3: what was wrapped before there were generations is of the first one, byte for byte. */
static void keys_of_schema_1_are_of_generation_1(void **state)
{
    struct store_fixture *fixture = *state;
    static const uint8_t head[] = {0, 0, 0, 1, 0, 0xff, 0x80, 0xfe};
    struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX];
    struct pawl_key_row key;
    struct pawl_package_row package;
    struct pawl_device device;
    size_t count = 0;
    uint64_t left = 1;
    uint8_t id[PAWL_PACKAGE_ID_SIZE + 1];
    old_database_open(fixture);
    assert_result(PAWL_OK, pawl_store_data_keys_get(fixture->reader, keys, &count));
    assert_true(count == 1 && keys[0].generation == 1 && keys[0].created == 11);
    assert_true(keys[0].wrapped[1] == 0xff && keys[0].wrapped[4] == 0xd0);
    assert_result(PAWL_OK, pawl_store_key_get(fixture->reader, PAWL_KEY_SLOT_CHALLENGE, &key));
    assert_memory_equal(key.wrapped, head, sizeof head);
    assert_true(key.wrapped[8] == 0xd2 && key.wrapped[43] == 0xff && key.created == 13);
    snprintf((char *)id, sizeof id, "%016d", 5);
    assert_result(PAWL_OK, pawl_store_device_get(fixture->reader, id, &device));
    assert_memory_equal(device.wrapped_secret, head, sizeof head);
    assert_true(device.wrapped_secret[8] == 0xa7 && device.wrapped_secret[43] == 0xff);
    snprintf((char *)id, sizeof id, "%032d", 7);
    assert_result(PAWL_OK, pawl_store_package_get(fixture->reader, id, &package));
    assert_memory_equal(package.wrapped_content_key, head, sizeof head);
    assert_false(package.has_signer); /* what it kept of packages does not tell */
    assert_true(package.revoked_count == 0 && package.profile == PAWL_PROFILE_CONFINED);
    snprintf((char *)id, sizeof id, "%032d", 8);
    assert_result(PAWL_OK, pawl_store_package_get(fixture->reader, id, &package));
    assert_false(package.has_content_key);
    assert_result(PAWL_OK, pawl_store_wrapped_count(fixture->reader, 1, &left));
    assert_int_equal(left, 0);
}

static enum pawl_result entry_take(void *context, const struct pawl_audit_row *row)
{
    const struct pawl_audit_entry entry = pawl_audit_row_entry(row);
    return pawl_audit_check_take(context, &entry, row->hash);
}

/* What `pawl audit verify` finds of the whole trail. */
static struct pawl_audit_verdict trail_verify(struct store_fixture *fixture)
{
    static const uint8_t zeros[PAWL_AUDIT_HASH_SIZE];
    struct pawl_audit_verdict verdict;
    struct pawl_audit_check *check = pawl_audit_check_begin(0, zeros);
    assert_non_null(check);
    pawl_store_audit_list(fixture->reader, 0, 100000, entry_take, check);
    pawl_audit_check_end(check, &verdict);
    pawl_audit_check_free(check);
    return verdict;
}

/* SPEC 21.1: entries of schema 1 are chained as they are, what comes after them goes on from there,
 * and from then on one that is altered is found. */
static void entries_of_schema_1_are_chained(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_event event = {.time = 1, .actor = "pawld", .action = "later"};
    sqlite3 *db = NULL;
    old_database_open(fixture);
    struct pawl_audit_verdict verdict = trail_verify(fixture);
    assert_int_equal(verdict.fault, PAWL_AUDIT_SOUND);
    assert_int_equal(verdict.last, ENTRIES);
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, &event, 1));
    store_restart(fixture);
    verdict = trail_verify(fixture);
    assert_int_equal(verdict.fault, PAWL_AUDIT_SOUND);
    assert_int_equal(verdict.last, ENTRIES + 1);

    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
    assert_int_equal(sqlite3_open(store_path(fixture), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE audit SET actor = 'x' WHERE id = 7", NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    run(db, "DROP TRIGGER audit_is_final; UPDATE audit SET actor = 'x' WHERE id = 7");
    sqlite3_close(db);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    verdict = trail_verify(fixture);
    assert_int_equal(verdict.fault, PAWL_AUDIT_ALTERED);
    assert_int_equal(verdict.entry, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(devices_of_schema_1_are_found, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(keys_of_schema_1_are_of_generation_1, store_setup,
                                        store_teardown),
        cmocka_unit_test_setup_teardown(entries_of_schema_1_are_chained, store_setup,
                                        store_teardown),
    };
    return cmocka_run_group_tests_name("store: migration", tests, NULL, NULL);
}
