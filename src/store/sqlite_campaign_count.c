/* Progress of campaigns: who finished and who failed, each device once, by stage; and the counting
 * of stages. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_campaign.h"

static int mark_compare(const void *a, const void *b)
{
    const struct pawl_sqlite_mark *x = a, *y = b;
    if (x->campaign != y->campaign)
        return x->campaign < y->campaign ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* What the marks of one campaign change in its stages. */
struct changes {
    int64_t finished[PAWL_STAGES_MAX], failed[PAWL_STAGES_MAX];
    uint64_t fresh; /* that finished now, in all stages */
};

/* A block of a campaign's devices. */
struct block {
    uint8_t finished[PAWL_SQLITE_BITS_SIZE], failed[PAWL_SQLITE_BITS_SIZE];
    bool finished_changed, failed_changed;
};

/* Who finished has not failed, whatever came before; who failed after that runs the package all the
 * same. */
static void mark_apply(struct block *block, const struct pawl_sqlite_mark *mark,
                       struct changes *changes)
{
    unsigned index = mark->stage - 1;
    bool finished = mark->outcome == PAWL_SQLITE_FINISHED;
    bool failed =
        mark->outcome == PAWL_SQLITE_FAILED && !pawl_bit_is_set(block->finished, mark->number);
    if (mark->outcome != PAWL_SQLITE_FAILED &&
        pawl_bit_change(block->finished, mark->number, finished)) {
        changes->finished[index] += finished ? 1 : -1;
        changes->fresh += finished;
        block->finished_changed = true;
    }
    if (pawl_bit_change(block->failed, mark->number, failed)) {
        changes->failed[index] += failed ? 1 : -1;
        block->failed_changed = true;
    }
}

/* Applies marks that are all of one block. */
static enum pawl_result block_apply(struct pawl_sqlite *connection,
                                    const struct pawl_sqlite_mark *marks, size_t count,
                                    struct changes *changes)
{
    uint64_t campaign = marks[0].campaign, number = marks[0].number / PAWL_SQLITE_BITS;
    struct block block = {.finished_changed = false};
    enum pawl_result result =
        pawl_sqlite_bits_get(connection, PAWL_SQL_COUNTED_GET, campaign, number, block.finished);
    if (result == PAWL_OK)
        result =
            pawl_sqlite_bits_get(connection, PAWL_SQL_FAILED_GET, campaign, number, block.failed);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        if (marks[i].stage >= 1 && marks[i].stage <= PAWL_STAGES_MAX)
            mark_apply(&block, &marks[i], changes);
    if (block.finished_changed)
        result = pawl_sqlite_bits_set(connection, PAWL_SQL_COUNTED_SET, campaign, number,
                                      block.finished);
    if (result == PAWL_OK && block.failed_changed)
        result =
            pawl_sqlite_bits_set(connection, PAWL_SQL_FAILED_SET, campaign, number, block.failed);
    return result;
}

/* Adds to the stages' counts. A campaign that was deleted meanwhile keeps no bits either. */
static enum pawl_result stages_grow(struct pawl_sqlite *connection, uint64_t campaign,
                                    const struct changes *changes)
{
    enum pawl_result result = PAWL_OK;
    for (unsigned i = 0; result == PAWL_OK && i < PAWL_STAGES_MAX; i++) {
        int changed = 0;
        if (changes->finished[i] == 0 && changes->failed[i] == 0)
            continue;
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_STAGE_GROW);
        pawl_bind_number(statement, 1, campaign);
        pawl_bind_number(statement, 2, i + 1u);
        pawl_bind_time(statement, 3, changes->finished[i]);
        pawl_bind_time(statement, 4, changes->failed[i]);
        result = pawl_sqlite_run(connection, statement, &changed);
        if (result == PAWL_OK && changed == 0) {
            result = pawl_sqlite_bits_delete(connection, PAWL_SQL_COUNTED_DELETE, campaign);
            if (result == PAWL_OK)
                result = pawl_sqlite_bits_delete(connection, PAWL_SQL_FAILED_DELETE, campaign);
        }
    }
    return result;
}

enum pawl_result pawl_sqlite_marks_add(struct pawl_sqlite *connection,
                                       struct pawl_sqlite_mark *marks, size_t count,
                                       uint64_t *finished)
{
    enum pawl_result result = PAWL_OK;
    *finished = 0;
    qsort(marks, count, sizeof *marks, mark_compare);
    size_t at = 0;
    while (result == PAWL_OK && at < count) {
        struct changes changes = {.finished = {0}};
        uint64_t campaign = marks[at].campaign;
        while (result == PAWL_OK && at < count && marks[at].campaign == campaign) {
            size_t first = at;
            while (at < count && marks[at].campaign == campaign &&
                   marks[at].number / PAWL_SQLITE_BITS == marks[first].number / PAWL_SQLITE_BITS)
                at++;
            result = block_apply(connection, &marks[first], at - first, &changes);
        }
        if (result == PAWL_OK)
            result = stages_grow(connection, campaign, &changes);
        *finished += changes.fresh;
    }
    return result;
}

static enum pawl_result campaign_credit(struct pawl_sqlite *connection, uint64_t id,
                                        struct pawl_sqlite_mark *marks, size_t count)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_ALREADY);
    uint64_t finished = 0;
    int changed = 0;
    enum pawl_result result = pawl_sqlite_marks_add(connection, marks, count, &finished);
    pawl_bind_number(statement, 1, id);
    pawl_bind_number(statement, 2, finished);
    if (result == PAWL_OK)
        result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? PAWL_STATE : result;
}

enum pawl_result pawl_sqlite_campaign_credit(struct pawl_store *store, uint64_t id,
                                             const struct pawl_campaign_credit *credits,
                                             size_t count)
{
    struct pawl_sqlite *connection;
    struct pawl_sqlite_mark *marks = calloc(count, sizeof *marks);
    if (marks == NULL)
        return PAWL_EXHAUSTED;
    for (size_t i = 0; i < count; i++)
        marks[i] =
            (struct pawl_sqlite_mark){id, credits[i].number, credits[i].stage,
                                      credits[i].gone ? PAWL_SQLITE_GONE : PAWL_SQLITE_FINISHED};
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_end(store, campaign_credit(connection, id, marks, count));
    free(marks);
    return result;
}

static enum pawl_result totals_set(struct pawl_sqlite *connection,
                                   const struct pawl_campaign *campaign, uint64_t basis,
                                   const uint64_t *totals)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_BASIS);
    const struct pawl_target *target = &campaign->target;
    int changed = 0;
    pawl_bind_number(statement, 1, campaign->id);
    pawl_bind_number(statement, 2, basis);
    pawl_bind_text(statement, 3, target->kind == PAWL_TARGET_GROUP ? target->group : NULL);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    for (unsigned i = 0; result == PAWL_OK && i < campaign->stage_count; i++) {
        statement = pawl_sqlite_statement(connection, PAWL_SQL_STAGE_TOTAL);
        pawl_bind_number(statement, 1, campaign->id);
        pawl_bind_number(statement, 2, i + 1u);
        pawl_bind_number(statement, 3, totals[i]);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    return result;
}

enum pawl_result pawl_sqlite_campaign_totals_set(struct pawl_store *store,
                                                 const struct pawl_campaign *campaign,
                                                 uint64_t basis, const uint64_t *totals)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    return pawl_sqlite_end(store, totals_set(connection, campaign, basis, totals));
}

/* PAWL_OK with *last left at 0 when there is no row. */
static enum pawl_result rows_visit(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                   pawl_campaign_device_fn visit, void *context, uint64_t *last)
{
    uint8_t device_id[PAWL_ID_SIZE], package_id[PAWL_PACKAGE_ID_SIZE];
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        struct pawl_campaign_device device = {pawl_column_number(statement, 0), device_id, NULL};
        bool has_package = false;
        if (!pawl_column_blob(statement, 1, device_id, sizeof device_id, NULL) ||
            !pawl_column_blob(statement, 2, package_id, sizeof package_id, &has_package))
            return PAWL_STORAGE;
        if (has_package)
            device.package_id = package_id;
        *last = device.number;
        result = visit(context, &device);
    }
    return result;
}

enum pawl_result pawl_sqlite_campaign_visit(struct pawl_reader *reader,
                                            const struct pawl_campaign *campaign, uint64_t after,
                                            size_t limit, pawl_campaign_device_fn visit,
                                            void *context, uint64_t *last)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    bool is_group = campaign->target.kind == PAWL_TARGET_GROUP;
    sqlite3_stmt *statement = pawl_sqlite_statement(
        connection, is_group ? PAWL_SQL_CAMPAIGN_VISIT_GROUP : PAWL_SQL_CAMPAIGN_VISIT);
    *last = 0;
    /* For a class that is not that of the package there is nobody. */
    if (campaign->target.kind == PAWL_TARGET_CLASS &&
        memcmp(campaign->target.id, campaign->class_id, PAWL_ID_SIZE) != 0)
        return PAWL_OK;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    pawl_bind_blob(statement, 3, campaign->class_id, PAWL_ID_SIZE);
    if (is_group)
        pawl_bind_text(statement, 4, campaign->target.group);
    enum pawl_result result = rows_visit(connection, statement, visit, context, last);
    sqlite3_reset(statement);
    return result;
}
