/*
 * A slot's record: which package the slot holds, for which sequence number, and its content key
 * (SPEC 13.2). A trial record and a committed one are under keys of different branches, so that
 * neither passes for the other (I2).
 */
#ifndef PAWL_PROCESSOR_RECORD_H
#define PAWL_PROCESSOR_RECORD_H

#include <stdint.h>

#include "pawl/entitlement.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_RECORD_SIZE 152u /* encoded, bytes */

/* A diagnostic is a trial that is never committed. */
enum pawl_role { PAWL_ROLE_TRIAL = 1, PAWL_ROLE_COMMITTED = 2, PAWL_ROLE_DIAGNOSTIC = 3 };

struct pawl_record {
    enum pawl_role role;
    uint64_t sequence; /* trial: accepted at; committed: reached by its commit */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    size_t package_size;     /* bytes, preamble included */
    uint64_t security_floor; /* lowest security version that opens with this record */
    uint32_t anchor_mask;    /* bit i: anchor i of the PUD is trusted */
    /* Zeros in a trial record; the number of the command, u64be, in one of a diagnostic. */
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint8_t wrapped_key[PAWL_ENTITLEMENT_SIZE];
};

/* Wraps `content_key` into a record whose role, sequence and package_id are set. PAWL_CRYPTO. */
enum pawl_result pawl_record_key_wrap(struct pawl_record *record, const struct pawl_pud *pud,
                                      const uint8_t content_key[PAWL_KEY_SIZE]);

/* The reverse; the caller wipes the key. PAWL_UNTRUSTED, PAWL_CRYPTO. */
enum pawl_result pawl_record_key_unwrap(const struct pawl_record *record,
                                        const struct pawl_pud *pud,
                                        uint8_t content_key[PAWL_KEY_SIZE]);

/* Encodes and MACs. */
void pawl_record_write(const struct pawl_record *record, const struct pawl_pud *pud,
                       uint8_t bytes[PAWL_RECORD_SIZE]);

/* Decodes a record that must have this sequence number and role; PAWL_ROLE_TRIAL takes a
 * diagnostic, too. PAWL_MALFORMED (also: nothing there), PAWL_STATE (another role or sequence
 * number), PAWL_UNTRUSTED, after which `record` holds zeros. */
enum pawl_result pawl_record_read(const uint8_t bytes[PAWL_RECORD_SIZE], const struct pawl_pud *pud,
                                  enum pawl_role role, uint64_t sequence,
                                  struct pawl_record *record);

#endif
