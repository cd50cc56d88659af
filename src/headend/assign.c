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
        [PAWL_TARGET_LIST] = "list",
    };
    size_t index = (size_t)kind;
    return index > 0 && index < sizeof names / sizeof *names ? names[index] : "unknown";
}

const char *pawl_offer_reason_name(enum pawl_offer_reason reason)
{
    static const char *const names[PAWL_OFFER_REASON_COUNT] = {
        [PAWL_OFFER_NONE] = "none",       [PAWL_OFFER_CURRENT] = "current",
        [PAWL_OFFER_FAILED] = "failed",   [PAWL_OFFER_MAXIMUM] = "maximum",
        [PAWL_OFFER_PACKAGE] = "offered", [PAWL_OFFER_PAUSED] = "paused",
        [PAWL_OFFER_WINDOW] = "window",   [PAWL_OFFER_PACED] = "paced",
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
    for (size_t i = 0; plan != NULL && i < plan->count; i++)
        pawl_campaign_rule_free(plan->entries[i].campaign);
    free(plan);
}

void pawl_plan_inherit(struct pawl_plan *plan, const struct pawl_plan *old)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; plan->entries[i].campaign != NULL && k < old->count; k++)
            if (old->entries[k].campaign != NULL &&
                old->entries[k].assignment == plan->entries[i].assignment)
                atomic_store(&plan->entries[i].campaign->pace.due,
                             atomic_load(&old->entries[k].campaign->pace.due));
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

/* What an entry is looked for with. */
struct search {
    const struct pawl_subject *subject;
    const uint8_t *running; /* the package that the device runs, or NULL */
    const uint8_t *named;   /* entries of this package alone, or NULL: whatever holds */
    bool campaigns;         /* these alone */
    bool ahead;             /* campaigns alone, whose stage for the subject is not open yet */
    unsigned stage;         /* of what was found */
};

static bool is_package(const struct pawl_plan_entry *entry, const uint8_t *package_id)
{
    return package_id != NULL && memcmp(entry->package_id, package_id, PAWL_PACKAGE_ID_SIZE) == 0;
}

/* Whether a campaign holds for a device. Who runs its package is held there, so that nothing older
 * takes it away when the campaign is paused, stopped or not yet at the device's stage. */
static bool campaign_holds(const struct pawl_plan_entry *entry, struct search *search)
{
    const struct pawl_campaign_rule *rule = entry->campaign;
    if (!pawl_campaign_rule_is_started(rule))
        return false;
    search->stage =
        pawl_campaign_rule_stage(rule, search->subject->device_id, search->subject->number);
    if (search->stage == 0)
        return false;
    if (search->ahead)
        return rule->state != PAWL_CAMPAIGN_STOPPED &&
               !pawl_campaign_rule_is_open(rule, search->stage);
    return search->named != NULL || is_package(entry, search->running) ||
           (rule->state != PAWL_CAMPAIGN_STOPPED &&
            pawl_campaign_rule_is_open(rule, search->stage));
}

static bool holds(const struct pawl_plan_entry *entry, struct search *search)
{
    if (memcmp(entry->class_id, search->subject->class_id, PAWL_ID_SIZE) != 0 ||
        (search->named != NULL && !is_package(entry, search->named)))
        return false;
    search->stage = 0;
    return entry->campaign != NULL ? campaign_holds(entry, search)
                                   : !search->campaigns && !search->ahead;
}

/* The target of a kind that a device belongs to; false when there is none. */
static bool target_of(const struct pawl_subject *subject, enum pawl_target_kind kind,
                      struct pawl_target *target)
{
    *target = (struct pawl_target){.kind = kind};
    if (kind == PAWL_TARGET_DEVICE)
        memcpy(target->id, subject->device_id, PAWL_ID_SIZE);
    else if (kind == PAWL_TARGET_CLASS)
        memcpy(target->id, subject->class_id, PAWL_ID_SIZE);
    else if (kind == PAWL_TARGET_GROUP)
        memcpy(target->group, subject->group, strnlen(subject->group, PAWL_GROUP_SIZE - 1));
    return kind != PAWL_TARGET_GROUP || subject->group[0] != '\0';
}

/* The first entry, by precedence and age, that holds. */
static const struct pawl_plan_entry *plan_search(const struct pawl_plan *plan,
                                                 struct search *search)
{
    static const enum pawl_target_kind precedence[] = {PAWL_TARGET_DEVICE, PAWL_TARGET_LIST,
                                                       PAWL_TARGET_GROUP, PAWL_TARGET_CLASS};
    struct pawl_target target;
    for (size_t i = 0; i < sizeof precedence / sizeof *precedence; i++) {
        if (!target_of(search->subject, precedence[i], &target))
            continue;
        for (size_t at = target_search(plan, &target);
             at < plan->count && target_compare(&plan->entries[at].target, &target) == 0; at++)
            if (holds(&plan->entries[at], search))
                return &plan->entries[at];
    }
    return NULL;
}

const struct pawl_plan_entry *pawl_plan_find(const struct pawl_plan *plan,
                                             const struct pawl_subject *subject,
                                             const uint8_t *package_id)
{
    struct search search = {.subject = subject, .running = package_id};
    return plan_search(plan, &search);
}

const struct pawl_plan_entry *pawl_plan_ahead(const struct pawl_plan *plan,
                                              const struct pawl_subject *subject, unsigned *stage)
{
    struct search search = {.subject = subject, .ahead = true};
    const struct pawl_plan_entry *entry = plan_search(plan, &search);
    *stage = search.stage;
    return entry;
}

void pawl_plan_credit(const struct pawl_plan *plan, const struct pawl_subject *subject,
                      const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], struct pawl_credit *credit)
{
    struct search search = {.subject = subject, .named = package_id};
    const struct pawl_plan_entry *entry = plan_search(plan, &search);
    *credit = (struct pawl_credit){0};
    if (entry != NULL && entry->campaign == NULL) {
        credit->assignment = entry->assignment;
        search.campaigns = true;
        entry = plan_search(plan, &search);
    }
    if (entry != NULL) {
        credit->campaign = entry->assignment;
        credit->stage = search.stage;
    }
}

static bool is_busy(enum pawl_state state)
{
    return state == PAWL_STATE_WRITING || state == PAWL_STATE_CANDIDATE ||
           state == PAWL_STATE_STAGED || state == PAWL_STATE_TRIAL;
}

static uint64_t attempt_of(const struct pawl_plan_entry *entry)
{
    return entry == NULL || entry->campaign == NULL ? 0 : pawl_campaign_attempt(entry->campaign);
}

/* A diagnostic image that did what it was sent for is no failure. */
static bool has_failed(const struct pawl_report *report)
{
    return report->has_failure && report->failure != PAWL_FAILURE_DONE;
}

/* Takes over a failure that the report tells and the note does not know yet. */
static void failure_note(const struct pawl_report *report, struct pawl_offer *offer)
{
    struct pawl_failure_note *note = &offer->note;
    if (!has_failed(report))
        return;
    uint32_t code = report->failure > UINT32_MAX ? UINT32_MAX : (uint32_t)report->failure;
    if (note->present && note->code == code &&
        memcmp(note->package_id, report->failed_package_id, PAWL_PACKAGE_ID_SIZE) == 0)
        return;
    *note = (struct pawl_failure_note){
        .present = true, .code = code, .attempt = attempt_of(offer->entry)};
    memcpy(note->package_id, report->failed_package_id, PAWL_PACKAGE_ID_SIZE);
    offer->note_changed = true;
    offer->attempted = true;
}

/* An operator wants it tried again: on this device, or by a campaign that was made or retried since
 * the device failed. */
static bool retry_is_ordered(const struct pawl_offer *offer)
{
    return offer->note.retry_asked ||
           (offer->entry->campaign != NULL && offer->note.attempt != attempt_of(offer->entry));
}

/* Whether the package on which the device failed may be offered again. Each such offer uses up
 * a retry, since a device that fails the same way again reports the same. */
static bool retry_is_left(const struct pawl_offer *offer)
{
    const struct pawl_failure_note *note = &offer->note;
    return retry_is_ordered(offer) ||
           (note->code == PAWL_FAILURE_POWER && note->retries < PAWL_POWER_RETRIES_MAX);
}

static void retry_use(struct pawl_offer *offer)
{
    struct pawl_failure_note *note = &offer->note;
    bool ordered = retry_is_ordered(offer);
    /* It was offered again after a loss of power, and reports the same: power was lost again. */
    offer->attempted = offer->attempted || (!ordered && note->retries > 0);
    note->retries = ordered ? 1 : note->retries + 1;
    note->retry_asked = false;
    note->attempt = attempt_of(offer->entry);
    note->settled = false;
    offer->note_changed = true;
}

/* Nothing is left to try: a campaign counts that once, and again when a retry failed too. */
static enum pawl_offer_reason failure_settle(struct pawl_offer *offer)
{
    if (offer->entry->campaign != NULL && !offer->note.settled) {
        offer->note.settled = true;
        offer->note_changed = true;
        offer->failed = true;
    }
    return PAWL_OFFER_FAILED;
}

/* What speaks against a package that the device does not run. */
static enum pawl_offer_reason hindrance_find(const struct pawl_offer *offer, bool busy,
                                             const struct pawl_offer_terms *terms)
{
    const struct pawl_campaign_rule *rule = offer->entry->campaign;
    if (rule == NULL)
        return PAWL_OFFER_PACKAGE;
    if (rule->state == PAWL_CAMPAIGN_PAUSED)
        return PAWL_OFFER_PAUSED;
    return busy || pawl_hours_are_open(&rule->hours, terms->now) ? PAWL_OFFER_PACKAGE
                                                                 : PAWL_OFFER_WINDOW;
}

static enum pawl_offer_reason reason_find(const struct pawl_device_record *record,
                                          const struct pawl_subject *subject,
                                          const struct pawl_report *report,
                                          const struct pawl_offer_terms *terms,
                                          struct pawl_offer *offer)
{
    const struct pawl_plan_entry *entry = offer->entry;
    bool busy = is_busy(report->state);
    if (entry == NULL)
        return PAWL_OFFER_NONE;
    if (report->has_package && is_package(entry, report->package_id))
        return PAWL_OFFER_CURRENT;
    if (record->has_maximum && record->sequence >= record->maximum)
        return PAWL_OFFER_MAXIMUM;
    bool failed = has_failed(report) && is_package(entry, report->failed_package_id);
    /* A device that took the offer goes on reporting the old failure while it is at work: that uses
     * up nothing. */
    bool retrying = failed && offer->note.retries > 0 && busy;
    if (failed && !retrying && !retry_is_left(offer))
        return failure_settle(offer);
    enum pawl_offer_reason reason = hindrance_find(offer, busy, terms);
    if (reason != PAWL_OFFER_PACKAGE)
        return reason;
    if (!busy && terms->may_begin != NULL && !terms->may_begin(terms->context, entry, subject))
        return PAWL_OFFER_PACED;
    if (failed && !retrying)
        retry_use(offer);
    return PAWL_OFFER_PACKAGE;
}

void pawl_offer_decide(const struct pawl_plan *plan, const struct pawl_subject *subject,
                       const struct pawl_device_record *record,
                       const struct pawl_failure_note *note, const struct pawl_report *report,
                       const struct pawl_offer_terms *terms, struct pawl_offer *offer)
{
    struct search search = {.subject = subject,
                            .running = report->has_package ? report->package_id : NULL};
    *offer = (struct pawl_offer){.entry = plan_search(plan, &search), .note = *note};
    offer->stage = offer->entry != NULL ? search.stage : 0;
    failure_note(report, offer);
    offer->reason = reason_find(record, subject, report, terms, offer);
}
