/* Groups: listed, renamed, deleted. They come into being with their first device. */
#include "store/sqlite_device.h"

enum pawl_result pawl_sqlite_group_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                        pawl_group_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_GROUP_LIST);
    struct pawl_group_row group;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        group.number = pawl_column_number(statement, 0);
        pawl_column_text(statement, 1, group.name, sizeof group.name);
        group.devices = pawl_column_number(statement, 2);
        group.assignments = pawl_column_number(statement, 3);
        group.campaigns = pawl_column_number(statement, 4);
        result = visit(context, &group);
    }
    return result;
}

/* How many devices a group has; false when there is no such group. */
static enum pawl_result group_find(struct pawl_sqlite *connection, const char *name, bool *found,
                                   uint64_t *devices)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_GROUP_FIND);
    pawl_bind_text(statement, 1, name);
    enum pawl_result result = pawl_sqlite_step(connection, statement, found);
    if (result == PAWL_OK && *found) {
        *devices = pawl_column_number(statement, 1);
        sqlite3_reset(statement);
    }
    return result;
}

static enum pawl_result texts_run(struct pawl_sqlite *connection, enum pawl_sql sql,
                                  const char *name, const char *new_name)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_text(statement, 1, name);
    if (new_name != NULL)
        pawl_bind_text(statement, 2, new_name);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* What names the group by its name, beside the table of groups. */
static enum pawl_result group_rename(struct pawl_sqlite *connection, const char *name,
                                     const char *new_name)
{
    static const enum pawl_sql renames[] = {PAWL_SQL_GROUP_RENAME, PAWL_SQL_GROUP_RETARGET,
                                            PAWL_SQL_GROUP_RETARGET_CAMPAIGN};
    const struct pawl_sqlite_sums sums = {.plan_version = 1};
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < sizeof renames / sizeof *renames; i++)
        result = texts_run(connection, renames[i], name, new_name);
    return result == PAWL_OK ? pawl_sqlite_sums_add(connection, &sums) : result;
}

static enum pawl_result group_edit(struct pawl_sqlite *connection, const char *name,
                                   const char *new_name, enum pawl_group_outcome *outcome)
{
    bool found = false, taken = false;
    uint64_t devices = 0, others;
    enum pawl_result result = group_find(connection, name, &found, &devices);
    if (result == PAWL_OK && new_name != NULL)
        result = group_find(connection, new_name, &taken, &others);
    if (result != PAWL_OK)
        return result;
    *outcome = PAWL_GROUP_DONE;
    if (!found)
        *outcome = PAWL_GROUP_MISSING;
    else if (taken)
        *outcome = PAWL_GROUP_TAKEN;
    else if (new_name == NULL && devices > 0)
        *outcome = PAWL_GROUP_IN_USE;
    else if (new_name == NULL)
        result = texts_run(connection, PAWL_SQL_GROUP_DELETE, name, NULL);
    else
        result = group_rename(connection, name, new_name);
    return result;
}

enum pawl_result pawl_sqlite_group_edit(struct pawl_store *store, const char *name,
                                        const char *new_name, const struct pawl_event *event,
                                        enum pawl_group_outcome *outcome)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    struct pawl_sqlite *connection;
    enum pawl_group_outcome found = PAWL_GROUP_DONE;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = group_edit(connection, name, new_name, &found);
    if (result == PAWL_OK && found == PAWL_GROUP_DONE)
        result = pawl_sqlite_event_add(connection, event);
    pawl_sqlite_groups_clear(connection);
    result = pawl_sqlite_end(store, result);
    if (result != PAWL_OK)
        return result;
    /* Only after the commit: a reader that sees the new count reads the new names. */
    atomic_fetch_add(&self->group_edits, 1);
    *outcome = found;
    return PAWL_OK;
}
