/* Content objects and their keys. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

enum column { CONTENT_ID = 0, RELEASE_ID, NAME, SEGMENTS, KEYS, SIZE, CREATED };

static enum pawl_result content_decode(sqlite3_stmt *row, struct pawl_content_row *content)
{
    if (!pawl_column_blob(row, CONTENT_ID, content->content_id, PAWL_CONTENT_ID_SIZE, NULL) ||
        !pawl_column_blob(row, RELEASE_ID, content->release_id, PAWL_RELEASE_ID_SIZE, NULL)) {
        pawl_log(PAWL_LOG_ERROR, "database: a content object's row is damaged");
        return PAWL_STORAGE;
    }
    pawl_column_text(row, NAME, content->name, sizeof content->name);
    content->segments = (uint32_t)pawl_column_number(row, SEGMENTS);
    content->keys = (uint32_t)pawl_column_number(row, KEYS);
    content->size = pawl_column_number(row, SIZE);
    content->created = sqlite3_column_int64(row, CREATED);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_content_get(struct pawl_reader *reader, const uint8_t *content_id,
                                         struct pawl_content_row *content)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_GET);
    struct pawl_content_row found;
    bool row = false;
    pawl_bind_blob(statement, 1, content_id, PAWL_CONTENT_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    result = content_decode(statement, &found);
    sqlite3_reset(statement);
    if (result == PAWL_OK)
        *content = found;
    return result;
}

enum pawl_result pawl_sqlite_content_list(struct pawl_reader *reader, const uint8_t *after,
                                          size_t limit, pawl_content_fn visit, void *context)
{
    static const uint8_t before_all[1];
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_LIST);
    struct pawl_content_row content;
    if (after == NULL)
        pawl_bind_blob(statement, 1, before_all, 0);
    else
        pawl_bind_blob(statement, 1, after, PAWL_CONTENT_ID_SIZE);
    pawl_bind_number(statement, 2, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = content_decode(statement, &content);
        if (result == PAWL_OK)
            result = visit(context, &content);
    }
    return result;
}

enum pawl_result pawl_sqlite_content_key_get(struct pawl_reader *reader, const uint8_t *key_id,
                                             struct pawl_content_key_row *key, uint8_t *release_id)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_KEY_GET);
    struct pawl_content_key_row found;
    uint8_t release[PAWL_RELEASE_ID_SIZE];
    bool row = false;
    pawl_bind_blob(statement, 1, key_id, PAWL_CONTENT_KEY_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    if (!pawl_column_blob(statement, 0, found.wrapped, sizeof found.wrapped, NULL) ||
        !pawl_column_blob(statement, 1, release, sizeof release, NULL))
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    if (result != PAWL_OK)
        return result;
    memcpy(found.key_id, key_id, sizeof found.key_id);
    *key = found;
    memcpy(release_id, release, sizeof release);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_release_find(struct pawl_reader *reader, const uint8_t *release_id)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RELEASE_FIND);
    bool row = false;
    pawl_bind_blob(statement, 1, release_id, PAWL_RELEASE_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    sqlite3_reset(statement);
    return result == PAWL_OK && !row ? PAWL_STATE : result;
}

/* Runs a statement that must change a row. */
static enum pawl_result change(struct pawl_sqlite *connection, sqlite3_stmt *statement)
{
    int changed = 0;
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? PAWL_STATE : result;
}

static enum pawl_result content_add(struct pawl_sqlite *connection,
                                    const struct pawl_content_row *content)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_ADD);
    pawl_bind_blob(statement, CONTENT_ID + 1, content->content_id, PAWL_CONTENT_ID_SIZE);
    pawl_bind_blob(statement, RELEASE_ID + 1, content->release_id, PAWL_RELEASE_ID_SIZE);
    pawl_bind_text(statement, NAME + 1, content->name);
    pawl_bind_number(statement, SEGMENTS + 1, content->segments);
    pawl_bind_number(statement, KEYS + 1, content->keys);
    pawl_bind_number(statement, SIZE + 1, content->size);
    pawl_bind_time(statement, CREATED + 1, content->created);
    return change(connection, statement);
}

static enum pawl_result key_add(struct pawl_sqlite *connection, const uint8_t *content_id,
                                const struct pawl_content_key_row *key)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_KEY_ADD);
    pawl_bind_blob(statement, 1, key->key_id, PAWL_CONTENT_KEY_ID_SIZE);
    pawl_bind_blob(statement, 2, content_id, PAWL_CONTENT_ID_SIZE);
    pawl_bind_blob(statement, 3, key->wrapped, PAWL_VAULT_WRAPPED_SIZE);
    return change(connection, statement);
}

enum pawl_result pawl_sqlite_content_add(struct pawl_store *store,
                                         const struct pawl_content_row *content,
                                         const struct pawl_content_key_row *keys,
                                         const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = content_add(connection, content);
    for (uint32_t i = 0; result == PAWL_OK && i < content->keys; i++)
        result = key_add(connection, content->content_id, &keys[i]);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_content_remove(struct pawl_store *store, const uint8_t *content_id,
                                            const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_DELETE);
    pawl_bind_blob(statement, 1, content_id, PAWL_CONTENT_ID_SIZE);
    result = change(connection, statement);
    if (result == PAWL_OK) {
        statement = pawl_sqlite_statement(connection, PAWL_SQL_CONTENT_KEYS_DELETE);
        pawl_bind_blob(statement, 1, content_id, PAWL_CONTENT_ID_SIZE);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}
