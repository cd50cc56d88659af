/*
 * A campaign: one package for a target, brought to it in stages (SPEC 18). It is one row with a few
 * rows of plan, whatever the number of its devices: which stage a device is in follows from its
 * position (pawl_campaign_slot), and progress is counted from confirmations.
 *
 * Everything here is a decision on values. Who makes it writes the result as a compare-and-set on
 * `version`.
 */
#ifndef PAWL_HEADEND_CAMPAIGN_H
#define PAWL_HEADEND_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/assign.h"
#include "headend/campaign_rule.h"
#include "headend/hours.h"
#include "pawl/identifier.h"
#include "pawl/result.h"

#define PAWL_STAGES_MAX PAWL_RULE_STAGES_MAX
#define PAWL_WHOLE PAWL_SLOTS            /* shares and percentages are in millionths */
#define PAWL_CAMPAIGN_TEXT_SIZE 65u      /* a name or an actor, with its terminator */
#define PAWL_CAMPAIGN_REASON_SIZE 160u   /* with its terminator */
#define PAWL_STAGE_SECONDS_MAX 31536000u /* of a deadline or soak time: a year */

/* Values are stored. */
enum pawl_stage_state {
    PAWL_STAGE_SCHEDULED = 1,
    PAWL_STAGE_RUNNING = 2,
    PAWL_STAGE_FINISHED = 3, /* its success condition held, or an operator went on */
    PAWL_STAGE_ERROR = 4,    /* stopped the campaign */
};

/* What follows on success. Values are stored. */
enum pawl_success_action {
    PAWL_SUCCESS_NEXTGROUP = 1,
    PAWL_SUCCESS_PAUSE = 2,
};

/* "creating", "ready", ...; "scheduled", ...; "nextgroup", "pause"; static memory. */
const char *pawl_campaign_state_name(enum pawl_campaign_state state);
const char *pawl_stage_state_name(enum pawl_stage_state state);
const char *pawl_success_action_name(enum pawl_success_action action);

struct pawl_stage {
    /* The plan. */
    uint32_t limit;    /* its slots end here; they begin where those of the stage before end */
    uint32_t success;  /* millionths of the devices that must have finished */
    uint32_t error;    /* more than so many millionths failed: stop */
    uint64_t minimum;  /* devices that must have finished or failed before either counts */
    uint32_t deadline; /* seconds after which silence is failure; 0: never */
    uint32_t soak;     /* seconds between its success and the next stage */
    enum pawl_success_action action;

    /* How far it is. */
    enum pawl_stage_state state;
    bool passed;       /* an operator said to go on: neither soak time nor pause follows */
    int64_t opened;    /* Unix seconds; the deadline is measured from here; 0: not yet */
    int64_t succeeded; /* 0: not yet */
    uint64_t excused;  /* failures that an operator resumed in spite of */

    /* Counted by the store. */
    uint64_t total;    /* devices, exact when the campaign is counted */
    uint64_t finished; /* devices that run the package */
    uint64_t failed;   /* devices whose last word was a failure with it */
};

struct pawl_campaign {
    /* The plan. */
    uint64_t id; /* of the numbering of assignments */
    char name[PAWL_CAMPAIGN_TEXT_SIZE];
    struct pawl_target target;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE]; /* the package's, as the two below */
    uint64_t security_version;
    uint64_t package_size; /* bytes */
    struct pawl_hours hours;
    uint32_t rate; /* new offers a minute; 0: as they come */
    bool needs_approval;
    char creator[PAWL_CAMPAIGN_TEXT_SIZE];
    char approver[PAWL_CAMPAIGN_TEXT_SIZE]; /* empty: not approved */
    int64_t created;
    unsigned stage_count; /* 1 to PAWL_STAGES_MAX */

    /* How far it is. */
    uint64_t version; /* grows with every change that is written */
    enum pawl_campaign_state state;
    int64_t since;                          /* when it came into this state */
    int64_t started;                        /* 0: not yet */
    uint32_t generation;                    /* retries: grows by one with each */
    char reason[PAWL_CAMPAIGN_REASON_SIZE]; /* why it is paused or stopped */

    /* Counted by the store. */
    bool counted; /* the stages' totals are exact, for a target of `basis` devices */
    uint64_t basis;
    uint64_t listed;  /* devices of a list */
    uint64_t already; /* devices that ran the package when they were counted */

    struct pawl_stage stages[PAWL_STAGES_MAX];
};

/* Checks a plan (SPEC 18.2): `*why` says what is wrong with it. PAWL_MALFORMED. */
enum pawl_result pawl_campaign_check(const struct pawl_campaign *campaign, const char **why);

/* Fills the stages' totals with their shares of `devices`, which is about what counting will find.
 * A campaign that is counted is left alone. */
void pawl_campaign_estimate(struct pawl_campaign *campaign, uint64_t devices);

/* The stages that have been opened: they are the first ones. */
unsigned pawl_campaign_opened(const struct pawl_campaign *campaign);

/* What a stage comes to at a time. */
struct pawl_stage_tally {
    uint64_t silent; /* neither finished nor failed, past the deadline */
    uint64_t failed; /* with the silent ones */
    uint64_t open;   /* may still do either */
};
void pawl_stage_tally(const struct pawl_stage *stage, int64_t now, struct pawl_stage_tally *tally);

/* One step that the clock or the counts bring about. */
struct pawl_campaign_step {
    const char *action; /* for the audit: "campaign-stage-opened", ...; static memory */
    unsigned stage;     /* from 1; 0: the campaign as a whole */
};

/* Takes the next step that is due, if there is one: call until it is false. Only a campaign that
 * runs has any. */
bool pawl_campaign_advance(struct pawl_campaign *campaign, int64_t now,
                           struct pawl_campaign_step *step);

/* What an operator may order. */
enum pawl_campaign_order {
    PAWL_CAMPAIGN_APPROVE = 0,
    PAWL_CAMPAIGN_START,
    PAWL_CAMPAIGN_PAUSE,
    PAWL_CAMPAIGN_RESUME, /* what failed until now is excused */
    PAWL_CAMPAIGN_ABORT,
    PAWL_CAMPAIGN_RETRY, /* what failed is offered once more; the store forgets who failed */
    PAWL_CAMPAIGN_NEXT,  /* the next stage, whatever the present one came to */
    PAWL_CAMPAIGN_ORDER_COUNT
};

/* "approve", "start", ...; and what the audit calls it, "campaign-approved", ...; static memory. */
const char *pawl_campaign_order_name(enum pawl_campaign_order order);
const char *pawl_campaign_order_action(enum pawl_campaign_order order);

/* Carries it out. `actor` is who ordered it, `reason` (may be NULL) why. PAWL_STATE when it is not
 * possible as things are: `*why` says why not, and nothing is changed. PAWL_UNTRUSTED when who
 * created the campaign approves it. */
enum pawl_result pawl_campaign_order(struct pawl_campaign *campaign, enum pawl_campaign_order order,
                                     const char *actor, const char *reason, int64_t now,
                                     const char **why);

/* The state of a campaign whose plan is complete: ready, or waiting for approval. */
enum pawl_campaign_state pawl_campaign_first_state(const struct pawl_campaign *campaign);

/* Says in a sentence or two why the campaign is where it is and what it waits for. */
void pawl_campaign_explain(const struct pawl_campaign *campaign, int64_t now, char *text,
                           size_t size);

/* The rule by which it stands in the plan; lists are added by the caller (campaign_rule.h). */
void pawl_campaign_rule_fill(const struct pawl_campaign *campaign, struct pawl_campaign_rule *rule);

#endif
