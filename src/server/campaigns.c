#include "server/campaigns.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "server/campaign_count.h"

#define STEPS_MAX (4u * PAWL_STAGES_MAX) /* of one campaign in one tick: more than a plan has */
#define RECOUNT_SECONDS 30               /* between two counts because devices came or went */
#define OPENED_MAX 64u
#define ROUND_SECONDS 600   /* between two counts of all, whatever came or went */
#define RECENT_COUNT 65536u /* devices remembered as let in; a power of two */

struct pawl_campaigns {
    pthread_mutex_t ticking;
    struct pawl_store *store;
    struct pawl_readers *readers;
    struct pawl_campaign_count *count;
    struct pawl_stage_opened opened[OPENED_MAX]; /* that nobody took yet */
    size_t opened_count;
    int64_t recounted;   /* when a campaign that was counted was counted anew */
    int64_t round_began; /* all are counted anew, round by round, */
    uint64_t round_last; /* as far as this one */
    /* Who was let in lately, by device number; a collision costs one of the rate. */
    _Atomic uint64_t recent[RECENT_COUNT];
};

enum pawl_result pawl_campaigns_open(struct pawl_store *store, struct pawl_readers *readers,
                                     struct pawl_campaigns **out)
{
    struct pawl_campaigns *campaigns = calloc(1, sizeof *campaigns);
    if (campaigns == NULL)
        return PAWL_EXHAUSTED;
    campaigns->store = store;
    campaigns->readers = readers;
    enum pawl_result result = pawl_campaign_count_open(store, readers, &campaigns->count);
    if (result != PAWL_OK) {
        free(campaigns);
        return result;
    }
    pthread_mutex_init(&campaigns->ticking, NULL);
    *out = campaigns;
    return PAWL_OK;
}

void pawl_campaigns_close(struct pawl_campaigns *campaigns)
{
    if (campaigns == NULL)
        return;
    pawl_campaign_count_close(campaigns->count);
    pthread_mutex_destroy(&campaigns->ticking);
    free(campaigns);
}

/* Campaigns that run, gathered before anything is written. */
struct running {
    struct pawl_campaign *items;
    size_t count, room;
};

static enum pawl_result running_add(void *context, const struct pawl_campaign *campaign)
{
    struct running *running = context;
    if (running->count == running->room) {
        size_t room = running->room == 0 ? 8 : 2 * running->room;
        void *items = realloc(running->items, room * sizeof *running->items);
        if (items == NULL)
            return PAWL_EXHAUSTED;
        running->items = items;
        running->room = room;
    }
    running->items[running->count++] = *campaign;
    return PAWL_OK;
}

enum pawl_result pawl_campaign_estimate_fill(struct pawl_reader *reader,
                                             struct pawl_campaign *campaign)
{
    uint64_t devices = campaign->listed;
    enum pawl_result result = PAWL_OK;
    if (campaign->target.kind != PAWL_TARGET_LIST)
        result = pawl_store_device_count(reader, &campaign->target, &devices);
    if (result == PAWL_OK)
        pawl_campaign_estimate(campaign, devices);
    return result;
}

/* What the audit says of a step: states before and after, and of a stage what it came to. */
static void step_tell(const struct pawl_campaign *before, const struct pawl_campaign *after,
                      const struct pawl_campaign_step *step, int64_t now, char *detail, size_t size)
{
    if (step->stage == 0) {
        snprintf(detail, size, "{\"before\":\"%s\",\"after\":\"%s\"}",
                 pawl_campaign_state_name(before->state), pawl_campaign_state_name(after->state));
        return;
    }
    const struct pawl_stage *stage = &after->stages[step->stage - 1];
    struct pawl_stage_tally tally;
    pawl_stage_tally(stage, now, &tally);
    /* A reason that the clock or the counts gave is one of a few texts without quotes. */
    snprintf(detail, size,
             "{\"stage\":%u,\"before\":\"%s\",\"after\":\"%s\",\"state\":\"%s\",\"total\":%" PRIu64
             ",\"finished\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"reason\":\"%s\"}",
             step->stage, pawl_stage_state_name(before->stages[step->stage - 1].state),
             pawl_stage_state_name(stage->state), pawl_campaign_state_name(after->state),
             stage->total, stage->finished, tally.failed,
             after->state == PAWL_CAMPAIGN_PAUSED ? after->reason : "");
}

/* Writes one step with its event. PAWL_STATE when somebody else was first. */
static enum pawl_result step_write(struct pawl_campaigns *campaigns,
                                   const struct pawl_campaign *before,
                                   struct pawl_campaign *campaign,
                                   const struct pawl_campaign_step *step, int64_t now)
{
    char detail[512];
    step_tell(before, campaign, step, now, detail, sizeof detail);
    const struct pawl_event event = {
        .time = now, .actor = "pawld", .action = step->action, .detail = detail};
    enum pawl_result result = pawl_store_campaign_set(campaigns->store, campaign, &event);
    if (result != PAWL_OK)
        return result;
    campaign->version++;
    if (strcmp(step->action, "campaign-stage-opened") == 0 && campaigns->opened_count < OPENED_MAX)
        campaigns->opened[campaigns->opened_count++] =
            (struct pawl_stage_opened){.campaign = campaign->id, .stage = step->stage};
    pawl_log(campaign->state == PAWL_CAMPAIGN_PAUSED ? PAWL_LOG_WARNING : PAWL_LOG_NOTICE,
             "event=%s campaign=%" PRIu64 " stage=%u", step->action, campaign->id, step->stage);
    return PAWL_OK;
}

static enum pawl_result campaign_advance(struct pawl_campaigns *campaigns,
                                         struct pawl_campaign *campaign, int64_t now)
{
    struct pawl_campaign_step step;
    enum pawl_result result = PAWL_OK;
    for (unsigned i = 0; result == PAWL_OK && i < STEPS_MAX; i++) {
        const struct pawl_campaign before = *campaign;
        if (!pawl_campaign_advance(campaign, now, &step))
            break;
        result = step_write(campaigns, &before, campaign, &step, now);
    }
    return result == PAWL_STATE ? PAWL_OK : result; /* the next tick looks anew */
}

/* Whether its target has another number of devices than when it was counted. */
static bool has_grown(const struct pawl_campaigns *campaigns, struct pawl_reader *reader,
                      const struct pawl_campaign *campaign, int64_t now)
{
    uint64_t devices = 0;
    return now - campaigns->recounted >= RECOUNT_SECONDS &&
           campaign->target.kind != PAWL_TARGET_LIST &&
           pawl_store_device_count(reader, &campaign->target, &devices) == PAWL_OK &&
           devices != campaign->basis;
}

/* Which campaign is to be counted: one that never was, then one that has grown, then the next of
 * the round. That finds what no number tells: a device for another, or one whose report was taken
 * by an older plan while the campaign was being started. */
static const struct pawl_campaign *uncounted_find(struct pawl_campaigns *campaigns,
                                                  struct pawl_reader *reader,
                                                  const struct running *running, int64_t now)
{
    for (size_t i = 0; i < running->count; i++)
        if (!running->items[i].counted)
            return &running->items[i];
    for (size_t i = 0; i < running->count; i++)
        if (has_grown(campaigns, reader, &running->items[i], now))
            return &running->items[i];
    if (now - campaigns->round_began >= ROUND_SECONDS) {
        campaigns->round_began = now;
        campaigns->round_last = 0;
    }
    for (size_t i = 0; i < running->count; i++)
        if (running->items[i].id > campaigns->round_last)
            return &running->items[i];
    return NULL;
}

static enum pawl_result running_read(struct pawl_campaigns *campaigns, int64_t now,
                                     struct running *running)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(campaigns->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_campaign_list(reader, PAWL_CAMPAIGN_RUNNING, 0, SIZE_MAX, running_add,
                                          running);
    const struct pawl_campaign *uncounted =
        result == PAWL_OK ? uncounted_find(campaigns, reader, running, now) : NULL;
    if (uncounted != NULL && pawl_campaign_count_begin(campaigns->count, uncounted)) {
        if (uncounted->counted)
            campaigns->recounted = now;
        if (uncounted->id > campaigns->round_last)
            campaigns->round_last = uncounted->id;
    }
    pawl_reader_return(campaigns->readers, reader);
    return result;
}

void pawl_campaigns_tick(struct pawl_campaigns *campaigns, int64_t now)
{
    struct running running = {NULL, 0, 0};
    pthread_mutex_lock(&campaigns->ticking);
    enum pawl_result result = running_read(campaigns, now, &running);
    for (size_t i = 0; result == PAWL_OK && i < running.count; i++)
        result = campaign_advance(campaigns, &running.items[i], now);
    pthread_mutex_unlock(&campaigns->ticking);
    free(running.items);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=campaigns-not-read class=%s", pawl_result_name(result));
}

size_t pawl_campaigns_opened_take(struct pawl_campaigns *campaigns,
                                  struct pawl_stage_opened *opened, size_t most)
{
    pthread_mutex_lock(&campaigns->ticking);
    size_t count = campaigns->opened_count < most ? campaigns->opened_count : most;
    memcpy(opened, campaigns->opened, count * sizeof *opened);
    campaigns->opened_count -= count;
    memmove(campaigns->opened, campaigns->opened + count, campaigns->opened_count * sizeof *opened);
    pthread_mutex_unlock(&campaigns->ticking);
    return count;
}

bool pawl_campaigns_may_begin(void *context, const struct pawl_plan_entry *entry,
                              const struct pawl_subject *subject)
{
    struct pawl_campaigns *campaigns = context;
    struct pawl_campaign_rule *rule = entry->campaign;
    struct timespec now;
    if (rule == NULL || rule->rate == 0)
        return true;
    /* Another mark for each device and try; never 0, which stands for nobody. */
    uint64_t mark = (pawl_campaign_attempt(rule) ^ subject->number << 40 ^
                     subject->number * 0x9e3779b97f4a7c15u) |
                    1u;
    _Atomic uint64_t *recent = &campaigns->recent[subject->number % RECENT_COUNT];
    if (atomic_load_explicit(recent, memory_order_relaxed) == mark)
        return true;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!pawl_pace_take(&rule->pace, rule->rate,
                        (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000))
        return false;
    atomic_store_explicit(recent, mark, memory_order_relaxed);
    return true;
}
