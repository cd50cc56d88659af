/* The server's wrapped keys, and the sums. */
#include <string.h>

#include "store/sqlite.h"

enum pawl_result pawl_sqlite_key_get(struct pawl_reader *reader, enum pawl_key_slot slot,
                                     struct pawl_key_row *key)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_KEY_GET);
    struct pawl_key_row found = {.slot = slot};
    bool row = false;
    pawl_bind_number(statement, 1, (uint64_t)slot);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    if (!pawl_column_blob(statement, 0, found.wrapped, PAWL_VAULT_WRAPPED_SIZE, NULL))
        result = PAWL_STORAGE;
    found.created = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    if (result == PAWL_OK)
        *key = found;
    return result;
}

static enum pawl_result key_add(struct pawl_sqlite *connection, const struct pawl_key_row *key)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_KEY_ADD);
    int changed = 0;
    pawl_bind_number(statement, 1, (uint64_t)key->slot);
    pawl_bind_blob(statement, 2, key->wrapped, PAWL_VAULT_WRAPPED_SIZE);
    pawl_bind_time(statement, 3, key->created);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? PAWL_STATE : result;
}

enum pawl_result pawl_sqlite_keys_add(struct pawl_store *store, const struct pawl_key_row *keys,
                                      size_t count, const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = key_add(connection, &keys[i]);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

static enum pawl_result challenge_rotate(struct pawl_sqlite *connection, const uint8_t *wrapped,
                                         int64_t created)
{
    sqlite3_stmt *keep = pawl_sqlite_statement(connection, PAWL_SQL_CHALLENGE_KEEP);
    sqlite3_stmt *set = pawl_sqlite_statement(connection, PAWL_SQL_CHALLENGE_SET);
    int changed = 0;
    pawl_bind_number(keep, 1, PAWL_KEY_SLOT_CHALLENGE);
    pawl_bind_number(keep, 2, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS);
    enum pawl_result result = pawl_sqlite_run(connection, keep, &changed);
    if (result != PAWL_OK || changed == 0)
        return result == PAWL_OK ? PAWL_STATE : result;
    pawl_bind_number(set, 1, PAWL_KEY_SLOT_CHALLENGE);
    pawl_bind_blob(set, 2, wrapped, PAWL_VAULT_WRAPPED_SIZE);
    pawl_bind_time(set, 3, created);
    return pawl_sqlite_run(connection, set, NULL);
}

enum pawl_result pawl_sqlite_challenge_rotate(struct pawl_store *store, const uint8_t *wrapped,
                                              int64_t created, const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = challenge_rotate(connection, wrapped, created);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

static enum pawl_result totals_read(struct pawl_sqlite *connection, struct pawl_totals *totals)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOTALS_GET);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STORAGE : result;
    totals->devices = pawl_column_number(statement, 0);
    totals->quarantined = pawl_column_number(statement, 1);
    totals->packages = pawl_column_number(statement, 2);
    totals->assignments = pawl_column_number(statement, 3);
    totals->confirmations = pawl_column_number(statement, 4);
    totals->sequence_total = pawl_column_number(statement, 5);
    totals->decommissioned = pawl_column_number(statement, 6);
    totals->caught_up = pawl_column_number(statement, 7);
    totals->learnt = pawl_column_number(statement, 8);
    totals->unattributed = pawl_column_number(statement, 9);
    sqlite3_reset(statement);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_totals_get(struct pawl_reader *reader, struct pawl_totals *totals)
{
    return totals_read(pawl_sqlite_of(reader), totals);
}

enum pawl_result pawl_sqlite_sums_add(struct pawl_sqlite *connection,
                                      const struct pawl_sqlite_sums *sums)
{
    /* The sum of sequence numbers is added here: it may pass what SQL can add. */
    struct pawl_totals totals;
    enum pawl_result result = totals_read(connection, &totals);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TOTALS_ADD);
    pawl_bind_time(statement, 1, sums->devices);
    pawl_bind_time(statement, 2, sums->quarantined);
    pawl_bind_time(statement, 3, sums->packages);
    pawl_bind_time(statement, 4, sums->assignments);
    pawl_bind_time(statement, 5, sums->confirmations);
    pawl_bind_number(statement, 6, totals.sequence_total + sums->sequence_total);
    pawl_bind_time(statement, 7, sums->plan_version);
    pawl_bind_time(statement, 8, sums->decommissioned);
    pawl_bind_time(statement, 9, sums->caught_up);
    pawl_bind_time(statement, 10, sums->learnt);
    pawl_bind_time(statement, 11, sums->unattributed);
    return pawl_sqlite_run(connection, statement, NULL);
}
