/*
 * The audit trail's chain (SPEC 21.1): each entry's hash covers the entry and the hash before it,
 * so that none can be changed, taken out, put in or moved without every later hash being wrong.
 */
#ifndef PAWL_HEADEND_AUDIT_CHAIN_H
#define PAWL_HEADEND_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/crypto.h"

#define PAWL_AUDIT_HASH_SIZE PAWL_SHA256_SIZE

/* What is hashed of an entry. All text is UTF-8. */
struct pawl_audit_entry {
    uint64_t id;  /* from 1, without gaps */
    int64_t time; /* Unix seconds */
    const char *actor;
    const char *action;
    const uint8_t *device_id; /* NULL: not about one device */
    const char *detail;       /* JSON, hashed as it is written, byte for byte */
};

/* The hash of an entry that follows one with hash `previous`: zeros before the first. `hash` may be
 * `previous`. */
void pawl_audit_hash_make(const uint8_t previous[PAWL_AUDIT_HASH_SIZE],
                          const struct pawl_audit_entry *entry, uint8_t hash[PAWL_AUDIT_HASH_SIZE]);

/* Whether text may be part of an entry: UTF-8, as hashes and JSON need it. */
bool pawl_audit_text_is_good(const char *text);
/* Makes it so, by '?' in the place of what is not ASCII. */
void pawl_audit_text_mend(char *text);

#endif
