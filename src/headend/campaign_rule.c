/* Whether a campaign concerns a device. */
#include "headend/campaign_rule.h"

#include <stdlib.h>

/* The finalizer of splitmix64: every bit of the input moves every bit of the output. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static uint64_t half_read(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint32_t pawl_campaign_slot(uint64_t campaign, const uint8_t device_id[PAWL_ID_SIZE])
{
    uint64_t hash = mix(campaign + 0x9e3779b97f4a7c15u);
    hash = mix(hash ^ half_read(device_id));
    hash = mix(hash ^ half_read(device_id + 8));
    return (uint32_t)((hash >> 32) * PAWL_SLOTS >> 32);
}

static bool is_listed(const struct pawl_campaign_rule *rule, uint64_t number)
{
    uint64_t byte = number / 8;
    return byte < rule->listed_size && ((unsigned)rule->listed[byte] >> number % 8 & 1u) != 0;
}

unsigned pawl_campaign_rule_stage(const struct pawl_campaign_rule *rule,
                                  const uint8_t device_id[PAWL_ID_SIZE], uint64_t number)
{
    if (rule->is_list && !is_listed(rule, number))
        return 0;
    uint32_t slot = pawl_campaign_slot(rule->id, device_id);
    for (unsigned i = 0; i < rule->stage_count; i++)
        if (slot < rule->limits[i])
            return i + 1;
    return 0;
}

bool pawl_campaign_rule_is_open(const struct pawl_campaign_rule *rule, unsigned stage)
{
    return stage > 0 && rule->limits[stage - 1] <= rule->open;
}

uint64_t pawl_campaign_attempt(const struct pawl_campaign_rule *rule)
{
    return rule->id << 16 | (rule->generation & 0xffffu);
}

bool pawl_campaign_rule_is_started(const struct pawl_campaign_rule *rule)
{
    return rule->state >= PAWL_CAMPAIGN_RUNNING && !rule->unstarted;
}

void pawl_campaign_rule_free(struct pawl_campaign_rule *rule)
{
    if (rule != NULL)
        free(rule->listed);
    free(rule);
}
