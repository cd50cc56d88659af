/* What metrics say of campaigns that run or are paused (SPEC 18.12). */
#ifndef PAWL_SERVER_CAMPAIGN_METRICS_H
#define PAWL_SERVER_CAMPAIGN_METRICS_H

#include "server/metrics_text.h"
#include "store/store.h"

/* Writes the families, of at most the newest 64 campaigns. An error of the store. */
enum pawl_result pawl_campaign_metrics_write(struct pawl_metrics_text *text,
                                             struct pawl_reader *reader);

#endif
