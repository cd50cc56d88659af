#include "server/commit_batch.h"

/* Copies what the batch's commits of one kind are about together; returns how many. */
static size_t batch_gather(struct pawl_commit_batch *batch, enum pawl_commit_kind kind)
{
    size_t used = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct pawl_commit *commit = batch->commits[i];
        if (commit->kind != kind)
            continue;
        if (kind == PAWL_COMMIT_CHANGE)
            batch->changes[used++] = commit->change;
        else if (kind == PAWL_COMMIT_FAILURE)
            batch->failures[used++] = commit->failure;
        else if (kind == PAWL_COMMIT_COMMAND)
            batch->commands[used++] = commit->command;
        else
            batch->events[used++] = commit->event;
    }
    return used;
}

/* Tells the commits of one kind how it went. */
static void batch_settle(struct pawl_commit_batch *batch, enum pawl_commit_kind kind,
                         enum pawl_result result)
{
    size_t used = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct pawl_commit *commit = batch->commits[i];
        if (commit->kind != kind)
            continue;
        commit->result = result;
        if (result == PAWL_OK && kind == PAWL_COMMIT_CHANGE)
            commit->result = batch->changes[used].result;
        else if (result == PAWL_OK && kind == PAWL_COMMIT_FAILURE)
            commit->result = batch->failures[used].result;
        else if (result == PAWL_OK && kind == PAWL_COMMIT_COMMAND)
            commit->result = batch->commands[used].result;
        used++;
    }
}

void pawl_commit_batch_write(struct pawl_commit_batch *batch, struct pawl_store *store)
{
    size_t used = batch_gather(batch, PAWL_COMMIT_CHANGE);
    if (used > 0)
        batch_settle(batch, PAWL_COMMIT_CHANGE,
                     pawl_store_changes_apply(store, batch->changes, used));
    used = batch_gather(batch, PAWL_COMMIT_FAILURE);
    if (used > 0)
        batch_settle(batch, PAWL_COMMIT_FAILURE,
                     pawl_store_failures_set(store, batch->failures, used));
    used = batch_gather(batch, PAWL_COMMIT_EVENT);
    if (used > 0)
        batch_settle(batch, PAWL_COMMIT_EVENT, pawl_store_audit_append(store, batch->events, used));
    used = batch_gather(batch, PAWL_COMMIT_COMMAND);
    if (used > 0)
        batch_settle(batch, PAWL_COMMIT_COMMAND,
                     pawl_store_commands_end(store, batch->commands, used));
}

void pawl_commit_cache(const struct pawl_commit *commit, struct pawl_device_cache *devices)
{
    if (commit->kind == PAWL_COMMIT_CHANGE && commit->result == PAWL_OK)
        pawl_device_cache_change(devices, commit->device_id, &commit->change);
    else if (commit->kind != PAWL_COMMIT_EVENT)
        pawl_device_cache_drop(devices, commit->device_id);
}
