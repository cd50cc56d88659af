/*
 * As much of a campaign as decides, at a poll, whether it concerns a device: read-only in the plan,
 * but for the bucket of its rate. (SPEC 18.3 to 18.5)
 */
#ifndef PAWL_HEADEND_CAMPAIGN_RULE_H
#define PAWL_HEADEND_CAMPAIGN_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/hours.h"
#include "headend/pace.h"
#include "pawl/identifier.h"

#define PAWL_SLOTS 1000000u
#define PAWL_RULE_STAGES_MAX 32u
#define PAWL_LIST_BLOCK 4096u /* devices of a block of a list: bit n mod 8 of byte n div 8 */

/* Values are stored. */
enum pawl_campaign_state {
    PAWL_CAMPAIGN_CREATING = 1, /* its list of devices is not there yet */
    PAWL_CAMPAIGN_READY = 2,
    PAWL_CAMPAIGN_WAITING = 3, /* for approval */
    PAWL_CAMPAIGN_RUNNING = 4,
    PAWL_CAMPAIGN_PAUSED = 5,
    PAWL_CAMPAIGN_STOPPED = 6,
    PAWL_CAMPAIGN_FINISHED = 7, /* its plan is done; it stands on as an assignment would */
};

struct pawl_campaign_rule {
    uint64_t id;
    enum pawl_campaign_state state;
    bool unstarted; /* it was stopped before it was started */
    uint32_t open;  /* slots below this one are in a stage that has been opened */
    unsigned stage_count;
    uint32_t limits[PAWL_RULE_STAGES_MAX]; /* where each stage's slots end */
    uint32_t generation;
    struct pawl_hours hours;
    uint32_t rate; /* new offers a minute; 0: as they come */
    bool is_list;
    uint64_t listed_size; /* bytes */
    uint8_t *listed;      /* bits by device number; owned; NULL unless a list */
    struct pawl_pace pace;
};

/* Frees a rule that was allocated with malloc, and its list. Harmless on NULL. */
void pawl_campaign_rule_free(struct pawl_campaign_rule *rule);

/* The slot of a device in a campaign: 0 to PAWL_SLOTS - 1, evenly spread, another in each. */
uint32_t pawl_campaign_slot(uint64_t campaign, const uint8_t device_id[PAWL_ID_SIZE]);

/* The stage of a device, from 1; 0 when it is not in the campaign. `number` is the store's. */
unsigned pawl_campaign_rule_stage(const struct pawl_campaign_rule *rule,
                                  const uint8_t device_id[PAWL_ID_SIZE], uint64_t number);

/* Whether stage `stage`, from 1, has been opened. */
bool pawl_campaign_rule_is_open(const struct pawl_campaign_rule *rule, unsigned stage);

/* Names this campaign's present try of its package: another one for each campaign and retry. */
uint64_t pawl_campaign_attempt(const struct pawl_campaign_rule *rule);

/* Whether it was ever started: before that it concerns nobody. */
bool pawl_campaign_rule_is_started(const struct pawl_campaign_rule *rule);

#endif
