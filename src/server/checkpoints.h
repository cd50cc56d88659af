/*
 * When the audit trail is signed (SPEC 21.3): after so many entries, after so much time with new
 * ones, at the end, and when an operator asks. Each checkpoint is stored, and said in the log in
 * one line, which is how it leaves the server.
 */
#ifndef PAWL_SERVER_CHECKPOINTS_H
#define PAWL_SERVER_CHECKPOINTS_H

#include <pthread.h>

#include "headend/checkpoint.h"
#include "server/data.h"
#include "server/readers.h"
#include "store/store.h"

#define PAWL_CHECKPOINT_ENTRIES 1000u
#define PAWL_CHECKPOINT_SECONDS 3600
#define PAWL_AUDIT_KEY_PEM_SIZE 512u

struct pawl_checkpoints {
    struct pawl_store *store;
    struct pawl_readers *readers;
    struct pawl_signer *key;
    struct pawl_checkpoint_signer signer;
    char public_key[PAWL_AUDIT_KEY_PEM_SIZE]; /* PEM, for who verifies */
    uint8_t server_id[PAWL_ID_SIZE];
    pthread_mutex_t lock;
    struct pawl_checkpoint newest; /* entry 0: there is none */
    bool broken;                   /* the trail is not what was signed: nothing more is */
};

/* Makes DIR/audit.key and DIR/audit.pub.pem where there is no key. An error was printed on failure;
 * `*made` says whether there was none. */
enum pawl_result pawl_audit_key_create(const struct pawl_data *data, bool *made);

/* Loads the key; makes one where a data directory has none yet, which is audited. The store and the
 * readers must outlive it. An error was printed on failure. Close after success. */
enum pawl_result pawl_checkpoints_open(struct pawl_checkpoints *checkpoints,
                                       const struct pawl_data *data, struct pawl_store *store,
                                       struct pawl_readers *readers);
/* Signs what is not signed yet. */
void pawl_checkpoints_close(struct pawl_checkpoints *checkpoints);

/* Whether the trail has what the newest checkpoint signed. Where it has not, it was changed or cut,
 * which is told in the log. */
enum pawl_result pawl_checkpoints_compare(struct pawl_checkpoints *checkpoints,
                                          struct pawl_reader *reader, bool *fit);

/* Makes one when it is time. */
void pawl_checkpoints_tick(struct pawl_checkpoints *checkpoints, int64_t now);

/* Makes one of the newest entry; the newest checkpoint is in `row`. PAWL_STATE when there is no
 * entry at all; PAWL_CORRUPT when the trail is not what was signed: it is never signed then. */
enum pawl_result pawl_checkpoint_make(struct pawl_checkpoints *checkpoints, int64_t now,
                                      struct pawl_checkpoint_row *row);

#endif
