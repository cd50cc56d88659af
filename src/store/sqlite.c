/* The SQLite implementation: opening, the schema, and the driver's table. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"
#include "store/sqlite_audit.h"
#include "store/sqlite_device.h"
#include "store/sqlite_once.h"
#include "store/sqlite_schema.h"

#define APPLICATION_ID 0x5041574c /* "PAWL", set by the first script */

/* Script i brings schema i to i + 1. */
static const char *const scripts[PAWL_STORE_SCHEMA] = {pawl_sqlite_schema_1, pawl_sqlite_schema_2};

static enum pawl_result pragma_get(struct pawl_sqlite *connection, const char *text, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);
    bool row = false;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && row)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return result;
}

static enum pawl_result scripts_run(struct pawl_sqlite *connection, int64_t version)
{
    int code = SQLITE_OK;
    char stamp[48];
    for (int64_t i = version; code == SQLITE_OK && i < PAWL_STORE_SCHEMA; i++)
        code = sqlite3_exec(connection->db, scripts[i], NULL, NULL, NULL);
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %u", PAWL_STORE_SCHEMA);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection->db, stamp, NULL, NULL, NULL);
    return pawl_sqlite_result(connection, code);
}

static enum pawl_result schema_check(int64_t version, int64_t application, bool create)
{
    if (version == 0 && application == 0) {
        if (!create)
            pawl_log(PAWL_LOG_ERROR, "database: the file holds no store");
        return create ? PAWL_OK : PAWL_STORAGE;
    }
    if (application != APPLICATION_ID || version < 1) {
        pawl_log(PAWL_LOG_ERROR, "database: the file is not one of Pawl's");
        return PAWL_STORAGE;
    }
    if (version > PAWL_STORE_SCHEMA) {
        pawl_log(PAWL_LOG_ERROR, "database: schema %" PRId64 " is newer than this program's %u",
                 version, PAWL_STORE_SCHEMA);
        return PAWL_UNSUPPORTED;
    }
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_migrate(struct pawl_sqlite *connection, bool create)
{
    int64_t version = 0, application = 0;
    enum pawl_result result =
        pawl_sqlite_result(connection, sqlite3_exec(connection->db, "BEGIN IMMEDIATE", 0, 0, 0));
    if (result != PAWL_OK)
        return result;
    result = pragma_get(connection, "PRAGMA user_version", &version);
    if (result == PAWL_OK)
        result = pragma_get(connection, "PRAGMA application_id", &application);
    if (result == PAWL_OK)
        result = schema_check(version, application, create);
    if (result == PAWL_OK && version < PAWL_STORE_SCHEMA)
        result = scripts_run(connection, version);
    if (result == PAWL_OK && version < 2)
        result = pawl_sqlite_audit_adopt(connection);
    if (result == PAWL_OK && version == 1)
        result = pawl_sqlite_running_fill(connection);
    const char *end = result == PAWL_OK ? "COMMIT" : "ROLLBACK";
    int code = sqlite3_exec(connection->db, end, NULL, NULL, NULL);
    return result == PAWL_OK ? pawl_sqlite_result(connection, code) : result;
}

/* SQLite would make the file readable by others; its log takes over the file's mode. */
static enum pawl_result file_create(const char *path)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        pawl_log(PAWL_LOG_ERROR, "database: %s: %s", path, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? PAWL_EXHAUSTED : PAWL_STORAGE;
    }
    close(fd);
    char *copy = strdup(path);
    enum pawl_result result = copy == NULL ? PAWL_EXHAUSTED : pawl_directory_sync(dirname(copy));
    free(copy);
    return result;
}

static bool log_is_there(const char *path, struct stat *status)
{
    char log[PATH_MAX];
    return snprintf(log, sizeof log, "%s-wal", path) < (int)sizeof log && stat(log, status) == 0;
}

/* Removes the log of a database that was only looked at, unless there is something in it. */
static void log_remove(const char *path)
{
    struct stat status;
    char log[PATH_MAX];
    if (!log_is_there(path, &status) || status.st_size != 0)
        return;
    snprintf(log, sizeof log, "%s-wal", path);
    unlink(log);
}

static void sqlite_close(struct pawl_store *store)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    pawl_sqlite_disconnect(&self->writer);
    if (self->makes_log)
        log_remove(self->path);
    pthread_mutex_destroy(&self->lock);
    free(self->path);
    free(self);
}

/* A store that is not connected yet; NULL without memory. */
static struct pawl_sqlite_store *store_make(const char *path, enum pawl_sqlite_mode reader_mode)
{
    struct pawl_sqlite_store *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->base.driver = &pawl_sqlite_driver;
    self->reader_mode = reader_mode;
    pthread_mutex_init(&self->lock, NULL);
    self->path = strdup(path);
    if (self->path != NULL)
        return self;
    sqlite_close(&self->base);
    return NULL;
}

/* PAWL_UNSUPPORTED unless the schema is the present one, which is as far as a look can understand
 * a database. */
static enum pawl_result schema_look(struct pawl_sqlite *connection)
{
    int64_t version = 0, application = 0;
    enum pawl_result result = pragma_get(connection, "PRAGMA user_version", &version);
    if (result == PAWL_OK)
        result = pragma_get(connection, "PRAGMA application_id", &application);
    if (result == PAWL_OK)
        result = schema_check(version, application, false);
    return result == PAWL_OK && version < PAWL_STORE_SCHEMA ? PAWL_UNSUPPORTED : result;
}

static enum pawl_result sqlite_look(const char *path, struct pawl_store **store)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return PAWL_STATE;
    struct pawl_sqlite_store *self = store_make(path, PAWL_SQLITE_LOOKS);
    if (self == NULL)
        return PAWL_EXHAUSTED;
    struct stat status;
    self->makes_log = !log_is_there(path, &status);
    enum pawl_result result = pawl_sqlite_connect(&self->writer, path, PAWL_SQLITE_LOOKS);
    if (result == PAWL_OK)
        result = schema_look(&self->writer);
    if (result == PAWL_OK)
        *store = &self->base;
    else
        sqlite_close(&self->base);
    return result;
}

static enum pawl_result sqlite_open(const char *path, bool create, struct pawl_store **store)
{
    if (!create && access(path, F_OK) != 0 && errno == ENOENT)
        return PAWL_STATE;
    struct pawl_sqlite_store *self = store_make(path, PAWL_SQLITE_READS);
    if (self == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = PAWL_OK;
    if (create)
        result = file_create(path);
    if (result == PAWL_OK)
        result = pawl_sqlite_connect(&self->writer, path, PAWL_SQLITE_WRITES);
    if (result == PAWL_OK)
        result = pawl_sqlite_migrate(&self->writer, create);
    if (result == PAWL_OK)
        *store = &self->base;
    else
        sqlite_close(&self->base);
    return result;
}

static void sqlite_reader_close(struct pawl_reader *reader)
{
    pawl_sqlite_disconnect(pawl_sqlite_of(reader));
    free(reader);
}

static enum pawl_result sqlite_reader_open(struct pawl_store *store, struct pawl_reader **reader)
{
    struct pawl_sqlite_reader *self = calloc(1, sizeof *self);
    if (self == NULL)
        return PAWL_EXHAUSTED;
    self->base.driver = &pawl_sqlite_driver;
    self->store = (struct pawl_sqlite_store *)store;
    enum pawl_result result =
        pawl_sqlite_connect(&self->connection, self->store->path, self->store->reader_mode);
    if (result == PAWL_OK)
        *reader = &self->base;
    else
        sqlite_reader_close(&self->base);
    return result;
}

const struct pawl_store_driver pawl_sqlite_driver = {
    .scheme = "sqlite:",
    .open = sqlite_open,
    .look = sqlite_look,
    .close = sqlite_close,
    .reader_open = sqlite_reader_open,
    .reader_close = sqlite_reader_close,
    .audit_append = pawl_sqlite_audit_append,
    .audit_find = pawl_sqlite_audit_find,
    .audit_head = pawl_sqlite_audit_head,
    .checkpoint_add = pawl_sqlite_checkpoint_add,
    .checkpoint_list = pawl_sqlite_checkpoint_list,
    .checkpoint_newest = pawl_sqlite_checkpoint_newest,
    .server_id_get = pawl_sqlite_server_id_get,
    .backup = pawl_sqlite_backup,
    .check = pawl_sqlite_check,
    .backup_mark_get = pawl_sqlite_backup_mark_get,
    .restoration_begin = pawl_sqlite_restoration_begin,
    .restoration_get = pawl_sqlite_restoration_get,
    .restoration_settle = pawl_sqlite_restoration_settle,
    .device_get = pawl_sqlite_device_get,
    .device_numbered = pawl_sqlite_device_numbered,
    .seen_get = pawl_sqlite_seen_get,
    .device_list = pawl_sqlite_device_list,
    .device_count = pawl_sqlite_device_count,
    .device_import = pawl_sqlite_device_import,
    .device_search = pawl_sqlite_device_search,
    .labels_get = pawl_sqlite_labels_get,
    .devices_act = pawl_sqlite_devices_act,
    .history_get = pawl_sqlite_history_get,
    .evidence_get = pawl_sqlite_evidence_get,
    .group_list = pawl_sqlite_group_list,
    .group_edit = pawl_sqlite_group_edit,
    .changes_apply = pawl_sqlite_changes_apply,
    .failures_set = pawl_sqlite_failures_set,
    .seen_set = pawl_sqlite_seen_set,
    .package_add = pawl_sqlite_package_add,
    .package_key_set = pawl_sqlite_package_key_set,
    .package_get = pawl_sqlite_package_get,
    .package_list = pawl_sqlite_package_list,
    .content_add = pawl_sqlite_content_add,
    .content_remove = pawl_sqlite_content_remove,
    .content_get = pawl_sqlite_content_get,
    .content_list = pawl_sqlite_content_list,
    .content_key_get = pawl_sqlite_content_key_get,
    .release_find = pawl_sqlite_release_find,
    .assignment_add = pawl_sqlite_assignment_add,
    .assignment_delete = pawl_sqlite_assignment_delete,
    .assignment_list = pawl_sqlite_assignment_list,
    .plan_version = pawl_sqlite_plan_version,
    .campaign_add = pawl_sqlite_campaign_add,
    .campaign_get = pawl_sqlite_campaign_get,
    .campaign_list = pawl_sqlite_campaign_list,
    .campaign_set = pawl_sqlite_campaign_set,
    .campaign_devices_set = pawl_sqlite_campaign_devices_set,
    .campaign_devices_get = pawl_sqlite_campaign_devices_get,
    .campaign_delete = pawl_sqlite_campaign_delete,
    .campaign_visit = pawl_sqlite_campaign_visit,
    .campaign_credit = pawl_sqlite_campaign_credit,
    .campaign_told_get = pawl_sqlite_campaign_told_get,
    .campaign_totals_set = pawl_sqlite_campaign_totals_set,
    .commands_add = pawl_sqlite_commands_add,
    .command_list = pawl_sqlite_command_list,
    .command_cancel = pawl_sqlite_command_cancel,
    .commands_end = pawl_sqlite_commands_end,
    .keys_add = pawl_sqlite_keys_add,
    .key_get = pawl_sqlite_key_get,
    .challenge_rotate = pawl_sqlite_challenge_rotate,
    .data_keys_get = pawl_sqlite_data_keys_get,
    .data_key_add = pawl_sqlite_data_key_add,
    .data_keys_rewrap = pawl_sqlite_data_keys_rewrap,
    .data_key_delete = pawl_sqlite_data_key_delete,
    .scrub = pawl_sqlite_scrub,
    .wrapped_list = pawl_sqlite_wrapped_list,
    .wrapped_count = pawl_sqlite_wrapped_count,
    .wrapped_set = pawl_sqlite_wrapped_set,
    .once_begin = pawl_sqlite_once_begin,
    .once_finish = pawl_sqlite_once_finish,
    .once_drop = pawl_sqlite_once_drop,
    .token_add = pawl_sqlite_token_add,
    .token_revoke = pawl_sqlite_token_revoke,
    .token_used_set = pawl_sqlite_token_used_set,
    .token_list = pawl_sqlite_token_list,
    .totals_get = pawl_sqlite_totals_get,
    .class_list = pawl_sqlite_class_list,
    .trial = pawl_sqlite_trial,
};
