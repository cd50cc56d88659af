/* Tokens and client certificates of the operator API. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

enum column { ID = 0, NAME, DIGEST, ROLE, SUBJECT, CREATED, EXPIRES, LAST_USED, REVOKED };

static enum pawl_result token_count(struct pawl_sqlite *connection, uint64_t *count)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOKEN_COUNT);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row)
        *count = pawl_column_number(statement, 0);
    sqlite3_reset(statement);
    return result;
}

static enum pawl_result token_add(struct pawl_sqlite *connection,
                                  const struct pawl_token_row *token,
                                  const struct pawl_event *event, uint64_t *id)
{
    uint64_t count = 0;
    int changed = 0;
    enum pawl_result result = token_count(connection, &count);
    if (result == PAWL_OK && count >= PAWL_TOKENS_MAX)
        result = PAWL_EXHAUSTED;
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOKEN_ADD);
    pawl_bind_text(statement, 1, token->name);
    pawl_bind_blob(statement, 2, token->digest, PAWL_TOKEN_DIGEST_SIZE);
    pawl_bind_number(statement, 3, (uint64_t)token->role);
    pawl_bind_text(statement, 4, token->subject[0] != '\0' ? token->subject : NULL);
    pawl_bind_time(statement, 5, token->created);
    pawl_bind_time(statement, 6, token->expires);
    result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result == PAWL_OK) {
        *id = (uint64_t)sqlite3_last_insert_rowid(connection->db);
        result = pawl_sqlite_event_add(connection, event);
    }
    return result;
}

enum pawl_result pawl_sqlite_token_add(struct pawl_store *store, const struct pawl_token_row *token,
                                       const struct pawl_event *event, uint64_t *id)
{
    struct pawl_sqlite *connection;
    uint64_t number = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_end(store, token_add(connection, token, event, &number));
    if (result == PAWL_OK)
        *id = number;
    return result;
}

enum pawl_result pawl_sqlite_token_revoke(struct pawl_store *store, const char *name, int64_t time,
                                          const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    int changed = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOKEN_REVOKE);
    pawl_bind_text(statement, 1, name);
    pawl_bind_time(statement, 2, time);
    result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_token_used_set(struct pawl_store *store,
                                            const struct pawl_token_use *uses, size_t count)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOKEN_USED_SET);
        pawl_bind_number(statement, 1, uses[i].id);
        pawl_bind_time(statement, 2, uses[i].time);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    return pawl_sqlite_end(store, result);
}

static enum pawl_result token_decode(sqlite3_stmt *row, struct pawl_token_row *token)
{
    uint64_t role = pawl_column_number(row, ROLE);
    bool sound = role == PAWL_ROLE_VIEWER || role == PAWL_ROLE_OPERATOR ||
                 role == PAWL_ROLE_ADMIN || role == PAWL_ROLE_FACTORY;
    memset(token, 0, sizeof *token);
    token->id = pawl_column_number(row, ID);
    token->role = (enum pawl_role)role;
    pawl_column_text(row, NAME, token->name, sizeof token->name);
    pawl_column_text(row, SUBJECT, token->subject, sizeof token->subject);
    token->created = sqlite3_column_int64(row, CREATED);
    token->expires = sqlite3_column_int64(row, EXPIRES);
    token->last_used = sqlite3_column_int64(row, LAST_USED);
    token->revoked = sqlite3_column_int64(row, REVOKED);
    if (sound && pawl_column_blob(row, DIGEST, token->digest, PAWL_TOKEN_DIGEST_SIZE, NULL))
        return PAWL_OK;
    pawl_log(PAWL_LOG_ERROR, "database: a token's row is damaged");
    return PAWL_STORAGE;
}

enum pawl_result pawl_sqlite_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                        size_t limit, pawl_token_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOKEN_LIST);
    struct pawl_token_row token;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, live ? 1 : 0);
    pawl_bind_number(statement, 3, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = token_decode(statement, &token);
        if (result == PAWL_OK)
            result = visit(context, &token);
    }
    return result;
}
