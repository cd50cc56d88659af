/* Personalized unit data: what makes one device differ from every other (SPEC 3). */
#ifndef PAWL_PUD_H
#define PAWL_PUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/result.h"

#define PAWL_UNIT_SECRET_SIZE 32u
#define PAWL_ANCHOR_MAX 4u
#define PAWL_CHAIN_LENGTH_DEFAULT 1024u
#define PAWL_PUD_SIZE_MAX 512u /* encoded, bytes; four anchors and every field fit */

/* A vendor key whose signatures the device trusts (P-256, big-endian coordinates). */
struct pawl_anchor {
    uint8_t kid[PAWL_KID_SIZE];
    uint8_t x[32];
    uint8_t y[32];
};

/* Decoded PUD; holds a secret: wipe it after use. */
struct pawl_pud {
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE];
    uint32_t chain_length; /* N, 1..65535 */
    uint32_t anchor_count; /* 1..4 */
    struct pawl_anchor anchors[PAWL_ANCHOR_MAX];
    bool has_maximum;
    uint64_t maximum; /* highest sequence number, when has_maximum */
};

/* Decodes exactly `size` bytes. PAWL_MALFORMED or PAWL_UNSUPPORTED. */
enum pawl_result pawl_pud_read(const uint8_t *bytes, size_t size, struct pawl_pud *pud);

/* Decodes the first PUD of a CBOR sequence and tells in `used` how many bytes it took; for a
 * server's import. Same errors. */
enum pawl_result pawl_pud_read_next(const uint8_t *bytes, size_t size, struct pawl_pud *pud,
                                    size_t *used);

/* Encodes; kids are recomputed from the points. `capacity` bytes at `bytes`, PAWL_PUD_SIZE_MAX
 * always suffice. PAWL_MALFORMED for values the format does not allow, PAWL_EXHAUSTED for no room.
 */
enum pawl_result pawl_pud_write(const struct pawl_pud *pud, uint8_t *bytes, size_t capacity,
                                size_t *size);

#endif
