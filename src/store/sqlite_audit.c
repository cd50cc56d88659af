/* The audit trail. Every entry goes through pawl_sqlite_event_add, within the transaction of what
 * it tells of. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

/* Cuts text to what a row of the contract holds, not within a character of UTF-8. */
static void text_bind(sqlite3_stmt *statement, int index, const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    if (length == size) {
        length--;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    if (statement != NULL)
        sqlite3_bind_text(statement, index, text, (int)length, SQLITE_STATIC);
}

enum pawl_result pawl_sqlite_event_add(struct pawl_sqlite *connection,
                                       const struct pawl_event *event)
{
    if (event == NULL)
        return PAWL_OK;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_AUDIT_ADD);
    pawl_bind_time(statement, 1, event->time);
    text_bind(statement, 2, event->actor, PAWL_ACTOR_SIZE);
    text_bind(statement, 3, event->action, PAWL_ACTION_SIZE);
    pawl_bind_blob(statement, 4, event->device_id, PAWL_ID_SIZE);
    pawl_bind_text(statement, 5, event->detail == NULL ? "{}" : event->detail);
    return pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_audit_append(struct pawl_store *store, const struct pawl_event *events,
                                          size_t count)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = pawl_sqlite_event_add(connection, &events[i]);
    return pawl_sqlite_end(store, result);
}

static enum pawl_result audit_decode(sqlite3_stmt *row, struct pawl_audit_row *entry)
{
    entry->id = pawl_column_number(row, 0);
    entry->time = sqlite3_column_int64(row, 1);
    pawl_column_text(row, 2, entry->actor, sizeof entry->actor);
    pawl_column_text(row, 3, entry->action, sizeof entry->action);
    entry->detail = (const char *)sqlite3_column_text(row, 5);
    if (!pawl_column_blob(row, 4, entry->device_id, PAWL_ID_SIZE, &entry->has_device) ||
        entry->detail == NULL) {
        pawl_log(PAWL_LOG_ERROR, "database: a row of the audit trail is damaged");
        return PAWL_STORAGE;
    }
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_audit_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                        pawl_audit_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_AUDIT_LIST);
    struct pawl_audit_row entry;
    bool row = false;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    while (result == PAWL_OK && row) {
        result = audit_decode(statement, &entry);
        if (result == PAWL_OK)
            result = visit(context, &entry);
        if (result == PAWL_OK)
            result = pawl_sqlite_step(connection, statement, &row);
    }
    sqlite3_reset(statement);
    return result;
}
