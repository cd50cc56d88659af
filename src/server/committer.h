/*
 * Group commit: one thread writes what reports change, many at a time in one durable transaction.
 * A request hands in a commit, suspends its connection, and goes on when its batch is on the disk;
 * nothing is answered before. While one batch is written the next one gathers.
 */
#ifndef PAWL_SERVER_COMMITTER_H
#define PAWL_SERVER_COMMITTER_H

#include <stdbool.h>

#include "server/device_cache.h"
#include "server/health.h"
#include "store/commands.h"
#include "store/device_store.h"

#define PAWL_COMMIT_DETAIL_SIZE 512u

enum pawl_commit_kind {
    PAWL_COMMIT_CHANGE = 0,  /* of a device's record */
    PAWL_COMMIT_FAILURE = 1, /* of the note of its last failed attempt */
    PAWL_COMMIT_EVENT = 2,   /* nothing but the audit */
    PAWL_COMMIT_COMMAND = 3, /* a command that was taken */
};

struct pawl_request;

/* What is to be written for one request; the request owns it and leaves it alone until resumed. */
struct pawl_commit {
    struct pawl_commit *next; /* the committer's */
    struct pawl_request *request;
    enum pawl_commit_kind kind;
    struct pawl_change change;
    struct pawl_failure_change failure;
    struct pawl_command_end command;
    struct pawl_event event;              /* of an event; or for those above to point to */
    uint8_t device_id[PAWL_ID_SIZE];      /* whose commit it is */
    char detail[PAWL_COMMIT_DETAIL_SIZE]; /* for `event` to point to */
    struct pawl_evidence evidence;        /* for `change` to point to */
    enum pawl_result result; /* set: PAWL_OK, PAWL_STATE (see pawl_change), or the store's error */
};

struct pawl_committer;

/* What it is doing. */
struct pawl_committer_state {
    uint64_t queued;  /* commits that wait for their batch */
    uint64_t writing; /* commits of the batch under way */
    uint64_t moved;   /* when it last took or ended a batch, or was given work while it had none; ns
                         of the monotonic clock */
};

void pawl_committer_look(struct pawl_committer *committer, struct pawl_committer_state *state);

/* PAWL_EXHAUSTED when there is no memory or thread for it. What it writes is changed
 * in `devices` too, and `health` is told how writing goes. */
enum pawl_result pawl_committer_start(struct pawl_store *store, struct pawl_device_cache *devices,
                                      struct pawl_health *health,
                                      struct pawl_committer **committer);

/* Takes nothing more, writes what was handed in, resumes everyone and ends the thread. */
void pawl_committer_stop(struct pawl_committer *committer);

/* Frees a stopped committer, once no request can come to it any more. Harmless on NULL. */
void pawl_committer_free(struct pawl_committer *committer);

/* Suspends `commit->request` and queues the commit. False, with nothing done, once the committer
 * was stopped. */
bool pawl_commit_submit(struct pawl_committer *committer, struct pawl_commit *commit);

#endif
