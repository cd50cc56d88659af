#include "server/campaign_push.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "server/campaigns.h"
#include "server/list_wake.h"
#include "server/metrics.h"
#include "store/store_campaign.h"

#define OPENED_MAX 16u
#define LISTS_MAX 16u
#define STEP_MOST 16384u     /* devices of lists that one call looks at, */
#define STEP_TIME 100000000u /* and ns for which it does: the tick has more to do */

struct pawl_campaign_wakes {
    pthread_mutex_t lock;
    struct pawl_list_wake lists[LISTS_MAX]; /* the first is being gone through */
    size_t count;
};

enum pawl_result pawl_campaign_wakes_open(struct pawl_campaign_wakes **out)
{
    struct pawl_campaign_wakes *wakes = calloc(1, sizeof *wakes);
    if (wakes == NULL)
        return PAWL_EXHAUSTED;
    pthread_mutex_init(&wakes->lock, NULL);
    *out = wakes;
    return PAWL_OK;
}

void pawl_campaign_wakes_close(struct pawl_campaign_wakes *wakes)
{
    if (wakes == NULL)
        return;
    for (size_t i = 0; i < wakes->count; i++)
        pawl_list_wake_end(&wakes->lists[i]);
    pthread_mutex_destroy(&wakes->lock);
    free(wakes);
}

void pawl_campaign_push(struct pawl_server *server, uint64_t id)
{
    uint8_t name[8];
    for (unsigned i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(id >> (56 - 8 * i));
    pawl_push_notify(server->push, PAWL_TOPIC_CAMPAIGN, name, sizeof name);
}

/* Puts a stage of a list behind those that wait to be gone through. */
static enum pawl_result list_add(struct pawl_campaign_wakes *wakes, struct pawl_reader *reader,
                                 const struct pawl_campaign *campaign, unsigned stage)
{
    enum pawl_result result = PAWL_EXHAUSTED;
    pthread_mutex_lock(&wakes->lock);
    if (wakes->count < LISTS_MAX)
        result = pawl_list_wake_begin(reader, campaign, stage, &wakes->lists[wakes->count]);
    wakes->count += result == PAWL_OK;
    pthread_mutex_unlock(&wakes->lock);
    return result;
}

static void stage_wake(struct pawl_server *server, struct pawl_reader *reader,
                       const struct pawl_stage_opened *opened)
{
    struct pawl_campaign campaign;
    enum pawl_result result = pawl_store_campaign_get(reader, opened->campaign, &campaign);
    if (result == PAWL_OK && campaign.target.kind == PAWL_TARGET_LIST)
        result = list_add(server->wakes, reader, &campaign, opened->stage);
    else if (result == PAWL_OK)
        pawl_push_target(server->push, &campaign.target);
    if (result != PAWL_OK && result != PAWL_STATE) /* they poll anyway */
        pawl_log(PAWL_LOG_WARNING, "event=stage-not-woken campaign=%" PRIu64 " stage=%u class=%s",
                 opened->campaign, opened->stage, pawl_result_name(result));
}

static void device_wake(void *context, const uint8_t device_id[PAWL_ID_SIZE])
{
    pawl_push_notify(context, PAWL_TOPIC_DEVICE, device_id, PAWL_ID_SIZE);
}

/* Goes on with the lists, as far as there is time; the next call goes on from there. */
static void lists_go_on(struct pawl_server *server, struct pawl_reader *reader)
{
    struct pawl_campaign_wakes *wakes = server->wakes;
    uint64_t until = pawl_clock_ns() + STEP_TIME;
    bool ended = true;
    pthread_mutex_lock(&wakes->lock);
    while (ended && wakes->count > 0) {
        enum pawl_result result = pawl_list_wake_step(&wakes->lists[0], reader, STEP_MOST, until,
                                                      device_wake, server->push, &ended);
        if (result == PAWL_OK && !ended)
            break;
        ended = true;
        pawl_list_wake_end(&wakes->lists[0]);
        wakes->count--;
        memmove(&wakes->lists[0], &wakes->lists[1], wakes->count * sizeof wakes->lists[0]);
    }
    pthread_mutex_unlock(&wakes->lock);
}

static bool lists_wait(struct pawl_campaign_wakes *wakes)
{
    pthread_mutex_lock(&wakes->lock);
    bool wait = wakes->count > 0;
    pthread_mutex_unlock(&wakes->lock);
    return wait;
}

void pawl_campaigns_push(struct pawl_server *server)
{
    struct pawl_stage_opened opened[OPENED_MAX];
    struct pawl_reader *reader = NULL;
    size_t count = pawl_campaigns_opened_take(server->campaigns, opened, OPENED_MAX);
    if (server->push == NULL || (count == 0 && !lists_wait(server->wakes)))
        return;
    if (pawl_reader_borrow(&server->readers, &reader) == PAWL_OK) {
        for (size_t i = 0; i < count; i++)
            stage_wake(server, reader, &opened[i]);
        lists_go_on(server, reader);
    }
    pawl_reader_return(&server->readers, reader);
}
