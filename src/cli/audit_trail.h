/*
 * Reads an export of the audit trail (SPEC 21.5) as it comes, line by line, and checks it: in
 * bounded memory, however long it is. Each function prints the error that it returns.
 */
#ifndef PAWL_CLI_AUDIT_TRAIL_H
#define PAWL_CLI_AUDIT_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/audit_check.h"
#include "host/options.h"

struct pawl_audit_trail;

/* What an export says of itself. */
struct pawl_audit_trail_facts {
    uint64_t after;       /* it begins behind this entry */
    uint64_t passed_over; /* checkpoints from elsewhere that are of entries before it begins */
    bool own_key; /* no key was given: checkpoints were verified with the one that came along */
    bool whole;   /* its last line was there */
};

/* Begins. `keys` are files of public keys, none: the export's own is taken; `checkpoints` files
 * with checkpoints from elsewhere. Both must outlive it. */
enum pawl_result pawl_audit_trail_begin(const struct pawl_option_list *keys,
                                        const struct pawl_option_list *checkpoints,
                                        struct pawl_audit_trail **trail);
void pawl_audit_trail_free(struct pawl_audit_trail *trail);

/* Takes the next bytes; of the type pawl_client_take_fn. PAWL_MALFORMED when it is no export;
 * PAWL_UNTRUSTED for a checkpoint that no key verifies, or of another server. What is wrong with
 * the trail itself is no error here. */
enum pawl_result pawl_audit_trail_take(void *trail, const uint8_t *bytes, size_t size);

/* Ends it: the verdict. PAWL_CORRUPT when it broke off before its last line, and nothing was found
 * until there. Otherwise PAWL_OK. */
enum pawl_result pawl_audit_trail_end(struct pawl_audit_trail *trail,
                                      struct pawl_audit_verdict *verdict,
                                      struct pawl_audit_trail_facts *facts);

#endif
