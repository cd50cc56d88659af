/* Why a device is quarantined: what its report said, beside what is recorded, and where it came
 * from. */
#ifndef PAWL_SERVER_EVIDENCE_H
#define PAWL_SERVER_EVIDENCE_H

#include <jansson.h>

#include "server/exchange.h"
#include "store/device_store.h"

void pawl_evidence_make(const struct pawl_exchange *exchange, struct pawl_evidence *evidence);

/* The same as a JSON object for the audit, into room for PAWL_COMMIT_DETAIL_SIZE. */
void pawl_evidence_write(const struct pawl_evidence *evidence, char *detail, size_t room);

/* And as operators see it: a new reference, or NULL. (quarantine_api.c) */
json_t *pawl_evidence_json(const struct pawl_evidence *evidence);

#endif
