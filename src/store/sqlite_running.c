/* Which devices run which package: a bit for each device, a block of bits a row, so that a batch of
 * confirmations of a large fleet writes few pages (sqlite_credit.c counts in the same way). */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_device.h"

#define BLOCK_SIZE (PAWL_SQLITE_RUNNING_BLOCK / 8) /* bytes */
#define FILL_STEP 4096u

enum pawl_result pawl_sqlite_ran_find(struct pawl_sqlite *connection, const uint8_t *package_id,
                                      uint64_t *number)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RAN_FIND);
    bool row = false;
    pawl_bind_blob(statement, 1, package_id, PAWL_PACKAGE_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    if (row) {
        *number = pawl_column_number(statement, 0);
        sqlite3_reset(statement);
        return PAWL_OK;
    }
    statement = pawl_sqlite_statement(connection, PAWL_SQL_RAN_ADD);
    pawl_bind_blob(statement, 1, package_id, PAWL_PACKAGE_ID_SIZE);
    result = pawl_sqlite_run(connection, statement, NULL);
    *number = (uint64_t)sqlite3_last_insert_rowid(connection->db);
    return result;
}

static int bit_compare(const void *a, const void *b)
{
    const struct pawl_sqlite_run_bit *x = a, *y = b;
    if (x->package != y->package)
        return x->package < y->package ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

enum pawl_result pawl_sqlite_running_get(struct pawl_sqlite *connection, uint64_t package,
                                         uint64_t block, uint8_t bits[BLOCK_SIZE])
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RUNNING_GET);
    bool row = false;
    memset(bits, 0, BLOCK_SIZE);
    pawl_bind_number(statement, 1, package);
    pawl_bind_number(statement, 2, block);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result;
    if (!pawl_column_blob(statement, 0, bits, BLOCK_SIZE, NULL))
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    return result;
}

static enum pawl_result block_write(struct pawl_sqlite *connection, uint64_t package,
                                    uint64_t block, const uint8_t bits[BLOCK_SIZE])
{
    static const uint8_t none[BLOCK_SIZE];
    bool empty = memcmp(bits, none, BLOCK_SIZE) == 0;
    enum pawl_sql sql = empty ? PAWL_SQL_RUNNING_DELETE : PAWL_SQL_RUNNING_SET;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_number(statement, 1, package);
    pawl_bind_number(statement, 2, block);
    if (!empty)
        pawl_bind_blob(statement, 3, bits, BLOCK_SIZE);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* Sets bits that are all of one block; adds to `grown` what the package gained. */
static enum pawl_result block_set(struct pawl_sqlite *connection,
                                  const struct pawl_sqlite_run_bit *changes, size_t count,
                                  int64_t *grown)
{
    uint64_t block = changes[0].device / PAWL_SQLITE_RUNNING_BLOCK;
    uint8_t bits[BLOCK_SIZE];
    bool changed = false;
    enum pawl_result result = pawl_sqlite_running_get(connection, changes[0].package, block, bits);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = changes[i].device % PAWL_SQLITE_RUNNING_BLOCK;
        uint8_t mask = (uint8_t)(1u << bit % 8);
        if (((bits[bit / 8] & mask) != 0) == changes[i].runs)
            continue;
        bits[bit / 8] ^= mask;
        *grown += changes[i].runs ? 1 : -1;
        changed = true;
    }
    return changed ? block_write(connection, changes[0].package, block, bits) : PAWL_OK;
}

static enum pawl_result package_grow(struct pawl_sqlite *connection, uint64_t package,
                                     int64_t grown)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_RAN_GROW);
    pawl_bind_time(statement, 1, grown);
    pawl_bind_number(statement, 2, package);
    return grown == 0 ? PAWL_OK : pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_running_set(struct pawl_sqlite *connection,
                                         struct pawl_sqlite_run_bit *bits, size_t count)
{
    enum pawl_result result = PAWL_OK;
    qsort(bits, count, sizeof *bits, bit_compare);
    size_t at = 0;
    while (result == PAWL_OK && at < count) {
        uint64_t package = bits[at].package;
        int64_t grown = 0;
        while (result == PAWL_OK && at < count && bits[at].package == package) {
            size_t first = at;
            uint64_t block = bits[at].device / PAWL_SQLITE_RUNNING_BLOCK;
            while (at < count && bits[at].package == package &&
                   bits[at].device / PAWL_SQLITE_RUNNING_BLOCK == block)
                at++;
            result = block_set(connection, &bits[first], at - first, &grown);
        }
        if (result == PAWL_OK)
            result = package_grow(connection, package, grown);
    }
    return result;
}

enum pawl_result pawl_sqlite_running_fill(struct pawl_sqlite *connection)
{
    static const char text[] =
        "SELECT device, package_id FROM record WHERE package_id IS NOT NULL ORDER BY device";
    struct pawl_sqlite_run_bit *bits = calloc(FILL_STEP, sizeof *bits);
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    if (bits == NULL)
        return PAWL_EXHAUSTED;
    sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
        bits[count].device = pawl_column_number(statement, 0);
        bits[count].runs = true;
        if (!pawl_column_blob(statement, 1, package_id, sizeof package_id, NULL))
            result = PAWL_STORAGE;
        if (result == PAWL_OK)
            result = pawl_sqlite_ran_find(connection, package_id, &bits[count].package);
        if (result == PAWL_OK && ++count == FILL_STEP) {
            result = pawl_sqlite_running_set(connection, bits, count);
            count = 0;
        }
    }
    if (result == PAWL_OK)
        result = pawl_sqlite_running_set(connection, bits, count);
    sqlite3_finalize(statement);
    free(bits);
    return result;
}
