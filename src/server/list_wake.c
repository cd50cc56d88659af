#include "server/list_wake.h"

#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"
#include "store/store_campaign.h"

enum pawl_result pawl_list_wake_begin(struct pawl_reader *reader,
                                      const struct pawl_campaign *campaign, unsigned stage,
                                      struct pawl_list_wake *wake)
{
    uint8_t *bits = NULL;
    size_t size = 0;
    enum pawl_result result = pawl_store_campaign_devices_get(reader, campaign->id, &bits, &size);
    if (result != PAWL_OK)
        return result;
    memset(wake, 0, sizeof *wake);
    pawl_campaign_rule_fill(campaign, &wake->rule);
    wake->rule.listed = bits;
    wake->rule.listed_size = size;
    memcpy(wake->class_id, campaign->class_id, PAWL_ID_SIZE);
    wake->stage = stage;
    return PAWL_OK;
}

void pawl_list_wake_end(struct pawl_list_wake *wake)
{
    free(wake->rule.listed);
    wake->rule.listed = NULL;
    wake->rule.listed_size = 0;
}

/* Moves on to the next device of the list, which may be the one that it is at. */
static bool listed_find(struct pawl_list_wake *wake)
{
    const struct pawl_campaign_rule *rule = &wake->rule;
    while (wake->next / 8 < rule->listed_size) {
        unsigned rest = (unsigned)rule->listed[wake->next / 8] >> wake->next % 8;
        if ((rest & 1u) != 0)
            return true;
        wake->next = rest == 0 ? (wake->next / 8 + 1) * 8 : wake->next + 1;
    }
    return false;
}

/* Whether the stage concerns a device. */
static bool concerns(const struct pawl_list_wake *wake, const struct pawl_device *device)
{
    return memcmp(device->class_id, wake->class_id, PAWL_ID_SIZE) == 0 &&
           device->record.standing != PAWL_STANDING_DECOMMISSIONED &&
           pawl_campaign_rule_stage(&wake->rule, device->device_id, device->number) == wake->stage;
}

enum pawl_result pawl_list_wake_step(struct pawl_list_wake *wake, struct pawl_reader *reader,
                                     size_t most, uint64_t until, pawl_list_wake_fn fn,
                                     void *context, bool *ended)
{
    *ended = false;
    for (; wake->woken < PAWL_LIST_WAKE_MAX && listed_find(wake); wake->next++) {
        struct pawl_device device;
        if (most-- == 0 || pawl_clock_ns() >= until)
            return PAWL_OK;
        enum pawl_result result = pawl_store_device_numbered(reader, wake->next, &device);
        if (result == PAWL_STATE)
            continue;
        if (result != PAWL_OK)
            return result;
        if (!concerns(wake, &device))
            continue;
        fn(context, device.device_id);
        wake->woken++;
    }
    *ended = true;
    return PAWL_OK;
}
