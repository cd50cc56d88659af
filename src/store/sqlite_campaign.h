/* What the files of campaigns in SQLite share. */
#ifndef PAWL_STORE_SQLITE_CAMPAIGN_H
#define PAWL_STORE_SQLITE_CAMPAIGN_H

#include "store/sqlite.h"

/* Within a transaction: appends an event, unless NULL, that has the campaign's number in its
 * detail. */
enum pawl_result pawl_sqlite_campaign_event_add(struct pawl_sqlite *connection, uint64_t id,
                                                const struct pawl_event *event);

/* How often it was retried. PAWL_STATE when there is no such campaign. */
enum pawl_result pawl_sqlite_campaign_generation(struct pawl_sqlite *connection, uint64_t id,
                                                 uint64_t *generation);

#endif
