/*
 * Which package a device should get, and whether it is offered now (SPEC 11).
 *
 * A plan is an index over all assignments and campaigns: built when they change, then shared
 * read-only by every thread that answers reports, so that a poll costs three look-ups whatever the
 * number of assignments, and a test of one bit for each campaign with a list of devices.
 */
#ifndef PAWL_HEADEND_ASSIGN_H
#define PAWL_HEADEND_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/campaign_rule.h"
#include "headend/reconcile.h"
#include "pawl/identifier.h"
#include "pawl/report.h"
#include "pawl/result.h"

#define PAWL_GROUP_SIZE 65u /* a group's name, 1..64 bytes of UTF-8, with its terminator */

/* In order of precedence: device, list, group, class. Values are stored. */
enum pawl_target_kind {
    PAWL_TARGET_CLASS = 1,
    PAWL_TARGET_GROUP = 2,
    PAWL_TARGET_DEVICE = 3,
    PAWL_TARGET_LIST = 4, /* of a campaign alone, which holds it */
};

/* "class", "group", "device", "list"; static memory. */
const char *pawl_target_kind_name(enum pawl_target_kind kind);

struct pawl_target {
    enum pawl_target_kind kind;
    uint8_t id[PAWL_ID_SIZE];    /* class_id or device_id; zeros for a group or a list */
    char group[PAWL_GROUP_SIZE]; /* empty unless a group */
};

/* One assignment or campaign with what must be known of its package. */
struct pawl_plan_entry {
    uint64_t assignment; /* from 1, ascending with time: the higher one is the newer; both kinds are
                            numbered together */
    struct pawl_target target;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE]; /* the package's: no device of another class gets it */
    uint64_t security_version;
    uint64_t package_size;               /* bytes */
    struct pawl_campaign_rule *campaign; /* NULL: an assignment */
};

/* As much of a device as decides what it is assigned. */
struct pawl_subject {
    const uint8_t *device_id; /* 16 bytes */
    const uint8_t *class_id;  /* 16 bytes */
    const char *group;        /* empty: none */
    uint64_t number;          /* the store's: in lists of campaigns it stands for the device */
};

struct pawl_plan;

/* Builds a plan from a copy of `count` entries in any order. It takes over their campaigns
 * (pawl_campaign_rule_free). PAWL_EXHAUSTED without memory: the entries are then as they were. Free
 * it with pawl_plan_free. */
enum pawl_result pawl_plan_build(const struct pawl_plan_entry *entries, size_t count,
                                 struct pawl_plan **plan);
void pawl_plan_free(struct pawl_plan *plan);

/* Takes over the rates' buckets of the campaigns that are in both plans. Nobody may use either
 * meanwhile. */
void pawl_plan_inherit(struct pawl_plan *plan, const struct pawl_plan *old);

/* The entry that holds for a device: device before list before group before class, among those of
 * one kind the newest whose package is of the device's class. A campaign holds (SPEC 18.4) for a
 * device that runs `package_id` (NULL: none) when that is its package, and else, while it runs, is
 * paused or has finished, for the devices of the stages that have been opened. NULL: none. Lives as
 * long as the plan. */
const struct pawl_plan_entry *pawl_plan_find(const struct pawl_plan *plan,
                                             const struct pawl_subject *subject,
                                             const uint8_t *package_id);

/* The campaign that will come to a device: by the same precedence the first started one of its
 * class that the device is in, that was not stopped, and whose stage for it (`*stage`, from 1) has
 * not been opened. NULL: none. */
const struct pawl_plan_entry *pawl_plan_ahead(const struct pawl_plan *plan,
                                              const struct pawl_subject *subject, unsigned *stage);

/* What a confirmed download of a package counts for. */
struct pawl_credit {
    uint64_t assignment; /* 0: none */
    uint64_t campaign;   /* 0: none */
    unsigned stage;      /* the campaign's, from 1 */
};

/* The assignment, if the first entry that names the package, in the same order, is one: a newer one
 * made during the download takes nothing away. And the first campaign that names it and was
 * started, for it counts who runs the package, however it came by it. */
void pawl_plan_credit(const struct pawl_plan *plan, const struct pawl_subject *subject,
                      const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], struct pawl_credit *credit);

/* How often a package is offered again to a device that lost power in its trial. */
#define PAWL_POWER_RETRIES_MAX 3u

/* The last failed attempt of a device, as the server remembers it. */
struct pawl_failure_note {
    bool present;
    bool retry_asked; /* by an operator: the package may be offered once more */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint32_t code;    /* enum pawl_failure or a result class */
    uint32_t retries; /* offers made again; an operator's retry starts at one */
    uint64_t attempt; /* pawl_campaign_attempt of the last offer, 0 of an assignment */
    bool settled;     /* this failure is counted in its campaign */
};

enum pawl_offer_reason {
    PAWL_OFFER_NONE = 0,    /* nothing is assigned */
    PAWL_OFFER_CURRENT = 1, /* runs the assigned package already */
    PAWL_OFFER_FAILED = 2,  /* failed on it; waits for an operator's retry or another package */
    PAWL_OFFER_MAXIMUM = 3, /* has used up its downloads */
    PAWL_OFFER_PACKAGE = 4, /* is offered the package */
    PAWL_OFFER_PAUSED = 5,  /* its campaign is paused */
    PAWL_OFFER_WINDOW = 6,  /* its campaign's window is closed */
    PAWL_OFFER_PACED = 7,   /* its campaign's rate is used up at the moment */
    PAWL_OFFER_REASON_COUNT
};

/* "none", "current", "failed", "maximum", "offered", "paused", "window", "paced"; static memory. */
const char *pawl_offer_reason_name(enum pawl_offer_reason reason);

struct pawl_offer {
    enum pawl_offer_reason reason;
    const struct pawl_plan_entry *entry; /* the effective one, offered or not; NULL: none */
    unsigned stage;                      /* of the entry's campaign, from 1 */
    bool note_changed;                   /* `note` replaces what is stored */
    bool failed;    /* with the note, the device is to be counted as failed in the campaign */
    bool attempted; /* the report tells of a failed attempt that was not told of before */
    struct pawl_failure_note note;
};

/* Under what an offer is made. */
struct pawl_offer_terms {
    int64_t now; /* Unix seconds */
    /* Whether a device may begin with a download now, which is asked last, when everything else
     * speaks for it. NULL: it may. */
    bool (*may_begin)(void *context, const struct pawl_plan_entry *entry,
                      const struct pawl_subject *subject);
    void *context;
};

/* Decides what a device in good standing is offered, given what is held of it and its report. A
 * device at work on a download goes on with it whatever window and rate say.
 * Whether the package's security version is too low is the device's to judge: it knows its floor,
 * and an older version is sometimes sent on purpose. */
void pawl_offer_decide(const struct pawl_plan *plan, const struct pawl_subject *subject,
                       const struct pawl_device_record *record,
                       const struct pawl_failure_note *note, const struct pawl_report *report,
                       const struct pawl_offer_terms *terms, struct pawl_offer *offer);

#endif
