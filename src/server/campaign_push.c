#include "server/campaign_push.h"

#include <stdlib.h>

#include "headend/campaign_rule.h"
#include "server/campaigns.h"
#include "store/store_campaign.h"

#define OPENED_MAX 16u
#define PAGE 1024u
#define WOKEN_MAX 50000u /* of one stage: more than that and their polls are soon enough */

void pawl_campaign_push(struct pawl_server *server, uint64_t id)
{
    uint8_t name[8];
    for (unsigned i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(id >> (56 - 8 * i));
    pawl_push_notify(server->push, PAWL_TOPIC_CAMPAIGN, name, sizeof name);
}

/* The devices of a stage of a list, while they are gone through. */
struct listed {
    struct pawl_server *server;
    const struct pawl_campaign_rule *rule;
    unsigned stage;
    size_t woken;
};

static enum pawl_result listed_wake(void *context, const struct pawl_campaign_device *device)
{
    struct listed *listed = context;
    if (pawl_campaign_rule_stage(listed->rule, device->device_id, device->number) != listed->stage)
        return PAWL_OK;
    if (listed->woken++ == WOKEN_MAX)
        return PAWL_EXHAUSTED;
    pawl_push_notify(listed->server->push, PAWL_TOPIC_DEVICE, device->device_id, PAWL_ID_SIZE);
    return PAWL_OK;
}

static void list_wake(struct pawl_server *server, struct pawl_reader *reader,
                      const struct pawl_campaign *campaign, unsigned stage)
{
    struct pawl_campaign_rule rule = {.id = 0};
    struct listed listed = {.server = server, .rule = &rule, .stage = stage};
    uint64_t after = 0, last = 0;
    uint8_t *bits = NULL;
    size_t size = 0;
    enum pawl_result result = pawl_store_campaign_devices_get(reader, campaign->id, &bits, &size);
    if (result != PAWL_OK)
        return;
    pawl_campaign_rule_fill(campaign, &rule);
    rule.listed = bits;
    rule.listed_size = size;
    do {
        after = last;
        result =
            pawl_store_campaign_visit(reader, campaign, after, PAGE, listed_wake, &listed, &last);
    } while (result == PAWL_OK && last != 0);
    free(bits);
}

static void stage_wake(struct pawl_server *server, const struct pawl_stage_opened *opened)
{
    struct pawl_reader *reader = NULL;
    struct pawl_campaign campaign;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_campaign_get(reader, opened->campaign, &campaign);
    if (result == PAWL_OK && campaign.target.kind == PAWL_TARGET_LIST)
        list_wake(server, reader, &campaign, opened->stage);
    else if (result == PAWL_OK)
        pawl_push_target(server->push, &campaign.target);
    pawl_reader_return(&server->readers, reader);
}

void pawl_campaigns_push(struct pawl_server *server)
{
    struct pawl_stage_opened opened[OPENED_MAX];
    size_t count = pawl_campaigns_opened_take(server->campaigns, opened, OPENED_MAX);
    for (size_t i = 0; server->push != NULL && i < count; i++)
        stage_wake(server, &opened[i]);
}
