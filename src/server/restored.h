/*
 * Recognises that an older database was put back, says so, and tells what is learnt of devices
 * since (SPEC 21.9). Used by the main thread alone.
 */
#ifndef PAWL_SERVER_RESTORED_H
#define PAWL_SERVER_RESTORED_H

#include "headend/history.h"
#include "server/checkpoints.h"
#include "server/data.h"
#include "server/readers.h"
#include "store/store.h"

/* A restoration has settled when nothing was learnt for so many polls' time. */
#define PAWL_RESTORED_QUIET_POLLS 3

struct pawl_restored {
    const struct pawl_data *data;
    struct pawl_store *store;
    struct pawl_readers *readers;
    struct pawl_checkpoints *checkpoints;
    struct pawl_history noted; /* what DIR/history says */
    int64_t noted_at;
    bool open;                       /* one has not settled */
    struct pawl_restoration last;    /* as it was when last looked at */
    int64_t changed_at, quiet_after; /* seconds */
};

/* Looks for a mark of a backup, and at DIR/history; audits what it finds, and has that signed. An
 * error was printed on failure. */
enum pawl_result pawl_restored_open(struct pawl_restored *restored, const struct pawl_data *data,
                                    struct pawl_store *store, struct pawl_readers *readers,
                                    struct pawl_checkpoints *checkpoints, uint32_t poll_after);

/* Writes DIR/history once a minute when there is something new, and closes a restoration from
 * which nothing more is learnt. */
void pawl_restored_tick(struct pawl_restored *restored, int64_t now);

/* Writes DIR/history. */
void pawl_restored_close(struct pawl_restored *restored);

/* The store's history, as DIR/history notes it. */
enum pawl_result pawl_history_gather(struct pawl_reader *reader, struct pawl_history *history);

#endif
