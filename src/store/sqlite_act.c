/* What operators do to devices, many in one transaction. */
#include <stdio.h>
#include <string.h>

#include "host/json_text.h"
#include "store/sqlite_device.h"

#define DETAIL_SIZE 4096u
#define TEXT_SIZE 640u /* of a value in the audit: 128 bytes, all escaped, and its quotes */

/* What is done to one device within the transaction. */
struct deed {
    struct pawl_sqlite *connection;
    const struct pawl_act *act;
    struct pawl_sqlite_place place;
    struct pawl_sqlite_sums *sums;
    char before[PAWL_LABEL_VALUE_SIZE]; /* for the audit; empty: null */
    const char *after;                  /* the same; NULL: null */
};

static enum pawl_result group_do(struct deed *deed, enum pawl_act_outcome *outcome)
{
    const char *wanted = deed->act->group;
    struct pawl_sqlite_name *name = NULL;
    enum pawl_result result = PAWL_OK;
    if (deed->place.group != 0) {
        const struct pawl_sqlite_name *held;
        result = pawl_sqlite_group_get(deed->connection, deed->place.group, &held);
        if (result == PAWL_OK)
            memcpy(deed->before, held->group, sizeof held->group);
    }
    if (result != PAWL_OK)
        return result;
    deed->after = wanted;
    if (strcmp(deed->before, wanted != NULL ? wanted : "") == 0) {
        *outcome = PAWL_ACT_UNCHANGED;
        return PAWL_OK;
    }
    if (wanted != NULL)
        result = pawl_sqlite_group_find(deed->connection, wanted, &name);
    int64_t number = name == NULL ? 0 : name->number;
    return result == PAWL_OK ? pawl_sqlite_device_regroup(deed->connection, &deed->place, number)
                             : result;
}

static enum pawl_result label_do(struct deed *deed, enum pawl_act_outcome *outcome)
{
    const struct pawl_label *label = &deed->act->label;
    struct pawl_label before;
    bool full = false;
    enum pawl_result result =
        pawl_sqlite_label_set(deed->connection, deed->place.number, label, &before, &full);
    if (result != PAWL_OK)
        return result;
    memcpy(deed->before, before.value, sizeof deed->before);
    deed->after = label->value[0] != '\0' ? label->value : NULL;
    if (full)
        *outcome = PAWL_ACT_LABELS_FULL;
    else if (strcmp(before.value, label->value) == 0)
        *outcome = PAWL_ACT_UNCHANGED;
    return PAWL_OK;
}

static enum pawl_result release_do(struct deed *deed, enum pawl_act_outcome *outcome)
{
    if (deed->place.standing != PAWL_STANDING_QUARANTINED) {
        bool released = deed->place.standing == PAWL_STANDING_RELEASED;
        *outcome = released ? PAWL_ACT_UNCHANGED : PAWL_ACT_NOT_QUARANTINED;
        return PAWL_OK;
    }
    sqlite3_stmt *statement = pawl_sqlite_statement(deed->connection, PAWL_SQL_DEVICE_RELEASE);
    pawl_bind_number(statement, 1, PAWL_STANDING_RELEASED);
    pawl_bind_number(statement, 2, deed->place.number);
    deed->sums->quarantined--;
    deed->after = pawl_standing_name(PAWL_STANDING_RELEASED);
    return pawl_sqlite_run(deed->connection, statement, NULL);
}

static enum pawl_result retry_do(struct deed *deed, enum pawl_act_outcome *outcome)
{
    if (!deed->place.has_failure || deed->place.retry_asked) {
        *outcome = deed->place.has_failure ? PAWL_ACT_UNCHANGED : PAWL_ACT_NO_FAILURE;
        return PAWL_OK;
    }
    snprintf(deed->before, sizeof deed->before, "failed with code %u", deed->place.failure);
    deed->after = "asked to retry";
    sqlite3_stmt *statement = pawl_sqlite_statement(deed->connection, PAWL_SQL_DEVICE_RETRY);
    pawl_bind_number(statement, 1, deed->place.number);
    return pawl_sqlite_run(deed->connection, statement, NULL);
}

/* A device that is gone runs nothing. */
static enum pawl_result running_end(struct deed *deed)
{
    struct pawl_sqlite_run_bit bit = {.device = deed->place.number, .runs = false};
    if (!deed->place.has_package)
        return PAWL_OK;
    enum pawl_result result =
        pawl_sqlite_ran_find(deed->connection, deed->place.package_id, &bit.package);
    return result == PAWL_OK ? pawl_sqlite_running_set(deed->connection, &bit, 1) : result;
}

/* Its id and the tag of its secret stay: they are refused at imports for ever. */
static enum pawl_result decommission_do(struct deed *deed, enum pawl_act_outcome *outcome)
{
    struct pawl_sqlite *connection = deed->connection;
    const struct pawl_sqlite_place *place = &deed->place;
    (void)outcome;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_RETIRE);
    pawl_bind_number(statement, 1, place->number);
    pawl_bind_number(statement, 2, PAWL_STANDING_DECOMMISSIONED);
    enum pawl_result result = pawl_sqlite_run(connection, statement, NULL);
    if (result == PAWL_OK)
        result = pawl_sqlite_device_regroup(connection, place, 0);
    if (result == PAWL_OK) {
        statement = pawl_sqlite_statement(connection, PAWL_SQL_SECRET_DESTROY);
        pawl_bind_number(statement, 1, place->number);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    if (result == PAWL_OK) {
        statement = pawl_sqlite_statement(connection, PAWL_SQL_CLASS_GROW);
        pawl_bind_time(statement, 1, -1);
        pawl_bind_time(statement, 2, place->class);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    if (result == PAWL_OK)
        result = pawl_sqlite_labels_clear(connection, place->number);
    deed->sums->devices--;
    deed->sums->decommissioned++;
    deed->sums->quarantined -= place->standing == PAWL_STANDING_QUARANTINED;
    deed->after = pawl_standing_name(PAWL_STANDING_DECOMMISSIONED);
    return result == PAWL_OK ? running_end(deed) : result;
}

/* `told`: the audit has before and after. */
static const struct {
    enum pawl_result (*run)(struct deed *deed, enum pawl_act_outcome *outcome);
    bool told;
} deeds[PAWL_ACT_KIND_COUNT] = {
    [PAWL_ACT_GROUP] = {group_do, true},
    [PAWL_ACT_LABEL] = {label_do, true},
    [PAWL_ACT_RELEASE] = {release_do, true},
    [PAWL_ACT_RETRY] = {retry_do, true},
    [PAWL_ACT_DECOMMISSION] = {decommission_do, true},
};

static enum pawl_result deed_audit(const struct deed *deed, const uint8_t *device_id)
{
    const struct pawl_act *act = deed->act;
    char detail[DETAIL_SIZE], text[TEXT_SIZE];
    const char *comma = "";
    size_t at = (size_t)snprintf(detail, sizeof detail, "{");
    if (act->actor == NULL)
        return PAWL_OK;
    if (act->kind == PAWL_ACT_LABEL) {
        at += (size_t)snprintf(detail + at, sizeof detail - at, "\"key\":\"%s\"", act->label.key);
        comma = ",";
    }
    if (act->kind == PAWL_ACT_RELEASE) { /* why it was held */
        at += (size_t)snprintf(detail + at, sizeof detail - at, "\"finding\":\"%s\"",
                               pawl_finding_name(deed->place.finding));
        comma = ",";
    }
    if (deeds[act->kind].told) {
        pawl_json_text_write(deed->before[0] != '\0' ? deed->before : NULL, text, sizeof text);
        at += (size_t)snprintf(detail + at, sizeof detail - at, "%s\"before\":%s", comma, text);
        pawl_json_text_write(deed->after, text, sizeof text);
        at += (size_t)snprintf(detail + at, sizeof detail - at, ",\"after\":%s", text);
        comma = ",";
    }
    if (act->reason != NULL) {
        pawl_json_text_write(act->reason, text, sizeof text);
        at += (size_t)snprintf(detail + at, sizeof detail - at, "%s\"reason\":%s", comma, text);
    }
    snprintf(detail + at, sizeof detail - at, "}");
    const struct pawl_event event = {
        .time = act->time,
        .actor = act->actor,
        .action = pawl_act_event_name(act->kind),
        .device_id = device_id,
        .detail = detail,
        .request = act->request,
    };
    return pawl_sqlite_event_add(deed->connection, &event);
}

static enum pawl_result row_act(struct pawl_sqlite *connection, const struct pawl_act *act,
                                struct pawl_sqlite_sums *sums, struct pawl_act_row *row)
{
    struct deed deed = {.connection = connection, .act = act, .sums = sums};
    enum pawl_act_outcome outcome = PAWL_ACT_CHANGED;
    enum pawl_result result = pawl_sqlite_place_find(connection, row->device_id, &deed.place);
    if (result == PAWL_STATE) {
        row->outcome = PAWL_ACT_UNKNOWN;
        return PAWL_OK;
    }
    if (result != PAWL_OK)
        return result;
    if (deed.place.standing == PAWL_STANDING_DECOMMISSIONED) {
        bool same = act->kind == PAWL_ACT_DECOMMISSION;
        row->outcome = same ? PAWL_ACT_UNCHANGED : PAWL_ACT_GONE;
        return PAWL_OK;
    }
    if (act->kind == PAWL_ACT_RELEASE || act->kind == PAWL_ACT_DECOMMISSION)
        snprintf(deed.before, sizeof deed.before, "%s", pawl_standing_name(deed.place.standing));
    result = deeds[act->kind].run(&deed, &outcome);
    if (result == PAWL_OK && outcome == PAWL_ACT_CHANGED)
        result = deed_audit(&deed, row->device_id);
    if (result == PAWL_OK)
        row->outcome = outcome;
    return result;
}

enum pawl_result pawl_sqlite_devices_act(struct pawl_store *store, const struct pawl_act *act,
                                         struct pawl_act_row *rows, size_t count, bool dry_run)
{
    struct pawl_sqlite *connection;
    struct pawl_sqlite_sums sums = {0};
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++)
        result = row_act(connection, act, &sums, &rows[i]);
    if (result == PAWL_OK)
        result = pawl_sqlite_sums_add(connection, &sums);
    if (result != PAWL_OK || !dry_run)
        return pawl_sqlite_end(store, result);
    /* As if: all was done, and is taken back. */
    pawl_sqlite_end(store, PAWL_STATE);
    return PAWL_OK;
}
