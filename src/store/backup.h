/*
 * The contract of storage, backups: copies made while the store is used, and what is noted after
 * one was put back (SPEC 21.7 to 21.9). Part of store.h.
 */
#ifndef PAWL_STORE_BACKUP_H
#define PAWL_STORE_BACKUP_H

#include "store/store.h"

/* Copies the whole store, as it is at one moment, into the empty file `path`, and marks the copy as
 * a backup. Writers and readers go on meanwhile. The copy's structure was checked; it is not synced
 * to the disk. PAWL_CORRUPT when the store itself is damaged; on failure the file holds rubbish. */
enum pawl_result pawl_store_backup(struct pawl_reader *reader, const char *path, int64_t time);

/* Removes the files of the SQLite database `path`, which nobody has open, as far as they are there:
 * its own, and what SQLite puts beside it. */
void pawl_store_unlink(const char *path);

/* Checks the structure of the whole store: PAWL_CORRUPT; the database's words go to the log. */
enum pawl_result pawl_store_check(struct pawl_reader *reader);

/* What marks a backup that was put back and not used since. PAWL_STATE when there is none. */
struct pawl_backup_mark {
    int64_t time;
    uint64_t entry; /* the newest of the audit trail then */
};

enum pawl_result pawl_store_backup_mark_get(struct pawl_reader *reader,
                                            struct pawl_backup_mark *mark);

/* A backup that was put back, and what was learnt of devices since (until it was settled). */
struct pawl_restoration {
    uint64_t entry;        /* of the audit trail, that tells of it */
    int64_t time;          /* when it was noticed */
    int64_t backup_time;   /* when the backup was made; 0: not known */
    uint64_t caught_up;    /* reports that were several downloads ahead, */
    uint64_t learnt;       /* the downloads that they told of, */
    uint64_t unattributed; /* and confirmations that counted for nothing */
    int64_t settled;       /* 0: not yet */
};

/* Notes that a backup was put back; takes its mark away, and skips numbers of assignments,
 * campaigns and commands, so that none that was given since the backup is given again. `event`
 * tells of it. */
enum pawl_result pawl_store_restoration_begin(struct pawl_store *store, int64_t backup_time,
                                              const struct pawl_event *event);

/* The newest one. PAWL_STATE when there never was one. */
enum pawl_result pawl_store_restoration_get(struct pawl_reader *reader,
                                            struct pawl_restoration *restoration);

/* Notes that nothing more is learnt from it. PAWL_STATE when that was noted already. */
enum pawl_result pawl_store_restoration_settle(struct pawl_store *store, uint64_t entry,
                                               const struct pawl_event *event);

#endif
