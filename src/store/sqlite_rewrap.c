/* Everything that is wrapped under a data key, whatever table it is in. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

#define GENERATION_SIZE 4u

/* One row for each kind. A further kind is a row here, two statements, and a term of
 * PAWL_SQL_WRAPPED_COUNT. */
static const struct {
    enum pawl_sql list, set;
    bool by_name; /* a row is found by its name, else by its place */
    size_t name_size;
} kinds[PAWL_VAULT_KIND_COUNT] = {
    [PAWL_VAULT_UNIT_SECRET] = {PAWL_SQL_DEVICE_WRAPPED_LIST, PAWL_SQL_DEVICE_WRAPPED_SET, false,
                                PAWL_ID_SIZE},
    [PAWL_VAULT_CONTENT_KEY] = {PAWL_SQL_PACKAGE_WRAPPED_LIST, PAWL_SQL_PACKAGE_WRAPPED_SET, true,
                                PAWL_PACKAGE_ID_SIZE},
    [PAWL_VAULT_CONTENT_OBJECT_KEY] = {PAWL_SQL_CONTENT_WRAPPED_LIST, PAWL_SQL_CONTENT_WRAPPED_SET,
                                       true, PAWL_CONTENT_KEY_ID_SIZE},
    [PAWL_VAULT_SERVER_KEY] = {PAWL_SQL_KEY_WRAPPED_LIST, PAWL_SQL_KEY_WRAPPED_SET, false, 0},
};

static void mark_make(uint32_t generation, uint8_t mark[GENERATION_SIZE])
{
    for (unsigned i = 0; i < GENERATION_SIZE; i++)
        mark[i] = (uint8_t)(generation >> (24 - 8 * i));
}

static enum pawl_result row_decode(sqlite3_stmt *statement, enum pawl_vault_kind kind,
                                   struct pawl_wrapped_row *row)
{
    memset(row, 0, sizeof *row);
    row->kind = kind;
    row->place = pawl_column_number(statement, 0);
    row->name_size = kinds[kind].name_size;
    bool sound =
        pawl_column_blob(statement, 2, row->before, PAWL_VAULT_WRAPPED_SIZE, NULL) &&
        (row->name_size == 0 || pawl_column_blob(statement, 1, row->name, row->name_size, NULL));
    if (!sound) {
        pawl_log(PAWL_LOG_ERROR, "database: a wrapped key's row is damaged");
        return PAWL_STORAGE;
    }
    if (kind == PAWL_VAULT_SERVER_KEY) {
        const char *name = pawl_key_slot_name((enum pawl_key_slot)row->place);
        row->name_size = strnlen(name, sizeof row->name);
        memcpy(row->name, name, row->name_size);
    }
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_wrapped_list(struct pawl_reader *reader, enum pawl_vault_kind kind,
                                          uint32_t generation, uint64_t after, size_t limit,
                                          pawl_wrapped_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    if (kinds[kind].name_size == 0 && kind != PAWL_VAULT_SERVER_KEY)
        return PAWL_STATE; /* a kind that this table does not have yet */
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, kinds[kind].list);
    struct pawl_wrapped_row found;
    uint8_t mark[GENERATION_SIZE];
    mark_make(generation, mark);
    pawl_bind_number(statement, 1, after);
    pawl_bind_blob(statement, 2, mark, sizeof mark);
    pawl_bind_number(statement, 3, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = row_decode(statement, kind, &found);
        if (result == PAWL_OK)
            result = visit(context, &found);
    }
    return result;
}

enum pawl_result pawl_sqlite_wrapped_count(struct pawl_reader *reader, uint32_t generation,
                                           uint64_t *count)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_WRAPPED_COUNT);
    uint8_t mark[GENERATION_SIZE];
    bool row = false;
    mark_make(generation, mark);
    pawl_bind_blob(statement, 1, mark, sizeof mark);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STORAGE : result;
    *count = pawl_column_number(statement, 0);
    sqlite3_reset(statement);
    return PAWL_OK;
}

static enum pawl_result row_set(struct pawl_sqlite *connection, struct pawl_wrapped_row *row)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, kinds[row->kind].set);
    int changed = 0;
    pawl_bind_blob(statement, 1, row->after, PAWL_VAULT_WRAPPED_SIZE);
    if (kinds[row->kind].by_name)
        pawl_bind_blob(statement, 2, row->name, row->name_size);
    else
        pawl_bind_number(statement, 2, row->place);
    pawl_bind_blob(statement, 3, row->before, PAWL_VAULT_WRAPPED_SIZE);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    row->changed = changed > 0;
    return result;
}

enum pawl_result pawl_sqlite_wrapped_set(struct pawl_store *store, struct pawl_wrapped_row *rows,
                                         size_t count)
{
    struct pawl_sqlite *connection;
    bool packages = false;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        result = row_set(connection, &rows[i]);
        packages |= rows[i].kind == PAWL_VAULT_CONTENT_KEY;
    }
    if (result == PAWL_OK && packages) { /* whoever remembers packages reads them anew */
        const struct pawl_sqlite_sums sums = {.plan_version = 1};
        result = pawl_sqlite_sums_add(connection, &sums);
    }
    return pawl_sqlite_end(store, result);
}
