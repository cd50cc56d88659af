/* Commands for devices: queued, listed, ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

enum column { NUMBER = 0, DEVICE, DEVICE_ID, KIND, ARGUMENT, SECONDS, ACTOR, CREATED, EXPIRES };

static bool argument_decode(sqlite3_stmt *row, struct pawl_command *command)
{
    const void *bytes = sqlite3_column_blob(row, ARGUMENT);
    size_t size = (size_t)sqlite3_column_bytes(row, ARGUMENT);
    uint64_t seconds = pawl_column_number(row, SECONDS);

    switch (command->kind) {
    case PAWL_COMMAND_MESSAGE:
        if (size == 0 || size > sizeof command->message)
            return false;
        memcpy(command->message, bytes, size);
        command->message_size = (uint32_t)size;
        return true;
    case PAWL_COMMAND_DIAGNOSTIC:
        return pawl_column_blob(row, ARGUMENT, command->package_id, PAWL_PACKAGE_ID_SIZE, NULL);
    case PAWL_COMMAND_POLL_INTERVAL:
        command->seconds = (uint32_t)seconds;
        return seconds >= PAWL_COMMAND_POLL_MIN && seconds <= PAWL_POLL_AFTER_MAX;
    default:
        return true;
    }
}

static enum pawl_result command_decode(sqlite3_stmt *row, struct pawl_command *command)
{
    uint64_t kind = pawl_column_number(row, KIND);
    *command = (struct pawl_command){.number = pawl_column_number(row, NUMBER),
                                     .device = pawl_column_number(row, DEVICE),
                                     .kind = (enum pawl_command_kind)kind,
                                     .created = sqlite3_column_int64(row, CREATED),
                                     .expires = sqlite3_column_int64(row, EXPIRES)};
    pawl_column_text(row, ACTOR, command->actor, sizeof command->actor);
    if (kind >= PAWL_COMMAND_CHECK_IN && kind < PAWL_COMMAND_KIND_END &&
        pawl_column_blob(row, DEVICE_ID, command->device_id, PAWL_ID_SIZE, NULL) &&
        argument_decode(row, command))
        return PAWL_OK;
    pawl_log(PAWL_LOG_ERROR, "database: a command's row is damaged");
    return PAWL_STORAGE;
}

enum pawl_result pawl_sqlite_command_list(struct pawl_reader *reader,
                                          const struct pawl_command_filter *filter, uint64_t after,
                                          size_t limit, pawl_command_fn visit, void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    enum pawl_sql sql = filter->device != 0 ? PAWL_SQL_COMMAND_OF_DEVICE
                        : filter->expired   ? PAWL_SQL_COMMAND_EXPIRED
                                            : PAWL_SQL_COMMAND_LIST;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
    struct pawl_command command;
    pawl_bind_number(statement, 1, after);
    pawl_bind_number(statement, 2, limit);
    pawl_bind_time(statement, 3, filter->now);
    if (filter->device != 0)
        pawl_bind_number(statement, 4, filter->device);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = command_decode(statement, &command);
        if (result == PAWL_OK)
            result = visit(context, &command);
    }
    return result;
}

/* Sets a device's count of commands to what is there. */
static enum pawl_result count_set(struct pawl_sqlite *connection, uint64_t device)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_COMMANDS_SET);
    pawl_bind_number(statement, 1, device);
    return pawl_sqlite_run(connection, statement, NULL);
}

/* Adds it for one device that has room for it: `*added` is its number, or 0. */
static enum pawl_result command_add(struct pawl_sqlite *connection,
                                    const struct pawl_command *command, uint64_t device,
                                    uint64_t *added)
{
    bool diagnostic = command->kind == PAWL_COMMAND_DIAGNOSTIC;
    bool interval = command->kind == PAWL_COMMAND_POLL_INTERVAL;
    const uint8_t *argument = diagnostic ? command->package_id
                              : command->kind == PAWL_COMMAND_MESSAGE
                                  ? (const uint8_t *)command->message
                                  : NULL;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COMMAND_ADD);
    int changed = 0;
    pawl_bind_number(statement, 1, device);
    pawl_bind_number(statement, 2, (uint64_t)command->kind);
    pawl_bind_blob(statement, 3, argument,
                   diagnostic ? PAWL_PACKAGE_ID_SIZE : command->message_size);
    pawl_bind_number(statement, 4, command->seconds);
    pawl_bind_text(statement, 5, command->actor);
    pawl_bind_time(statement, 6, command->created);
    pawl_bind_time(statement, 7, command->expires);
    pawl_bind_number(statement, 8, PAWL_COMMANDS_MAX);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    *added = changed > 0 ? (uint64_t)sqlite3_last_insert_rowid(connection->db) : 0;
    if (result != PAWL_OK || changed == 0)
        return result;
    if (interval) {
        statement = pawl_sqlite_statement(connection, PAWL_SQL_DEVICE_POLL_SET);
        pawl_bind_number(statement, 1, command->seconds);
        pawl_bind_number(statement, 2, device);
        result = pawl_sqlite_run(connection, statement, NULL);
    }
    return result == PAWL_OK ? count_set(connection, device) : result;
}

/* The event tells which numbers they got. */
static enum pawl_result add_tell(struct pawl_sqlite *connection, const struct pawl_event *event,
                                 uint64_t first, size_t count)
{
    if (event == NULL || count == 0)
        return PAWL_OK;
    struct pawl_event told = *event;
    const char *rest = event->detail == NULL || event->detail[0] != '{' ? "}" : event->detail + 1;
    size_t size = strlen(rest) + 80;
    char *detail = malloc(size);
    if (detail == NULL)
        return PAWL_EXHAUSTED;
    int head = count == 1 ? snprintf(detail, size, "{\"number\":%llu", (unsigned long long)first)
                          : snprintf(detail, size, "{\"first\":%llu,\"count\":%zu",
                                     (unsigned long long)first, count);
    snprintf(detail + head, size - (size_t)head, "%s%s", rest[0] == '}' ? "" : ",", rest);
    told.detail = detail;
    enum pawl_result result = pawl_sqlite_event_add(connection, &told);
    free(detail);
    return result;
}

enum pawl_result pawl_sqlite_commands_add(struct pawl_store *store,
                                          const struct pawl_command *command,
                                          const uint64_t *devices, size_t count,
                                          const struct pawl_event *event, uint64_t *first,
                                          size_t *added)
{
    struct pawl_sqlite *connection;
    uint64_t lowest = 0;
    size_t sum = 0;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        uint64_t number = 0;
        result = command_add(connection, command, devices[i], &number);
        sum += number != 0;
        if (lowest == 0)
            lowest = number;
    }
    if (result == PAWL_OK)
        result = add_tell(connection, event, lowest, sum);
    result = pawl_sqlite_end(store, result);
    if (result == PAWL_OK) {
        *first = lowest;
        *added = sum;
    }
    return result;
}

/* Deletes one. PAWL_STATE when it is not there. */
static enum pawl_result command_delete(struct pawl_sqlite *connection, uint64_t number,
                                       uint64_t device)
{
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COMMAND_DELETE);
    int changed = 0;
    pawl_bind_number(statement, 1, number);
    pawl_bind_number(statement, 2, device);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        return PAWL_STATE;
    return result == PAWL_OK ? count_set(connection, device) : result;
}

enum pawl_result pawl_sqlite_command_cancel(struct pawl_store *store, uint64_t number,
                                            struct pawl_event *event, uint8_t *device_id)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_COMMAND_FIND);
    uint8_t found[PAWL_ID_SIZE];
    uint64_t device = 0;
    bool row = false;
    pawl_bind_number(statement, 1, number);
    result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row) {
        device = pawl_column_number(statement, 0);
        bool sound = pawl_column_blob(statement, 1, found, sizeof found, NULL);
        sqlite3_reset(statement);
        result = sound ? command_delete(connection, number, device) : PAWL_STORAGE;
    } else if (result == PAWL_OK) {
        result = PAWL_STATE;
    }
    if (result == PAWL_OK && event != NULL) {
        event->device_id = found;
        result = pawl_sqlite_event_add(connection, event);
        event->device_id = NULL;
    }
    result = pawl_sqlite_end(store, result);
    if (result == PAWL_OK)
        memcpy(device_id, found, PAWL_ID_SIZE);
    return result;
}

enum pawl_result pawl_sqlite_commands_end(struct pawl_store *store, struct pawl_command_end *ends,
                                          size_t count)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    for (size_t i = 0; result == PAWL_OK && i < count; i++) {
        ends[i].result = command_delete(connection, ends[i].number, ends[i].device);
        if (ends[i].result == PAWL_OK)
            result = pawl_sqlite_event_add(connection, ends[i].event);
        else if (ends[i].result != PAWL_STATE)
            result = ends[i].result;
    }
    return pawl_sqlite_end(store, result);
}
