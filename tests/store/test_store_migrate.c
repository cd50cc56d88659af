/* A database that an earlier version wrote, with devices in it, is brought up to date: nothing is
 * lost, and what the new tables hold is made from the old ones. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

#define DEVICES 9000 /* more than two blocks of bits, and than one step of the filling */

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
    snprintf(text, sizeof text,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
             "INSERT INTO device SELECT i, CAST(printf('%%016d', i) AS BLOB), zeroblob(40), 1, 1, "
             "1024, NULL FROM n;"
             "INSERT INTO record (device, sequence, standing, quarantine, instance, package_id) "
             "SELECT number, 1, number %% 3 = 0, iif(number %% 3 = 0, 6, 0), zeroblob(8), "
             "CAST(printf('%%032d', 7) AS BLOB) FROM device WHERE number %% 2 = 0;"
             "UPDATE total SET devices = %d, quarantined = %d;"
             "PRAGMA user_version = 1; COMMIT",
             DEVICES, DEVICES, DEVICES / 6);
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

static void devices_of_schema_1_are_found(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_history_entry entries[PAWL_HISTORY_MAX];
    struct pawl_evidence evidence;
    size_t count = 99;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(devices_of_schema_1_are_found, store_setup, store_teardown),
    };
    return cmocka_run_group_tests_name("store: migration", tests, NULL, NULL);
}
