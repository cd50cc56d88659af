/* What reports change: records by compare and set, counts of confirmations, failures, times. */
#include <stdlib.h>
#include <string.h>

#include "headend/attempt.h"
#include "store/sqlite_campaign.h"
#include "store/sqlite_device.h"

/* A package and its number: neighbours in a batch mostly name the same. */
struct numbered {
    bool known;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t number;
};

struct batch {
    struct pawl_sqlite *connection;
    struct pawl_sqlite_sums sums;
    struct pawl_sqlite_credit *credits; /* room for one of each change */
    size_t credit_count;
    struct pawl_sqlite_mark *marks;
    size_t mark_count;
    struct pawl_sqlite_run_bit *bits; /* room for two of each */
    size_t bit_count;
    struct numbered last[4]; /* by the first byte of the id */
};

/* The number of a package; 0 for NULL. */
static enum pawl_result package_number(struct batch *batch, const uint8_t *package_id,
                                       uint64_t *number)
{
    *number = 0;
    if (package_id == NULL)
        return PAWL_OK;
    struct numbered *last =
        &batch->last[package_id[0] % (sizeof batch->last / sizeof *batch->last)];
    enum pawl_result result = PAWL_OK;
    if (!last->known || memcmp(last->package_id, package_id, PAWL_PACKAGE_ID_SIZE) != 0) {
        memcpy(last->package_id, package_id, PAWL_PACKAGE_ID_SIZE);
        result = pawl_sqlite_ran_find(batch->connection, package_id, &last->number);
        last->known = result == PAWL_OK;
    }
    *number = last->number;
    return result;
}

/* What a change does to the device's history and to who runs what. */
struct trace {
    uint64_t before, after; /* numbers of packages that are recorded; 0: none */
    uint8_t entry[PAWL_ATTEMPT_SIZE];
};

static enum pawl_result trace_make(struct batch *batch, const struct pawl_change *change,
                                   struct trace *trace)
{
    const struct pawl_device_record *before = &change->before, *after = &change->after;
    const struct pawl_evidence *evidence = change->evidence;
    bool reported = evidence != NULL && evidence->reported.has_package;
    struct pawl_attempt attempt;
    uint64_t package;
    enum pawl_result result =
        package_number(batch, before->has_package ? before->package_id : NULL, &trace->before);
    if (result == PAWL_OK)
        result =
            package_number(batch, after->has_package ? after->package_id : NULL, &trace->after);
    package = trace->after;
    if (result == PAWL_OK && reported)
        result = package_number(batch, evidence->reported.package_id, &package);
    if (result != PAWL_OK)
        return result;
    pawl_attempt_of_change(before, after, change->quarantine, change->time, &attempt);
    attempt.package = (uint32_t)package;
    pawl_attempt_pack(&attempt, trace->entry);
    return PAWL_OK;
}

static void running_note(struct batch *batch, const struct pawl_change *change,
                         const struct trace *trace)
{
    if (trace->before == trace->after)
        return;
    size_t at = batch->bit_count;
    if (trace->before != 0) {
        batch->bits[at] = (struct pawl_sqlite_run_bit){trace->before, change->number, at, false};
        at++;
    }
    if (trace->after != 0) {
        batch->bits[at] = (struct pawl_sqlite_run_bit){trace->after, change->number, at, true};
        at++;
    }
    batch->bit_count = at;
}

/* Which of the three ways to compare and set. */
static enum pawl_sql record_sql(const struct pawl_change *change)
{
    const struct pawl_device_record *before = &change->before;
    if (before->sequence == 0 && !before->has_instance && before->standing == PAWL_STANDING_ACTIVE)
        return PAWL_SQL_RECORD_ADD;
    return before->standing == change->after.standing ? PAWL_SQL_RECORD_SET : PAWL_SQL_STANDING_SET;
}

/* Writes the record if it is still as it was read. */
static enum pawl_result record_set(struct pawl_sqlite *connection, const struct pawl_change *change,
                                   const struct trace *trace, int *changed)
{
    const struct pawl_device_record *before = &change->before, *after = &change->after;
    enum pawl_sql sql = record_sql(change);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    pawl_bind_number(statement, 1, after->sequence);
    pawl_bind_blob(statement, 2, after->has_instance ? after->instance : NULL, PAWL_INSTANCE_SIZE);
    pawl_bind_blob(statement, 3, after->has_package ? after->package_id : NULL,
                   PAWL_PACKAGE_ID_SIZE);
    pawl_bind_number(statement, 4, change->number);
    pawl_bind_number(statement, 5, before->sequence);
    pawl_bind_blob(statement, 6, before->has_instance ? before->instance : NULL,
                   PAWL_INSTANCE_SIZE);
    pawl_bind_number(statement, 7, (uint64_t)before->standing);
    if (sql != PAWL_SQL_RECORD_SET) {
        pawl_bind_number(statement, 8, (uint64_t)after->standing);
        pawl_bind_number(statement, 9, (uint64_t)change->quarantine);
    }
    pawl_bind_blob(statement, 10, trace->entry, sizeof trace->entry);
    return pawl_sqlite_run(connection, statement, changed);
}

static void sums_note(struct pawl_sqlite_sums *sums, const struct pawl_change *change)
{
    const struct pawl_device_record *before = &change->before, *after = &change->after;
    bool active = before->standing == PAWL_STANDING_ACTIVE;
    sums->sequence_total += after->sequence - before->sequence;
    uint64_t ahead = after->sequence - before->sequence;
    sums->confirmations += active && ahead == 1;
    sums->unattributed +=
        active && ahead == 1 && change->credit.assignment == 0 && change->credit.campaign == 0;
    if (active && ahead > 1 && ahead <= PAWL_CATCH_UP_MAX) {
        sums->caught_up++;
        sums->learnt += (int64_t)ahead;
    }
    sums->quarantined += (after->standing == PAWL_STANDING_QUARANTINED) -
                         (before->standing == PAWL_STANDING_QUARANTINED);
}

static enum pawl_result change_apply(struct batch *batch, struct pawl_change *change)
{
    struct trace trace;
    int changed = 0;
    enum pawl_result result = trace_make(batch, change, &trace);
    if (result == PAWL_OK)
        result = record_set(batch->connection, change, &trace, &changed);
    change->result = changed > 0 ? PAWL_OK : PAWL_STATE;
    if (result != PAWL_OK || changed == 0)
        return result;
    sums_note(&batch->sums, change);
    running_note(batch, change, &trace);
    const struct pawl_credit *credit = &change->credit;
    if (credit->assignment != 0)
        batch->credits[batch->credit_count++] =
            (struct pawl_sqlite_credit){credit->assignment, change->number};
    if (credit->campaign != 0)
        batch->marks[batch->mark_count++] = (struct pawl_sqlite_mark){
            credit->campaign, change->number, credit->stage, PAWL_SQLITE_FINISHED};
    result = pawl_sqlite_evidence_set(batch->connection, change->number, change->evidence);
    return result == PAWL_OK ? pawl_sqlite_event_add(batch->connection, change->event) : result;
}

static enum pawl_result batch_apply(struct batch *batch, struct pawl_change *changes, size_t count)
{
    enum pawl_result result = PAWL_OK;
    uint64_t finished;
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = change_apply(batch, &changes[i]);
    if (result == PAWL_OK)
        result = pawl_sqlite_credits_add(batch->connection, batch->credits, batch->credit_count);
    if (result == PAWL_OK)
        result =
            pawl_sqlite_marks_add(batch->connection, batch->marks, batch->mark_count, &finished);
    if (result == PAWL_OK)
        result = pawl_sqlite_running_set(batch->connection, batch->bits, batch->bit_count);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(batch->connection, &batch->sums);
    return result;
}

enum pawl_result pawl_sqlite_changes_apply(struct pawl_store *store, struct pawl_change *changes,
                                           size_t count)
{
    struct batch batch = {
        .credits = calloc(count, sizeof *batch.credits),
        .marks = calloc(count, sizeof *batch.marks),
        .bits = calloc(count, 2 * sizeof *batch.bits),
    };
    bool roomy = batch.credits != NULL && batch.marks != NULL && batch.bits != NULL;
    enum pawl_result result = roomy ? PAWL_OK : PAWL_EXHAUSTED;
    if (result == PAWL_OK)
        result = pawl_sqlite_begin(store, &batch.connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_end(store, batch_apply(&batch, changes, count));
    free(batch.credits);
    free(batch.marks);
    free(batch.bits);
    for (size_t i = 0; result != PAWL_OK && i < count; i++)
        changes[i].result = result;
    return result;
}

/* What is compared before a note is written. */
static void failure_compare(sqlite3_stmt *statement, const struct pawl_failure_change *change)
{
    const struct pawl_device_record *record = &change->record;
    const struct pawl_failure_note *before = &change->before;
    pawl_bind_number(statement, 9, (uint64_t)record->standing);
    pawl_bind_number(statement, 10, record->sequence);
    pawl_bind_blob(statement, 11, record->has_instance ? record->instance : NULL,
                   PAWL_INSTANCE_SIZE);
    pawl_bind_blob(statement, 12, before->present ? before->package_id : NULL,
                   PAWL_PACKAGE_ID_SIZE);
    pawl_bind_number(statement, 13, before->code);
    pawl_bind_number(statement, 14, before->retries);
    pawl_bind_number(statement, 15, before->retry_asked ? 1 : 0);
    pawl_bind_number(statement, 16, before->attempt);
    pawl_bind_number(statement, 17, before->settled ? 1 : 0);
}

static enum pawl_result failure_set(struct pawl_sqlite *connection,
                                    struct pawl_failure_change *change)
{
    const struct pawl_failure_note *note = &change->note;
    struct pawl_attempt attempt = {
        .time = change->time,
        .outcome = note->code == PAWL_FAILURE_DONE ? PAWL_ATTEMPT_DIAGNOSED : PAWL_ATTEMPT_FAILED,
        .detail = note->code,
        .from = change->sequence,
    };
    uint8_t entry[PAWL_ATTEMPT_SIZE];
    uint64_t package = 0;
    int changed = 0;
    enum pawl_result result = PAWL_OK;
    if (change->attempted)
        result = pawl_sqlite_ran_find(connection, note->package_id, &package);
    if (result != PAWL_OK)
        return result;
    attempt.package = (uint32_t)package;
    pawl_attempt_pack(&attempt, entry);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_FAILURE_SET);
    pawl_bind_number(statement, 1, change->number);
    pawl_bind_blob(statement, 2, note->present ? note->package_id : NULL, PAWL_PACKAGE_ID_SIZE);
    pawl_bind_number(statement, 3, note->code);
    pawl_bind_number(statement, 4, note->retries);
    pawl_bind_number(statement, 5, note->retry_asked ? 1 : 0);
    pawl_bind_number(statement, 6, note->attempt);
    pawl_bind_number(statement, 7, note->settled ? 1 : 0);
    pawl_bind_blob(statement, 8, change->attempted ? entry : NULL, sizeof entry);
    failure_compare(statement, change);
    result = pawl_sqlite_run(connection, statement, &changed);
    change->result = changed > 0 ? PAWL_OK : PAWL_STATE;
    return result == PAWL_OK && changed > 0 ? pawl_sqlite_event_add(connection, change->event)
                                            : result;
}

/* Whether it is to be counted: the campaign is there, and still at the try that failed. */
static enum pawl_result failure_is_current(struct pawl_sqlite *connection,
                                           const struct pawl_failure_change *change, bool *current)
{
    uint64_t generation = 0;
    enum pawl_result result = PAWL_STATE;
    if (change->campaign != 0 && change->result == PAWL_OK)
        result = pawl_sqlite_campaign_generation(connection, change->campaign, &generation);
    const struct pawl_campaign_rule rule = {.id = change->campaign,
                                            .generation = (uint32_t)generation};
    *current = result == PAWL_OK && pawl_campaign_attempt(&rule) == change->note.attempt;
    return result == PAWL_STATE ? PAWL_OK : result;
}

static enum pawl_result failures_set(struct pawl_sqlite *connection,
                                     struct pawl_failure_change *changes, size_t count,
                                     struct pawl_sqlite_mark *marks)
{
    enum pawl_result result = PAWL_OK;
    uint64_t finished;
    size_t used = 0;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        struct pawl_failure_change *change = &changes[i];
        bool current = false;
        result = failure_set(connection, change);
        if (result == PAWL_OK)
            result = failure_is_current(connection, change, &current);
        if (current)
            marks[used++] = (struct pawl_sqlite_mark){change->campaign, change->number,
                                                      change->stage, PAWL_SQLITE_FAILED};
    }
    return result == PAWL_OK ? pawl_sqlite_marks_add(connection, marks, used, &finished) : result;
}

enum pawl_result pawl_sqlite_failures_set(struct pawl_store *store,
                                          struct pawl_failure_change *changes, size_t count)
{
    struct pawl_sqlite *connection;
    struct pawl_sqlite_mark *marks = calloc(count, sizeof *marks);
    enum pawl_result result =
        marks == NULL ? PAWL_EXHAUSTED : pawl_sqlite_begin(store, &connection);
    if (result == PAWL_OK)
        result = pawl_sqlite_end(store, failures_set(connection, changes, count, marks));
    free(marks);
    return result;
}

static int seen_compare(const void *a, const void *b)
{
    const struct pawl_seen *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

enum pawl_result pawl_sqlite_seen_set(struct pawl_store *store, struct pawl_seen *seen,
                                      size_t count)
{
    struct pawl_sqlite *connection;
    qsort(seen, count, sizeof *seen, seen_compare);
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_SEEN_SET);
        pawl_bind_number(statement, 1, seen[i].number);
        pawl_bind_time(statement, 2, seen[i].time);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    result = pawl_sqlite_end(store, result);
    /* Called now and then by a running server: the moment to shorten the log. */
    if (result == PAWL_OK)
        pawl_sqlite_checkpoint(store);
    return result;
}
