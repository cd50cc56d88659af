/* Import of devices. Each batch is inserted in the order of the two indexes that have no order of
 * their own, tags of secrets and device ids, so that each of their pages is visited once. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

static int id_compare(const void *a, const void *b)
{
    return memcmp(((const struct pawl_import *)a)->device_id,
                  ((const struct pawl_import *)b)->device_id, PAWL_ID_SIZE);
}

static int tag_compare(const void *a, const void *b)
{
    const struct pawl_import *x = *(const struct pawl_import *const *)a;
    const struct pawl_import *y = *(const struct pawl_import *const *)b;
    int order = memcmp(x->secret_tag, y->secret_tag, PAWL_SECRET_TAG_SIZE);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static enum pawl_result blob_run(struct pawl_sqlite *connection, enum pawl_sql sql,
                                 const uint8_t *bytes, size_t size, int *changed)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_blob(statement, 1, bytes, size);
    return pawl_sqlite_run(connection, statement, changed);
}

/* Marks the rows whose secret is known; all others have their tag in the table after this. */
static enum pawl_result tags_add(struct pawl_sqlite *connection, struct pawl_import *imports,
                                 size_t count)
{
    struct pawl_import **order = malloc(count * sizeof *order);
    if (order == NULL)
        return PAWL_EXHAUSTED;
    for (size_t i = 0; i < count; i++)
        order[i] = &imports[i];
    qsort(order, count, sizeof *order, tag_compare);

    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        int changed = 0;
        result = blob_run(connection, PAWL_SQL_TAG_ADD, order[i]->secret_tag, PAWL_SECRET_TAG_SIZE,
                          &changed);
        order[i]->outcome = changed > 0 ? PAWL_IMPORTED : PAWL_IMPORT_SECRET_KNOWN;
    }
    free(order);
    return result;
}

/* A device that is sent again has both a known id and a known secret: it is told by its id. */
static enum pawl_result known_explain(struct pawl_sqlite *connection, struct pawl_import *import)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_FIND);
    bool row = false;
    pawl_bind_blob(statement, 1, import->device_id, PAWL_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row) {
        import->outcome = PAWL_IMPORT_DEVICE_KNOWN;
        sqlite3_reset(statement);
    }
    return result;
}

static enum pawl_result row_add(struct pawl_sqlite *connection, const struct pawl_import *import,
                                int64_t class, int64_t group, int *changed)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_ADD);
    pawl_bind_blob(statement, 1, import->device_id, PAWL_ID_SIZE);
    pawl_bind_blob(statement, 2, import->wrapped_secret, PAWL_VAULT_WRAPPED_SIZE);
    pawl_bind_time(statement, 3, class);
    if (group == 0)
        pawl_bind_blob(statement, 4, NULL, 0);
    else
        pawl_bind_time(statement, 4, group);
    pawl_bind_number(statement, 5, import->chain_length);
    if (import->has_maximum)
        pawl_bind_number(statement, 6, import->maximum);
    else
        pawl_bind_blob(statement, 6, NULL, 0);
    return pawl_sqlite_run(connection, statement, changed);
}

/* Adds one row, or says why not and takes its tag back. */
static enum pawl_result device_add(struct pawl_sqlite *connection, struct pawl_import *import,
                                   struct pawl_sqlite_name *group)
{
    struct pawl_sqlite_name *class;
    int changed = 0;
    enum pawl_result result =
        pawl_sqlite_class_find(connection, import->vendor_id, import->class_id, &class);
    if (result == PAWL_STATE)
        import->outcome = PAWL_IMPORT_OTHER_VENDOR;
    else if (result == PAWL_OK)
        result =
            row_add(connection, import, class->number, group == NULL ? 0 : group->number, &changed);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    if (changed > 0) {
        class->added++;
        if (group != NULL)
            group->added++;
        return PAWL_OK;
    }
    if (import->outcome == PAWL_IMPORTED)
        import->outcome = PAWL_IMPORT_DEVICE_KNOWN;
    return blob_run(connection, PAWL_SQL_TAG_DELETE, import->secret_tag, PAWL_SECRET_TAG_SIZE,
                    NULL);
}

static enum pawl_result batch_add(struct pawl_sqlite *connection, struct pawl_import *imports,
                                  size_t count, const char *group_name)
{
    struct pawl_sqlite_sums sums = {0};
    struct pawl_sqlite_name *group = NULL;
    enum pawl_result result = PAWL_OK;
    if (group_name != NULL)
        result = pawl_sqlite_group_find(connection, group_name, &group);
    if (result == PAWL_OK)
        result = tags_add(connection, imports, count);
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        if (imports[i].outcome == PAWL_IMPORTED)
            result = device_add(connection, &imports[i], group);
        else
            result = known_explain(connection, &imports[i]);
        sums.devices += imports[i].outcome == PAWL_IMPORTED;
    }
    if (result == PAWL_OK)
        result = pawl_sqlite_names_grow(connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    return result;
}

enum pawl_result pawl_sqlite_device_import(struct pawl_store *store, struct pawl_import *imports,
                                           size_t count, const char *group,
                                           const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    qsort(imports, count, sizeof *imports, id_compare);
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    if (count > 0)
        result = batch_add(connection, imports, count, group);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}
