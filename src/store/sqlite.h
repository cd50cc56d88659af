/*
 * What the files of the SQLite implementation share: connections, statements, transactions.
 *
 * One connection writes, under a mutex; each reader has a connection of its own. The journal is a
 * write-ahead log, so that neither waits for the other.
 */
#ifndef PAWL_STORE_SQLITE_H
#define PAWL_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <time.h>

#include "store/driver.h"

/* Every statement that is kept prepared; its text is in sqlite_sql.c. */
enum pawl_sql {
    PAWL_SQL_BEGIN = 0,
    PAWL_SQL_COMMIT,
    PAWL_SQL_ROLLBACK,
    PAWL_SQL_AUDIT_ADD,
    PAWL_SQL_AUDIT_HEAD,
    PAWL_SQL_CHECKPOINT_ADD,
    PAWL_SQL_CHECKPOINT_LIST,
    PAWL_SQL_CHECKPOINT_NEWEST,
    PAWL_SQL_SERVER_ID,
    PAWL_SQL_BACKUP_MARK_GET,
    PAWL_SQL_BACKUP_MARK_DELETE,
    PAWL_SQL_RESTORATION_ADD,
    PAWL_SQL_RESTORATION_GET,
    PAWL_SQL_RESTORATION_SETTLE,
    PAWL_SQL_CLASS_ADD,
    PAWL_SQL_CLASS_FIND,
    PAWL_SQL_CLASS_GET,
    PAWL_SQL_CLASS_GROW,
    PAWL_SQL_GROUP_ADD,
    PAWL_SQL_GROUP_FIND,
    PAWL_SQL_GROUP_GET,
    PAWL_SQL_GROUP_GROW,
    PAWL_SQL_DEVICE_GET,
    PAWL_SQL_DEVICE_NUMBERED,
    PAWL_SQL_DEVICE_FIND,
    PAWL_SQL_DEVICE_ADD,
    PAWL_SQL_DEVICE_GROUP_SET,
    PAWL_SQL_DEVICE_RELEASE,
    PAWL_SQL_DEVICE_RETRY,
    PAWL_SQL_DEVICE_RETIRE,
    PAWL_SQL_SECRET_DESTROY,
    PAWL_SQL_LABEL_FIND,
    PAWL_SQL_LABEL_ADD,
    PAWL_SQL_LABEL_GROW,
    PAWL_SQL_LABEL_CLEAN,
    PAWL_SQL_LABELS_GET,
    PAWL_SQL_DEVICE_LABEL_ADD,
    PAWL_SQL_DEVICE_LABEL_DELETE,
    PAWL_SQL_RAN_FIND,
    PAWL_SQL_RAN_ADD,
    PAWL_SQL_RAN_GET,
    PAWL_SQL_RAN_GROW,
    PAWL_SQL_RUNNING_GET,
    PAWL_SQL_RUNNING_SET,
    PAWL_SQL_RUNNING_DELETE,
    PAWL_SQL_HISTORY_GET,
    PAWL_SQL_EVIDENCE_SET,
    PAWL_SQL_EVIDENCE_GET,
    PAWL_SQL_GROUP_LIST,
    PAWL_SQL_GROUP_RENAME,
    PAWL_SQL_GROUP_RETARGET,
    PAWL_SQL_GROUP_RETARGET_CAMPAIGN,
    PAWL_SQL_GROUP_DELETE,
    PAWL_SQL_TAG_ADD,
    PAWL_SQL_TAG_DELETE,
    PAWL_SQL_RECORD_ADD,
    PAWL_SQL_RECORD_SET,
    PAWL_SQL_STANDING_SET,
    PAWL_SQL_FAILURE_SET,
    PAWL_SQL_SEEN_SET,
    PAWL_SQL_SEEN_GET,
    PAWL_SQL_PACKAGE_ADD,
    PAWL_SQL_PACKAGE_KEY_SET,
    PAWL_SQL_PACKAGE_GET,
    PAWL_SQL_PACKAGE_LIST,
    PAWL_SQL_RELEASE_FIND,
    PAWL_SQL_CONTENT_ADD,
    PAWL_SQL_CONTENT_DELETE,
    PAWL_SQL_CONTENT_GET,
    PAWL_SQL_CONTENT_LIST,
    PAWL_SQL_CONTENT_KEY_ADD,
    PAWL_SQL_CONTENT_KEYS_DELETE,
    PAWL_SQL_CONTENT_KEY_GET,
    PAWL_SQL_ASSIGNMENT_ADD,
    PAWL_SQL_ASSIGNMENT_DELETE,
    PAWL_SQL_ASSIGNMENT_GROW,
    PAWL_SQL_ASSIGNMENT_LIST,
    PAWL_SQL_COUNTED_GET,
    PAWL_SQL_COUNTED_SET,
    PAWL_SQL_COUNTED_DELETE,
    PAWL_SQL_COUNTED_LIST,
    PAWL_SQL_PLAN_VERSION,
    PAWL_SQL_NUMBER_TAKE,
    PAWL_SQL_CAMPAIGN_ADD,
    PAWL_SQL_CAMPAIGN_LIST,
    PAWL_SQL_CAMPAIGN_LIST_STATE,
    PAWL_SQL_CAMPAIGN_GENERATION,
    PAWL_SQL_CAMPAIGN_SET,
    PAWL_SQL_CAMPAIGN_BASIS,
    PAWL_SQL_CAMPAIGN_ALREADY,
    PAWL_SQL_CAMPAIGN_DELETE,
    PAWL_SQL_CAMPAIGN_VISIT,
    PAWL_SQL_CAMPAIGN_VISIT_GROUP,
    PAWL_SQL_STAGE_ADD,
    PAWL_SQL_STAGE_LIST,
    PAWL_SQL_STAGE_SET,
    PAWL_SQL_STAGE_GROW,
    PAWL_SQL_STAGE_TOTAL,
    PAWL_SQL_STAGE_FORGET,
    PAWL_SQL_STAGE_DELETE,
    PAWL_SQL_FAILED_GET,
    PAWL_SQL_FAILED_SET,
    PAWL_SQL_FAILED_DELETE,
    PAWL_SQL_FAILED_LIST,
    PAWL_SQL_LISTED_SET,
    PAWL_SQL_LISTED_LIST,
    PAWL_SQL_LISTED_DELETE,
    PAWL_SQL_COMMAND_ADD,
    PAWL_SQL_COMMAND_FIND,
    PAWL_SQL_COMMAND_DELETE,
    PAWL_SQL_COMMAND_LIST,
    PAWL_SQL_COMMAND_OF_DEVICE,
    PAWL_SQL_COMMAND_EXPIRED,
    PAWL_SQL_DEVICE_COMMANDS_SET,
    PAWL_SQL_DEVICE_POLL_SET,
    PAWL_SQL_KEY_ADD,
    PAWL_SQL_KEY_GET,
    PAWL_SQL_CHALLENGE_KEEP,
    PAWL_SQL_CHALLENGE_SET,
    PAWL_SQL_DATA_KEYS_GET,
    PAWL_SQL_DATA_KEY_ADD,
    PAWL_SQL_DATA_KEY_SET,
    PAWL_SQL_DATA_KEY_DELETE,
    PAWL_SQL_DEVICE_WRAPPED_LIST,
    PAWL_SQL_DEVICE_WRAPPED_SET,
    PAWL_SQL_PACKAGE_WRAPPED_LIST,
    PAWL_SQL_PACKAGE_WRAPPED_SET,
    PAWL_SQL_CONTENT_WRAPPED_LIST,
    PAWL_SQL_CONTENT_WRAPPED_SET,
    PAWL_SQL_KEY_WRAPPED_LIST,
    PAWL_SQL_KEY_WRAPPED_SET,
    PAWL_SQL_WRAPPED_COUNT,
    PAWL_SQL_ONCE_EXPIRE,
    PAWL_SQL_ONCE_TRIM,
    PAWL_SQL_ONCE_TRIM_OWN,
    PAWL_SQL_ONCE_COUNT,
    PAWL_SQL_ONCE_ADD,
    PAWL_SQL_ONCE_GET,
    PAWL_SQL_ONCE_FINISH,
    PAWL_SQL_ONCE_DROP,
    PAWL_SQL_TOKEN_ADD,
    PAWL_SQL_TOKEN_COUNT,
    PAWL_SQL_TOKEN_REVOKE,
    PAWL_SQL_TOKEN_USED_SET,
    PAWL_SQL_TOKEN_LIST,
    PAWL_SQL_TOTALS_GET,
    PAWL_SQL_TOTALS_ADD,
    PAWL_SQL_CLASS_LIST,
    PAWL_SQL_TRIAL,
    PAWL_SQL_COUNT
};

const char *pawl_sqlite_text(enum pawl_sql sql);

/* What sqlite_device.c decodes, of device LEFT JOIN record. */
#define PAWL_SQLITE_DEVICE_COLUMNS                                                                 \
    "number, device_id, wrapped_secret, class, device_group, chain_length, maximum, sequence, "    \
    "standing, quarantine, instance, package_id, failed_package_id, failed_code, failed_retries, " \
    "retry_asked, failed_attempt, failed_settled, commands, poll_after"

/* A row of `class` or `device_group`, kept by a connection: classes never change, and an edit of a
 * group makes readers forget (pawl_sqlite_of). */
struct pawl_sqlite_name {
    int64_t number;                  /* 0: not read yet */
    uint8_t vendor_id[PAWL_ID_SIZE]; /* of a class */
    uint8_t class_id[PAWL_ID_SIZE];
    char group[PAWL_GROUP_SIZE]; /* of a group */
    uint64_t added;              /* devices, within the transaction that is open */
};

struct pawl_sqlite_names {
    struct pawl_sqlite_name *items; /* by number: the numbers are dense */
    size_t capacity;
    size_t last; /* the one found last by its value: most rows ask for it again */
};

/* The newest entry of the audit trail. */
struct pawl_sqlite_head {
    bool known; /* within the transaction that is open */
    uint64_t id;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
};

struct pawl_sqlite {
    sqlite3 *db;
    sqlite3_stmt *statements[PAWL_SQL_COUNT];
    struct pawl_sqlite_names classes, groups;
    struct pawl_sqlite_head audit;
    int failure;      /* the last code that was logged, and the second of the monotonic clock */
    time_t failed_at; /* when it was */
};

/* What a connection may do. One that looks leaves every file as it is, also the log. */
enum pawl_sqlite_mode { PAWL_SQLITE_WRITES, PAWL_SQLITE_READS, PAWL_SQLITE_LOOKS };

struct pawl_sqlite_store {
    struct pawl_store base;
    pthread_mutex_t lock; /* held from begin to end */
    struct pawl_sqlite writer;
    atomic_uint group_edits; /* committed: names of groups that readers keep are old then */
    char *path;
    enum pawl_sqlite_mode reader_mode;
    bool makes_log; /* it looks at a database that had none: an empty one is to be removed */
};

struct pawl_sqlite_reader {
    struct pawl_reader base;
    struct pawl_sqlite_store *store;
    unsigned group_edits; /* at which it began to keep names */
    struct pawl_sqlite connection;
};

/* Opens a connection to an existing file and sets it up. Close it, also after a failure. */
enum pawl_result pawl_sqlite_connect(struct pawl_sqlite *connection, const char *path,
                                     enum pawl_sqlite_mode mode);
void pawl_sqlite_disconnect(struct pawl_sqlite *connection);

/* Brings the schema up to date; fills an empty database when `create` is set. */
enum pawl_result pawl_sqlite_migrate(struct pawl_sqlite *connection, bool create);

/* The class of a return code; logs the database's words for those that are nobody's wish. */
enum pawl_result pawl_sqlite_result(struct pawl_sqlite *connection, int code);

/* A statement, ready to be bound. NULL when it cannot be prepared; the functions below take that
 * as a failure. */
sqlite3_stmt *pawl_sqlite_statement(struct pawl_sqlite *connection, enum pawl_sql sql);

void pawl_bind_number(sqlite3_stmt *statement, int index, uint64_t number);
void pawl_bind_time(sqlite3_stmt *statement, int index, int64_t time);
/* NULL binds a null. The bytes must live until the statement was run. */
void pawl_bind_blob(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t size);
void pawl_bind_text(sqlite3_stmt *statement, int index, const char *text);

/* Steps: PAWL_OK with `*row` telling whether there is one. After the last row, or a failure, the
 * statement is reset. */
enum pawl_result pawl_sqlite_step(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                  bool *row);

/* Steps through all rows: while (pawl_sqlite_next(..., &result)) result = ...; where `result` is
 * PAWL_OK to begin with. Ends, the statement reset, after the last row or when it is an error. */
bool pawl_sqlite_next(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                      enum pawl_result *result);

/* Runs a statement that answers no rows; `changed` (may be NULL) is the number of rows changed. */
enum pawl_result pawl_sqlite_run(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                 int *changed);

uint64_t pawl_column_number(sqlite3_stmt *statement, int index);
/* False when the column is neither exactly `size` bytes nor, where `present` is given, null. */
bool pawl_column_blob(sqlite3_stmt *statement, int index, uint8_t *bytes, size_t size,
                      bool *present);
/* Copies text, cut to `size` with its terminator. */
void pawl_column_text(sqlite3_stmt *statement, int index, char *text, size_t size);

/* The connection of a reader, at the beginning of a call: names of groups that were edited since
 * the last one are forgotten. */
struct pawl_sqlite *pawl_sqlite_of(struct pawl_reader *reader);

/* Takes the mutex and begins a transaction. After PAWL_OK, pawl_sqlite_end must follow: it commits
 * when `result` is PAWL_OK and rolls back otherwise, and returns how it ended. */
enum pawl_result pawl_sqlite_begin(struct pawl_store *store, struct pawl_sqlite **connection);
enum pawl_result pawl_sqlite_end(struct pawl_store *store, enum pawl_result result);

/* Moves what it can from the log into the file, where readers find it faster. Nothing depends on
 * it: a failure is logged. */
void pawl_sqlite_checkpoint(struct pawl_store *store);

/* Within a transaction: appends an event unless NULL; adds to the sums. */
enum pawl_result pawl_sqlite_event_add(struct pawl_sqlite *connection,
                                       const struct pawl_event *event);

/* The same for one whose detail begins with members that are known only within the transaction
 * ("\"assignment\":7"). */
enum pawl_result pawl_sqlite_event_add_with(struct pawl_sqlite *connection,
                                            const struct pawl_event *event, const char *members);

struct pawl_sqlite_sums {
    int64_t devices, quarantined, decommissioned, packages, assignments, confirmations;
    int64_t plan_version;
    uint64_t sequence_total; /* modulo 2^64 */
    int64_t caught_up, learnt, unattributed;
};

enum pawl_result pawl_sqlite_sums_add(struct pawl_sqlite *connection,
                                      const struct pawl_sqlite_sums *sums);

/* A device's confirmation of an assignment. */
struct pawl_sqlite_credit {
    uint64_t assignment, number;
};

/* Counts those that were not counted before; sorts `credits`. */
enum pawl_result pawl_sqlite_credits_add(struct pawl_sqlite *connection,
                                         struct pawl_sqlite_credit *credits, size_t count);

/* What a device came to in a campaign. */
enum pawl_sqlite_outcome {
    PAWL_SQLITE_FINISHED = 0,
    PAWL_SQLITE_FAILED = 1,
    PAWL_SQLITE_GONE = 2, /* decommissioned: whatever it counted as, it does no more */
};

struct pawl_sqlite_mark {
    uint64_t campaign, number;
    unsigned stage; /* from 1 */
    enum pawl_sqlite_outcome outcome;
};

/* Counts those that were not counted before, of whom `*finished` finished; sorts `marks`. */
enum pawl_result pawl_sqlite_marks_add(struct pawl_sqlite *connection,
                                       struct pawl_sqlite_mark *marks, size_t count,
                                       uint64_t *finished);

/* Sets of devices as bits (sqlite_bits.c): a block's row; zeros when there is none. */
#define PAWL_SQLITE_BITS 4096u /* devices of a block; part of the schema */
#define PAWL_SQLITE_BITS_SIZE (PAWL_SQLITE_BITS / 8)

enum pawl_result pawl_sqlite_bits_get(struct pawl_sqlite *connection, enum pawl_sql sql,
                                      uint64_t set, uint64_t block,
                                      uint8_t bits[PAWL_SQLITE_BITS_SIZE]);
enum pawl_result pawl_sqlite_bits_set(struct pawl_sqlite *connection, enum pawl_sql sql,
                                      uint64_t set, uint64_t block,
                                      const uint8_t bits[PAWL_SQLITE_BITS_SIZE]);
enum pawl_result pawl_sqlite_bits_delete(struct pawl_sqlite *connection, enum pawl_sql sql,
                                         uint64_t set);

/* The bit of device `number` in its block: set to `value`, true when it was another; asked for. */
bool pawl_bit_change(uint8_t *bits, uint64_t number, bool value);
bool pawl_bit_is_set(const uint8_t *bits, uint64_t number);

/* Names by number, for rows that are read. */
enum pawl_result pawl_sqlite_class_get(struct pawl_sqlite *connection, int64_t number,
                                       const struct pawl_sqlite_name **name);
enum pawl_result pawl_sqlite_group_get(struct pawl_sqlite *connection, int64_t number,
                                       const struct pawl_sqlite_name **name);
/* Names by value, added when new; for the writer. PAWL_STATE: the class is another vendor's. */
enum pawl_result pawl_sqlite_class_find(struct pawl_sqlite *connection, const uint8_t *vendor_id,
                                        const uint8_t *class_id, struct pawl_sqlite_name **name);
enum pawl_result pawl_sqlite_group_find(struct pawl_sqlite *connection, const char *group,
                                        struct pawl_sqlite_name **name);
/* Writes what was added to the names' numbers of devices. */
enum pawl_result pawl_sqlite_names_grow(struct pawl_sqlite *connection);
void pawl_sqlite_names_clear(struct pawl_sqlite *connection);
void pawl_sqlite_groups_clear(struct pawl_sqlite *connection);

/* The functions of the driver, each in the file of its concept. */
enum pawl_result pawl_sqlite_device_numbered(struct pawl_reader *reader, uint64_t number,
                                             struct pawl_device *device);
enum pawl_result pawl_sqlite_device_get(struct pawl_reader *reader, const uint8_t *device_id,
                                        struct pawl_device *device);
enum pawl_result pawl_sqlite_seen_get(struct pawl_reader *reader, uint64_t number, int64_t *time);
enum pawl_result pawl_sqlite_device_list(struct pawl_reader *reader,
                                         const struct pawl_device_filter *filter, uint64_t after,
                                         size_t limit, pawl_device_fn visit, void *context);
enum pawl_result pawl_sqlite_device_count(struct pawl_reader *reader,
                                          const struct pawl_target *target, uint64_t *count);
enum pawl_result pawl_sqlite_device_import(struct pawl_store *store, struct pawl_import *imports,
                                           size_t count, const char *group,
                                           const struct pawl_event *event);
enum pawl_result pawl_sqlite_changes_apply(struct pawl_store *store, struct pawl_change *changes,
                                           size_t count);
enum pawl_result pawl_sqlite_failures_set(struct pawl_store *store,
                                          struct pawl_failure_change *changes, size_t count);
enum pawl_result pawl_sqlite_seen_set(struct pawl_store *store, struct pawl_seen *seen,
                                      size_t count);
enum pawl_result pawl_sqlite_package_add(struct pawl_store *store,
                                         const struct pawl_package_row *package,
                                         const struct pawl_event *event);
enum pawl_result pawl_sqlite_package_key_set(struct pawl_store *store, const uint8_t *package_id,
                                             const uint8_t *wrapped,
                                             const struct pawl_event *event);
enum pawl_result pawl_sqlite_package_get(struct pawl_reader *reader, const uint8_t *package_id,
                                         struct pawl_package_row *package);
enum pawl_result pawl_sqlite_package_list(struct pawl_reader *reader,
                                          const struct pawl_package_filter *filter,
                                          const uint8_t *after, size_t limit, pawl_package_fn visit,
                                          void *context);
enum pawl_result pawl_sqlite_content_add(struct pawl_store *store,
                                         const struct pawl_content_row *content,
                                         const struct pawl_content_key_row *keys,
                                         const struct pawl_event *event);
enum pawl_result pawl_sqlite_content_remove(struct pawl_store *store, const uint8_t *content_id,
                                            const struct pawl_event *event);
enum pawl_result pawl_sqlite_content_get(struct pawl_reader *reader, const uint8_t *content_id,
                                         struct pawl_content_row *content);
enum pawl_result pawl_sqlite_content_list(struct pawl_reader *reader, const uint8_t *after,
                                          size_t limit, pawl_content_fn visit, void *context);
enum pawl_result pawl_sqlite_content_key_get(struct pawl_reader *reader, const uint8_t *key_id,
                                             struct pawl_content_key_row *key, uint8_t *release_id);
enum pawl_result pawl_sqlite_release_find(struct pawl_reader *reader, const uint8_t *release_id);
enum pawl_result pawl_sqlite_assignment_add(struct pawl_store *store,
                                            const struct pawl_target *target,
                                            const uint8_t *package_id, int64_t created,
                                            const struct pawl_event *event, uint64_t *id);
enum pawl_result pawl_sqlite_assignment_delete(struct pawl_store *store, uint64_t id,
                                               const struct pawl_event *event);
enum pawl_result pawl_sqlite_assignment_list(struct pawl_reader *reader, uint64_t after,
                                             size_t limit, pawl_assignment_fn visit, void *context);
enum pawl_result pawl_sqlite_plan_version(struct pawl_reader *reader, uint64_t *version);
enum pawl_result pawl_sqlite_campaign_add(struct pawl_store *store,
                                          const struct pawl_campaign *campaign,
                                          const struct pawl_event *event, uint64_t *id);
enum pawl_result pawl_sqlite_campaign_get(struct pawl_reader *reader, uint64_t id,
                                          struct pawl_campaign *campaign);
enum pawl_result pawl_sqlite_campaign_list(struct pawl_reader *reader,
                                           enum pawl_campaign_state state, uint64_t after,
                                           size_t limit, pawl_campaign_fn visit, void *context);
enum pawl_result pawl_sqlite_campaign_set(struct pawl_store *store,
                                          const struct pawl_campaign *campaign,
                                          const struct pawl_event *event);
enum pawl_result pawl_sqlite_campaign_devices_set(struct pawl_store *store,
                                                  const struct pawl_campaign *campaign,
                                                  const uint8_t *bits, size_t size,
                                                  const struct pawl_event *event);
enum pawl_result pawl_sqlite_campaign_devices_get(struct pawl_reader *reader, uint64_t id,
                                                  uint8_t **bits, size_t *size);
enum pawl_result pawl_sqlite_campaign_delete(struct pawl_store *store, uint64_t id,
                                             uint64_t version, const struct pawl_event *event);
enum pawl_result pawl_sqlite_campaign_visit(struct pawl_reader *reader,
                                            const struct pawl_campaign *campaign, uint64_t after,
                                            size_t limit, pawl_campaign_device_fn visit,
                                            void *context, uint64_t *last);
enum pawl_result pawl_sqlite_campaign_credit(struct pawl_store *store, uint64_t id,
                                             const struct pawl_campaign_credit *credits,
                                             size_t count);
enum pawl_result pawl_sqlite_campaign_told_get(struct pawl_reader *reader, uint64_t id,
                                               uint8_t **bits, size_t *size);
enum pawl_result pawl_sqlite_campaign_totals_set(struct pawl_store *store,
                                                 const struct pawl_campaign *campaign,
                                                 uint64_t basis, const uint64_t *totals);
enum pawl_result pawl_sqlite_commands_add(struct pawl_store *store,
                                          const struct pawl_command *command,
                                          const uint64_t *devices, size_t count,
                                          const struct pawl_event *event, uint64_t *first,
                                          size_t *added);
enum pawl_result pawl_sqlite_command_list(struct pawl_reader *reader,
                                          const struct pawl_command_filter *filter, uint64_t after,
                                          size_t limit, pawl_command_fn visit, void *context);
enum pawl_result pawl_sqlite_command_cancel(struct pawl_store *store, uint64_t number,
                                            struct pawl_event *event, uint8_t *device_id);
enum pawl_result pawl_sqlite_commands_end(struct pawl_store *store, struct pawl_command_end *ends,
                                          size_t count);
enum pawl_result pawl_sqlite_keys_add(struct pawl_store *store, const struct pawl_key_row *keys,
                                      size_t count, const struct pawl_event *event);
enum pawl_result pawl_sqlite_key_get(struct pawl_reader *reader, enum pawl_key_slot slot,
                                     struct pawl_key_row *key);
enum pawl_result pawl_sqlite_challenge_rotate(struct pawl_store *store, const uint8_t *wrapped,
                                              int64_t created, const struct pawl_event *event);
enum pawl_result pawl_sqlite_data_keys_get(struct pawl_reader *reader,
                                           struct pawl_data_key_row *keys, size_t *count);
enum pawl_result pawl_sqlite_data_key_add(struct pawl_store *store,
                                          const struct pawl_data_key_row *key,
                                          const struct pawl_event *event);
enum pawl_result pawl_sqlite_data_keys_rewrap(struct pawl_store *store,
                                              const struct pawl_data_key_row *keys, size_t count,
                                              const struct pawl_event *event);
enum pawl_result pawl_sqlite_data_key_delete(struct pawl_store *store, uint32_t generation,
                                             const struct pawl_event *event);
enum pawl_result pawl_sqlite_scrub(struct pawl_store *store);
enum pawl_result pawl_sqlite_wrapped_list(struct pawl_reader *reader, enum pawl_vault_kind kind,
                                          uint32_t generation, uint64_t after, size_t limit,
                                          pawl_wrapped_fn visit, void *context);
enum pawl_result pawl_sqlite_wrapped_count(struct pawl_reader *reader, uint32_t generation,
                                           uint64_t *count);
enum pawl_result pawl_sqlite_wrapped_set(struct pawl_store *store, struct pawl_wrapped_row *rows,
                                         size_t count);
enum pawl_result pawl_sqlite_token_add(struct pawl_store *store, const struct pawl_token_row *token,
                                       const struct pawl_event *event, uint64_t *id);
enum pawl_result pawl_sqlite_token_revoke(struct pawl_store *store, const char *name, int64_t time,
                                          const struct pawl_event *event);
enum pawl_result pawl_sqlite_token_used_set(struct pawl_store *store,
                                            const struct pawl_token_use *uses, size_t count);
enum pawl_result pawl_sqlite_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                        size_t limit, pawl_token_fn visit, void *context);
enum pawl_result pawl_sqlite_totals_get(struct pawl_reader *reader, struct pawl_totals *totals);
enum pawl_result pawl_sqlite_class_list(struct pawl_reader *reader, pawl_class_fn visit,
                                        void *context);
enum pawl_result pawl_sqlite_trial(struct pawl_store *store);

#endif
