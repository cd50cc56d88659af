/* Counting confirmations: each device once for each assignment. Who was counted is kept as a bit
 * for each device, a block of bits a row, so that a batch of a large fleet writes few pages. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

#define BLOCK_DEVICES 4096u /* bits of a row; part of the schema */

static int credit_compare(const void *a, const void *b)
{
    const struct pawl_sqlite_credit *x = a, *y = b;
    if (x->assignment != y->assignment)
        return x->assignment < y->assignment ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The bits of a block; all zero when there is no row. */
static enum pawl_result block_read(struct pawl_sqlite *connection, uint64_t assignment,
                                   uint64_t block, uint8_t bits[BLOCK_DEVICES / 8])
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COUNTED_GET);
    bool row = false;
    memset(bits, 0, BLOCK_DEVICES / 8);
    pawl_bind_number(statement, 1, assignment);
    pawl_bind_number(statement, 2, block);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result;
    if (!pawl_column_blob(statement, 0, bits, BLOCK_DEVICES / 8, NULL))
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    return result;
}

/* Sets the bits of credits that are all of one block; adds those that were not set to `added`. */
static enum pawl_result block_add(struct pawl_sqlite *connection,
                                  const struct pawl_sqlite_credit *credits, size_t count,
                                  uint64_t *added)
{
    uint64_t block = credits[0].number / BLOCK_DEVICES;
    uint8_t bits[BLOCK_DEVICES / 8];
    uint64_t fresh = 0;
    enum pawl_result result = block_read(connection, credits[0].assignment, block, bits);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = credits[i].number % BLOCK_DEVICES;
        uint8_t mask = (uint8_t)(1u << bit % 8);
        fresh += (bits[bit / 8] & mask) == 0;
        bits[bit / 8] |= mask;
    }
    if (fresh == 0)
        return PAWL_OK;
    *added += fresh;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COUNTED_SET);
    pawl_bind_number(statement, 1, credits[0].assignment);
    pawl_bind_number(statement, 2, block);
    pawl_bind_blob(statement, 3, bits, sizeof bits);
    return pawl_sqlite_run(connection, statement, NULL);
}

static enum pawl_result counted_delete(struct pawl_sqlite *connection, uint64_t assignment)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COUNTED_DELETE);
    pawl_bind_number(statement, 1, assignment);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* Adds to an assignment's count. One that was deleted meanwhile keeps no bits either. */
static enum pawl_result assignment_grow(struct pawl_sqlite *connection, uint64_t assignment,
                                        uint64_t added)
{
    int changed = 0;
    if (added == 0)
        return PAWL_OK;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ASSIGNMENT_GROW);
    pawl_bind_number(statement, 1, added);
    pawl_bind_number(statement, 2, assignment);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? counted_delete(connection, assignment) : result;
}

enum pawl_result pawl_sqlite_credits_add(struct pawl_sqlite *connection,
                                         struct pawl_sqlite_credit *credits, size_t count)
{
    enum pawl_result result = PAWL_OK;
    qsort(credits, count, sizeof *credits, credit_compare);
    size_t at = 0;
    while (result == PAWL_OK && at < count) {
        uint64_t assignment = credits[at].assignment, added = 0;
        while (result == PAWL_OK && at < count && credits[at].assignment == assignment) {
            size_t first = at;
            while (at < count && credits[at].assignment == assignment &&
                   credits[at].number / BLOCK_DEVICES == credits[first].number / BLOCK_DEVICES)
                at++;
            result = block_add(connection, &credits[first], at - first, &added);
        }
        if (result == PAWL_OK)
            result = assignment_grow(connection, assignment, added);
    }
    return result;
}
