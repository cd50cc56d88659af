/* Assignments. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

enum column {
    ID = 0,
    TARGET_KIND,
    TARGET_ID,
    TARGET_GROUP,
    PACKAGE_ID,
    CREATED,
    CONFIRMED,
    CLASS_ID,
    SECURITY_VERSION,
    PACKAGE_SIZE
};

static enum pawl_result assignment_decode(sqlite3_stmt *row, struct pawl_assignment_row *assignment)
{
    struct pawl_plan_entry *entry = &assignment->entry;
    uint64_t kind = pawl_column_number(row, TARGET_KIND);
    bool has_id;
    bool sound = kind >= PAWL_TARGET_CLASS && kind <= PAWL_TARGET_DEVICE &&
                 pawl_column_blob(row, TARGET_ID, entry->target.id, PAWL_ID_SIZE, &has_id) &&
                 pawl_column_blob(row, PACKAGE_ID, entry->package_id, PAWL_PACKAGE_ID_SIZE, NULL) &&
                 pawl_column_blob(row, CLASS_ID, entry->class_id, PAWL_ID_SIZE, NULL);
    if (!sound) {
        pawl_log(PAWL_LOG_ERROR, "database: an assignment's row is damaged");
        return PAWL_STORAGE;
    }
    entry->assignment = pawl_column_number(row, ID);
    entry->target.kind = (enum pawl_target_kind)kind;
    pawl_column_text(row, TARGET_GROUP, entry->target.group, sizeof entry->target.group);
    entry->security_version = pawl_column_number(row, SECURITY_VERSION);
    entry->package_size = pawl_column_number(row, PACKAGE_SIZE);
    assignment->created = sqlite3_column_int64(row, CREATED);
    assignment->confirmed = pawl_column_number(row, CONFIRMED);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_assignment_list(struct pawl_reader *reader, uint64_t after,
                                             size_t limit, pawl_assignment_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ASSIGNMENT_LIST);
    struct pawl_assignment_row assignment = {0};
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = assignment_decode(statement, &assignment);
        if (result == PAWL_OK)
            result = visit(context, &assignment);
    }
    return result;
}

static enum pawl_result assignment_add(struct pawl_sqlite *connection,
                                       const struct pawl_target *target, const uint8_t *package_id,
                                       int64_t created, uint64_t *id)
{
    const struct pawl_sqlite_sums sums = {.assignments = 1, .plan_version = 1};
    bool is_group = target->kind == PAWL_TARGET_GROUP;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ASSIGNMENT_ADD);
    int changed = 0;
    pawl_bind_number(statement, 1, (uint64_t)target->kind);
    pawl_bind_blob(statement, 2, is_group ? NULL : target->id, PAWL_ID_SIZE);
    pawl_bind_text(statement, 3, is_group ? target->group : NULL);
    pawl_bind_blob(statement, 4, package_id, PAWL_PACKAGE_ID_SIZE);
    pawl_bind_time(statement, 5, created);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result == PAWL_OK)
        *id = (uint64_t)sqlite3_last_insert_rowid(connection->db);
    return result == PAWL_OK ? pawl_sqlite_sums_add(connection, &sums) : result;
}

enum pawl_result pawl_sqlite_assignment_add(struct pawl_store *store,
                                            const struct pawl_target *target,
                                            const uint8_t *package_id, int64_t created,
                                            const struct pawl_event *event, uint64_t *id)
{
    struct pawl_sqlite *connection;
    uint64_t added = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = assignment_add(connection, target, package_id, created, &added);
    char members[40];
    snprintf(members, sizeof members, "\"assignment\":%" PRIu64, added);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add_with(connection, event, members);
    result = pawl_sqlite_end(store, result);
    if (result == PAWL_OK)
        *id = added;
    return result;
}

static enum pawl_result assignment_delete(struct pawl_sqlite *connection, uint64_t id)
{
    const struct pawl_sqlite_sums sums = {.assignments = -1, .plan_version = 1};
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ASSIGNMENT_DELETE);
    int changed = 0;
    pawl_bind_number(statement, 1, id);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    if (result != PAWL_OK)
        return result;
    statement = pawl_sqlite_statement(connection, PAWL_SQL_COUNTED_DELETE);
    pawl_bind_number(statement, 1, id);
    result = pawl_sqlite_run(connection, statement, NULL);
    return result == PAWL_OK ? pawl_sqlite_sums_add(connection, &sums) : result;
}

enum pawl_result pawl_sqlite_assignment_delete(struct pawl_store *store, uint64_t id,
                                               const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = assignment_delete(connection, id);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

enum pawl_result pawl_sqlite_plan_version(struct pawl_reader *reader, uint64_t *version)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_PLAN_VERSION);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STORAGE : result;
    *version = pawl_column_number(statement, 0);
    sqlite3_reset(statement);
    return PAWL_OK;
}
