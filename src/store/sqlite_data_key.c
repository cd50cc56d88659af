/* Data keys, in generations. */
#include "host/log.h"
#include "store/sqlite.h"

static enum pawl_result keys_read(struct pawl_sqlite *connection, struct pawl_data_key_row *keys,
                                  size_t *count)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DATA_KEYS_GET);
    size_t read = 0;
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        uint64_t generation = pawl_column_number(statement, 0);
        if (read == PAWL_STORE_DATA_KEYS_MAX || generation == 0 || generation >= UINT32_MAX ||
            !pawl_column_blob(statement, 1, keys[read].wrapped, PAWL_DATA_KEY_WRAPPED_SIZE, NULL)) {
            pawl_log(PAWL_LOG_ERROR, "database: the data keys' rows are damaged");
            result = PAWL_STORAGE;
            continue;
        }
        keys[read].generation = (uint32_t)generation;
        keys[read++].created = sqlite3_column_int64(statement, 2);
    }
    if (result == PAWL_OK)
        *count = read;
    return result;
}

enum pawl_result pawl_sqlite_data_keys_get(struct pawl_reader *reader,
                                           struct pawl_data_key_row *keys, size_t *count)
{
    return keys_read(pawl_sqlite_of(reader), keys, count);
}

/* Runs one of the statements below within a transaction of its own, with the event. PAWL_STATE when
 * it changed nothing. */
static enum pawl_result change_end(struct pawl_store *store, struct pawl_sqlite *connection,
                                   sqlite3_stmt *statement, const struct pawl_event *event)
{
    int changed = 0;
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_data_key_add(struct pawl_store *store,
                                          const struct pawl_data_key_row *key,
                                          const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DATA_KEY_ADD);
    pawl_bind_number(statement, 1, key->generation);
    pawl_bind_blob(statement, 2, key->wrapped, PAWL_DATA_KEY_WRAPPED_SIZE);
    pawl_bind_time(statement, 3, key->created);
    return change_end(store, connection, statement, event);
}

static enum pawl_result keys_rewrap(struct pawl_sqlite *connection,
                                    const struct pawl_data_key_row *keys, size_t count)
{
    struct pawl_data_key_row held[PAWL_STORE_DATA_KEYS_MAX];
    size_t held_count = 0;
    enum pawl_result result = keys_read(connection, held, &held_count);
    if (result == PAWL_OK && held_count != count)
        result = PAWL_STATE;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        if (held[i].generation != keys[i].generation)
            return PAWL_STATE;
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DATA_KEY_SET);
        pawl_bind_number(statement, 1, keys[i].generation);
        pawl_bind_blob(statement, 2, keys[i].wrapped, PAWL_DATA_KEY_WRAPPED_SIZE);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    return result;
}

enum pawl_result pawl_sqlite_data_keys_rewrap(struct pawl_store *store,
                                              const struct pawl_data_key_row *keys, size_t count,
                                              const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = keys_rewrap(connection, keys, count);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_data_key_delete(struct pawl_store *store, uint32_t generation,
                                             const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DATA_KEY_DELETE);
    pawl_bind_number(statement, 1, generation);
    return change_end(store, connection, statement, event);
}
