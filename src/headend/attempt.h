/*
 * The history of a device's attempts (SPEC 16.26): what came of its downloads, as reports told. The
 * newest PAWL_HISTORY_MAX entries are kept, packed into one value beside the device's record, so
 * that a confirmation writes them where it writes anyway.
 */
#ifndef PAWL_HEADEND_ATTEMPT_H
#define PAWL_HEADEND_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/reconcile.h"

#define PAWL_HISTORY_MAX 20u
#define PAWL_ATTEMPT_SIZE 26u /* bytes of a packed entry */

/* Values are stored. */
enum pawl_attempt_outcome {
    PAWL_ATTEMPT_CONFIRMED = 1,   /* the package ran: the sequence number advanced by one */
    PAWL_ATTEMPT_FAILED = 2,      /* detail: the cause that was reported (SPEC 9.3) */
    PAWL_ATTEMPT_CAUGHT_UP = 3,   /* several downloads at once */
    PAWL_ATTEMPT_QUARANTINED = 4, /* detail: enum pawl_finding */
    PAWL_ATTEMPT_ADOPTED = 5,     /* detail: enum pawl_finding; taken as the record */
    PAWL_ATTEMPT_DIAGNOSED = 6,   /* a diagnostic image did what it was to do */
};

/* "confirmed", "failed", "caught-up", ...; static memory. */
const char *pawl_attempt_outcome_name(enum pawl_attempt_outcome outcome);

struct pawl_attempt {
    int64_t time;
    enum pawl_attempt_outcome outcome;
    uint32_t detail;
    uint64_t from;    /* the sequence number that was recorded before */
    uint32_t package; /* the store's number of the package (store/device_store.h); 0: none */
    uint8_t distance; /* sequence numbers gained, 255 for more */
};

/* What a change of a device's record tells, `quarantine` being its reason when it is held now.
 * `package` is left 0. */
void pawl_attempt_of_change(const struct pawl_device_record *before,
                            const struct pawl_device_record *after, enum pawl_finding quarantine,
                            int64_t time, struct pawl_attempt *attempt);

/* Packs and unpacks an entry. False for bytes that were not packed here. */
void pawl_attempt_pack(const struct pawl_attempt *attempt, uint8_t bytes[PAWL_ATTEMPT_SIZE]);
bool pawl_attempt_unpack(const uint8_t bytes[PAWL_ATTEMPT_SIZE], struct pawl_attempt *attempt);

/* What a cause of failure (SPEC 9.3) is called: a result class, or "exit", "crash", "deadline",
 * "power", "start"; NULL for one that has no name. Static memory. */
const char *pawl_failure_name(uint32_t code);

/* The same in words for people, to stand behind "it failed:"; never NULL. */
const char *pawl_failure_words(uint32_t code);

/* The cause with a name. False when there is none. */
bool pawl_failure_find(const char *name, uint32_t *code);

#endif
