#include "server/campaign_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "headend/campaign.h"
#include "store/store_campaign.h"

#define CAMPAIGNS_MOST 64u

/* What is told of one. */
struct sample {
    char campaign[24]; /* its number */
    uint64_t values[5];
};

struct samples {
    struct sample items[CAMPAIGNS_MOST]; /* the newest, in a ring */
    size_t count;
    int64_t now;
};

/* The families, in the order of a sample's values. */
static const struct {
    const char *name, *help;
} families[] = {
    {"pawl_campaign_devices", "Devices of a campaign; 0 until they are counted."},
    {"pawl_campaign_finished_devices", "Devices of a campaign that run its package."},
    {"pawl_campaign_failed_devices", "Devices of a campaign that failed or are silent."},
    {"pawl_campaign_stage", "The stage of a campaign that was opened last; 0: none yet."},
    {"pawl_campaign_paused", "1 while a campaign is paused."},
};

static enum pawl_result sample_take(void *context, const struct pawl_campaign *campaign)
{
    struct samples *samples = context;
    struct sample *sample = &samples->items[samples->count++ % CAMPAIGNS_MOST];
    *sample = (struct sample){
        .values = {
            [3] = pawl_campaign_opened(campaign), [4] = campaign->state == PAWL_CAMPAIGN_PAUSED}};
    snprintf(sample->campaign, sizeof sample->campaign, "%" PRIu64, campaign->id);
    for (unsigned i = 0; i < campaign->stage_count; i++) {
        struct pawl_stage_tally tally;
        pawl_stage_tally(&campaign->stages[i], samples->now, &tally);
        sample->values[0] += campaign->stages[i].total;
        sample->values[1] += campaign->stages[i].finished;
        sample->values[2] += tally.failed;
    }
    return PAWL_OK;
}

enum pawl_result pawl_campaign_metrics_write(struct pawl_metrics_text *text,
                                             struct pawl_reader *reader)
{
    struct samples samples = {.now = (int64_t)time(NULL)};
    enum pawl_result result =
        pawl_store_campaign_list(reader, PAWL_CAMPAIGN_PAUSED, 0, SIZE_MAX, sample_take, &samples);
    if (result == PAWL_OK)
        result = pawl_store_campaign_list(reader, PAWL_CAMPAIGN_RUNNING, 0, SIZE_MAX, sample_take,
                                          &samples);
    size_t count = samples.count < CAMPAIGNS_MOST ? samples.count : CAMPAIGNS_MOST;
    for (size_t i = 0; result == PAWL_OK && i < sizeof families / sizeof *families; i++) {
        pawl_metrics_family(text, families[i].name, "gauge", families[i].help);
        for (size_t k = 0; k < count; k++)
            pawl_metrics_number(text, families[i].name,
                                (const char *const[]){"campaign", samples.items[k].campaign, NULL},
                                samples.items[k].values[i]);
    }
    return result;
}
