/* Campaigns: their rows, written and read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite_campaign.h"

enum column {
    ID = 0,
    NAME,
    TARGET_KIND,
    TARGET_ID,
    TARGET_GROUP,
    PACKAGE_ID,
    WINDOW_FROM,
    WINDOW_UNTIL,
    WINDOW_ZONE,
    RATE,
    NEEDS_APPROVAL,
    CREATOR,
    APPROVER,
    CREATED,
    VERSION,
    STATE,
    SINCE,
    STARTED,
    GENERATION,
    REASON,
    LISTED,
    BASIS,
    ALREADY,
    CLASS_ID,
    SECURITY_VERSION,
    PACKAGE_SIZE
};

enum stage_column {
    STAGE = 0,
    SLOTS,
    SUCCESS,
    ERROR,
    MINIMUM,
    DEADLINE,
    SOAK,
    ACTION,
    STAGE_STATE,
    PASSED,
    OPENED,
    SUCCEEDED,
    EXCUSED,
    TOTAL,
    FINISHED,
    FAILED
};

static bool is_null(sqlite3_stmt *row, enum column column)
{
    return sqlite3_column_type(row, (int)column) == SQLITE_NULL;
}

static void hours_decode(sqlite3_stmt *row, struct pawl_hours *hours)
{
    hours->present = !is_null(row, WINDOW_FROM);
    hours->from = sqlite3_column_int(row, WINDOW_FROM);
    hours->until = sqlite3_column_int(row, WINDOW_UNTIL);
    hours->zone = sqlite3_column_int(row, WINDOW_ZONE);
}

static enum pawl_result damaged(void)
{
    pawl_log(PAWL_LOG_ERROR, "database: a campaign's row is damaged");
    return PAWL_STORAGE;
}

static enum pawl_result row_decode(sqlite3_stmt *row, struct pawl_campaign *campaign)
{
    uint64_t kind = pawl_column_number(row, TARGET_KIND), state = pawl_column_number(row, STATE);
    bool has_id;
    memset(campaign, 0, sizeof *campaign);
    bool sound =
        kind >= PAWL_TARGET_CLASS && kind <= PAWL_TARGET_LIST && state >= PAWL_CAMPAIGN_CREATING &&
        state <= PAWL_CAMPAIGN_FINISHED &&
        pawl_column_blob(row, TARGET_ID, campaign->target.id, PAWL_ID_SIZE, &has_id) &&
        pawl_column_blob(row, PACKAGE_ID, campaign->package_id, PAWL_PACKAGE_ID_SIZE, NULL) &&
        pawl_column_blob(row, CLASS_ID, campaign->class_id, PAWL_ID_SIZE, NULL);
    if (!sound)
        return damaged();
    campaign->id = pawl_column_number(row, ID);
    pawl_column_text(row, NAME, campaign->name, sizeof campaign->name);
    campaign->target.kind = (enum pawl_target_kind)kind;
    pawl_column_text(row, TARGET_GROUP, campaign->target.group, sizeof campaign->target.group);
    hours_decode(row, &campaign->hours);
    campaign->rate = (uint32_t)pawl_column_number(row, RATE);
    campaign->needs_approval = pawl_column_number(row, NEEDS_APPROVAL) != 0;
    pawl_column_text(row, CREATOR, campaign->creator, sizeof campaign->creator);
    pawl_column_text(row, APPROVER, campaign->approver, sizeof campaign->approver);
    campaign->created = sqlite3_column_int64(row, CREATED);
    campaign->version = pawl_column_number(row, VERSION);
    campaign->state = (enum pawl_campaign_state)state;
    campaign->since = sqlite3_column_int64(row, SINCE);
    campaign->started = sqlite3_column_int64(row, STARTED);
    campaign->generation = (uint32_t)pawl_column_number(row, GENERATION);
    pawl_column_text(row, REASON, campaign->reason, sizeof campaign->reason);
    campaign->listed = pawl_column_number(row, LISTED);
    campaign->counted = !is_null(row, BASIS);
    campaign->basis = pawl_column_number(row, BASIS);
    campaign->already = pawl_column_number(row, ALREADY);
    campaign->security_version = pawl_column_number(row, SECURITY_VERSION);
    campaign->package_size = pawl_column_number(row, PACKAGE_SIZE);
    return PAWL_OK;
}

static enum pawl_result stage_decode(sqlite3_stmt *row, struct pawl_campaign *campaign)
{
    if (campaign->stage_count == PAWL_STAGES_MAX ||
        pawl_column_number(row, STAGE) != campaign->stage_count + 1u)
        return damaged();
    campaign->stages[campaign->stage_count++] = (struct pawl_stage){
        .limit = (uint32_t)pawl_column_number(row, SLOTS),
        .success = (uint32_t)pawl_column_number(row, SUCCESS),
        .error = (uint32_t)pawl_column_number(row, ERROR),
        .minimum = pawl_column_number(row, MINIMUM),
        .deadline = (uint32_t)pawl_column_number(row, DEADLINE),
        .soak = (uint32_t)pawl_column_number(row, SOAK),
        .action = (enum pawl_success_action)pawl_column_number(row, ACTION),
        .state = (enum pawl_stage_state)pawl_column_number(row, STAGE_STATE),
        .passed = pawl_column_number(row, PASSED) != 0,
        .opened = sqlite3_column_int64(row, OPENED),
        .succeeded = sqlite3_column_int64(row, SUCCEEDED),
        .excused = pawl_column_number(row, EXCUSED),
        .total = pawl_column_number(row, TOTAL),
        .finished = pawl_column_number(row, FINISHED),
        .failed = pawl_column_number(row, FAILED),
    };
    return PAWL_OK;
}

static enum pawl_result stages_read(struct pawl_sqlite *connection, struct pawl_campaign *campaign)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_STAGE_LIST);
    pawl_bind_number(statement, 1, campaign->id);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result))
        result = stage_decode(statement, campaign);
    return result == PAWL_OK && campaign->stage_count == 0 ? damaged() : result;
}

enum pawl_result pawl_sqlite_campaign_list(struct pawl_reader *reader,
                                           enum pawl_campaign_state state, uint64_t after,
                                           size_t limit, pawl_campaign_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(
        connection, state == 0 ? PAWL_SQL_CAMPAIGN_LIST : PAWL_SQL_CAMPAIGN_LIST_STATE);
    struct pawl_campaign campaign;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    if (state != 0)
        pawl_bind_number(statement, 3, (uint64_t)state);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = row_decode(statement, &campaign);
        if (result == PAWL_OK)
            result = stages_read(connection, &campaign);
        if (result == PAWL_OK)
            result = visit(context, &campaign);
    }
    return result;
}

static enum pawl_result one_take(void *context, const struct pawl_campaign *campaign)
{
    *(struct pawl_campaign *)context = *campaign;
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_campaign_get(struct pawl_reader *reader, uint64_t id,
                                          struct pawl_campaign *campaign)
{
    struct pawl_campaign found = {.id = 0};
    if (id == 0)
        return PAWL_STATE;
    enum pawl_result result = pawl_sqlite_campaign_list(reader, 0, id - 1, 1, one_take, &found);
    if (result == PAWL_OK && found.id != id)
        return PAWL_STATE;
    if (result == PAWL_OK)
        *campaign = found;
    return result;
}

enum pawl_result pawl_sqlite_campaign_event_add(struct pawl_sqlite *connection, uint64_t id,
                                                const struct pawl_event *event)
{
    char members[40];
    snprintf(members, sizeof members, "\"campaign\":%" PRIu64, id);
    return pawl_sqlite_event_add_with(connection, event, members);
}

/* The next number of assignments and campaigns: AUTOINCREMENT gives each but once. */
static enum pawl_result number_take(struct pawl_sqlite *connection, uint64_t *id)
{
    enum pawl_result result =
        pawl_sqlite_run(connection, pawl_sqlite_statement(connection, PAWL_SQL_NUMBER_TAKE), NULL);
    if (result != PAWL_OK)
        return result;
    *id = (uint64_t)sqlite3_last_insert_rowid(connection->db);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_ASSIGNMENT_DELETE);
    pawl_bind_number(statement, 1, *id);
    return pawl_sqlite_run(connection, statement, NULL);
}

static enum pawl_result row_add(struct pawl_sqlite *connection,
                                const struct pawl_campaign *campaign, uint64_t id)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CAMPAIGN_ADD);
    const struct pawl_hours *hours = &campaign->hours;
    enum pawl_target_kind kind = campaign->target.kind;
    int changed = 0;
    pawl_bind_number(statement, 1, id);
    pawl_bind_text(statement, 2, campaign->name);
    pawl_bind_number(statement, 3, (uint64_t)kind);
    pawl_bind_blob(statement, 4, kind == PAWL_TARGET_CLASS ? campaign->target.id : NULL,
                   PAWL_ID_SIZE);
    pawl_bind_text(statement, 5, kind == PAWL_TARGET_GROUP ? campaign->target.group : NULL);
    pawl_bind_blob(statement, 6, campaign->package_id, PAWL_PACKAGE_ID_SIZE);
    for (int i = 7; !hours->present && i <= 9; i++)
        pawl_bind_blob(statement, i, NULL, 0);
    if (hours->present) {
        pawl_bind_time(statement, 7, hours->from);
        pawl_bind_time(statement, 8, hours->until);
        pawl_bind_time(statement, 9, hours->zone);
    }
    pawl_bind_number(statement, 10, campaign->rate);
    pawl_bind_number(statement, 11, campaign->needs_approval ? 1 : 0);
    pawl_bind_text(statement, 12, campaign->creator);
    pawl_bind_time(statement, 13, campaign->created);
    pawl_bind_number(statement, 14, (uint64_t)campaign->state);
    pawl_bind_time(statement, 15, campaign->since);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    return result == PAWL_OK && changed == 0 ? PAWL_STATE : result;
}

static enum pawl_result stage_add(struct pawl_sqlite *connection, uint64_t id, unsigned index,
                                  const struct pawl_stage *stage)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_STAGE_ADD);
    const uint64_t values[] = {id,
                               index + 1u,
                               stage->limit,
                               stage->success,
                               stage->error,
                               stage->minimum,
                               stage->deadline,
                               stage->soak,
                               (uint64_t)stage->action,
                               (uint64_t)stage->state};
    for (int i = 0; i < (int)(sizeof values / sizeof *values); i++)
        pawl_bind_number(statement, i + 1, values[i]);
    return pawl_sqlite_run(connection, statement, NULL);
}

static enum pawl_result campaign_add(struct pawl_sqlite *connection,
                                     const struct pawl_campaign *campaign,
                                     const struct pawl_event *event, uint64_t *id)
{
    const struct pawl_sqlite_sums sums = {.plan_version = 1};
    enum pawl_result result = number_take(connection, id);
    if (result == PAWL_OK)
        result = row_add(connection, campaign, *id);
    for (unsigned i = 0; result == PAWL_OK && i < campaign->stage_count; i++)
        result = stage_add(connection, *id, i, &campaign->stages[i]);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    return result == PAWL_OK ? pawl_sqlite_campaign_event_add(connection, *id, event) : result;
}

enum pawl_result pawl_sqlite_campaign_add(struct pawl_store *store,
                                          const struct pawl_campaign *campaign,
                                          const struct pawl_event *event, uint64_t *id)
{
    struct pawl_sqlite *connection;
    uint64_t added = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = pawl_sqlite_end(store, campaign_add(connection, campaign, event, &added));
    if (result == PAWL_OK)
        *id = added;
    return result;
}
