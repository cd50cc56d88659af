/* Devices: looked up, listed, counted. */
#include <stdio.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite_device.h"

/* The columns of PAWL_SQLITE_DEVICE_COLUMNS. Those of a record are null while there is none, which
 * reads as the record that a device begins with. */
enum column {
    NUMBER = 0,
    DEVICE_ID,
    WRAPPED_SECRET,
    CLASS,
    GROUP,
    CHAIN_LENGTH,
    MAXIMUM,
    SEQUENCE,
    STANDING,
    QUARANTINE,
    INSTANCE,
    PACKAGE_ID,
    FAILED_PACKAGE_ID,
    FAILED_CODE,
    FAILED_RETRIES,
    RETRY_ASKED,
    FAILED_ATTEMPT,
    FAILED_SETTLED,
    COMMANDS,
    POLL_AFTER,
    SEEN
};

_Static_assert(SEEN == PAWL_SQLITE_DEVICE_NEXT_COLUMN, "the columns are those of the statements");

static bool is_null(sqlite3_stmt *row, enum column column)
{
    return sqlite3_column_type(row, (int)column) == SQLITE_NULL;
}

static bool record_decode(sqlite3_stmt *row, struct pawl_device_record *record)
{
    uint64_t standing = pawl_column_number(row, STANDING);
    record->standing = (enum pawl_standing)standing;
    record->sequence = pawl_column_number(row, SEQUENCE);
    record->has_maximum = !is_null(row, MAXIMUM);
    record->maximum = pawl_column_number(row, MAXIMUM);
    return standing < PAWL_STANDING_COUNT &&
           pawl_column_blob(row, INSTANCE, record->instance, PAWL_INSTANCE_SIZE,
                            &record->has_instance) &&
           pawl_column_blob(row, PACKAGE_ID, record->package_id, PAWL_PACKAGE_ID_SIZE,
                            &record->has_package);
}

static bool failure_decode(sqlite3_stmt *row, struct pawl_failure_note *failure)
{
    failure->code = (uint32_t)pawl_column_number(row, FAILED_CODE);
    failure->retries = (uint32_t)pawl_column_number(row, FAILED_RETRIES);
    failure->retry_asked = pawl_column_number(row, RETRY_ASKED) != 0;
    failure->attempt = pawl_column_number(row, FAILED_ATTEMPT);
    failure->settled = pawl_column_number(row, FAILED_SETTLED) != 0;
    return pawl_column_blob(row, FAILED_PACKAGE_ID, failure->package_id, PAWL_PACKAGE_ID_SIZE,
                            &failure->present);
}

static enum pawl_result names_decode(struct pawl_sqlite *connection, sqlite3_stmt *row,
                                     struct pawl_device *device)
{
    const struct pawl_sqlite_name *name;
    enum pawl_result result =
        pawl_sqlite_class_get(connection, sqlite3_column_int64(row, CLASS), &name);
    if (result != PAWL_OK)
        return result;
    memcpy(device->vendor_id, name->vendor_id, PAWL_ID_SIZE);
    memcpy(device->class_id, name->class_id, PAWL_ID_SIZE);
    device->group[0] = '\0';
    if (is_null(row, GROUP))
        return PAWL_OK;
    result = pawl_sqlite_group_get(connection, sqlite3_column_int64(row, GROUP), &name);
    if (result == PAWL_OK)
        memcpy(device->group, name->group, sizeof device->group);
    return result;
}

enum pawl_result pawl_sqlite_device_decode(struct pawl_sqlite *connection, sqlite3_stmt *row,
                                           struct pawl_device *device)
{
    uint64_t chain_length = pawl_column_number(row, CHAIN_LENGTH);
    uint64_t quarantine = pawl_column_number(row, QUARANTINE);
    bool sound = pawl_column_blob(row, DEVICE_ID, device->device_id, PAWL_ID_SIZE, NULL) &&
                 pawl_column_blob(row, WRAPPED_SECRET, device->wrapped_secret,
                                  PAWL_VAULT_WRAPPED_SIZE, NULL) &&
                 record_decode(row, &device->record) && failure_decode(row, &device->failure) &&
                 chain_length >= 1 && chain_length <= 65535 && quarantine < PAWL_FINDING_COUNT;
    if (!sound) {
        pawl_log(PAWL_LOG_ERROR, "database: a device's row is damaged");
        return PAWL_STORAGE;
    }
    device->number = pawl_column_number(row, NUMBER);
    device->chain_length = (uint32_t)chain_length;
    device->quarantine = (enum pawl_finding)quarantine;
    device->commands = (uint32_t)pawl_column_number(row, COMMANDS);
    device->poll_after = (uint32_t)pawl_column_number(row, POLL_AFTER);
    return names_decode(connection, row, device);
}

/* The one device that a statement with its values finds. */
static enum pawl_result one_read(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                 struct pawl_device *device)
{
    struct pawl_device found;
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    result = pawl_sqlite_device_decode(connection, statement, &found);
    sqlite3_reset(statement);
    if (result == PAWL_OK)
        *device = found;
    return result;
}

enum pawl_result pawl_sqlite_device_get(struct pawl_reader *reader, const uint8_t *device_id,
                                        struct pawl_device *device)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_GET);
    pawl_bind_blob(statement, 1, device_id, PAWL_ID_SIZE);
    return one_read(connection, statement, device);
}

enum pawl_result pawl_sqlite_device_numbered(struct pawl_reader *reader, uint64_t number,
                                             struct pawl_device *device)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_NUMBERED);
    pawl_bind_number(statement, 1, number);
    return one_read(connection, statement, device);
}

enum pawl_result pawl_sqlite_seen_get(struct pawl_reader *reader, uint64_t number, int64_t *time)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_SEEN_GET);
    bool row = false;
    pawl_bind_number(statement, 1, number);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    *time = row ? sqlite3_column_int64(statement, 0) : 0;
    if (row)
        sqlite3_reset(statement);
    return PAWL_OK;
}

/* The statement of a list: only the conditions that the filter has, so that the planner takes the
 * index of the one that selects; each gives its rows in the order of their numbers. */
static sqlite3_stmt *list_prepare(struct pawl_sqlite *connection,
                                  const struct pawl_device_filter *filter)
{
    bool few = filter->has_standing && filter->standing != PAWL_STANDING_ACTIVE;
    char text[1024];
    sqlite3_stmt *statement = NULL;
    snprintf(text, sizeof text,
             "SELECT " PAWL_SQLITE_DEVICE_COLUMNS
             ", (SELECT time FROM seen WHERE seen.device = number) FROM %s%s%s%s%s LIMIT ?2",
             few ? "record CROSS JOIN device ON number = record.device WHERE record.device > ?1"
                   " AND standing = ?6 AND standing <> 0"
                 : "device LEFT JOIN record ON record.device = number WHERE number > ?1",
             filter->class_id == NULL ? ""
             : few ? " AND +class = (SELECT number FROM class WHERE class_id = ?3)"
                   : " AND class = (SELECT number FROM class WHERE class_id = ?3)",
             filter->group == NULL ? ""
             : few ? " AND +device_group = (SELECT number FROM device_group WHERE name = ?4)"
                   : " AND device_group = (SELECT number FROM device_group WHERE name = ?4)",
             filter->vendor_id == NULL
                 ? ""
                 : " AND +class IN (SELECT number FROM class WHERE vendor_id = ?5)",
             few                    ? " ORDER BY record.device"
             : filter->has_standing ? " AND coalesce(standing, 0) = ?6 ORDER BY number"
                                    : " ORDER BY number");
    sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);
    return statement;
}

enum pawl_result pawl_sqlite_device_list(struct pawl_reader *reader,
                                         const struct pawl_device_filter *filter, uint64_t after,
                                         size_t limit, pawl_device_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = list_prepare(connection, filter);
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    if (filter->class_id != NULL)
        pawl_bind_blob(statement, 3, filter->class_id, PAWL_ID_SIZE);
    if (filter->group != NULL)
        pawl_bind_text(statement, 4, filter->group);
    if (filter->vendor_id != NULL)
        pawl_bind_blob(statement, 5, filter->vendor_id, PAWL_ID_SIZE);
    if (filter->has_standing)
        pawl_bind_number(statement, 6, (uint64_t)filter->standing);

    struct pawl_device device = {0};
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = pawl_sqlite_device_decode(connection, statement, &device);
        if (result == PAWL_OK)
            result = visit(context, &device, sqlite3_column_int64(statement, SEEN));
    }
    sqlite3_finalize(statement);
    return result;
}

enum pawl_result pawl_sqlite_device_count(struct pawl_reader *reader,
                                          const struct pawl_target *target, uint64_t *count)
{
    static const struct {
        enum pawl_sql sql;
        int column; /* of the number of devices; -1: a row is one */
    } counts[] = {
        [PAWL_TARGET_CLASS] = {PAWL_SQL_CLASS_FIND, 2},
        [PAWL_TARGET_GROUP] = {PAWL_SQL_GROUP_FIND, 1},
        [PAWL_TARGET_DEVICE] = {PAWL_SQL_DEVICE_FIND, -1},
    };
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, counts[target->kind].sql);
    int column = counts[target->kind].column;
    bool row = false;
    if (target->kind == PAWL_TARGET_GROUP)
        pawl_bind_text(statement, 1, target->group);
    else
        pawl_bind_blob(statement, 1, target->id, PAWL_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    *count = !row ? 0 : column < 0 ? 1 : pawl_column_number(statement, column);
    if (row)
        sqlite3_reset(statement);
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_place_find(struct pawl_sqlite *connection, const uint8_t *device_id,
                                        struct pawl_sqlite_place *place)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_FIND);
    bool row = false;
    pawl_bind_blob(statement, 1, device_id, PAWL_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    place->number = pawl_column_number(statement, 0);
    place->group = sqlite3_column_int64(statement, 1);
    place->standing = (enum pawl_standing)sqlite3_column_int(statement, 2);
    place->class = sqlite3_column_int64(statement, 3);
    place->has_failure = sqlite3_column_int(statement, 4) != 0;
    place->retry_asked = sqlite3_column_int(statement, 5) != 0;
    uint64_t finding = pawl_column_number(statement, 8);
    place->failure = (uint32_t)pawl_column_number(statement, 7);
    place->finding = (enum pawl_finding)finding;
    if (!pawl_column_blob(statement, 6, place->package_id, PAWL_PACKAGE_ID_SIZE,
                          &place->has_package) ||
        finding >= PAWL_FINDING_COUNT)
        result = PAWL_STORAGE;
    sqlite3_reset(statement);
    return result;
}

static enum pawl_result group_grow(struct pawl_sqlite *connection, int64_t group, int64_t by)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_GROUP_GROW);
    pawl_bind_time(statement, 1, by);
    pawl_bind_time(statement, 2, group);
    return group == 0 ? PAWL_OK : pawl_sqlite_run(connection, statement, NULL);
}

enum pawl_result pawl_sqlite_device_regroup(struct pawl_sqlite *connection,
                                            const struct pawl_sqlite_place *place, int64_t group)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_GROUP_SET);
    if (group == 0)
        pawl_bind_blob(statement, 1, NULL, 0);
    else
        pawl_bind_time(statement, 1, group);
    pawl_bind_number(statement, 2, place->number);
    enum pawl_result result = pawl_sqlite_run(connection, statement, NULL);
    if (result == PAWL_OK)
        result = group_grow(connection, place->group, -1);
    if (result == PAWL_OK)
        result = group_grow(connection, group, 1);
    return result;
}
