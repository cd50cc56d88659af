/* What those ask who watch over the server. */
#include "host/log.h"
#include "store/sqlite.h"

enum pawl_result pawl_sqlite_class_list(struct pawl_reader *reader, pawl_class_fn visit,
                                        void *context)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_CLASS_LIST);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result)) {
        struct pawl_class_row class;
        class.devices = pawl_column_number(statement, 2);
        if (!pawl_column_blob(statement, 0, class.vendor_id, PAWL_ID_SIZE, NULL) ||
            !pawl_column_blob(statement, 1, class.class_id, PAWL_ID_SIZE, NULL)) {
            pawl_log(PAWL_LOG_ERROR, "database: a class's row is damaged");
            result = pawl_store_error_note(PAWL_STORAGE);
        }
        if (result == PAWL_OK)
            result = visit(context, &class);
    }
    return result;
}

enum pawl_result pawl_sqlite_trial(struct pawl_store *store)
{
    struct pawl_sqlite *connection;
    enum pawl_result result = pawl_sqlite_begin(store, &connection);
    if (result != PAWL_OK)
        return result;
    sqlite3_stmt *statement = pawl_sqlite_statement(connection, PAWL_SQL_TRIAL);
    return pawl_sqlite_end(store, pawl_sqlite_run(connection, statement, NULL));
}
