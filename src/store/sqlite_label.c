/* Labels of devices. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite_device.h"

/* A label with its number. */
struct held {
    struct pawl_label label;
    uint64_t number;
};

static enum pawl_result labels_read(struct pawl_sqlite *connection, uint64_t device,
                                    struct held held[PAWL_LABELS_MAX], size_t *count)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_LABELS_GET);
    *count = 0;
    pawl_bind_number(statement, 1, device);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        if (*count == PAWL_LABELS_MAX) {
            pawl_log(PAWL_LOG_ERROR, "database: a device has more labels than there may be");
            result = PAWL_STORAGE;
            continue;
        }
        struct held *next = &held[(*count)++];
        pawl_column_text(statement, 0, next->label.key, sizeof next->label.key);
        pawl_column_text(statement, 1, next->label.value, sizeof next->label.value);
        next->number = pawl_column_number(statement, 2);
    }
    return result;
}

enum pawl_result pawl_sqlite_labels_get(struct pawl_reader *reader, uint64_t number,
                                        struct pawl_label *labels, size_t *count)
{
    struct held held[PAWL_LABELS_MAX];
    size_t found = 0;
    enum pawl_result result = labels_read(pawl_sqlite_of(reader), number, held, &found);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < found; i++)
        labels[i] = held[i].label;
    *count = found;
    return PAWL_OK;
}

/* Runs a statement about a label and a device, or a number and a label. */
static enum pawl_result pair_run(struct pawl_sqlite *connection, enum pawl_sql sql, uint64_t first,
                                 uint64_t second)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_number(statement, 1, first);
    pawl_bind_number(statement, 2, second);
    return pawl_sqlite_run(connection, statement, NULL);
}

static enum pawl_result label_detach(struct pawl_sqlite *connection, uint64_t device,
                                     uint64_t label)
{
    enum pawl_result result = pair_run(connection, PAWL_SQL_DEVICE_LABEL_DELETE, label, device);
    if (result == PAWL_OK)
        result = pair_run(connection, PAWL_SQL_LABEL_GROW, (uint64_t)-1, label);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_LABEL_CLEAN);
    pawl_bind_number(statement, 1, label);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* The number of a label, added when new. */
static enum pawl_result label_find(struct pawl_sqlite *connection, const struct pawl_label *label,
                                   uint64_t *number)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_LABEL_FIND);
    bool row = false;
    pawl_bind_text(statement, 1, label->key);
    pawl_bind_text(statement, 2, label->value);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    if (row) {
        *number = pawl_column_number(statement, 0);
        sqlite3_reset(statement);
        return PAWL_OK;
    }
    statement = pawl_sqlite_statement(connection, PAWL_SQL_LABEL_ADD);
    pawl_bind_text(statement, 1, label->key);
    pawl_bind_text(statement, 2, label->value);
    result = pawl_sqlite_run(connection, statement, NULL);
    *number = (uint64_t)sqlite3_last_insert_rowid(connection->db);
    return result;
}

enum pawl_result pawl_sqlite_label_set(struct pawl_sqlite *connection, uint64_t device,
                                       const struct pawl_label *label, struct pawl_label *before,
                                       bool *full)
{
    struct held held[PAWL_LABELS_MAX];
    const struct held *old = NULL;
    size_t count = 0;
    uint64_t number = 0;
    enum pawl_result result = labels_read(connection, device, held, &count);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        if (strcmp(held[i].label.key, label->key) == 0)
            old = &held[i];
    *before = (struct pawl_label){.key = ""};
    if (old != NULL)
        *before = old->label;
    *full = old == NULL && count == PAWL_LABELS_MAX && label->value[0] != '\0';
    if (*full || strcmp(before->value, label->value) == 0)
        return PAWL_OK;
    if (old != NULL)
        result = label_detach(connection, device, old->number);
    if (result != PAWL_OK || label->value[0] == '\0')
        return result;
    result = label_find(connection, label, &number);
    if (result == PAWL_OK)
        result = pair_run(connection, PAWL_SQL_DEVICE_LABEL_ADD, number, device);
    if (result == PAWL_OK)
        result = pair_run(connection, PAWL_SQL_LABEL_GROW, 1, number);
    return result;
}

enum pawl_result pawl_sqlite_labels_clear(struct pawl_sqlite *connection, uint64_t device)
{
    struct held held[PAWL_LABELS_MAX];
    size_t count = 0;
    enum pawl_result result = labels_read(connection, device, held, &count);
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = label_detach(connection, device, held[i].number);
    return result;
}
