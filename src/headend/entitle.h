/* Entitlement in bulk: table rows for many units and sequence numbers, on several threads. */
#ifndef PAWL_HEADEND_ENTITLE_H
#define PAWL_HEADEND_ENTITLE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/entitlement.h"
#include "pawl/result.h"

/* What all rows have in common. */
struct pawl_entitling {
    const uint8_t *package_id;  /* PAWL_PACKAGE_ID_SIZE bytes */
    const uint8_t *content_key; /* PAWL_KEY_SIZE bytes */
    unsigned threads;           /* 0: as many as there are processors, at most 8 */
};

/* Makes one row for each of `count` units into `rows`, PAWL_ROW_SIZE bytes each, in their order.
 * PAWL_CRYPTO, PAWL_EXHAUSTED. */
enum pawl_result pawl_rows_make(const struct pawl_entitling *entitling,
                                const struct pawl_unit *units, size_t count, uint8_t *rows);

#endif
