/*
 * Which master key the data directory has: `master.key` is it, or names it (headend/master.h).
 * `master.next` is the one that a rotation moves to. The database moves first, in one transaction;
 * then the names change. Interrupted in between, the next start sees that the database opens with
 * `master.next`, and finishes.
 */
#ifndef PAWL_SERVER_MASTER_PLACE_H
#define PAWL_SERVER_MASTER_PLACE_H

#include "headend/master.h"
#include "server/data.h"

/* As pawl_master_open. */
enum pawl_result pawl_master_place_open(const struct pawl_data *data,
                                        const struct pawl_hsm_access *access,
                                        struct pawl_master **master, struct pawl_trouble *trouble);

/* Makes `master.next` in a data directory, as pawl_master_create; the directory may be in use.
 * PAWL_STATE also when there is no master key to be replaced. */
enum pawl_result pawl_master_next_create(const char *directory, const char *uri,
                                         const struct pawl_hsm_access *access,
                                         struct pawl_trouble *trouble);
bool pawl_master_next_exists(const struct pawl_data *data);
enum pawl_result pawl_master_next_open(const struct pawl_data *data,
                                       const struct pawl_hsm_access *access,
                                       struct pawl_master **master, struct pawl_trouble *trouble);

/* Makes `master.next` the master key; the one before stays as `master.old`, for backups that need
 * it. */
enum pawl_result pawl_master_next_adopt(const struct pawl_data *data, struct pawl_trouble *trouble);

#endif
