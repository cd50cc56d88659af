/* What the files of the SQLite implementation that deal with devices share. */
#ifndef PAWL_STORE_SQLITE_DEVICE_H
#define PAWL_STORE_SQLITE_DEVICE_H

#include "store/device_store.h"
#include "store/sqlite.h"

/* Decodes a row that begins with PAWL_SQLITE_DEVICE_COLUMNS; the column behind them is free. */
enum pawl_result pawl_sqlite_device_decode(struct pawl_sqlite *connection, sqlite3_stmt *row,
                                           struct pawl_device *device);
#define PAWL_SQLITE_DEVICE_NEXT_COLUMN 20

/* A device within the writer's transaction. */
struct pawl_sqlite_place {
    uint64_t number;
    int64_t class, group; /* numbers; group 0: none */
    enum pawl_standing standing;
    bool has_failure, retry_asked, has_package;
    uint32_t failure;          /* code of the last attempt that failed */
    enum pawl_finding finding; /* why it is in quarantine */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
};

/* PAWL_STATE when there is none. */
enum pawl_result pawl_sqlite_place_find(struct pawl_sqlite *connection, const uint8_t *device_id,
                                        struct pawl_sqlite_place *place);

/* Within the writer's transaction. */
enum pawl_result pawl_sqlite_device_regroup(struct pawl_sqlite *connection,
                                            const struct pawl_sqlite_place *place, int64_t group);

/* Labels: sets one (an empty value takes it away) and tells the value that it had, empty for none.
 * PAWL_EXHAUSTED never: `*full` says that there are PAWL_LABELS_MAX others. */
enum pawl_result pawl_sqlite_label_set(struct pawl_sqlite *connection, uint64_t device,
                                       const struct pawl_label *label, struct pawl_label *before,
                                       bool *full);
enum pawl_result pawl_sqlite_labels_clear(struct pawl_sqlite *connection, uint64_t device);

/* Which devices run which package (schema/sqlite-2/running.sql). */

/* The number of a package id, added when new. */
enum pawl_result pawl_sqlite_ran_find(struct pawl_sqlite *connection, const uint8_t *package_id,
                                      uint64_t *number);

/* A device that begins or ends to run a package. */
struct pawl_sqlite_run_bit {
    uint64_t package; /* ran.number */
    uint64_t device;
    size_t order; /* of two about the same device and package the later one holds */
    bool runs;
};

/* Sets bits and counts; sorts `bits`. */
enum pawl_result pawl_sqlite_running_set(struct pawl_sqlite *connection,
                                         struct pawl_sqlite_run_bit *bits, size_t count);

/* Fills the tables from the records, once, in the migration that makes them. */
enum pawl_result pawl_sqlite_running_fill(struct pawl_sqlite *connection);

#define PAWL_SQLITE_RUNNING_BLOCK 4096u /* devices of a row; part of the schema */

/* The bits of a block; all zero when there is no row. */
enum pawl_result pawl_sqlite_running_get(struct pawl_sqlite *connection, uint64_t package,
                                         uint64_t block,
                                         uint8_t bits[PAWL_SQLITE_RUNNING_BLOCK / 8]);

/* Keeps the evidence of a quarantine; NULL keeps none. */
enum pawl_result pawl_sqlite_evidence_set(struct pawl_sqlite *connection, uint64_t number,
                                          const struct pawl_evidence *evidence);

/* Binds the value of a term as one or two parameters. */
void pawl_sqlite_term_bind(sqlite3_stmt *statement, const struct pawl_query_term *term,
                           int parameter);

/* Numbers of devices that a search looks at, ascending. */
struct pawl_sqlite_candidates {
    uint64_t numbers[PAWL_SEARCH_WORK];
    size_t count;
    uint64_t next; /* where the next call goes on; 0: these are all */
};

/* Fills `candidates` with devices above `after` among which are all that the query finds, by the
 * term that selects best. */
enum pawl_result pawl_sqlite_candidates_find(struct pawl_sqlite *connection,
                                             const struct pawl_query *query, uint64_t after,
                                             struct pawl_sqlite_candidates *candidates);

/* The functions of the driver. */
enum pawl_result pawl_sqlite_device_search(struct pawl_reader *reader,
                                           const struct pawl_query *query, uint64_t after,
                                           size_t limit, pawl_device_fn visit, void *context,
                                           uint64_t *next);
enum pawl_result pawl_sqlite_labels_get(struct pawl_reader *reader, uint64_t number,
                                        struct pawl_label *labels, size_t *count);
enum pawl_result pawl_sqlite_devices_act(struct pawl_store *store, const struct pawl_act *act,
                                         struct pawl_act_row *rows, size_t count, bool dry_run);
enum pawl_result pawl_sqlite_history_get(struct pawl_reader *reader, uint64_t number,
                                         struct pawl_history_entry *entries, size_t *count);
enum pawl_result pawl_sqlite_evidence_get(struct pawl_reader *reader, uint64_t number,
                                          struct pawl_evidence *evidence);
enum pawl_result pawl_sqlite_group_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                        pawl_group_fn visit, void *context);
enum pawl_result pawl_sqlite_group_edit(struct pawl_store *store, const char *name,
                                        const char *new_name, const struct pawl_event *event,
                                        enum pawl_group_outcome *outcome);

#endif
