/* Campaigns: the plan, what stages come to, and the steps that follow. */
#include "headend/campaign.h"

#include <string.h>

/* count / total >= share, in millionths; totals are far below 2^44. */
static bool reaches(uint64_t count, uint64_t total, uint32_t share)
{
    return count * PAWL_WHOLE >= (uint64_t)share * total;
}

static bool exceeds(uint64_t count, uint64_t total, uint32_t share)
{
    return count * PAWL_WHOLE > (uint64_t)share * total;
}

static const char *stage_fault(const struct pawl_stage *stage, uint32_t first)
{
    if (stage->limit <= first || stage->limit > PAWL_WHOLE)
        return "each stage needs a share of the devices, in all at most 100 percent";
    if (stage->success > PAWL_WHOLE || stage->error > PAWL_WHOLE)
        return "a threshold is 0 to 100 percent";
    if (stage->deadline > PAWL_STAGE_SECONDS_MAX || stage->soak > PAWL_STAGE_SECONDS_MAX)
        return "deadline and soak time are at most a year";
    if (stage->action != PAWL_SUCCESS_NEXTGROUP && stage->action != PAWL_SUCCESS_PAUSE)
        return "the success action is nextgroup or pause";
    return NULL;
}

enum pawl_result pawl_campaign_check(const struct pawl_campaign *campaign, const char **why)
{
    const char *fault = NULL;
    uint32_t first = 0;
    if (campaign->name[0] == '\0')
        fault = "a campaign has a name";
    else if (campaign->target.kind == PAWL_TARGET_DEVICE)
        fault = "a campaign is for a class, a group or a list; assign the package to one device";
    else if (campaign->stage_count < 1 || campaign->stage_count > PAWL_STAGES_MAX)
        fault = "a campaign has 1 to 32 stages";
    else if (campaign->hours.present && campaign->hours.from == campaign->hours.until)
        fault = "a window that opens when it closes is none";
    else if (campaign->rate > PAWL_PACE_MAX)
        fault = "the rate is at most 1000000 a minute";
    for (unsigned i = 0; fault == NULL && i < campaign->stage_count; i++) {
        fault = stage_fault(&campaign->stages[i], first);
        first = campaign->stages[i].limit;
    }
    if (fault == NULL)
        return PAWL_OK;
    *why = fault;
    return PAWL_MALFORMED;
}

void pawl_campaign_estimate(struct pawl_campaign *campaign, uint64_t devices)
{
    uint32_t first = 0;
    for (unsigned i = 0; !campaign->counted && i < campaign->stage_count; i++) {
        struct pawl_stage *stage = &campaign->stages[i];
        stage->total = (devices * (stage->limit - first) + PAWL_WHOLE / 2) / PAWL_WHOLE;
        first = stage->limit;
    }
}

unsigned pawl_campaign_opened(const struct pawl_campaign *campaign)
{
    unsigned opened = 0;
    while (opened < campaign->stage_count && campaign->stages[opened].state != PAWL_STAGE_SCHEDULED)
        opened++;
    return opened;
}

void pawl_stage_tally(const struct pawl_stage *stage, int64_t now, struct pawl_stage_tally *tally)
{
    uint64_t known = stage->finished + stage->failed;
    uint64_t rest = known < stage->total ? stage->total - known : 0;
    /* Once it succeeded nobody is waited for: what is still silent is no failure of it. */
    bool late = stage->deadline > 0 && stage->opened != 0 && stage->succeeded == 0 &&
                now >= stage->opened + (int64_t)stage->deadline;
    tally->silent = late ? rest : 0;
    tally->failed = stage->failed + tally->silent;
    tally->open = rest - tally->silent;
}

/* Whether enough devices have told how it went for percentages to mean something. */
static bool is_sampled(const struct pawl_stage *stage, const struct pawl_stage_tally *tally)
{
    uint64_t needed = stage->minimum < stage->total ? stage->minimum : stage->total;
    return stage->finished + tally->failed >= needed;
}

static bool has_failed(const struct pawl_stage *stage, const struct pawl_stage_tally *tally)
{
    uint64_t failed = tally->failed > stage->excused ? tally->failed - stage->excused : 0;
    return is_sampled(stage, tally) && exceeds(failed, stage->total, stage->error);
}

/* An empty stage succeeds, and one of whose devices none is left to wait for while all of its
 * failures were excused. */
static bool has_succeeded(const struct pawl_stage *stage, const struct pawl_stage_tally *tally)
{
    if (stage->total == 0)
        return true;
    if (is_sampled(stage, tally) && reaches(stage->finished, stage->total, stage->success))
        return true;
    return tally->open == 0 && tally->failed <= stage->excused;
}

static void state_set(struct pawl_campaign *campaign, enum pawl_campaign_state state, int64_t now,
                      const char *reason)
{
    campaign->state = state;
    campaign->since = now;
    memset(campaign->reason, 0, sizeof campaign->reason);
    memcpy(campaign->reason, reason, strnlen(reason, sizeof campaign->reason - 1));
}

static bool stage_step(struct pawl_campaign_step *step, unsigned index, const char *action)
{
    *step = (struct pawl_campaign_step){.action = action, .stage = index + 1};
    return true;
}

/* The error condition, of every stage that is open: late failures of an early one count too. */
static bool error_step(struct pawl_campaign *campaign, unsigned opened, int64_t now,
                       struct pawl_campaign_step *step)
{
    for (unsigned i = 0; i < opened; i++) {
        struct pawl_stage *stage = &campaign->stages[i];
        struct pawl_stage_tally tally;
        pawl_stage_tally(stage, now, &tally);
        bool failed = has_failed(stage, &tally);
        bool stuck =
            stage->state == PAWL_STAGE_RUNNING && tally.open == 0 && !has_succeeded(stage, &tally);
        if (!failed && !stuck)
            continue;
        if (stage->state == PAWL_STAGE_RUNNING)
            stage->state = PAWL_STAGE_ERROR;
        state_set(campaign, PAWL_CAMPAIGN_PAUSED, now,
                  failed ? "the error condition of a stage holds"
                         : "a stage ended below its success condition");
        return stage_step(step, i, "campaign-stage-error");
    }
    return false;
}

static bool open_step(struct pawl_campaign *campaign, unsigned index, int64_t now,
                      struct pawl_campaign_step *step)
{
    struct pawl_stage *stage = &campaign->stages[index];
    if (!pawl_hours_are_open(&campaign->hours, now))
        return false;
    stage->state = PAWL_STAGE_RUNNING;
    stage->opened = now;
    return stage_step(step, index, "campaign-stage-opened");
}

/* What follows on a stage that has finished. */
static bool sequel_step(struct pawl_campaign *campaign, unsigned index, int64_t now,
                        struct pawl_campaign_step *step)
{
    const struct pawl_stage *stage = &campaign->stages[index];
    if (index + 1 == campaign->stage_count) {
        state_set(campaign, PAWL_CAMPAIGN_FINISHED, now, "");
        *step = (struct pawl_campaign_step){.action = "campaign-finished"};
        return true;
    }
    if (stage->action == PAWL_SUCCESS_PAUSE && !stage->passed) {
        state_set(campaign, PAWL_CAMPAIGN_PAUSED, now,
                  "a stage succeeded whose success action is pause");
        return stage_step(step, index, "campaign-paused");
    }
    if (!stage->passed && now < stage->succeeded + (int64_t)stage->soak)
        return false;
    return open_step(campaign, index + 1, now, step);
}

bool pawl_campaign_advance(struct pawl_campaign *campaign, int64_t now,
                           struct pawl_campaign_step *step)
{
    if (campaign->state != PAWL_CAMPAIGN_RUNNING)
        return false;
    unsigned opened = pawl_campaign_opened(campaign);
    if (opened == 0)
        return open_step(campaign, 0, now, step);
    if (campaign->counted && error_step(campaign, opened, now, step))
        return true;
    struct pawl_stage *stage = &campaign->stages[opened - 1];
    if (stage->state == PAWL_STAGE_FINISHED)
        return sequel_step(campaign, opened - 1, now, step);

    struct pawl_stage_tally tally;
    pawl_stage_tally(stage, now, &tally);
    if (!campaign->counted || !has_succeeded(stage, &tally))
        return false;
    stage->state = PAWL_STAGE_FINISHED;
    stage->succeeded = now;
    return stage_step(step, opened - 1, "campaign-stage-finished");
}

void pawl_campaign_rule_fill(const struct pawl_campaign *campaign, struct pawl_campaign_rule *rule)
{
    unsigned opened = pawl_campaign_opened(campaign);
    *rule = (struct pawl_campaign_rule){
        .id = campaign->id,
        .state = campaign->state,
        .unstarted = campaign->started == 0,
        .open = opened == 0 ? 0 : campaign->stages[opened - 1].limit,
        .stage_count = campaign->stage_count,
        .generation = campaign->generation,
        .hours = campaign->hours,
        .rate = campaign->rate,
        .is_list = campaign->target.kind == PAWL_TARGET_LIST,
    };
    for (unsigned i = 0; i < campaign->stage_count; i++)
        rule->limits[i] = campaign->stages[i].limit;
}
