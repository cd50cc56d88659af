#include "server/campaign_count.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"

#define STEP 4096u /* devices that are read at a time */

struct pawl_campaign_count {
    struct pawl_store *store;
    struct pawl_readers *readers;
    pthread_t thread;
    bool has_thread; /* to be joined; the ticking thread's own */
    atomic_bool busy, stopping;
    struct pawl_campaign campaign; /* being counted: the counting thread's while busy */
};

enum pawl_result pawl_campaign_count_open(struct pawl_store *store, struct pawl_readers *readers,
                                          struct pawl_campaign_count **out)
{
    struct pawl_campaign_count *count = calloc(1, sizeof *count);
    if (count == NULL)
        return PAWL_EXHAUSTED;
    count->store = store;
    count->readers = readers;
    *out = count;
    return PAWL_OK;
}

/* One count. */
struct tally {
    const struct pawl_campaign *campaign;
    struct pawl_campaign_rule rule; /* with the list */
    uint8_t *told;                  /* who counts already and was not visited yet, as bits */
    size_t told_size;
    uint64_t totals[PAWL_STAGES_MAX];
    struct pawl_campaign_credit credits[STEP];
    size_t credit_count;
};

static enum pawl_result device_tally(void *context, const struct pawl_campaign_device *device)
{
    struct tally *tally = context;
    unsigned stage = pawl_campaign_rule_stage(&tally->rule, device->device_id, device->number);
    if (device->number / 8 < tally->told_size)
        tally->told[device->number / 8] &= (uint8_t) ~(1u << device->number % 8);
    if (stage == 0)
        return PAWL_OK;
    tally->totals[stage - 1]++;
    if (device->package_id != NULL &&
        memcmp(device->package_id, tally->campaign->package_id, PAWL_PACKAGE_ID_SIZE) == 0)
        tally->credits[tally->credit_count++] =
            (struct pawl_campaign_credit){.number = device->number, .stage = stage};
    return PAWL_OK;
}

static enum pawl_result devices_tally(struct pawl_campaign_count *count, struct pawl_reader *reader,
                                      struct tally *tally)
{
    uint64_t id = count->campaign.id, last = 0;
    enum pawl_result result;
    do {
        tally->credit_count = 0;
        result = pawl_store_campaign_visit(reader, &count->campaign, last, STEP, device_tally,
                                           tally, &last);
        if (result == PAWL_OK)
            result =
                pawl_store_campaign_credit(count->store, id, tally->credits, tally->credit_count);
    } while (result == PAWL_OK && last != 0 && !atomic_load(&count->stopping));
    return result;
}

/* Counts one that told how it went and is not of the target any more: it stays in its stage, or
 * those that came after would seem to have finished for it. One that is decommissioned does not. */
static enum pawl_result leaver_tally(struct pawl_campaign_count *count, struct pawl_reader *reader,
                                     struct tally *tally, uint64_t number)
{
    struct pawl_device device;
    enum pawl_result result = pawl_store_device_numbered(reader, number, &device);
    if (result != PAWL_OK)
        return result == PAWL_STATE ? PAWL_OK : result;
    unsigned stage = pawl_campaign_rule_stage(&tally->rule, device.device_id, number);
    if (stage == 0)
        return PAWL_OK;
    if (device.record.standing != PAWL_STANDING_DECOMMISSIONED) {
        tally->totals[stage - 1]++;
        return PAWL_OK;
    }
    const struct pawl_campaign_credit gone = {.number = number, .stage = stage, .gone = true};
    return pawl_store_campaign_credit(count->store, count->campaign.id, &gone, 1);
}

static enum pawl_result leavers_tally(struct pawl_campaign_count *count, struct pawl_reader *reader,
                                      struct tally *tally)
{
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; i < tally->told_size; i++)
        for (unsigned bit = 0; result == PAWL_OK && tally->told[i] >> bit != 0; bit++) {
            if (atomic_load(&count->stopping))
                return PAWL_OK;
            if ((tally->told[i] >> bit & 1) != 0)
                result = leaver_tally(count, reader, tally, 8 * (uint64_t)i + bit);
        }
    return result;
}

static enum pawl_result list_read(const struct pawl_campaign *campaign, struct pawl_reader *reader,
                                  struct tally *tally)
{
    size_t size = 0;
    if (campaign->target.kind != PAWL_TARGET_LIST)
        return PAWL_OK;
    enum pawl_result result =
        pawl_store_campaign_devices_get(reader, campaign->id, &tally->rule.listed, &size);
    tally->rule.listed_size = size;
    return result;
}

static enum pawl_result count_run(struct pawl_campaign_count *count, struct pawl_reader *reader,
                                  struct tally *tally)
{
    const struct pawl_campaign *campaign = &count->campaign;
    uint64_t basis = campaign->listed;
    tally->campaign = campaign;
    pawl_campaign_rule_fill(campaign, &tally->rule);
    enum pawl_result result = list_read(campaign, reader, tally);
    /* Before anybody is visited, or one who tells meanwhile would seem to have left. */
    if (result == PAWL_OK)
        result =
            pawl_store_campaign_told_get(reader, campaign->id, &tally->told, &tally->told_size);
    /* The basis first: who comes after it makes it another one, and it is counted anew. */
    if (result == PAWL_OK && campaign->target.kind != PAWL_TARGET_LIST)
        result = pawl_store_device_count(reader, &campaign->target, &basis);
    if (result == PAWL_OK)
        result = devices_tally(count, reader, tally);
    if (result == PAWL_OK)
        result = leavers_tally(count, reader, tally);
    if (result == PAWL_OK && !atomic_load(&count->stopping))
        result = pawl_store_campaign_totals_set(count->store, campaign, basis, tally->totals);
    return result;
}

static void *count_thread(void *context)
{
    struct pawl_campaign_count *count = context;
    struct pawl_reader *reader = NULL;
    struct tally *tally = calloc(1, sizeof *tally);
    enum pawl_result result =
        tally == NULL ? PAWL_EXHAUSTED : pawl_reader_borrow(count->readers, &reader);
    if (result == PAWL_OK)
        result = count_run(count, reader, tally);
    pawl_reader_return(count->readers, reader);
    if (tally != NULL) {
        free(tally->rule.listed);
        free(tally->told);
    }
    free(tally);
    if (result != PAWL_OK && result != PAWL_STATE) /* the latter: it was deleted, or its group
                                                      renamed, and the next tick begins anew */
        pawl_log(PAWL_LOG_WARNING, "event=campaign-not-counted campaign=%" PRIu64 " class=%s",
                 count->campaign.id, pawl_result_name(result));
    atomic_store(&count->busy, false);
    return NULL;
}

bool pawl_campaign_count_begin(struct pawl_campaign_count *count,
                               const struct pawl_campaign *campaign)
{
    if (atomic_load(&count->busy))
        return false;
    if (count->has_thread)
        pthread_join(count->thread, NULL);
    count->campaign = *campaign;
    atomic_store(&count->busy, true);
    count->has_thread = pthread_create(&count->thread, NULL, count_thread, count) == 0;
    if (!count->has_thread)
        atomic_store(&count->busy, false);
    return count->has_thread;
}

void pawl_campaign_count_close(struct pawl_campaign_count *count)
{
    atomic_store(&count->stopping, true);
    if (count->has_thread)
        pthread_join(count->thread, NULL);
    free(count);
}
