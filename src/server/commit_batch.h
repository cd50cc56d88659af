/* What the committer does with the commits that it took: writes them, and tells the cache. */
#ifndef PAWL_SERVER_COMMIT_BATCH_H
#define PAWL_SERVER_COMMIT_BATCH_H

#include <stddef.h>

#include "server/committer.h"

#define PAWL_COMMIT_BATCH_MAX 1024u

struct pawl_commit_batch {
    size_t count;
    struct pawl_commit *commits[PAWL_COMMIT_BATCH_MAX];
    /* Those of a kind together, while they are written. */
    struct pawl_change changes[PAWL_COMMIT_BATCH_MAX];
    struct pawl_failure_change failures[PAWL_COMMIT_BATCH_MAX];
    struct pawl_event events[PAWL_COMMIT_BATCH_MAX];
    struct pawl_command_end commands[PAWL_COMMIT_BATCH_MAX];
};

/* Writes the commits durably and sets the result of each: one transaction for each kind that the
 * batch has; nearly always there is only one. */
void pawl_commit_batch_write(struct pawl_commit_batch *batch, struct pawl_store *store);

/* Takes a commit that was written over into the cache, before its request goes on. */
void pawl_commit_cache(const struct pawl_commit *commit, struct pawl_device_cache *devices);

#endif
