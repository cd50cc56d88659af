/* The plan of assignments, and what a device is offered. */
#include "headend/assign.h"

#include <stdlib.h>
#include <string.h>

const char *pawl_target_kind_name(enum pawl_target_kind kind)
{
    static const char *const names[] = {
        [PAWL_TARGET_CLASS] = "class",
        [PAWL_TARGET_GROUP] = "group",
        [PAWL_TARGET_DEVICE] = "device",
    };
    size_t index = (size_t)kind;
    return index > 0 && index < sizeof names / sizeof *names ? names[index] : "unknown";
}

const char *pawl_offer_reason_name(enum pawl_offer_reason reason)
{
    static const char *const names[PAWL_OFFER_REASON_COUNT] = {
        [PAWL_OFFER_NONE] = "none",       [PAWL_OFFER_CURRENT] = "current",
        [PAWL_OFFER_FAILED] = "failed",   [PAWL_OFFER_MAXIMUM] = "maximum",
        [PAWL_OFFER_PACKAGE] = "offered",
    };
    return (size_t)reason < PAWL_OFFER_REASON_COUNT ? names[reason] : "unknown";
}

/* Entries sorted by target, the newest of a target first: a look-up is one binary search. */
struct pawl_plan {
    size_t count;
    struct pawl_plan_entry entries[];
};

static int target_compare(const struct pawl_target *a, const struct pawl_target *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == PAWL_TARGET_GROUP)
        return strncmp(a->group, b->group, PAWL_GROUP_SIZE);
    return memcmp(a->id, b->id, PAWL_ID_SIZE);
}

static int entry_compare(const void *a, const void *b)
{
    const struct pawl_plan_entry *x = a, *y = b;
    int order = target_compare(&x->target, &y->target);
    if (order != 0)
        return order;
    return x->assignment > y->assignment ? -1 : x->assignment < y->assignment;
}

enum pawl_result pawl_plan_build(const struct pawl_plan_entry *entries, size_t count,
                                 struct pawl_plan **plan)
{
    size_t most = (SIZE_MAX - sizeof(struct pawl_plan)) / sizeof *entries;
    struct pawl_plan *built = count > most ? NULL : malloc(sizeof *built + count * sizeof *entries);
    if (built == NULL)
        return PAWL_EXHAUSTED;
    built->count = count;
    if (count > 0) {
        memcpy(built->entries, entries, count * sizeof *entries);
        qsort(built->entries, count, sizeof *entries, entry_compare);
    }
    *plan = built;
    return PAWL_OK;
}

void pawl_plan_free(struct pawl_plan *plan)
{
    free(plan);
}

/* The first entry that is not before the target: its newest, if it has one. */
static size_t target_search(const struct pawl_plan *plan, const struct pawl_target *target)
{
    size_t low = 0, high = plan->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (target_compare(&plan->entries[middle].target, target) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_for(const struct pawl_plan_entry *entry, const struct pawl_subject *subject,
                   const uint8_t *package_id)
{
    return memcmp(entry->class_id, subject->class_id, PAWL_ID_SIZE) == 0 &&
           (package_id == NULL || memcmp(entry->package_id, package_id, PAWL_PACKAGE_ID_SIZE) == 0);
}

/* The first entry, by precedence and age, for the subject, and for a package unless NULL. */
static const struct pawl_plan_entry *plan_search(const struct pawl_plan *plan,
                                                 const struct pawl_subject *subject,
                                                 const uint8_t *package_id)
{
    static const enum pawl_target_kind precedence[] = {PAWL_TARGET_DEVICE, PAWL_TARGET_GROUP,
                                                       PAWL_TARGET_CLASS};
    for (size_t i = 0; i < sizeof precedence / sizeof *precedence; i++) {
        struct pawl_target target = {.kind = precedence[i]};
        if (target.kind == PAWL_TARGET_DEVICE)
            memcpy(target.id, subject->device_id, PAWL_ID_SIZE);
        else if (target.kind == PAWL_TARGET_CLASS)
            memcpy(target.id, subject->class_id, PAWL_ID_SIZE);
        else if (subject->group[0] == '\0')
            continue;
        else
            memcpy(target.group, subject->group, strnlen(subject->group, PAWL_GROUP_SIZE - 1));

        for (size_t at = target_search(plan, &target);
             at < plan->count && target_compare(&plan->entries[at].target, &target) == 0; at++)
            if (is_for(&plan->entries[at], subject, package_id))
                return &plan->entries[at];
    }
    return NULL;
}

const struct pawl_plan_entry *pawl_plan_find(const struct pawl_plan *plan,
                                             const struct pawl_subject *subject)
{
    return plan_search(plan, subject, NULL);
}

const struct pawl_plan_entry *pawl_plan_credit(const struct pawl_plan *plan,
                                               const struct pawl_subject *subject,
                                               const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    return plan_search(plan, subject, package_id);
}

static bool is_busy(enum pawl_state state)
{
    return state == PAWL_STATE_WRITING || state == PAWL_STATE_CANDIDATE ||
           state == PAWL_STATE_STAGED || state == PAWL_STATE_TRIAL;
}

/* Takes over a failure that the report tells and the note does not know yet. */
static void failure_note(const struct pawl_report *report, struct pawl_offer *offer)
{
    struct pawl_failure_note *note = &offer->note;
    if (!report->has_failure)
        return;
    uint32_t code = report->failure > UINT32_MAX ? UINT32_MAX : (uint32_t)report->failure;
    if (note->present && note->code == code &&
        memcmp(note->package_id, report->failed_package_id, PAWL_PACKAGE_ID_SIZE) == 0)
        return;
    *note = (struct pawl_failure_note){.present = true, .code = code};
    memcpy(note->package_id, report->failed_package_id, PAWL_PACKAGE_ID_SIZE);
    offer->note_changed = true;
}

/* Whether the package on which the device failed may be offered again. Each such offer uses up
 * a retry, since a device that fails the same way again reports the same. A device that took the
 * offer goes on reporting the old failure while it is at work: that uses up nothing. */
static bool retry_take(const struct pawl_report *report, struct pawl_offer *offer)
{
    struct pawl_failure_note *note = &offer->note;
    if (note->retries > 0 && is_busy(report->state))
        return true;
    if (note->retry_asked)
        note->retries = 1;
    else if (note->code == PAWL_FAILURE_POWER && note->retries < PAWL_POWER_RETRIES_MAX)
        note->retries++;
    else
        return false;
    note->retry_asked = false;
    offer->note_changed = true;
    return true;
}

static enum pawl_offer_reason reason_find(const struct pawl_device_record *record,
                                          const struct pawl_report *report,
                                          struct pawl_offer *offer)
{
    const struct pawl_plan_entry *entry = offer->entry;
    if (entry == NULL)
        return PAWL_OFFER_NONE;
    if (report->has_package &&
        memcmp(report->package_id, entry->package_id, PAWL_PACKAGE_ID_SIZE) == 0)
        return PAWL_OFFER_CURRENT;
    if (record->has_maximum && record->sequence >= record->maximum)
        return PAWL_OFFER_MAXIMUM;
    if (!report->has_failure ||
        memcmp(report->failed_package_id, entry->package_id, PAWL_PACKAGE_ID_SIZE) != 0)
        return PAWL_OFFER_PACKAGE;
    return retry_take(report, offer) ? PAWL_OFFER_PACKAGE : PAWL_OFFER_FAILED;
}

void pawl_offer_decide(const struct pawl_plan *plan, const struct pawl_subject *subject,
                       const struct pawl_device_record *record,
                       const struct pawl_failure_note *note, const struct pawl_report *report,
                       struct pawl_offer *offer)
{
    *offer = (struct pawl_offer){.entry = plan_search(plan, subject, NULL), .note = *note};
    failure_note(report, offer);
    offer->reason = reason_find(record, report, offer);
}
