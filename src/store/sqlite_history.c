/* The history of a device's attempts, and the evidence of its last quarantine. */
#include <string.h>

#include "host/log.h"
#include "store/sqlite_device.h"

/* The package id with this number. */
static enum pawl_result package_read(struct pawl_sqlite *connection,
                                     struct pawl_history_entry *entry)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RAN_GET);
    bool row = false;
    pawl_bind_number(statement, 1, entry->attempt.package);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result;
    entry->has_package = true;
    if (!pawl_column_blob(statement, 0, entry->package_id, PAWL_PACKAGE_ID_SIZE, NULL))
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    return result;
}

static enum pawl_result history_unpack(sqlite3_stmt *statement, struct pawl_history_entry *entries,
                                       size_t *count)
{
    const uint8_t *bytes = sqlite3_column_blob(statement, 0);
    size_t size = (size_t)sqlite3_column_bytes(statement, 0);
    bool sound = size % PAWL_ATTEMPT_SIZE == 0 && size <= PAWL_HISTORY_MAX * PAWL_ATTEMPT_SIZE;
    *count = size / PAWL_ATTEMPT_SIZE;
    for (size_t i = 0; sound && i < *count; i++) {
        entries[i] = (struct pawl_history_entry){.has_package = false};
        sound = pawl_attempt_unpack(bytes + i * PAWL_ATTEMPT_SIZE, &entries[i].attempt);
    }
    if (!sound)
        pawl_log(PAWL_LOG_ERROR, "database: a device's history is damaged");
    return sound ? PAWL_OK : PAWL_STORAGE;
}

enum pawl_result pawl_sqlite_history_get(struct pawl_reader *reader, uint64_t number,
                                         struct pawl_history_entry *entries, size_t *count)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_HISTORY_GET);
    struct pawl_history_entry found[PAWL_HISTORY_MAX];
    size_t found_count = 0;
    bool row = false;
    pawl_bind_number(statement, 1, number);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row) {
        result = history_unpack(statement, found, &found_count);
        sqlite3_reset(statement);
    }
    for (size_t i = 0; result == PAWL_OK && i < found_count; i++)
        result = package_read(connection, &found[i]);
    if (result != PAWL_OK)
        return result;
    memcpy(entries, found, found_count * sizeof *found);
    *count = found_count;
    return PAWL_OK;
}

static void side_bind(sqlite3_stmt *statement, int index, const struct pawl_evidence_side *side)
{
    pawl_bind_number(statement, index, side->sequence);
    pawl_bind_blob(statement, index + 1, side->has_instance ? side->instance : NULL,
                   PAWL_INSTANCE_SIZE);
    pawl_bind_blob(statement, index + 2, side->has_package ? side->package_id : NULL,
                   PAWL_PACKAGE_ID_SIZE);
}

static bool side_decode(sqlite3_stmt *statement, int index, struct pawl_evidence_side *side)
{
    side->sequence = pawl_column_number(statement, index);
    return pawl_column_blob(statement, index + 1, side->instance, PAWL_INSTANCE_SIZE,
                            &side->has_instance) &&
           pawl_column_blob(statement, index + 2, side->package_id, PAWL_PACKAGE_ID_SIZE,
                            &side->has_package);
}

enum pawl_result pawl_sqlite_evidence_set(struct pawl_sqlite *connection, uint64_t number,
                                          const struct pawl_evidence *evidence)
{
    if (evidence == NULL)
        return PAWL_OK;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_EVIDENCE_SET);
    pawl_bind_number(statement, 1, number);
    pawl_bind_time(statement, 2, evidence->time);
    side_bind(statement, 3, &evidence->recorded);
    side_bind(statement, 6, &evidence->reported);
    pawl_bind_text(statement, 9, evidence->source);
    return pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_evidence_get(struct pawl_reader *reader, uint64_t number,
                                          struct pawl_evidence *evidence)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_EVIDENCE_GET);
    struct pawl_evidence found;
    bool row = false;
    pawl_bind_number(statement, 1, number);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    found.time = sqlite3_column_int64(statement, 0);
    if (!side_decode(statement, 1, &found.recorded) || !side_decode(statement, 4, &found.reported))
        result = PAWL_STORAGE;
    pawl_column_text(statement, 7, found.source, sizeof found.source);
    sqlite3_reset(statement);
    if (result == PAWL_OK)
        *evidence = found;
    return result;
}
