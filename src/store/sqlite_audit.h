/* The audit trail, its checkpoints, and backups: the driver's functions in sqlite_audit.c,
 * sqlite_checkpoint.c and sqlite_backup.c. */
#ifndef PAWL_STORE_SQLITE_AUDIT_H
#define PAWL_STORE_SQLITE_AUDIT_H

#include "store/sqlite.h"

/* Gives the entries of schema 1 their hashes, when the schema is brought up. */
enum pawl_result pawl_sqlite_audit_adopt(struct pawl_sqlite *connection);

enum pawl_result pawl_sqlite_audit_append(struct pawl_store *store, const struct pawl_event *events,
                                          size_t count);
enum pawl_result pawl_sqlite_audit_find(struct pawl_reader *reader,
                                        const struct pawl_audit_filter *filter, size_t limit,
                                        pawl_audit_fn visit, void *context);
enum pawl_result pawl_sqlite_audit_head(struct pawl_reader *reader, uint64_t *id,
                                        uint8_t hash[PAWL_AUDIT_HASH_SIZE]);
enum pawl_result pawl_sqlite_checkpoint_add(struct pawl_store *store,
                                            const struct pawl_checkpoint_row *row);
enum pawl_result pawl_sqlite_checkpoint_list(struct pawl_reader *reader, uint64_t after,
                                             size_t limit, pawl_checkpoint_fn visit, void *context);
enum pawl_result pawl_sqlite_checkpoint_newest(struct pawl_reader *reader,
                                               struct pawl_checkpoint_row *row);
enum pawl_result pawl_sqlite_server_id_get(struct pawl_reader *reader, uint8_t *server_id);
enum pawl_result pawl_sqlite_backup(struct pawl_reader *reader, const char *path, int64_t time);
enum pawl_result pawl_sqlite_check(struct pawl_reader *reader);
enum pawl_result pawl_sqlite_backup_mark_get(struct pawl_reader *reader,
                                             struct pawl_backup_mark *mark);
enum pawl_result pawl_sqlite_restoration_begin(struct pawl_store *store, int64_t backup_time,
                                               const struct pawl_event *event);
enum pawl_result pawl_sqlite_restoration_get(struct pawl_reader *reader,
                                             struct pawl_restoration *restoration);
enum pawl_result pawl_sqlite_restoration_settle(struct pawl_store *store, uint64_t entry,
                                                const struct pawl_event *event);

#endif
