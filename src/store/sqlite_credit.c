/* Counting confirmations: each device once for each assignment. Who was counted is kept as a bit
 * for each device, a block of bits a row, so that a batch of a large fleet writes few pages. */
#include <stdlib.h>

#include "store/sqlite.h"

static int credit_compare(const void *a, const void *b)
{
    const struct pawl_sqlite_credit *x = a, *y = b;
    if (x->assignment != y->assignment)
        return x->assignment < y->assignment ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Sets the bits of credits that are all of one block; adds those that were not set to `added`. */
static enum pawl_result block_add(struct pawl_sqlite *connection,
                                  const struct pawl_sqlite_credit *credits, size_t count,
                                  uint64_t *added)
{
    uint64_t assignment = credits[0].assignment, block = credits[0].number / PAWL_SQLITE_BITS;
    uint8_t bits[PAWL_SQLITE_BITS_SIZE];
    uint64_t fresh = 0;
    enum pawl_result result =
        pawl_sqlite_bits_get(connection, PAWL_SQL_COUNTED_GET, assignment, block, bits);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        fresh += pawl_bit_change(bits, credits[i].number, true);
    *added += fresh;
    return fresh == 0
               ? PAWL_OK
               : pawl_sqlite_bits_set(connection, PAWL_SQL_COUNTED_SET, assignment, block, bits);
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
    return result == PAWL_OK && changed == 0
               ? pawl_sqlite_bits_delete(connection, PAWL_SQL_COUNTED_DELETE, assignment)
               : result;
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
                   credits[at].number / PAWL_SQLITE_BITS ==
                       credits[first].number / PAWL_SQLITE_BITS)
                at++;
            result = block_add(connection, &credits[first], at - first, &added);
        }
        if (result == PAWL_OK)
            result = assignment_grow(connection, assignment, added);
    }
    return result;
}
