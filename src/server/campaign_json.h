/* Campaigns as JSON (SPEC 18.11): read from a body, written into answers. */
#ifndef PAWL_SERVER_CAMPAIGN_JSON_H
#define PAWL_SERVER_CAMPAIGN_JSON_H

#include "headend/campaign.h"
#include "server/operator_json.h"

/* Reads the plan of a new campaign; what is not said has its default. False: the request was
 * failed. */
bool pawl_campaign_read(struct pawl_request *request, const json_t *body,
                        struct pawl_campaign *campaign);

/* All that is known of a campaign: a new reference, or NULL. */
json_t *pawl_campaign_json(const struct pawl_campaign *campaign, int64_t now);

#endif
