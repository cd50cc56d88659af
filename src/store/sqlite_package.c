/* Packages. */
#include <string.h>

#include "host/log.h"
#include "pawl/package.h"
#include "store/sqlite.h"

enum column {
    PACKAGE_ID = 0,
    RELEASE_ID,
    VENDOR_ID,
    CLASS_ID,
    NAME,
    VERSION,
    SECURITY_VERSION,
    MODE,
    CHUNK_SIZE,
    IMAGE_SIZE,
    PACKAGE_SIZE,
    CREATED,
    SIGNED_BY,
    REVOKES,
    PROFILE,
    WRAPPED_CONTENT_KEY
};

/* What the manifest says of keys and profile, where it was kept. */
static bool signer_decode(sqlite3_stmt *row, struct pawl_package_row *package)
{
    size_t size = (size_t)sqlite3_column_bytes(row, REVOKES);
    const void *revoked = sqlite3_column_blob(row, REVOKES);
    if (!pawl_column_blob(row, SIGNED_BY, package->signed_by, PAWL_KID_SIZE,
                          &package->has_signer) ||
        size % PAWL_KID_SIZE != 0 || size > sizeof package->revoked)
        return false;
    package->revoked_count = (uint32_t)(size / PAWL_KID_SIZE);
    if (size > 0)
        memcpy(package->revoked, revoked, size);
    package->profile = (uint32_t)pawl_column_number(row, PROFILE);
    return true;
}

static enum pawl_result package_decode(sqlite3_stmt *row, struct pawl_package_row *package)
{
    bool sound =
        pawl_column_blob(row, PACKAGE_ID, package->package_id, PAWL_PACKAGE_ID_SIZE, NULL) &&
        pawl_column_blob(row, RELEASE_ID, package->release_id, PAWL_RELEASE_ID_SIZE, NULL) &&
        pawl_column_blob(row, VENDOR_ID, package->vendor_id, PAWL_ID_SIZE, NULL) &&
        pawl_column_blob(row, CLASS_ID, package->class_id, PAWL_ID_SIZE, NULL) &&
        pawl_column_blob(row, WRAPPED_CONTENT_KEY, package->wrapped_content_key,
                         PAWL_VAULT_WRAPPED_SIZE, &package->has_content_key) &&
        signer_decode(row, package);
    if (!sound) {
        pawl_log(PAWL_LOG_ERROR, "database: a package's row is damaged");
        return PAWL_STORAGE;
    }
    pawl_column_text(row, NAME, package->name, sizeof package->name);
    pawl_column_text(row, VERSION, package->version, sizeof package->version);
    package->security_version = pawl_column_number(row, SECURITY_VERSION);
    package->mode = (uint32_t)pawl_column_number(row, MODE);
    package->chunk_size = (uint32_t)pawl_column_number(row, CHUNK_SIZE);
    package->image_size = pawl_column_number(row, IMAGE_SIZE);
    package->package_size = pawl_column_number(row, PACKAGE_SIZE);
    package->created = sqlite3_column_int64(row, CREATED);
    package->ready = package->has_content_key || package->mode == PAWL_MODE_DIRECT;
    return PAWL_OK;
}

enum pawl_result pawl_sqlite_package_get(struct pawl_reader *reader, const uint8_t *package_id,
                                         struct pawl_package_row *package)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_PACKAGE_GET);
    struct pawl_package_row found;
    bool row = false;
    pawl_bind_blob(statement, 1, package_id, PAWL_PACKAGE_ID_SIZE);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result == PAWL_OK ? PAWL_STATE : result;
    result = package_decode(statement, &found);
    sqlite3_reset(statement);
    if (result == PAWL_OK)
        *package = found;
    return result;
}

enum pawl_result pawl_sqlite_package_list(struct pawl_reader *reader,
                                          const struct pawl_package_filter *filter,
                                          const uint8_t *after, size_t limit, pawl_package_fn visit,
                                          void *context)
{
    static const uint8_t before_all[1];
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_PACKAGE_LIST);
    struct pawl_package_row package;
    if (after == NULL)
        pawl_bind_blob(statement, 1, before_all, 0);
    else
        pawl_bind_blob(statement, 1, after, PAWL_PACKAGE_ID_SIZE);
    pawl_bind_blob(statement, 2, filter->class_id, PAWL_ID_SIZE);
    pawl_bind_text(statement, 3, filter->name);
    if (filter->has_state)
        pawl_bind_number(statement, 4, filter->ready ? 1 : 0);
    else
        pawl_bind_blob(statement, 4, NULL, 0);
    pawl_bind_number(statement, 5, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        result = package_decode(statement, &package);
        if (result == PAWL_OK)
            result = visit(context, &package);
    }
    return result;
}

static enum pawl_result package_add(struct pawl_sqlite *connection,
                                    const struct pawl_package_row *package)
{
    const struct pawl_sqlite_sums sums = {.packages = 1, .plan_version = 1};
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_PACKAGE_ADD);
    int changed = 0;
    pawl_bind_blob(statement, PACKAGE_ID + 1, package->package_id, PAWL_PACKAGE_ID_SIZE);
    pawl_bind_blob(statement, RELEASE_ID + 1, package->release_id, PAWL_RELEASE_ID_SIZE);
    pawl_bind_blob(statement, VENDOR_ID + 1, package->vendor_id, PAWL_ID_SIZE);
    pawl_bind_blob(statement, CLASS_ID + 1, package->class_id, PAWL_ID_SIZE);
    pawl_bind_text(statement, NAME + 1, package->name);
    pawl_bind_text(statement, VERSION + 1, package->version);
    pawl_bind_number(statement, SECURITY_VERSION + 1, package->security_version);
    pawl_bind_number(statement, MODE + 1, package->mode);
    pawl_bind_number(statement, CHUNK_SIZE + 1, package->chunk_size);
    pawl_bind_number(statement, IMAGE_SIZE + 1, package->image_size);
    pawl_bind_number(statement, PACKAGE_SIZE + 1, package->package_size);
    pawl_bind_time(statement, CREATED + 1, package->created);
    pawl_bind_blob(statement, SIGNED_BY + 1, package->has_signer ? package->signed_by : NULL,
                   PAWL_KID_SIZE);
    pawl_bind_blob(statement, REVOKES + 1, package->has_signer ? package->revoked[0] : NULL,
                   package->revoked_count * PAWL_KID_SIZE);
    pawl_bind_number(statement, PROFILE + 1, package->profile);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    return result == PAWL_OK ? pawl_sqlite_sums_add(connection, &sums) : result;
}

enum pawl_result pawl_sqlite_package_add(struct pawl_store *store,
                                         const struct pawl_package_row *package,
                                         const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = package_add(connection, package);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}

static enum pawl_result key_set(struct pawl_sqlite *connection, const uint8_t *package_id,
                                const uint8_t *wrapped)
{
    const struct pawl_sqlite_sums sums = {.plan_version = 1};
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_PACKAGE_KEY_SET);
    int changed = 0;
    pawl_bind_blob(statement, 1, wrapped, PAWL_VAULT_WRAPPED_SIZE);
    pawl_bind_blob(statement, 2, package_id, PAWL_PACKAGE_ID_SIZE);
    enum pawl_result result = pawl_sqlite_run(connection, statement, &changed);
    if (result == PAWL_OK && changed == 0)
        result = PAWL_STATE;
    return result == PAWL_OK ? pawl_sqlite_sums_add(connection, &sums) : result;
}

enum pawl_result pawl_sqlite_package_key_set(struct pawl_store *store, const uint8_t *package_id,
                                             const uint8_t *wrapped, const struct pawl_event *event)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    result = key_set(connection, package_id, wrapped);
    if (result == PAWL_OK)
        result = pawl_sqlite_event_add(connection, event);
    return pawl_sqlite_end(store, result);
}
