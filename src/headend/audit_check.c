#include "headend/audit_check.h"

#include <stdlib.h>
#include <string.h>

/* An entry that does not fit, kept until the next one tells what happened to it. */
struct held {
    bool present;
    struct pawl_audit_entry entry; /* its text is in `text`, its device in `device_id` */
    char *text;
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
};

struct restore {
    uint64_t entry;
    int64_t time;
};

struct pawl_audit_check {
    struct pawl_checkpoint *checkpoints; /* to be compared yet, descending by entry */
    size_t count, capacity;
    struct pawl_audit_verdict verdict;
    struct held held;
    struct restore *restores; /* verdict.restores of them */
    uint64_t replaced_by;     /* the newest restore that explains a checkpoint; 0: none did */
    struct pawl_checkpoint replaced; /* the first that one explains */
};

const char *pawl_audit_fault_name(enum pawl_audit_fault fault)
{
    static const char *const names[] = {"sound",     "altered",   "removed",   "inserted",
                                        "reordered", "truncated", "rewritten", "replaced"};
    return names[fault];
}

struct pawl_audit_check *pawl_audit_check_begin(uint64_t after,
                                                const uint8_t previous[PAWL_AUDIT_HASH_SIZE])
{
    struct pawl_audit_check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return NULL;
    check->verdict.last = after;
    memcpy(check->verdict.hash, previous, PAWL_AUDIT_HASH_SIZE);
    return check;
}

void pawl_audit_check_free(struct pawl_audit_check *check)
{
    if (check == NULL)
        return;
    free(check->held.text);
    free(check->restores);
    free(check->checkpoints);
    free(check);
}

static enum pawl_result fault_set(struct pawl_audit_check *check, enum pawl_audit_fault fault,
                                  uint64_t entry)
{
    check->verdict.fault = fault;
    check->verdict.entry = entry;
    return PAWL_CORRUPT;
}

static enum pawl_result checkpoint_fault_set(struct pawl_audit_check *check,
                                             enum pawl_audit_fault fault, uint64_t entry,
                                             const struct pawl_checkpoint *checkpoint)
{
    check->verdict.checkpoint = *checkpoint;
    return fault_set(check, fault, entry);
}

/* Copies text to `*to` and moves it on. */
static const char *text_keep(char **to, const char *text)
{
    char *kept = *to;
    size_t size = strlen(text) + 1;
    memcpy(kept, text, size);
    *to += size;
    return kept;
}

static enum pawl_result hold(struct pawl_audit_check *check, const struct pawl_audit_entry *entry,
                             const uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    struct held *held = &check->held;
    held->text = malloc(strlen(entry->actor) + strlen(entry->action) + strlen(entry->detail) + 3);
    if (held->text == NULL)
        return PAWL_EXHAUSTED;
    char *to = held->text;
    held->entry = *entry;
    held->entry.actor = text_keep(&to, entry->actor);
    held->entry.action = text_keep(&to, entry->action);
    held->entry.detail = text_keep(&to, entry->detail);
    if (entry->device_id != NULL) {
        memcpy(held->device_id, entry->device_id, PAWL_ID_SIZE);
        held->entry.device_id = held->device_id;
    }
    memcpy(held->hash, hash, PAWL_AUDIT_HASH_SIZE);
    held->present = true;
    return PAWL_OK;
}

/* Whether `hash` is that of the entry, were its id `id`, behind one with hash `previous`. */
static bool fits(const uint8_t *previous, const struct pawl_audit_entry *entry, uint64_t id,
                 const uint8_t *hash)
{
    struct pawl_audit_entry as = *entry;
    uint8_t made[PAWL_AUDIT_HASH_SIZE];
    as.id = id;
    pawl_audit_hash_make(previous, &as, made);
    return memcmp(made, hash, sizeof made) == 0;
}

/* An id was left out: by a removal, unless the one that is missing comes next. */
static enum pawl_result gap_judge(struct pawl_audit_check *check,
                                  const struct pawl_audit_entry *next, const uint8_t *hash)
{
    uint64_t expected = check->verdict.last + 1;
    if (next != NULL && next->id == expected && fits(check->verdict.hash, next, expected, hash))
        return fault_set(check, PAWL_AUDIT_REORDERED, expected);
    check->verdict.missing = check->held.entry.id - expected;
    return fault_set(check, PAWL_AUDIT_REMOVED, expected);
}

/* The hash does not fit: what the next entry would fit behind tells why. */
static enum pawl_result mismatch_judge(struct pawl_audit_check *check,
                                       const struct pawl_audit_entry *next, const uint8_t *hash)
{
    const struct held *held = &check->held;
    uint64_t id = held->entry.id;
    if (next == NULL)
        return fault_set(check, PAWL_AUDIT_ALTERED, id);
    if (fits(check->verdict.hash, next, id, hash)) /* the next one belongs here */
        return fault_set(check,
                         fits(hash, &held->entry, id + 1, held->hash) ? PAWL_AUDIT_REORDERED
                                                                      : PAWL_AUDIT_INSERTED,
                         id);
    if (fits(held->hash, next, next->id + 1, hash)) { /* both have moved up */
        check->verdict.missing = 1;
        return fault_set(check, PAWL_AUDIT_REMOVED, id);
    }
    return fault_set(check, PAWL_AUDIT_ALTERED, id);
}

static enum pawl_result held_judge(struct pawl_audit_check *check,
                                   const struct pawl_audit_entry *next, const uint8_t *hash)
{
    check->held.present = false;
    return check->held.entry.id == check->verdict.last + 1 ? mismatch_judge(check, next, hash)
                                                           : gap_judge(check, next, hash);
}

/* A checkpoint is not of this trail: a restore after it was made, at or before its entry, explains
 * that. */
static enum pawl_result checkpoint_explain(struct pawl_audit_check *check,
                                           const struct pawl_checkpoint *checkpoint,
                                           enum pawl_audit_fault fault, uint64_t entry)
{
    for (uint64_t i = 0; i < check->verdict.restores; i++) {
        const struct restore *restore = &check->restores[i];
        if (restore->entry > checkpoint->entry || restore->time < (int64_t)checkpoint->time)
            continue;
        if (check->replaced_by == 0)
            check->replaced = *checkpoint;
        if (check->replaced_by < restore->entry)
            check->replaced_by = restore->entry;
        return PAWL_OK;
    }
    return checkpoint_fault_set(check, fault, entry, checkpoint);
}

/* Compares a checkpoint that is of the last entry. */
static enum pawl_result checkpoint_compare(struct pawl_audit_check *check,
                                           const struct pawl_checkpoint *checkpoint)
{
    struct pawl_audit_verdict *verdict = &check->verdict;
    if (memcmp(checkpoint->hash, verdict->hash, PAWL_AUDIT_HASH_SIZE) != 0)
        return checkpoint_explain(check, checkpoint, PAWL_AUDIT_REWRITTEN, verdict->signed_to + 1);
    verdict->signed_to = verdict->last;
    return PAWL_OK;
}

/* Compares those that are of the last entry. */
static enum pawl_result checkpoints_compare(struct pawl_audit_check *check)
{
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && check->count > 0 &&
           check->checkpoints[check->count - 1].entry == check->verdict.last)
        result = checkpoint_compare(check, &check->checkpoints[--check->count]);
    return result;
}

enum pawl_result pawl_audit_check_hold_to(struct pawl_audit_check *check,
                                          const struct pawl_checkpoint *checkpoint)
{
    if (check->verdict.fault != PAWL_AUDIT_SOUND)
        return PAWL_CORRUPT;
    if (checkpoint->entry < check->verdict.last)
        return PAWL_OK;
    if (checkpoint->entry == check->verdict.last && !check->held.present)
        return checkpoint_compare(check, checkpoint);
    if (check->count == check->capacity) {
        size_t capacity = 2 * check->capacity + 16;
        struct pawl_checkpoint *longer =
            realloc(check->checkpoints, capacity * sizeof *check->checkpoints);
        if (longer == NULL)
            return PAWL_EXHAUSTED;
        check->checkpoints = longer;
        check->capacity = capacity;
    }
    size_t at = check->count++;
    for (; at > 0 && check->checkpoints[at - 1].entry < checkpoint->entry; at--)
        check->checkpoints[at] = check->checkpoints[at - 1];
    check->checkpoints[at] = *checkpoint;
    return PAWL_OK;
}

static enum pawl_result restore_note(struct pawl_audit_check *check,
                                     const struct pawl_audit_entry *entry)
{
    size_t count = (size_t)check->verdict.restores;
    struct restore *longer = realloc(check->restores, (count + 1) * sizeof *longer);
    if (longer == NULL)
        return PAWL_EXHAUSTED;
    longer[count] = (struct restore){entry->id, entry->time};
    check->restores = longer;
    check->verdict.restores = count + 1;
    return PAWL_OK;
}

enum pawl_result pawl_audit_check_take(struct pawl_audit_check *check,
                                       const struct pawl_audit_entry *entry,
                                       const uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    struct pawl_audit_verdict *verdict = &check->verdict;
    if (verdict->fault != PAWL_AUDIT_SOUND)
        return PAWL_CORRUPT;
    if (check->held.present)
        return held_judge(check, entry, hash);
    if (entry->id <= verdict->last)
        return fault_set(check, PAWL_AUDIT_INSERTED, entry->id);
    if (entry->id != verdict->last + 1 || !fits(verdict->hash, entry, entry->id, hash))
        return hold(check, entry, hash);
    verdict->last = entry->id;
    memcpy(verdict->hash, hash, PAWL_AUDIT_HASH_SIZE);
    if (strcmp(entry->action, PAWL_AUDIT_RESTORED) == 0) {
        enum pawl_result result = restore_note(check, entry);
        if (result != PAWL_OK)
            return result;
    }
    return checkpoints_compare(check);
}

/* What checkpoints say of the end. */
static void end_judge(struct pawl_audit_check *check)
{
    struct pawl_audit_verdict *verdict = &check->verdict;
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && check->count > 0)
        result = checkpoint_explain(check, &check->checkpoints[--check->count],
                                    PAWL_AUDIT_TRUNCATED, verdict->last);
    if (result != PAWL_OK || check->replaced_by == 0)
        return;
    /* Anybody can write that a backup was restored; the server alone can sign it. */
    if (check->replaced_by <= verdict->signed_to)
        checkpoint_fault_set(check, PAWL_AUDIT_REPLACED, check->replaced_by, &check->replaced);
    else
        checkpoint_fault_set(check, PAWL_AUDIT_REWRITTEN, verdict->signed_to + 1, &check->replaced);
}

enum pawl_result pawl_audit_check_end(struct pawl_audit_check *check,
                                      struct pawl_audit_verdict *verdict)
{
    if (check->held.present)
        held_judge(check, NULL, NULL);
    if (check->verdict.fault == PAWL_AUDIT_SOUND)
        end_judge(check);
    *verdict = check->verdict;
    if (verdict->fault == PAWL_AUDIT_SOUND)
        return PAWL_OK;
    return verdict->fault == PAWL_AUDIT_REPLACED ? PAWL_ROLLBACK : PAWL_CORRUPT;
}
