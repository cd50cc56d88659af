/* Waking the devices of campaigns (SPEC 19.9). */
#ifndef PAWL_SERVER_CAMPAIGN_PUSH_H
#define PAWL_SERVER_CAMPAIGN_PUSH_H

#include "server/server.h"

struct pawl_campaign_wakes; /* stages of lists whose devices are still to be woken */

/* PAWL_EXHAUSTED. */
enum pawl_result pawl_campaign_wakes_open(struct pawl_campaign_wakes **wakes);
void pawl_campaign_wakes_close(struct pawl_campaign_wakes *wakes); /* harmless on NULL */

/* Wakes the devices of stages that were opened since the last call; each second, and when the plan
 * has been read anew. A class or group by its topic, of a list each device of the stage: as many as
 * a tenth of a second allows, the others with the next calls. */
void pawl_campaigns_push(struct pawl_server *server);

/* Wakes the devices that know of a campaign: an order changed what it offers. */
void pawl_campaign_push(struct pawl_server *server, uint64_t id);

#endif
