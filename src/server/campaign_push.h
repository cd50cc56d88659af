/* Waking the devices of campaigns (SPEC 19.9). */
#ifndef PAWL_SERVER_CAMPAIGN_PUSH_H
#define PAWL_SERVER_CAMPAIGN_PUSH_H

#include "server/server.h"

/* Wakes the devices of stages that were opened since the last call; to be called when the plan has
 * been read anew. A class or group by its topic, of a list each device of the stage. */
void pawl_campaigns_push(struct pawl_server *server);

/* Wakes the devices that know of a campaign: an order changed what it offers. */
void pawl_campaign_push(struct pawl_server *server, uint64_t id);

#endif
