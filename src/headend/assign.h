/*
 * Which package a device should get, and whether it is offered now (SPEC 11).
 *
 * A plan is an index over all assignments: built when they change, then shared read-only by every
 * thread that answers reports, so that a poll costs three look-ups whatever the number of
 * assignments. Campaigns will be a further source of plan entries.
 */
#ifndef PAWL_HEADEND_ASSIGN_H
#define PAWL_HEADEND_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/reconcile.h"
#include "pawl/identifier.h"
#include "pawl/report.h"
#include "pawl/result.h"

#define PAWL_GROUP_SIZE 65u /* a group's name, 1..64 bytes of UTF-8, with its terminator */

/* A higher value takes precedence. Values are stored. */
enum pawl_target_kind {
    PAWL_TARGET_CLASS = 1,
    PAWL_TARGET_GROUP = 2,
    PAWL_TARGET_DEVICE = 3,
};

/* "class", "group", "device"; static memory. */
const char *pawl_target_kind_name(enum pawl_target_kind kind);

struct pawl_target {
    enum pawl_target_kind kind;
    uint8_t id[PAWL_ID_SIZE];    /* class_id or device_id; zeros for a group */
    char group[PAWL_GROUP_SIZE]; /* empty unless a group */
};

/* One assignment with what must be known of its package. */
struct pawl_plan_entry {
    uint64_t assignment; /* from 1, ascending with time: the higher one is the newer */
    struct pawl_target target;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE]; /* the package's: no device of another class gets it */
    uint64_t security_version;
    uint64_t package_size; /* bytes */
};

/* As much of a device as decides what it is assigned. */
struct pawl_subject {
    const uint8_t *device_id; /* 16 bytes */
    const uint8_t *class_id;  /* 16 bytes */
    const char *group;        /* empty: none */
};

struct pawl_plan;

/* Builds a plan from a copy of `count` entries in any order. PAWL_EXHAUSTED without memory.
 * Free it with pawl_plan_free. */
enum pawl_result pawl_plan_build(const struct pawl_plan_entry *entries, size_t count,
                                 struct pawl_plan **plan);
void pawl_plan_free(struct pawl_plan *plan);

/* The entry that holds for a device: device before group before class, among those of one kind the
 * newest whose package is of the device's class. NULL: none. Lives as long as the plan. */
const struct pawl_plan_entry *pawl_plan_find(const struct pawl_plan *plan,
                                             const struct pawl_subject *subject);

/* The entry to which a confirmed download of `package_id` is credited: in the same order the first
 * that names it, so that a newer assignment made during the download takes nothing away. */
const struct pawl_plan_entry *pawl_plan_credit(const struct pawl_plan *plan,
                                               const struct pawl_subject *subject,
                                               const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

/* How often a package is offered again to a device that lost power in its trial. */
#define PAWL_POWER_RETRIES_MAX 3u

/* The last failed attempt of a device, as the server remembers it. */
struct pawl_failure_note {
    bool present;
    bool retry_asked; /* by an operator: the package may be offered once more */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint32_t code;    /* enum pawl_failure or a result class */
    uint32_t retries; /* offers made again; an operator's retry starts at one */
};

enum pawl_offer_reason {
    PAWL_OFFER_NONE = 0,    /* nothing is assigned */
    PAWL_OFFER_CURRENT = 1, /* runs the assigned package already */
    PAWL_OFFER_FAILED = 2,  /* failed on it; waits for an operator's retry or another package */
    PAWL_OFFER_MAXIMUM = 3, /* has used up its downloads */
    PAWL_OFFER_PACKAGE = 4, /* is offered the package */
    PAWL_OFFER_REASON_COUNT
};

/* "none", "current", "failed", "maximum", "offered"; static memory. */
const char *pawl_offer_reason_name(enum pawl_offer_reason reason);

struct pawl_offer {
    enum pawl_offer_reason reason;
    const struct pawl_plan_entry *entry; /* the effective one, offered or not; NULL: none */
    bool note_changed;                   /* `note` replaces what is stored */
    struct pawl_failure_note note;
};

/* Decides what a device in good standing is offered, given what is held of it and its report.
 * Whether the package's security version is too low is the device's to judge: it knows its floor,
 * and an older version is sometimes sent on purpose. */
void pawl_offer_decide(const struct pawl_plan *plan, const struct pawl_subject *subject,
                       const struct pawl_device_record *record,
                       const struct pawl_failure_note *note, const struct pawl_report *report,
                       struct pawl_offer *offer);

#endif
