/* What operators order of a campaign, and when that is possible. */
#include <string.h>

#include "headend/campaign.h"

#define FROM(state) (1u << (state))

typedef const char *(*order_fn)(struct pawl_campaign *campaign, const char *actor, int64_t now);

static void text_set(char *to, size_t size, const char *text)
{
    memset(to, 0, size);
    if (text != NULL)
        memcpy(to, text, strnlen(text, size - 1));
}

static void state_set(struct pawl_campaign *campaign, enum pawl_campaign_state state, int64_t now)
{
    campaign->state = state;
    campaign->since = now;
}

/* The carrying out: NULL, or why it is not possible. */

static const char *approve(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    text_set(campaign->approver, sizeof campaign->approver, actor);
    state_set(campaign, PAWL_CAMPAIGN_READY, now);
    return NULL;
}

static const char *start(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    (void)actor;
    campaign->started = now;
    state_set(campaign, PAWL_CAMPAIGN_RUNNING, now);
    return NULL;
}

static const char *pause(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    (void)actor;
    state_set(campaign, PAWL_CAMPAIGN_PAUSED, now);
    return NULL;
}

/* Time did not pass for the deadlines while it was paused. */
static void clocks_move(struct pawl_campaign *campaign, int64_t now)
{
    int64_t paused = now > campaign->since ? now - campaign->since : 0;
    for (unsigned i = 0; i < pawl_campaign_opened(campaign); i++)
        campaign->stages[i].opened += paused;
}

static const char *resume(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    (void)actor;
    unsigned opened = pawl_campaign_opened(campaign);
    clocks_move(campaign, now);
    for (unsigned i = 0; i < opened; i++) {
        struct pawl_stage *stage = &campaign->stages[i];
        struct pawl_stage_tally tally;
        pawl_stage_tally(stage, now, &tally);
        if (stage->state == PAWL_STAGE_ERROR)
            stage->state = PAWL_STAGE_RUNNING;
        stage->excused = tally.failed;
    }
    if (opened > 0 && campaign->stages[opened - 1].state == PAWL_STAGE_FINISHED)
        campaign->stages[opened - 1].passed = true;
    state_set(campaign, PAWL_CAMPAIGN_RUNNING, now);
    return NULL;
}

static const char *abort_(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    (void)actor;
    state_set(campaign, PAWL_CAMPAIGN_STOPPED, now);
    return NULL;
}

/* Those that failed, or were silent, begin again with the deadline. */
static const char *retry(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    unsigned opened = pawl_campaign_opened(campaign);
    uint64_t failed = 0;
    (void)actor;
    for (unsigned i = 0; i < opened; i++) {
        struct pawl_stage_tally tally;
        pawl_stage_tally(&campaign->stages[i], now, &tally);
        failed += tally.failed;
    }
    if (failed == 0)
        return "no device has failed";
    for (unsigned i = 0; i < opened; i++) {
        struct pawl_stage *stage = &campaign->stages[i];
        if (stage->state == PAWL_STAGE_ERROR)
            stage->state = PAWL_STAGE_RUNNING;
        stage->opened = now;
        stage->failed = stage->excused = 0;
    }
    campaign->generation++;
    if (campaign->state == PAWL_CAMPAIGN_PAUSED)
        state_set(campaign, PAWL_CAMPAIGN_RUNNING, now);
    return NULL;
}

static const char *next(struct pawl_campaign *campaign, const char *actor, int64_t now)
{
    unsigned opened = pawl_campaign_opened(campaign);
    (void)actor;
    if (opened == 0)
        return "its first stage has not been opened yet";
    if (opened == campaign->stage_count)
        return "its last stage is open already";
    if (campaign->state == PAWL_CAMPAIGN_PAUSED)
        resume(campaign, actor, now);
    struct pawl_stage *stage = &campaign->stages[opened - 1];
    if (stage->succeeded == 0)
        stage->succeeded = now;
    stage->state = PAWL_STAGE_FINISHED;
    stage->passed = true;
    return NULL;
}

static const struct {
    const char *name, *action;
    unsigned from; /* the states in which it is possible */
    order_fn carry_out;
    const char *otherwise;
} orders[PAWL_CAMPAIGN_ORDER_COUNT] = {
    [PAWL_CAMPAIGN_APPROVE] = {"approve", "campaign-approved", FROM(PAWL_CAMPAIGN_WAITING), approve,
                               "it waits for no approval"},
    [PAWL_CAMPAIGN_START] = {"start", "campaign-started", FROM(PAWL_CAMPAIGN_READY), start,
                             "only a campaign that is ready can be started"},
    [PAWL_CAMPAIGN_PAUSE] = {"pause", "campaign-paused", FROM(PAWL_CAMPAIGN_RUNNING), pause,
                             "it does not run"},
    [PAWL_CAMPAIGN_RESUME] = {"resume", "campaign-resumed", FROM(PAWL_CAMPAIGN_PAUSED), resume,
                              "it is not paused"},
    [PAWL_CAMPAIGN_ABORT] = {"abort", "campaign-aborted", ~FROM(PAWL_CAMPAIGN_STOPPED), abort_,
                             "it is stopped already"},
    [PAWL_CAMPAIGN_RETRY] = {"retry", "campaign-retried",
                             FROM(PAWL_CAMPAIGN_RUNNING) | FROM(PAWL_CAMPAIGN_PAUSED) |
                                 FROM(PAWL_CAMPAIGN_FINISHED),
                             retry, "it does not run"},
    [PAWL_CAMPAIGN_NEXT] = {"next", "campaign-stage-triggered",
                            FROM(PAWL_CAMPAIGN_RUNNING) | FROM(PAWL_CAMPAIGN_PAUSED), next,
                            "it does not run"},
};

const char *pawl_campaign_order_name(enum pawl_campaign_order order)
{
    return orders[order].name;
}

const char *pawl_campaign_order_action(enum pawl_campaign_order order)
{
    return orders[order].action;
}

enum pawl_campaign_state pawl_campaign_first_state(const struct pawl_campaign *campaign)
{
    return campaign->needs_approval ? PAWL_CAMPAIGN_WAITING : PAWL_CAMPAIGN_READY;
}

enum pawl_result pawl_campaign_order(struct pawl_campaign *campaign, enum pawl_campaign_order order,
                                     const char *actor, const char *reason, int64_t now,
                                     const char **why)
{
    if ((orders[order].from & FROM(campaign->state)) == 0) {
        *why = orders[order].otherwise;
        return PAWL_STATE;
    }
    if (order == PAWL_CAMPAIGN_APPROVE &&
        strncmp(campaign->creator, actor, sizeof campaign->creator - 1) == 0) {
        *why = "who created a campaign cannot approve it";
        return PAWL_UNTRUSTED;
    }
    const char *refused = orders[order].carry_out(campaign, actor, now);
    if (refused != NULL) {
        *why = refused;
        return PAWL_STATE;
    }
    text_set(campaign->reason, sizeof campaign->reason, reason);
    return PAWL_OK;
}
