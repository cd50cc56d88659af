/*
 * Campaigns at work: what the clock and the counts bring about (SPEC 18.5), the counting of stages
 * in the background (18.6), and the rate at which devices begin (18.7). Decisions are those of
 * headend/campaign.h.
 */
#ifndef PAWL_SERVER_CAMPAIGNS_H
#define PAWL_SERVER_CAMPAIGNS_H

#include <stdbool.h>
#include <stdint.h>

#include "headend/assign.h"
#include "server/readers.h"
#include "store/store.h"
#include "store/store_campaign.h"

struct pawl_campaigns;

/* PAWL_EXHAUSTED. */
enum pawl_result pawl_campaigns_open(struct pawl_store *store, struct pawl_readers *readers,
                                     struct pawl_campaigns **campaigns);

/* Ends a count that is under way. Harmless on NULL. */
void pawl_campaigns_close(struct pawl_campaigns *campaigns);

/* Takes the steps that are due in all campaigns that run, and begins to count those that need it.
 * Each second, before the plan is refreshed, and after an order; for any thread. An error of the
 * store is logged, and the next tick tries again. */
void pawl_campaigns_tick(struct pawl_campaigns *campaigns, int64_t now);

struct pawl_stage_opened {
    uint64_t campaign;
    unsigned stage; /* from 1 */
};

/* Takes stages that were opened since the last call, at most `most`; returns how many. The
 * others wait; beyond 64 they are forgotten. */
size_t pawl_campaigns_opened_take(struct pawl_campaigns *campaigns,
                                  struct pawl_stage_opened *opened, size_t most);

/* Whether a device may begin with a download of a campaign now: `may_begin` of struct
 * pawl_offer_terms, `context` being the campaigns. For any thread, without a lock. A device that
 * was let in lately is let in again and does not count twice. */
bool pawl_campaigns_may_begin(void *context, const struct pawl_plan_entry *entry,
                              const struct pawl_subject *subject);

/* Fills estimates into what is not counted yet. */
enum pawl_result pawl_campaign_estimate_fill(struct pawl_reader *reader,
                                             struct pawl_campaign *campaign);

#endif
