/* Sets of devices as bits, a block of 4096 a row, so that a batch of a large fleet writes few
 * pages: who was counted, who failed, who is on a list. */
#include <string.h>

#include "store/sqlite.h"

enum pawl_result pawl_sqlite_bits_get(struct pawl_sqlite *connection, enum pawl_sql sql,
                                      uint64_t set, uint64_t block,
                                      uint8_t bits[PAWL_SQLITE_BITS_SIZE])
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    bool row = false;
    memset(bits, 0, PAWL_SQLITE_BITS_SIZE);
    pawl_bind_number(statement, 1, set);
    pawl_bind_number(statement, 2, block);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result;
    if (!pawl_column_blob(statement, 0, bits, PAWL_SQLITE_BITS_SIZE, NULL))
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    return result;
}

enum pawl_result pawl_sqlite_bits_set(struct pawl_sqlite *connection, enum pawl_sql sql,
                                      uint64_t set, uint64_t block,
                                      const uint8_t bits[PAWL_SQLITE_BITS_SIZE])
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_number(statement, 1, set);
    pawl_bind_number(statement, 2, block);
    pawl_bind_blob(statement, 3, bits, PAWL_SQLITE_BITS_SIZE);
    return pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_bits_delete(struct pawl_sqlite *connection, enum pawl_sql sql,
                                         uint64_t set)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_number(statement, 1, set);
    return pawl_sqlite_run(connection, statement, NULL);
}

bool pawl_bit_change(uint8_t *bits, uint64_t number, bool value)
{
    uint64_t bit = number % PAWL_SQLITE_BITS;
    uint8_t mask = (uint8_t)(1u << bit % 8);
    bool before = (bits[bit / 8] & mask) != 0;
    if (value)
        bits[bit / 8] |= mask;
    else
        bits[bit / 8] &= (uint8_t)~mask;
    return before != value;
}

bool pawl_bit_is_set(const uint8_t *bits, uint64_t number)
{
    uint64_t bit = number % PAWL_SQLITE_BITS;
    return (bits[bit / 8] >> bit % 8 & 1) != 0;
}
