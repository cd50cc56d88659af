/* Classes and groups: names that device rows share by a number. Each connection keeps those that
 * it met, groups until one is edited. */
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "store/sqlite.h"

#define NUMBER_MAX (1 << 24) /* more distinct names than this is a damaged row, not a fleet */

/* The place of a number, made when there is none yet. NULL without memory. */
static struct pawl_sqlite_name *place_of(struct pawl_sqlite_names *names, int64_t number)
{
    size_t index = (size_t)number;
    if (index >= names->capacity) {
        size_t capacity = index < 8 ? 16 : 2 * index;
        struct pawl_sqlite_name *items = realloc(names->items, capacity * sizeof *items);
        if (items == NULL)
            return NULL;
        memset(items + names->capacity, 0, (capacity - names->capacity) * sizeof *items);
        names->items = items;
        names->capacity = capacity;
    }
    return &names->items[index];
}

/* PAWL_OK with a NULL place: the number is not there. */
static enum pawl_result name_read(struct pawl_sqlite *connection, struct pawl_sqlite_names *names,
                                  sqlite3_stmt *statement, int64_t number, bool is_class)
{
    bool row = false;
    struct pawl_sqlite_name name = {.number = number};
    bool sound = number >= 1 && number <= NUMBER_MAX;
    pawl_bind_time(statement, 1, number);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK)
        return result;
    if (row && is_class)
        sound = sound && pawl_column_blob(statement, 0, name.vendor_id, PAWL_ID_SIZE, NULL) &&
                pawl_column_blob(statement, 1, name.class_id, PAWL_ID_SIZE, NULL);
    else if (row)
        pawl_column_text(statement, 0, name.group, sizeof name.group);
    if (row)
        sqlite3_reset(statement);
    if (!row || !sound) {
        pawl_log(PAWL_LOG_ERROR, "database: a device's class or group is missing or damaged");
        return PAWL_STORAGE;
    }
    struct pawl_sqlite_name *place = place_of(names, number);
    if (place == NULL)
        return PAWL_EXHAUSTED;
    *place = name;
    return PAWL_OK;
}

static enum pawl_result name_get(struct pawl_sqlite *connection, bool is_class, int64_t number,
                                 const struct pawl_sqlite_name **name)
{
    struct pawl_sqlite_names *names = is_class ? &connection->classes : &connection->groups;
    size_t index = (size_t)number;
    if (index >= names->capacity || names->items[index].number == 0) {
        enum pawl_sql sql = is_class ? PAWL_SQL_CLASS_GET : PAWL_SQL_GROUP_GET;
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
        enum pawl_result result = name_read(connection, names, statement, number, is_class);
        if (result != PAWL_OK)
            return result;
    }
    *name = &names->items[index];
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_class_get(struct pawl_sqlite *connection, int64_t number,
                                       const struct pawl_sqlite_name **name)
{
    return name_get(connection, true, number, name);
}

enum pawl_result pawl_sqlite_group_get(struct pawl_sqlite *connection, int64_t number,
                                       const struct pawl_sqlite_name **name)
{
    return name_get(connection, false, number, name);
}

/* Keeps a name that was found or added. */
static enum pawl_result name_keep(struct pawl_sqlite_names *names,
                                  const struct pawl_sqlite_name *found,
                                  struct pawl_sqlite_name **name)
{
    if (found->number < 1 || found->number > NUMBER_MAX)
        return PAWL_STORAGE;
    struct pawl_sqlite_name *place = place_of(names, found->number);
    if (place == NULL)
        return PAWL_EXHAUSTED;
    if (place->number == 0)
        *place = *found;
    names->last = (size_t)found->number;
    *name = place;
    return PAWL_OK;
}

/* Runs the look-up, and the insertion when it finds nothing. */
static enum pawl_result number_find(struct pawl_sqlite *connection, sqlite3_stmt *find,
                                    sqlite3_stmt *add, int64_t *number, bool *added)
{
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, find, &row);
    if (result == PAWL_OK && row) {
        *number = sqlite3_column_int64(find, 0);
        *added = false;
    } else if (result == PAWL_OK) {
        result = pawl_sqlite_run(connection, add, NULL);
        *number = sqlite3_last_insert_rowid(connection->db);
        *added = true;
    }
    return result;
}

enum pawl_result pawl_sqlite_class_find(struct pawl_sqlite *connection, const uint8_t *vendor_id,
                                        const uint8_t *class_id, struct pawl_sqlite_name **name)
{
    struct pawl_sqlite_names *names = &connection->classes;
    if (names->last > 0 &&
        memcmp(names->items[names->last].class_id, class_id, PAWL_ID_SIZE) == 0) {
        *name = &names->items[names->last];
        return memcmp((*name)->vendor_id, vendor_id, PAWL_ID_SIZE) == 0 ? PAWL_OK : PAWL_STATE;
    }

    struct pawl_sqlite_name found = {0};
    bool added = false;
    sqlite3_stmt *find = pawl_sqlite_statement(connection, PAWL_SQL_CLASS_FIND);
    sqlite3_stmt *add = pawl_sqlite_statement(connection, PAWL_SQL_CLASS_ADD);
    memcpy(found.vendor_id, vendor_id, PAWL_ID_SIZE);
    memcpy(found.class_id, class_id, PAWL_ID_SIZE);
    pawl_bind_blob(find, 1, class_id, PAWL_ID_SIZE);
    pawl_bind_blob(add, 1, vendor_id, PAWL_ID_SIZE);
    pawl_bind_blob(add, 2, class_id, PAWL_ID_SIZE);
    enum pawl_result result = number_find(connection, find, add, &found.number, &added);
    if (result == PAWL_OK && !added) {
        if (!pawl_column_blob(find, 1, found.vendor_id, PAWL_ID_SIZE, NULL))
            result = PAWL_STORAGE;
        sqlite3_reset(find);
    }
    if (result == PAWL_OK)
        result = name_keep(names, &found, name);
    if (result == PAWL_OK && memcmp(found.vendor_id, vendor_id, PAWL_ID_SIZE) != 0)
        result = PAWL_STATE;
    return result;
}

enum pawl_result pawl_sqlite_group_find(struct pawl_sqlite *connection, const char *group,
                                        struct pawl_sqlite_name **name)
{
    struct pawl_sqlite_name found = {0};
    bool added = false;
    sqlite3_stmt *find = pawl_sqlite_statement(connection, PAWL_SQL_GROUP_FIND);
    sqlite3_stmt *add = pawl_sqlite_statement(connection, PAWL_SQL_GROUP_ADD);
    memcpy(found.group, group, strnlen(group, sizeof found.group - 1));
    pawl_bind_text(find, 1, found.group);
    pawl_bind_text(add, 1, found.group);
    enum pawl_result result = number_find(connection, find, add, &found.number, &added);
    if (result == PAWL_OK && !added)
        sqlite3_reset(find);
    return result == PAWL_OK ? name_keep(&connection->groups, &found, name) : result;
}

static enum pawl_result grow(struct pawl_sqlite *connection, struct pawl_sqlite_names *names,
                             enum pawl_sql sql)
{
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < names->capacity; i++) {
        struct pawl_sqlite_name *name = &names->items[i];
        if (name->added == 0)
            continue;
        sqlite3_stmt *statement = pawl_sqlite_statement(connection, sql);
        pawl_bind_number(statement, 1, name->added);
        pawl_bind_time(statement, 2, name->number);
        result = pawl_sqlite_run(connection, statement, NULL);
        name->added = 0;
    }
    return result;
}

enum pawl_result pawl_sqlite_names_grow(struct pawl_sqlite *connection)
{
    enum pawl_result result = grow(connection, &connection->classes, PAWL_SQL_CLASS_GROW);
    if (result == PAWL_OK)
        result = grow(connection, &connection->groups, PAWL_SQL_GROUP_GROW);
    return result;
}

void pawl_sqlite_groups_clear(struct pawl_sqlite *connection)
{
    free(connection->groups.items);
    memset(&connection->groups, 0, sizeof connection->groups);
}

void pawl_sqlite_names_clear(struct pawl_sqlite *connection)
{
    free(connection->classes.items);
    memset(&connection->classes, 0, sizeof connection->classes);
    pawl_sqlite_groups_clear(connection);
}
