/* No kept statement reads a table through that grows with the fleet: the tick, a poll and an
 * operator's list cost the same at a million devices (SQLite only). */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"
#include "store_fixture.h"

/* By their names and the names that statements give them. */
static const char *const large[] = {
    "device", "record",       "seen",       "evidence",        "command",
    "c",      "device_label", "secret_tag", "counted",         "running",
    "a",      "assignment",   "audit",      "campaign_listed", "campaign_failed"};

/* Those that must: the first is asked in the background during a rotation, the other reads one row
 * from the end. */
static const enum pawl_sql exempt[] = {PAWL_SQL_WRAPPED_COUNT, PAWL_SQL_AUDIT_HEAD};

static bool is_exempt(enum pawl_sql sql)
{
    for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++)
        if (exempt[i] == sql)
            return true;
    return false;
}

/* Whether a step of a plan reads a large table from one end to the other. */
static bool is_scan(const char *step)
{
    char name[64];
    if (sscanf(step, "SCAN %63s", name) != 1)
        return false;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        if (strcmp(large[i], name) == 0)
            return true;
    return false;
}

/* Calls fail_msg for a scan; counts the steps, and those that name `index`. */
static size_t plan_check(sqlite3 *db, enum pawl_sql sql, const char *index, size_t *named)
{
    static char text[16384];
    sqlite3_stmt *statement = NULL;
    size_t steps = 0;
    *named = 0;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", pawl_sqlite_text(sql));
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(statement, 3);
        if (!is_exempt(sql) && is_scan(step))
            fail_msg("%s: %s", step, text);
        *named += index != NULL && strstr(step, index) != NULL;
        steps++;
    }
    sqlite3_finalize(statement);
    return steps;
}

static void no_statement_reads_a_large_table_through(void **state)
{
    struct store_fixture *fixture = *state;
    const char *path = store_path(fixture);
    sqlite3 *db = NULL;
    size_t steps = 0, named;
    if (path == NULL)
        skip();
    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    for (int sql = 0; sql < PAWL_SQL_COUNT; sql++)
        if (sql > PAWL_SQL_ROLLBACK)
            steps += plan_check(db, (enum pawl_sql)sql, NULL, &named);
    assert_true(steps > 50); /* plans were read */

    /* A range of numbers above nothing is a scan by another name. */
    plan_check(db, PAWL_SQL_COMMAND_EXPIRED, "command_by_expiry", &named);
    assert_int_equal(named, 1);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_statement_reads_a_large_table_through, store_setup,
                                        store_teardown),
    };
    return cmocka_run_group_tests_name("store: query plans", tests, NULL, NULL);
}
