/*
 * Entitlement: the right of one device to open one package at one sequence number (SPEC 8), and the
 * table that serves many devices.
 */
#ifndef PAWL_ENTITLEMENT_H
#define PAWL_ENTITLEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_ENTITLEMENT_SIZE 40u
#define PAWL_TAG_SIZE 8u
#define PAWL_ROW_SIZE (PAWL_TAG_SIZE + PAWL_ENTITLEMENT_SIZE)
#define PAWL_TABLE_PREAMBLE_MAX 64u /* bytes before the first row */
#define PAWL_EQUAL_TAGS_MAX 4u

/* What a download key gives for one package: the key that wraps its content key, and the table tag.
 * Secret: wipe. */
struct pawl_entitlement_keys {
    uint8_t kek[PAWL_KEY_SIZE];
    uint8_t tag[PAWL_TAG_SIZE];
};

void pawl_entitlement_keys_make(const uint8_t download_key[PAWL_KEY_SIZE],
                                const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                struct pawl_entitlement_keys *keys);

/* Content key of a direct-mode package. Secret. */
void pawl_direct_key_make(const uint8_t download_key[PAWL_KEY_SIZE],
                          const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                          uint8_t content_key[PAWL_KEY_SIZE]);

/* Whether a device may take another download at `sequence`: completing it leads to sequence + 1,
 * which must not exceed the PUD's maximum. PAWL_NOT_ENTITLED. Opening an entitlement or a table
 * checks this itself; direct mode has to ask. */
enum pawl_result pawl_sequence_check(const struct pawl_pud *pud, uint64_t sequence);

/* A unit as a server or station sees it, for entitling. */
struct pawl_unit {
    const uint8_t *unit_secret; /* 32 bytes */
    const uint8_t *device_id;   /* 16 bytes */
    uint32_t chain_length;
    uint64_t sequence;
};

/* One table row (tag, entitlement) for a unit. PAWL_CRYPTO. */
enum pawl_result pawl_entitlement_row_make(const struct pawl_unit *unit,
                                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           const uint8_t content_key[PAWL_KEY_SIZE],
                                           uint8_t row[PAWL_ROW_SIZE]);

/* Opens an entitlement at sequence number `sequence`. PAWL_NOT_ENTITLED, also when the PUD's
 * maximum is reached. */
enum pawl_result pawl_entitlement_open(const struct pawl_pud *pud, uint64_t sequence,
                                       const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                       const uint8_t entitlement[PAWL_ENTITLEMENT_SIZE],
                                       uint8_t content_key[PAWL_KEY_SIZE]);

/* A table's preamble. */
struct pawl_table {
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t count;         /* rows */
    uint32_t preamble_size; /* bytes before row 0 */
};

/* Reads `size` bytes at `offset` of the table into `bytes`; returns PAWL_OK or an error that the
 * look-up passes on. */
typedef enum pawl_result (*pawl_table_read_fn)(void *context, uint64_t offset, uint8_t *bytes,
                                               size_t size);

/* Decodes a preamble from a table's first bytes (`size` of them, the whole table or at least
 * PAWL_TABLE_PREAMBLE_MAX if it has so many) and checks that the table's `total` bytes hold exactly
 * its rows. PAWL_MALFORMED, PAWL_UNSUPPORTED. */
enum pawl_result pawl_table_preamble_read(const uint8_t *bytes, size_t size, uint64_t total,
                                          struct pawl_table *table);
enum pawl_result pawl_table_preamble_write(const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           uint64_t count, uint8_t bytes[PAWL_TABLE_PREAMBLE_MAX],
                                           size_t *size);

/* Finds the device's row by its tag, reading O(log count) tags (about log log count in a table of
 * random tags), and opens it; at most PAWL_EQUAL_TAGS_MAX rows of equal tag are tried.
 * PAWL_NOT_ENTITLED, or what `read` returned. Whether the table is for the package at hand is the
 * caller's to compare. */
enum pawl_result pawl_table_open(const struct pawl_table *table, pawl_table_read_fn read,
                                 void *context, const struct pawl_pud *pud, uint64_t sequence,
                                 uint8_t content_key[PAWL_KEY_SIZE]);

#endif
