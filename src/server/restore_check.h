/* What is looked at before a backup is put in the place of a database. Each prints the error that
 * it returns, naming `file`. */
#ifndef PAWL_SERVER_RESTORE_CHECK_H
#define PAWL_SERVER_RESTORE_CHECK_H

#include <jansson.h>

#include "headend/history.h"
#include "headend/master.h"
#include "server/data.h"
#include "store/store.h"

/* What a backup says of itself. */
struct pawl_backup_facts {
    struct pawl_history history;
    struct pawl_backup_mark mark; /* zeros: it is a copy made otherwise */
    uint64_t devices;
};

/* Structure, keys, and the whole audit trail against its checkpoints. */
enum pawl_result pawl_backup_check(const struct pawl_data *data,
                                   const struct pawl_hsm_access *access, const char *file,
                                   struct pawl_reader *reader, struct pawl_backup_facts *facts);

/* How often each action is in a trail behind entry `after`: {"assigned": 2}, a new reference, or
 * NULL. What would be gone. Empty when entry `after` has another hash than `hash`: another history.
 */
json_t *pawl_actions_count(struct pawl_reader *reader, uint64_t after,
                           const uint8_t hash[PAWL_AUDIT_HASH_SIZE]);

#endif
