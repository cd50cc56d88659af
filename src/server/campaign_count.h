/* Counts the stages of campaigns in a thread of its own, one campaign at a time: reads in short
 * steps, so that writers go on. Devices whose record says that they run the package already are
 * credited on the way. */
#ifndef PAWL_SERVER_CAMPAIGN_COUNT_H
#define PAWL_SERVER_CAMPAIGN_COUNT_H

#include <stdbool.h>

#include "server/readers.h"
#include "store/store_campaign.h"

struct pawl_campaign_count;

/* PAWL_EXHAUSTED. */
enum pawl_result pawl_campaign_count_open(struct pawl_store *store, struct pawl_readers *readers,
                                          struct pawl_campaign_count **count);

/* Ends a count that is under way; it begins anew when the server comes back. */
void pawl_campaign_count_close(struct pawl_campaign_count *count);

/* Begins to count a campaign; false when a count is under way, or there is no thread for it. */
bool pawl_campaign_count_begin(struct pawl_campaign_count *count,
                               const struct pawl_campaign *campaign);

#endif
