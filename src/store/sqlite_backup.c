/* Copies of the database while it is used, and what is noted when one was put back. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "store/sqlite_audit.h"

#define STEP_PAGES 4096 /* 16 MiB: between two steps other threads get the processor */

void pawl_store_unlink(const char *path)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

/* Copies all pages, as they were when the reader's transaction began. */
static int pages_copy(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite3_errcode(to);
    int code;
    do
        code = sqlite3_backup_step(backup, STEP_PAGES);
    while (code == SQLITE_OK);
    int finished = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? finished : code;
}

/* The result of a check of the file's structure: one row that says ok. */
static enum pawl_result structure_check(sqlite3 *db, const char *pragma)
{
    sqlite3_stmt *statement = NULL;
    enum pawl_result result = PAWL_STORAGE;
    if (sqlite3_prepare_v2(db, pragma, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(statement, 0);
        result = said != NULL && strcmp(said, "ok") == 0 ? PAWL_OK : PAWL_CORRUPT;
        if (result != PAWL_OK)
            pawl_log(PAWL_LOG_ERROR, "database: %s", said != NULL ? said : "no memory");
    }
    sqlite3_finalize(statement);
    return result;
}

/* Makes the copy a file of its own, without a log, and says that it is a backup. */
static int copy_mark(sqlite3 *db, int64_t time)
{
    static const char text[] =
        "INSERT OR REPLACE INTO backup_mark (id, time, entry) VALUES (1, ?1, "
        "coalesce((SELECT max(id) FROM audit), 0))";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;", NULL,
                            NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    pawl_bind_time(statement, 1, time);
    code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static enum pawl_result copy_make(struct pawl_sqlite *source, struct pawl_sqlite *copy,
                                  int64_t time)
{
    int code = sqlite3_exec(copy->db, "PRAGMA synchronous = OFF;", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = pages_copy(source->db, copy->db);
    if (code == SQLITE_OK)
        code = copy_mark(copy->db, time);
    enum pawl_result result = pawl_sqlite_result(copy, code);
    return result == PAWL_OK ? structure_check(copy->db, "PRAGMA quick_check(1)") : result;
}

enum pawl_result pawl_sqlite_backup(struct pawl_reader *reader, const char *path, int64_t time)
{
    struct pawl_sqlite *source = pawl_sqlite_of(reader);
    struct pawl_sqlite copy = {.db = NULL};
    /* A transaction that has read keeps what it saw until it ends, whatever is written. */
    enum pawl_result result = pawl_sqlite_result(
        source, sqlite3_exec(source->db, "BEGIN; SELECT 1 FROM total;", NULL, NULL, NULL));
    if (result != PAWL_OK)
        return result;
    int code = sqlite3_open_v2(path, &copy.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
    result = pawl_sqlite_result(&copy, code);
    if (result == PAWL_OK)
        result = copy_make(source, &copy, time);
    sqlite3_close(copy.db);
    sqlite3_exec(source->db, "COMMIT", NULL, NULL, NULL);
    return result;
}

enum pawl_result pawl_sqlite_check(struct pawl_reader *reader)
{
    return structure_check(pawl_sqlite_of(reader)->db, "PRAGMA integrity_check(1)");
}

enum pawl_result pawl_sqlite_backup_mark_get(struct pawl_reader *reader,
                                             struct pawl_backup_mark *mark)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_BACKUP_MARK_GET);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    mark->time = sqlite3_column_int64(statement, 0);
    mark->entry = pawl_column_number(statement, 1);
    sqlite3_reset(statement);
    return PAWL_OK;
}

/* Numbers that were given after the backup are gone, and must not be given again for something
 * else: a device would take a command for one that it has carried out. */
static const char numbers_skip[] =
    "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM (SELECT 'command' AS name UNION "
    "SELECT 'assignment') WHERE name NOT IN (SELECT name FROM sqlite_sequence);"
    "UPDATE sqlite_sequence SET seq = seq + iif(name = 'command', 1000000, 1000) "
    "WHERE name IN ('command', 'assignment');";

static enum pawl_result restoration_add(struct pawl_sqlite *connection, int64_t time,
                                        int64_t backup_time)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_BACKUP_MARK_DELETE);
    enum pawl_result result = pawl_sqlite_run(connection, statement, NULL);
    if (result != PAWL_OK)
        return result;
    statement = pawl_sqlite_statement(connection, PAWL_SQL_RESTORATION_ADD);
    pawl_bind_number(statement, 1, connection->audit.id);
    pawl_bind_time(statement, 2, time);
    pawl_bind_time(statement, 3, backup_time);
    result = pawl_sqlite_run(connection, statement, NULL);
    if (result != PAWL_OK)
        return result;
    return pawl_sqlite_result(connection,
                              sqlite3_exec(connection->db, numbers_skip, NULL, NULL, NULL));
}

enum pawl_result pawl_sqlite_restoration_begin(struct pawl_store *store, int64_t backup_time,
                                               const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = pawl_sqlite_event_add(connection, event);
    if (result == PAWL_OK)
        result = restoration_add(connection, event->time, backup_time);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_restoration_get(struct pawl_reader *reader,
                                             struct pawl_restoration *restoration)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RESTORATION_GET);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    restoration->entry = pawl_column_number(statement, 0);
    restoration->time = sqlite3_column_int64(statement, 1);
    restoration->backup_time = sqlite3_column_int64(statement, 2);
    restoration->caught_up = pawl_column_number(statement, 3);
    restoration->learnt = pawl_column_number(statement, 4);
    restoration->unattributed = pawl_column_number(statement, 5);
    restoration->settled = sqlite3_column_int64(statement, 6);
    sqlite3_reset(statement);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_restoration_settle(struct pawl_store *store, uint64_t entry,
                                                const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    int changed = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RESTORATION_SETTLE);
    pawl_bind_number(statement, 1, entry);
    pawl_bind_time(statement, 2, event->time);
    result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}
