/* Campaigns: changed, given a list of devices, deleted. */
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite_campaign.h"

static enum pawl_result row_set(struct pawl_sqlite *connection,
                                const struct pawl_campaign *campaign)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_SET);
    int changed = 0;
    pawl_bind_number(statement, 1, campaign->id);
    pawl_bind_number(statement, 2, campaign->version);
    pawl_bind_text(statement, 3, campaign->approver);
    pawl_bind_number(statement, 4, (uint64_t)campaign->state);
    pawl_bind_time(statement, 5, campaign->since);
    pawl_bind_time(statement, 6, campaign->started);
    pawl_bind_number(statement, 7, campaign->generation);
    pawl_bind_text(statement, 8, campaign->reason);
    pawl_bind_number(statement, 9, campaign->listed);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? PAWL_STATE : result;
}

static enum pawl_result stage_set(struct pawl_sqlite *connection, uint64_t id, unsigned index,
                                  const struct pawl_stage *stage)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_STAGE_SET);
    pawl_bind_number(statement, 1, id);
    pawl_bind_number(statement, 2, index + 1u);
    pawl_bind_number(statement, 3, (uint64_t)stage->state);
    pawl_bind_number(statement, 4, stage->passed ? 1 : 0);
    pawl_bind_time(statement, 5, stage->opened);
    pawl_bind_time(statement, 6, stage->succeeded);
    pawl_bind_number(statement, 7, stage->excused);
    return pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_campaign_generation(struct pawl_sqlite *connection, uint64_t id,
                                                 uint64_t *generation)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_GENERATION);
    bool row = false;
    pawl_bind_number(statement, 1, id);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    *generation = pawl_column_number(statement, 0);
    sqlite3_reset(statement);
    return PAWL_OK;
}

/* With a new generation nobody counts as failed any more. */
static enum pawl_result failures_forget(struct pawl_sqlite *connection, uint64_t id)
{
    enum pawl_result result = pawl_sqlite_bits_delete(connection, PAWL_SQL_FAILED_DELETE, id);
    return result == PAWL_OK ? pawl_sqlite_bits_delete(connection, PAWL_SQL_STAGE_FORGET, id)
                             : result;
}

static enum pawl_result campaign_set(struct pawl_sqlite *connection,
                                     const struct pawl_campaign *campaign,
                                     const struct pawl_event *event)
{
    const struct pawl_sqlite_sums sums = {.plan_version = 1};
    uint64_t generation = 0;
    enum pawl_result result =
        pawl_sqlite_campaign_generation(connection, campaign->id, &generation);
    if (result == PAWL_OK)
        result = row_set(connection, campaign);
    for (unsigned i = 0; result == PAWL_OK && i < campaign->stage_count; i++)
        result = stage_set(connection, campaign->id, i, &campaign->stages[i]);
    if (result == PAWL_OK && generation != campaign->generation)
        result = failures_forget(connection, campaign->id);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    if (result == PAWL_OK)
        result = pawl_sqlite_campaign_event_add(connection, campaign->id, event);
    return result;
}

enum pawl_result pawl_sqlite_campaign_set(struct pawl_store *store,
                                          const struct pawl_campaign *campaign,
                                          const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    return pawl_sqlite_end(store, campaign_set(connection, campaign, event));
}

static enum pawl_result list_write(struct pawl_sqlite *connection, uint64_t id, const uint8_t *bits,
                                   size_t size)
{
    static const uint8_t none[PAWL_SQLITE_BITS_SIZE];
    enum pawl_result result = pawl_sqlite_bits_delete(connection, PAWL_SQL_LISTED_DELETE, id);
    for (size_t at = 0; result == PAWL_OK && at < size; at += PAWL_SQLITE_BITS_SIZE) {
        uint8_t block[PAWL_SQLITE_BITS_SIZE] = {0};
        memcpy(block, bits + at, size - at < sizeof block ? size - at : sizeof block);
        if (memcmp(block, none, sizeof block) != 0)
            result = pawl_sqlite_bits_set(connection, PAWL_SQL_LISTED_SET, id,
                                          at / PAWL_SQLITE_BITS_SIZE, block);
    }
    return result;
}

enum pawl_result pawl_sqlite_campaign_devices_set(struct pawl_store *store,
                                                  const struct pawl_campaign *campaign,
                                                  const uint8_t *bits, size_t size,
                                                  const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = campaign_set(connection, campaign, event);
    if (result == PAWL_OK)
        result = list_write(connection, campaign->id, bits, size);
    return pawl_sqlite_end(store, result);
}

/* Adds a block in its place, making room. */
static enum pawl_result block_place(sqlite3_stmt *row, uint8_t **bits, size_t *size)
{
    uint64_t block = pawl_column_number(row, 0);
    uint8_t read[PAWL_SQLITE_BITS_SIZE];
    if (block >= SIZE_MAX / PAWL_SQLITE_BITS_SIZE / 2 ||
        !pawl_column_blob(row, 1, read, sizeof read, NULL))
        return PAWL_STORAGE;
    size_t end = (size_t)(block + 1) * PAWL_SQLITE_BITS_SIZE;
    if (end > *size) {
        uint8_t *longer = realloc(*bits, end);
        if (longer == NULL)
            return PAWL_EXHAUSTED;
        memset(longer + *size, 0, end - *size);
        *bits = longer;
        *size = end;
    }
    uint8_t *place = *bits + end - PAWL_SQLITE_BITS_SIZE;
    for (size_t i = 0; i < sizeof read; i++)
        place[i] |= read[i];
    return PAWL_OK;
}

/* Adds all blocks of a set. */
static enum pawl_result set_read(struct pawl_sqlite *connection, enum pawl_sql sql, uint64_t id,
                                 uint8_t **bits, size_t *size)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    enum pawl_result result = PAWL_OK;
    pawl_bind_number(statement, 1, id);
    while (pawl_sqlite_next(connection, statement, &result))
        result = block_place(statement, bits, size);
    return result;
}

static enum pawl_result sets_read(struct pawl_sqlite *connection, const enum pawl_sql *sets,
                                  size_t count, uint64_t id, uint8_t **bits, size_t *size)
{
    enum pawl_result result = PAWL_OK;
    uint8_t *found = NULL;
    size_t found_size = 0;
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = set_read(connection, sets[i], id, &found, &found_size);
    if (result != PAWL_OK) {
        free(found);
        return result;
    }
    *bits = found;
    *size = found_size;
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_campaign_devices_get(struct pawl_reader *reader, uint64_t id,
                                                  uint8_t **bits, size_t *size)
{
    static const enum pawl_sql set = PAWL_SQL_LISTED_LIST;
    return sets_read(pawl_sqlite_of(reader), &set, 1, id, bits, size);
}

enum pawl_result pawl_sqlite_campaign_told_get(struct pawl_reader *reader, uint64_t id,
                                               uint8_t **bits, size_t *size)
{
    /* Who finishes in between is found in the second, if not in the first. */
    static const enum pawl_sql sets[] = {PAWL_SQL_FAILED_LIST, PAWL_SQL_COUNTED_LIST};
    return sets_read(pawl_sqlite_of(reader), sets, 2, id, bits, size);
}

static enum pawl_result campaign_delete(struct pawl_sqlite *connection, uint64_t id,
                                        uint64_t version, const struct pawl_event *event)
{
    static const enum pawl_sql parts[] = {PAWL_SQL_STAGE_DELETE, PAWL_SQL_COUNTED_DELETE,
                                          PAWL_SQL_FAILED_DELETE, PAWL_SQL_LISTED_DELETE};
    const struct pawl_sqlite_sums sums = {.plan_version = 1};
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_DELETE);
    int changed = 0;
    pawl_bind_number(statement, 1, id);
    pawl_bind_number(statement, 2, version);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    for (size_t i = 0; result == PAWL_OK && i < sizeof parts / sizeof *parts; i++)
        result = pawl_sqlite_bits_delete(connection, parts[i], id);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    return result == PAWL_OK ? pawl_sqlite_campaign_event_add(connection, id, event) : result;
}

enum pawl_result pawl_sqlite_campaign_delete(struct pawl_store *store, uint64_t id,
                                             uint64_t version, const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    return pawl_sqlite_end(store, campaign_delete(connection, id, version, event));
}
