/*
 * Verifies an audit trail, entry by entry in the order of ids, and says what is wrong with it first
 * (SPEC 21.2, 21.4). Pure: the entries may come from a file, a database or a server.
 *
 * The chain alone finds an entry that was altered, removed, inserted or moved. Checkpoints find
 * what a chain made anew would hide: a cut end, and a trail that was rewritten with good hashes.
 */
#ifndef PAWL_HEADEND_AUDIT_CHECK_H
#define PAWL_HEADEND_AUDIT_CHECK_H

#include "headend/audit_chain.h"
#include "headend/checkpoint.h"
#include "pawl/result.h"

/* The action of the entry that says: a backup was put back here. */
#define PAWL_AUDIT_RESTORED "restored"

enum pawl_audit_fault {
    PAWL_AUDIT_SOUND = 0,
    PAWL_AUDIT_ALTERED = 1,
    PAWL_AUDIT_REMOVED = 2,
    PAWL_AUDIT_INSERTED = 3,
    PAWL_AUDIT_REORDERED = 4,
    PAWL_AUDIT_TRUNCATED = 5, /* ends before a checkpoint */
    PAWL_AUDIT_REWRITTEN = 6, /* the chain holds, but is not what a checkpoint signed */
    PAWL_AUDIT_REPLACED = 7,  /* the same, by a restore that the trail itself tells of */
};

/* "sound", "altered", ...; static memory. */
const char *pawl_audit_fault_name(enum pawl_audit_fault fault);

struct pawl_audit_verdict {
    enum pawl_audit_fault fault;
    uint64_t entry;   /* the first bad one; truncated: the last one that is there; replaced: the one
                       that tells of the restore */
    uint64_t missing; /* removed: how many, where the ids tell; else 0 */
    uint64_t last;    /* the last good entry, */
    uint8_t hash[PAWL_AUDIT_HASH_SIZE]; /* and its hash */
    uint64_t signed_to;                 /* the last good entry that a checkpoint holds; 0: none */
    uint64_t restores;                  /* entries that tell of a restore */
    struct pawl_checkpoint checkpoint;  /* truncated, rewritten, replaced: the one that shows it */
};

struct pawl_audit_check;

/* Begins behind entry `after`, whose hash is `previous` (0 and zeros: at the trail's beginning).
 * NULL without memory. */
struct pawl_audit_check *pawl_audit_check_begin(uint64_t after,
                                                const uint8_t previous[PAWL_AUDIT_HASH_SIZE]);
void pawl_audit_check_free(struct pawl_audit_check *check);

/* Gives a checkpoint that was opened and is of this trail's server, any time before the entry after
 * its own is taken; one that comes later, or is of an entry before the beginning, is ignored.
 * PAWL_CORRUPT as below, PAWL_EXHAUSTED. */
enum pawl_result pawl_audit_check_hold_to(struct pawl_audit_check *check,
                                          const struct pawl_checkpoint *checkpoint);

/* Takes the next entry with the hash that came with it. PAWL_CORRUPT: the verdict is found, no more
 * is needed (what is wrong may have been in the entry before: the next one tells how).
 * PAWL_EXHAUSTED. */
enum pawl_result pawl_audit_check_take(struct pawl_audit_check *check,
                                       const struct pawl_audit_entry *entry,
                                       const uint8_t hash[PAWL_AUDIT_HASH_SIZE]);

/* Ends it. PAWL_OK when sound; PAWL_ROLLBACK when replaced by a restore; PAWL_CORRUPT otherwise.
 * `verdict` is always set. */
enum pawl_result pawl_audit_check_end(struct pawl_audit_check *check,
                                      struct pawl_audit_verdict *verdict);

#endif
