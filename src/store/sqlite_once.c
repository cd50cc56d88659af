#include "store/sqlite_once.h"

#include <stdlib.h>
#include <string.h>

#include "host/log.h"

static sqlite3_stmt *bound(struct pawl_sqlite *connection, enum pawl_sql sql,
                           const struct pawl_once_request *request)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_text(statement, 1, request->actor);
    pawl_bind_text(statement, 2, request->key);
    return statement;
}

/* Forgets what is older than a day. */
static enum pawl_result old_drop(struct pawl_sqlite *connection, int64_t now)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ONCE_EXPIRE);
    pawl_bind_time(statement, 1, now - (int64_t)PAWL_ONCE_SECONDS);
    return pawl_sqlite_run(connection, statement, NULL);
}

static enum pawl_result count_get(struct pawl_sqlite *connection, uint64_t *count)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ONCE_COUNT);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row)
        *count = pawl_column_number(statement, 0);
    sqlite3_reset(statement);
    return result;
}

/* Forgets the oldest of what is too many, but never what has just come: of this actor, and then of
 * whoever has the most. Nobody's are forgotten because another sends many. */
static enum pawl_result excess_drop(struct pawl_sqlite *connection,
                                    const struct pawl_once_request *request)
{
    uint64_t count = 0;
    sqlite3_stmt *statement = bound(connection, PAWL_SQL_ONCE_TRIM_OWN, request);
    pawl_bind_number(statement, 3, PAWL_ONCE_ACTOR_MAX);
    enum pawl_result result = pawl_sqlite_run(connection, statement, NULL);
    if (result == PAWL_OK)
        result = count_get(connection, &count);
    if (result != PAWL_OK || count <= PAWL_ONCE_MAX)
        return result;
    statement = bound(connection, PAWL_SQL_ONCE_TRIM, request);
    pawl_bind_number(statement, 3, PAWL_ONCE_MAX);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* What is known of the request that has this actor and key. */
static enum pawl_result known_get(struct pawl_sqlite *connection,
                                  const struct pawl_once_request *request,
                                  struct pawl_once_answer *answer)
{
    sqlite3_stmt *statement = bound(connection, PAWL_SQL_ONCE_GET, request);
    uint8_t digest[PAWL_SHA256_SIZE];
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && !row)
        result = PAWL_STORAGE;
    if (result == PAWL_OK && !pawl_column_blob(statement, 0, digest, sizeof digest, NULL)) {
        pawl_log(PAWL_LOG_ERROR, "database: a kept request is damaged");
        result = PAWL_STORAGE;
    }
    if (result == PAWL_OK) {
        const char *text = (const char *)sqlite3_column_text(statement, 3);
        struct pawl_once_answer found = {
            .same = memcmp(digest, request->digest, sizeof digest) == 0,
            .created = sqlite3_column_int64(statement, 1),
            .status = text != NULL ? (unsigned)pawl_column_number(statement, 2) : 0,
            .text = text != NULL ? strdup(text) : NULL,
        };
        if (text != NULL && found.text == NULL)
            result = PAWL_EXHAUSTED;
        else
            *answer = found;
    }
    sqlite3_reset(statement);
    return result;
}

static enum pawl_result begin(struct pawl_sqlite *connection,
                              const struct pawl_once_request *request, int64_t now, bool *added)
{
    int changed = 0;
    enum pawl_result result = old_drop(connection, now);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = bound(connection, PAWL_SQL_ONCE_ADD, request);
    pawl_bind_blob(statement, 3, request->digest, sizeof request->digest);
    pawl_bind_time(statement, 4, now);
    result = pawl_sqlite_run(connection, statement, &changed);
    *added = changed > 0;
    return result == PAWL_OK && *added ? excess_drop(connection, request) : result;
}

enum pawl_result pawl_sqlite_once_begin(struct pawl_store *store,
                                        const struct pawl_once_request *request, int64_t now,
                                        struct pawl_once_answer *answer)
{
    struct pawl_sqlite *connection;
    struct pawl_once_answer known = {.text = NULL};
    bool added = false;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = begin(connection, request, now, &added);
    if (result == PAWL_OK && !added)
        result = known_get(connection, request, &known);
    result = pawl_sqlite_end(store, result);
    if (result == PAWL_OK && !added) {
        *answer = known;
        return PAWL_STATE;
    }
    free(known.text);
    return result;
}

enum pawl_result pawl_sqlite_once_finish(struct pawl_store *store,
                                         const struct pawl_once_request *request, unsigned status,
                                         const char *text)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = bound(connection, PAWL_SQL_ONCE_FINISH, request);
    pawl_bind_number(statement, 3, status);
    pawl_bind_text(statement, 4, text);
    return pawl_sqlite_end(store, pawl_sqlite_run(connection, statement, NULL));
}

enum pawl_result pawl_sqlite_once_drop(struct pawl_store *store,
                                       const struct pawl_once_request *request)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = bound(connection, PAWL_SQL_ONCE_DROP, request);
    return pawl_sqlite_end(store, pawl_sqlite_run(connection, statement, NULL));
}
