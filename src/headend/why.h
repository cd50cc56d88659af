/*
 * Why a device runs what it runs, and what it waits for: one paragraph for people, from facts alone
 * (SPEC 16.28).
 */
#ifndef PAWL_HEADEND_WHY_H
#define PAWL_HEADEND_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/assign.h"
#include "headend/attempt.h"
#include "headend/reconcile.h"

#define PAWL_WHY_SIZE 2560u /* of the text, with its terminator */

/* A package as far as it is known. */
struct pawl_why_package {
    bool present; /* there is one at all */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    const char *name, *version; /* NULL: it was never published here */
};

struct pawl_why_facts {
    const uint8_t *device_id;
    int64_t now, last_seen; /* 0: never */
    uint32_t poll_after;    /* seconds between its polls */
    const struct pawl_device_record *record;
    enum pawl_finding quarantine; /* the reason, while it is held */
    int64_t quarantined;          /* when; 0: not known */
    const struct pawl_failure_note *failure;
    const struct pawl_offer *offer; /* as pawl_offer_decide made it for a report of the record */
    const struct pawl_plan_entry *ahead; /* of pawl_plan_ahead, or NULL */
    unsigned ahead_stage;
    struct pawl_why_package running, wanted, failed;
    int64_t confirmed; /* when it came to run its package; 0: not known */
    int64_t failed_at; /* when its last attempt failed; 0: not known */
};

/* What it comes to in a word: "decommissioned", "quarantined", "released", else the name of the
 * offer's reason. Static memory. */
const char *pawl_why_reason(const struct pawl_why_facts *facts);

/* Writes the paragraph. Returns its length. */
size_t pawl_why_write(const struct pawl_why_facts *facts, char text[PAWL_WHY_SIZE]);

/* A finding in words, to stand behind "because"; static memory. */
const char *pawl_finding_words(enum pawl_finding finding);

#endif
