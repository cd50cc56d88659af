/* Checkpoints of the audit trail, and which server this is. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite_audit.h"

enum pawl_result pawl_sqlite_checkpoint_add(struct pawl_store *store,
                                            const struct pawl_checkpoint_row *row)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CHECKPOINT_ADD);
    pawl_bind_number(statement, 1, row->entry);
    pawl_bind_time(statement, 2, row->time);
    pawl_bind_blob(statement, 3, row->message, row->size);
    return pawl_sqlite_end(store, pawl_sqlite_run(connection, statement, NULL));
}

static enum pawl_result checkpoint_decode(sqlite3_stmt *statement, struct pawl_checkpoint_row *row)
{
    const void *message = sqlite3_column_blob(statement, 2);
    size_t size = (size_t)sqlite3_column_bytes(statement, 2);
    if (message == NULL || size > sizeof row->message) {
        pawl_log(PAWL_LOG_ERROR, "database: a checkpoint's row is damaged");
        return PAWL_STORAGE;
    }
    row->entry = pawl_column_number(statement, 0);
    row->time = sqlite3_column_int64(statement, 1);
    memcpy(row->message, message, size);
    row->size = size;
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_checkpoint_list(struct pawl_reader *reader, uint64_t after,
                                             size_t limit, pawl_checkpoint_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CHECKPOINT_LIST);
    struct pawl_checkpoint_row found;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = checkpoint_decode(statement, &found);
        if (result == PAWL_OK)
            result = visit(context, &found);
    }
    return result;
}

enum pawl_result pawl_sqlite_checkpoint_newest(struct pawl_reader *reader,
                                               struct pawl_checkpoint_row *row)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CHECKPOINT_NEWEST);
    bool found = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &found);
    if (result == PAWL_OK)
        result = found ? checkpoint_decode(statement, row) : PAWL_STATE;
    if (found)
        sqlite3_reset(statement);
    return result;
}

enum pawl_result pawl_sqlite_server_id_get(struct pawl_reader *reader, uint8_t *server_id)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_SERVER_ID);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK &&
        (!row || !pawl_column_blob(statement, 0, server_id, PAWL_ID_SIZE, NULL)))
        result = PAWL_STORAGE;
    if (row)
        sqlite3_reset(statement);
    return result;
}
