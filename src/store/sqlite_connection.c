/* Connections, statements and transactions of the SQLite implementation. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "store/sqlite.h"

/* How long a connection waits for another program that locks the file. */
#define BUSY_MILLISECONDS 10000

/* Nothing in a database file is trusted to be code or to be well-formed. What is deleted is gone
 * from the file too: keys are. FULL syncs the log at every commit; a longer log between checkpoints
 * writes a page that changes often once. */
static const char setup[] = "PRAGMA trusted_schema = OFF;"
                            "PRAGMA cell_size_check = ON;"
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA secure_delete = ON;"
                            "PRAGMA synchronous = FULL;";
static const char setup_writer[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA wal_autocheckpoint = 8192;"
                                   "PRAGMA cache_size = -32768;";
static const char setup_reader[] = "PRAGMA query_only = ON;"
                                   "PRAGMA cache_size = -16384;";

/* Counting its memory costs SQLite a lock at each allocation, shared by all connections. Refused
 * when the process used SQLite before; nothing depends on it. */
static void library_configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The file belongs to one process at a time, whose connections then share the index of the log in
 * memory instead of in a file: a look-up is without the two system calls that lock it, and nobody
 * else changes what the server remembers of the file. */
#define VFS "unix-excl"

enum pawl_result pawl_sqlite_connect(struct pawl_sqlite *connection, const char *path,
                                     enum pawl_sqlite_mode mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_configure);
    memset(connection, 0, sizeof *connection);
    /* Who looks too: what is opened to read only has the log's index in a file, which is made. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &connection->db, flags, VFS);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(connection->db, BUSY_MILLISECONDS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection->db, setup, NULL, NULL, NULL);
    if (code == SQLITE_OK && mode == PAWL_SQLITE_LOOKS)
        code = sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    const char *more = mode == PAWL_SQLITE_WRITES ? setup_writer : setup_reader;
    if (code == SQLITE_OK)
        code = sqlite3_exec(connection->db, more, NULL, NULL, NULL);
    return pawl_sqlite_result(connection, code);
}

void pawl_sqlite_disconnect(struct pawl_sqlite *connection)
{
    for (size_t i = 0; i < PAWL_SQL_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    pawl_sqlite_names_clear(connection);
    memset(connection, 0, sizeof *connection);
}

/* A disk that is full speaks through several codes: SQLite knows ENOSPC only, and passes the cause
 * of a failed write on in errno alone. */
static bool is_full(int code, int cause)
{
    if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_NOMEM)
        return true;
    return (code & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT || cause == EFBIG);
}

/* The same failure is told once a second: a damaged page may be asked for by every report. */
static void failure_log(struct pawl_sqlite *connection, int code)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (code == connection->failure && now.tv_sec == connection->failed_at)
        return;
    connection->failure = code;
    connection->failed_at = now.tv_sec;
    pawl_log(PAWL_LOG_ERROR, "database: %s (code %d)",
             connection->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(connection->db), code);
}

enum pawl_result pawl_sqlite_result(struct pawl_sqlite *connection, int code)
{
    int cause = errno;
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return PAWL_OK;
    failure_log(connection, code);
    return pawl_store_error_note(is_full(code, cause) ? PAWL_EXHAUSTED : PAWL_STORAGE);
}

sqlite3_stmt *pawl_sqlite_statement(struct pawl_sqlite *connection, enum pawl_sql sql)
{
    sqlite3_stmt **statement = &connection->statements[sql];
    if (*statement == NULL)
        sqlite3_prepare_v3(connection->db, pawl_sqlite_text(sql), -1, SQLITE_PREPARE_PERSISTENT,
                           statement, NULL);
    return *statement;
}

/* The integer with the same bits: SQLite's are signed. */
static sqlite3_int64 signed_of(uint64_t number)
{
    sqlite3_int64 bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* A binding that fails (out of memory) leaves a null behind, which no NOT NULL column accepts and
 * no comparison equals: the statement then does nothing, or fails. */
void pawl_bind_number(sqlite3_stmt *statement, int index, uint64_t number)
{
    if (statement != NULL)
        sqlite3_bind_int64(statement, index, signed_of(number));
}

void pawl_bind_time(sqlite3_stmt *statement, int index, int64_t time)
{
    if (statement != NULL)
        sqlite3_bind_int64(statement, index, time);
}

void pawl_bind_blob(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t size)
{
    if (statement != NULL)
        sqlite3_bind_blob(statement, index, bytes, (int)size, SQLITE_STATIC);
}

void pawl_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (statement != NULL)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

enum pawl_result pawl_sqlite_step(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                  bool *row)
{
    int code =
        statement == NULL ? sqlite3_extended_errcode(connection->db) : sqlite3_step(statement);
    if (statement == NULL && code == SQLITE_OK)
        code = SQLITE_NOMEM;
    enum pawl_result result = pawl_sqlite_result(connection, code);
    if (result == PAWL_OK)
        *row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && statement != NULL)
        sqlite3_reset(statement);
    return result;
}

bool pawl_sqlite_next(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                      enum pawl_result *result)
{
    bool row = false;
    if (*result == PAWL_OK)
        *result = pawl_sqlite_step(connection, statement, &row);
    else
        sqlite3_reset(statement);
    return row;
}

enum pawl_result pawl_sqlite_run(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                 int *changed)
{
    bool row;
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result == PAWL_OK && changed != NULL)
        *changed = sqlite3_changes(connection->db);
    return result;
}

uint64_t pawl_column_number(sqlite3_stmt *statement, int index)
{
    sqlite3_int64 bits = sqlite3_column_int64(statement, index);
    uint64_t number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool pawl_column_blob(sqlite3_stmt *statement, int index, uint8_t *bytes, size_t size,
                      bool *present)
{
    const void *blob = sqlite3_column_blob(statement, index);
    if (present != NULL)
        *present = blob != NULL;
    if (blob == NULL) {
        memset(bytes, 0, size);
        return present != NULL;
    }
    if ((size_t)sqlite3_column_bytes(statement, index) != size)
        return false;
    memcpy(bytes, blob, size);
    return true;
}

void pawl_column_text(sqlite3_stmt *statement, int index, char *text, size_t size)
{
    const unsigned char *from = sqlite3_column_text(statement, index);
    size_t length = from == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, index);
    if (length >= size)
        length = size - 1;
    memset(text, 0, size);
    if (length > 0)
        memcpy(text, from, length);
}

struct pawl_sqlite *pawl_sqlite_of(struct pawl_reader *reader)
{
    struct pawl_sqlite_reader *self = (struct pawl_sqlite_reader *)reader;
    unsigned edits = atomic_load(&self->store->group_edits);
    if (edits != self->group_edits) {
        /* What is kept from here on was read after that edit was committed. */
        pawl_sqlite_groups_clear(&self->connection);
        self->group_edits = edits;
    }
    return &self->connection;
}

enum pawl_result pawl_sqlite_begin(struct pawl_store *store, struct pawl_sqlite **connection)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    pthread_mutex_lock(&self->lock);
    struct pawl_sqlite *writer = &self->writer;
    enum pawl_result result =
        pawl_sqlite_run(writer, pawl_sqlite_statement(writer, PAWL_SQL_BEGIN), NULL);
    writer->audit.known = false;
    if (result == PAWL_OK)
        *connection = writer;
    else
        pthread_mutex_unlock(&self->lock);
    return result;
}

enum pawl_result pawl_sqlite_end(struct pawl_store *store, enum pawl_result result)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    struct pawl_sqlite *writer = &self->writer;
    if (result == PAWL_OK)
        result = pawl_sqlite_run(writer, pawl_sqlite_statement(writer, PAWL_SQL_COMMIT), NULL);
    if (result != PAWL_OK) {
        /* Some failures have rolled back already. */
        if (sqlite3_get_autocommit(writer->db) == 0)
            pawl_sqlite_run(writer, pawl_sqlite_statement(writer, PAWL_SQL_ROLLBACK), NULL);
        pawl_sqlite_names_clear(writer);
    }
    pthread_mutex_unlock(&self->lock);
    return result;
}

enum pawl_result pawl_sqlite_scrub(struct pawl_store *store)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    pthread_mutex_lock(&self->lock);
    sqlite3_busy_timeout(self->writer.db, 0); /* a reader in its step is not waited for */
    int code =
        sqlite3_wal_checkpoint_v2(self->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(self->writer.db, BUSY_MILLISECONDS);
    enum pawl_result result =
        (code & 0xff) == SQLITE_BUSY ? PAWL_STATE : pawl_sqlite_result(&self->writer, code);
    pthread_mutex_unlock(&self->lock);
    return result;
}

void pawl_sqlite_checkpoint(struct pawl_store *store)
{
    struct pawl_sqlite_store *self = (struct pawl_sqlite_store *)store;
    pthread_mutex_lock(&self->lock);
    int code =
        sqlite3_wal_checkpoint_v2(self->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_BUSY)
        pawl_sqlite_result(&self->writer, code);
    pthread_mutex_unlock(&self->lock);
}
