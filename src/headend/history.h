/*
 * How far a server's history went, noted outside of its database (SPEC 21.9): a database that does
 * not go as far was put back from an older copy. The note is small and written now and then; one
 * that is lost or old only means that such a copy may not be noticed.
 */
#ifndef PAWL_HEADEND_HISTORY_H
#define PAWL_HEADEND_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/audit_chain.h"
#include "pawl/identifier.h"
#include "pawl/result.h"

#define PAWL_HISTORY_TEXT_SIZE 256u

struct pawl_history {
    uint8_t server_id[PAWL_ID_SIZE];
    uint64_t entry; /* the newest of the audit trail, 0: none */
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
    uint64_t confirmations; /* a number that never falls */
};

/* Writes it as text, at most PAWL_HISTORY_TEXT_SIZE with its terminator; returns its length. */
size_t pawl_history_write(const struct pawl_history *history, char text[PAWL_HISTORY_TEXT_SIZE]);

/* PAWL_MALFORMED for anything else: a note that was torn. */
enum pawl_result pawl_history_read(const char *text, struct pawl_history *history);

/* Whether the database is older than the note, or of another history: `at_note` is the hash that
 * the database has at the note's entry, NULL when it has no such entry. A note of another server
 * says nothing. */
bool pawl_history_is_behind(const struct pawl_history *database, const struct pawl_history *note,
                            const uint8_t *at_note);

#endif
