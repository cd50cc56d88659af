/* The audit trail. Every entry goes through pawl_sqlite_event_add, within the transaction of what
 * it tells of; there it is chained to the one before (SPEC 21.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite_audit.h"

enum column { ID = 0, TIME, ACTOR, ACTION, DEVICE_ID, DETAIL, HASH };

/* Copies text, cut to what a row of the contract holds, not within a character of UTF-8. */
static void text_copy(char *copy, const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    if (length == size) {
        length--;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    pawl_audit_text_mend(copy);
}

/* The newest entry: read once in a transaction, so that no rollback and no other process can make
 * what is remembered of it wrong. */
static enum pawl_result head_load(struct pawl_sqlite *connection)
{
    struct pawl_sqlite_head *head = &connection->audit;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_AUDIT_HEAD);
    bool row = false;
    if (head->known)
        return PAWL_OK;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    memset(head, 0, sizeof *head);
    if (row) {
        head->id = pawl_column_number(statement, 0);
        if (!pawl_column_blob(statement, 1, head->hash, PAWL_AUDIT_HASH_SIZE, NULL))
            result = PAWL_STORAGE;
        sqlite3_reset(statement);
    }
    head->known = result == PAWL_OK;
    return result;
}

static enum pawl_result entry_add(struct pawl_sqlite *connection,
                                  const struct pawl_audit_entry *entry)
{
    struct pawl_sqlite_head *head = &connection->audit;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
    pawl_audit_hash_make(head->hash, entry, hash);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_AUDIT_ADD);
    pawl_bind_number(statement, ID + 1, entry->id);
    pawl_bind_time(statement, TIME + 1, entry->time);
    pawl_bind_text(statement, ACTOR + 1, entry->actor);
    pawl_bind_text(statement, ACTION + 1, entry->action);
    pawl_bind_blob(statement, DEVICE_ID + 1, entry->device_id, PAWL_ID_SIZE);
    pawl_bind_text(statement, DETAIL + 1, entry->detail);
    pawl_bind_blob(statement, HASH + 1, hash, sizeof hash);
    enum pawl_result result = pawl_sqlite_run(connection, statement, NULL);
    if (result != PAWL_OK)
        return result;
    head->id = entry->id;
    memcpy(head->hash, hash, sizeof hash);
    return PAWL_OK;
}

/* The same with the request's name among the details. */
static enum pawl_result request_add(struct pawl_sqlite *connection, const struct pawl_event *event)
{
    char member[96];
    struct pawl_event named = *event;
    named.request = NULL;
    snprintf(member, sizeof member, "\"request\":\"%s\"", event->request);
    return pawl_sqlite_event_add_with(connection, &named, member);
}

enum pawl_result pawl_sqlite_event_add(struct pawl_sqlite *connection,
                                       const struct pawl_event *event)
{
    if (event == NULL)
        return PAWL_OK;
    if (event->request != NULL)
        return request_add(connection, event);
    char actor[PAWL_ACTOR_SIZE], action[PAWL_ACTION_SIZE], *mended = NULL;
    const char *detail = event->detail == NULL ? "{}" : event->detail;
    if (!pawl_audit_text_is_good(detail)) {
        mended = strdup(detail);
        if (mended == NULL)
            return PAWL_EXHAUSTED;
        pawl_audit_text_mend(mended);
        detail = mended;
    }
    text_copy(actor, event->actor, sizeof actor);
    text_copy(action, event->action, sizeof action);
    enum pawl_result result = head_load(connection);
    const struct pawl_audit_entry entry = {
        .id = connection->audit.id + 1,
        .time = event->time,
        .actor = actor,
        .action = action,
        .device_id = event->device_id,
        .detail = detail,
    };
    if (result == PAWL_OK)
        result = entry_add(connection, &entry);
    free(mended);
    return result;
}

enum pawl_result pawl_sqlite_event_add_with(struct pawl_sqlite *connection,
                                            const struct pawl_event *event, const char *members)
{
    char *detail = NULL;
    if (event == NULL)
        return PAWL_OK;
    const char *rest = event->detail != NULL && event->detail[0] == '{' ? event->detail + 1 : "}";
    if (asprintf(&detail, "{%s%s%s", members, rest[0] == '}' ? "" : ",", rest) < 0)
        return PAWL_EXHAUSTED;
    struct pawl_event whole = *event;
    whole.detail = detail;
    enum pawl_result result = pawl_sqlite_event_add(connection, &whole);
    free(detail);
    return result;
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

static enum pawl_result row_decode(sqlite3_stmt *row, bool chained, struct pawl_audit_row *entry)
{
    entry->id = pawl_column_number(row, ID);
    entry->time = sqlite3_column_int64(row, TIME);
    pawl_column_text(row, ACTOR, entry->actor, sizeof entry->actor);
    pawl_column_text(row, ACTION, entry->action, sizeof entry->action);
    entry->detail = (const char *)sqlite3_column_text(row, DETAIL);
    bool sound =
        pawl_column_blob(row, DEVICE_ID, entry->device_id, PAWL_ID_SIZE, &entry->has_device) &&
        entry->detail != NULL;
    if (sound && chained)
        sound = pawl_column_blob(row, HASH, entry->hash, PAWL_AUDIT_HASH_SIZE, NULL);
    if (!sound)
        pawl_log(PAWL_LOG_ERROR, "database: a row of the audit trail is damaged");
    return sound ? PAWL_OK : PAWL_STORAGE;
}

#define AUDIT_COLUMNS "id, time, actor, action, device_id, detail, hash"

/* A name, or the beginning of one with a "*" behind it. */
static int name_condition(char *text, size_t size, const char *column, const char *name, int index)
{
    size_t length = name == NULL ? 0 : strlen(name);
    if (name == NULL)
        return snprintf(text, size, "%s", "");
    if (length > 0 && name[length - 1] == '*')
        return snprintf(text, size, " AND substr(%s, 1, length(?%d)) = ?%d", column, index, index);
    return snprintf(text, size, " AND %s = ?%d", column, index);
}

static void name_bind(sqlite3_stmt *statement, int index, const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);
    if (length > 0 && name[length - 1] == '*')
        length--;
    if (statement != NULL && name != NULL)
        sqlite3_bind_text(statement, index, name, (int)length, SQLITE_STATIC);
}

/* The statement of a list: only the conditions that the filter has, so that the planner takes the
 * index by device where that selects. */
static sqlite3_stmt *find_prepare(struct pawl_sqlite *connection,
                                  const struct pawl_audit_filter *filter)
{
    char text[640], actor[96], action[96];
    sqlite3_stmt *statement = NULL;
    bool down = filter->newest_first;
    name_condition(actor, sizeof actor, "actor", filter->actor, 3);
    name_condition(action, sizeof action, "action", filter->action, 4);
    snprintf(text, sizeof text,
             "SELECT " AUDIT_COLUMNS " FROM audit WHERE id %s ?1%s%s%s%s%s ORDER BY id%s LIMIT ?2",
             down ? "<" : ">", actor, action,
             filter->device_id == NULL ? "" : " AND device_id = ?5",
             filter->since == 0 ? "" : " AND time >= ?6",
             filter->until == 0 ? "" : " AND time < ?7", down ? " DESC" : "");
    sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);
    return statement;
}

enum pawl_result pawl_sqlite_audit_find(struct pawl_reader *reader,
                                        const struct pawl_audit_filter *filter, size_t limit,
                                        pawl_audit_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = find_prepare(connection, filter);
    uint64_t from = filter->newest_first && filter->after == 0 ? INT64_MAX : filter->after;
    pawl_bind_number(statement, 1, from);
    pawl_bind_number(statement, 2, limit);
    name_bind(statement, 3, filter->actor);
    name_bind(statement, 4, filter->action);
    if (filter->device_id != NULL)
        pawl_bind_blob(statement, 5, filter->device_id, PAWL_ID_SIZE);
    if (filter->since != 0)
        pawl_bind_time(statement, 6, filter->since);
    if (filter->until != 0)
        pawl_bind_time(statement, 7, filter->until);

    struct pawl_audit_row entry;
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = row_decode(statement, true, &entry);
        if (result == PAWL_OK)
            result = visit(context, &entry);
    }
    sqlite3_finalize(statement);
    return result;
}

enum pawl_result pawl_sqlite_audit_head(struct pawl_reader *reader, uint64_t *id,
                                        uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    connection->audit.known = false;
    enum pawl_result result = head_load(connection);
    if (result != PAWL_OK)
        return result;
    *id = connection->audit.id;
    memcpy(hash, connection->audit.hash, PAWL_AUDIT_HASH_SIZE);
    return PAWL_OK;
}

/* Gives entries of schema 1 their hashes. */
enum pawl_result pawl_sqlite_audit_adopt(struct pawl_sqlite *connection)
{
    sqlite3_stmt *read = NULL, *write = NULL;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE] = {0};
    struct pawl_audit_row entry;
    sqlite3_prepare_v2(connection->db, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", -1, &read,
                       NULL);
    sqlite3_prepare_v2(connection->db, "UPDATE audit SET hash = ?2 WHERE id = ?1", -1, &write,
                       NULL);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, read, &result)) {
        result = row_decode(read, false, &entry);
        if (result != PAWL_OK)
            break;
        const struct pawl_audit_entry hashed = pawl_audit_row_entry(&entry);
        pawl_audit_hash_make(hash, &hashed, hash);
        pawl_bind_number(write, 1, entry.id);
        pawl_bind_blob(write, 2, hash, sizeof hash);
        result = pawl_sqlite_run(connection, write, NULL);
    }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return result;
}
