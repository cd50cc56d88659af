/* Import of devices. Each batch is inserted in the order of the two indexes that have no order of
 * their own, tags of secrets and device ids, so that each of their pages is visited once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

/* A row's place in an order by 16 bytes: the first eight as a number decide nearly always. */
struct place {
    uint64_t first;
    const uint8_t *key; /* all 16 */
    struct pawl_import *import;
};

_Static_assert(PAWL_SECRET_TAG_SIZE == 16 && PAWL_ID_SIZE == 16, "both keys have 16 bytes");

static int place_compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    int order = memcmp(x->key, y->key, 16);
    /* Of equal keys the earlier row is imported. */
    return order != 0 ? order : x->import < y->import ? -1 : x->import > y->import;
}

static void order_make(struct place *order, struct pawl_import *imports, size_t count, bool by_tag)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *key = by_tag ? imports[i].secret_tag : imports[i].device_id;
        uint64_t first = 0;
        for (size_t k = 0; k < 8; k++)
            first = first << 8 | key[k];
        order[i] = (struct place){first, key, &imports[i]};
    }
    qsort(order, count, sizeof *order, place_compare);
}

static enum pawl_result blob_run(struct pawl_sqlite *connection, enum pawl_sql sql,
                                 const uint8_t *bytes, size_t size, int *changed)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_blob(statement, 1, bytes, size);
    return pawl_sqlite_run(connection, statement, changed);
}

/* Marks the rows whose secret is known; all others have their tag in the table after this. */
static enum pawl_result tags_add(struct pawl_sqlite *connection, const struct place *order,
                                 size_t count)
{
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        int changed = 0;
        result =
            blob_run(connection, PAWL_SQL_TAG_ADD, order[i].key, PAWL_SECRET_TAG_SIZE, &changed);
        order[i].import->outcome = changed > 0 ? PAWL_IMPORTED : PAWL_IMPORT_SECRET_KNOWN;
    }
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

static enum pawl_result devices_add(struct pawl_sqlite *connection, const struct place *order,
                                    size_t count, struct pawl_sqlite_name *group,
                                    struct pawl_sqlite_sums *sums)
{
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        struct pawl_import *import = order[i].import;
        result = import->outcome == PAWL_IMPORTED ? device_add(connection, import, group)
                                                  : known_explain(connection, import);
        sums->devices += import->outcome == PAWL_IMPORTED;
    }
    return result;
}

static enum pawl_result batch_add(struct pawl_sqlite *connection, struct pawl_import *imports,
                                  size_t count, const char *group_name)
{
    struct pawl_sqlite_sums sums = {0};
    struct pawl_sqlite_name *group = NULL;
    struct place *order = malloc(count * sizeof *order);
    enum pawl_result result = order == NULL ? PAWL_EXHAUSTED : PAWL_OK;
    if (result == PAWL_OK && group_name != NULL)
        result = pawl_sqlite_group_find(connection, group_name, &group);
    if (result == PAWL_OK) {
        order_make(order, imports, count, true);
        result = tags_add(connection, order, count);
    }
    if (result == PAWL_OK) {
        order_make(order, imports, count, false);
        result = devices_add(connection, order, count, group, &sums);
    }
    free(order);
    if (result == PAWL_OK)
        result = pawl_sqlite_names_grow(connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    return result;
}

/* The event tells what came of the batch, so its detail is known only now. */
static enum pawl_result outcome_audit(struct pawl_sqlite *connection,
                                      const struct pawl_import *imports, size_t count,
                                      const struct pawl_event *event)
{
    size_t imported = 0;
    char detail[80];

    for (size_t i = 0; i < count; i++)
        imported += imports[i].outcome == PAWL_IMPORTED;
    snprintf(detail, sizeof detail, "\"imported\":%zu,\"refused\":%zu", imported, count - imported);
    return pawl_sqlite_event_add_with(connection, event, detail);
}

enum pawl_result pawl_sqlite_device_import(struct pawl_store *store, struct pawl_import *imports,
                                           size_t count, const char *group,
                                           const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    if (count > 0)
        result = batch_add(connection, imports, count, group);
    if (result == PAWL_OK && event != NULL)
        result = outcome_audit(connection, imports, count, event);
    return pawl_sqlite_end(store, result);
}
