/*
 * Reconciliation: what an authentic report, made with a good challenge, does to what the server
 * holds of a device (SPEC 11; invariant I5).
 *
 * A pure decision: no clock, no storage, nothing remembered. The server reads the device's row,
 * asks here, and gives what must be written to pawl_store_changes_apply, which writes only if the
 * row still is as it was read. A message lost, doubled or delayed is therefore harmless: the next
 * exchange decides again.
 */
#ifndef PAWL_HEADEND_RECONCILE_H
#define PAWL_HEADEND_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/report.h"

/* How far a device may be ahead of the server, in downloads, and still be believed. */
#define PAWL_CATCH_UP_MAX 65536u

/* Values are stored: they never change their meaning. */
enum pawl_standing {
    PAWL_STANDING_ACTIVE = 0,
    PAWL_STANDING_QUARANTINED = 1,    /* held until an operator releases it */
    PAWL_STANDING_RELEASED = 2,       /* by an operator: the next report is adopted as the record */
    PAWL_STANDING_DECOMMISSIONED = 3, /* for ever: from now on a device that nobody knows */
    PAWL_STANDING_COUNT
};

/* "active", "quarantined", "released", "decommissioned"; static memory. */
const char *pawl_standing_name(enum pawl_standing standing);

/* What the server holds of a device's progress. Instance and package are all zeros when absent. */
struct pawl_device_record {
    enum pawl_standing standing;
    uint64_t sequence;
    bool has_instance;
    bool has_package; /* of the image that the device committed last */
    bool has_maximum;
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t maximum; /* highest sequence number that the device can reach */
};

enum pawl_verdict {
    PAWL_VERDICT_NORMAL = 0,     /* as recorded: a directive as assignments say */
    PAWL_VERDICT_CONFIRM = 1,    /* one download ahead: advance, count it */
    PAWL_VERDICT_CATCH_UP = 2,   /* several ahead: advance, count nothing */
    PAWL_VERDICT_ADOPT = 3,      /* take the report as the record */
    PAWL_VERDICT_HELD = 4,       /* in quarantine already: hold, change nothing */
    PAWL_VERDICT_QUARANTINE = 5, /* copied or restored memory: hold, write the quarantine */
    PAWL_VERDICT_IMPOSSIBLE = 6, /* refuse, alarm, change nothing */
    PAWL_VERDICT_COUNT
};

/* "normal", "confirm", "catch-up", ...; static memory. */
const char *pawl_verdict_name(enum pawl_verdict verdict);

/* Why: what the audit trail says about it, and of a quarantined device, its reason. Values are
 * stored. */
enum pawl_finding {
    PAWL_FINDING_NONE = 0,
    PAWL_FINDING_CAUGHT_UP = 1,      /* several downloads ahead: table, or our older backup */
    PAWL_FINDING_ADOPTED = 2,        /* the first report after an operator's release */
    PAWL_FINDING_INSTANCE_LOST = 3,  /* none reported where one was recorded: memory unreadable */
    PAWL_FINDING_INSTANCE_FOUND = 4, /* one reported where none was recorded, at sequence > 0 */
    PAWL_FINDING_BEHIND = 5,         /* an earlier sequence number: restored or copied memory */
    PAWL_FINDING_OTHER_INSTANCE = 6, /* this download was committed twice: a copy */
    PAWL_FINDING_OTHER_PACKAGE = 7,  /* same instance, another package: altered memory */
    PAWL_FINDING_TOO_FAR = 8,        /* more than PAWL_CATCH_UP_MAX ahead */
    PAWL_FINDING_ABOVE_MAXIMUM = 9,
    PAWL_FINDING_CONTENT_REFUSED = 10, /* asked for a content key that it may not have */
    PAWL_FINDING_COUNT
};

/* The action's name in the audit trail ("caught-up", "other-instance", ...); static memory. */
const char *pawl_finding_name(enum pawl_finding finding);

struct pawl_decision {
    enum pawl_verdict verdict;
    enum pawl_finding finding; /* to be audited unless PAWL_FINDING_NONE */
    bool writes;               /* `record` replaces what was read, durably, before the answer */
    struct pawl_device_record record; /* equal to what was read unless `writes` */
};

/*
 * Decides. Rows, of which the first that holds counts (s recorded, r reported):
 *
 *   standing quarantined                        HELD
 *   r above the device's maximum                IMPOSSIBLE
 *   standing released                           ADOPT, any r: an operator vouched for the device
 *   r > s + 65536                               IMPOSSIBLE
 *   r > s + 1                                   CATCH_UP
 *   r = s + 1                                   CONFIRM
 *   r < s                                       QUARANTINE
 *   r = s, instance null                        NORMAL, audited where one was recorded
 *   r = s > 0, instance where none was recorded ADOPT: flash that could not be read can be again
 *   r = s, another instance                     QUARANTINE
 *   r = s, another package                      QUARANTINE
 *   r = s, all as recorded                      NORMAL
 *
 * `report` must be authentic and its challenge checked against `record` (headend/challenge.h).
 */
void pawl_reconcile_decide(const struct pawl_device_record *record,
                           const struct pawl_report *report, struct pawl_decision *decision);

#endif
