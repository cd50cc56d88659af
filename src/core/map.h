/*
 * CBOR maps with small integer keys, described by tables: one table says what a map holds and
 * serves both reading and writing.
 *
 * Reading follows SPEC 1: an unknown key is PAWL_UNSUPPORTED, unless it is 128 or more and the map
 * is extensible, a missing or ill-formed field PAWL_MALFORMED.
 */
#ifndef PAWL_CORE_MAP_H
#define PAWL_CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

#define PAWL_EXTENSION_KEY 128u /* the first key that a reader may skip */

enum pawl_field_type {
    PAWL_FIELD_FIXED = 0, /* an integer that must be `fixed`; another one is PAWL_UNSUPPORTED */
    PAWL_FIELD_UINT = 1,  /* least..2^bits - 1; outside is PAWL_MALFORMED */
    PAWL_FIELD_CODE = 2,  /* of an enumeration, least..most; another one is PAWL_UNSUPPORTED */
    PAWL_FIELD_BYTES = 3, /* bstr of exactly `size` bytes */
    PAWL_FIELD_TEXT = 4,  /* tstr, into a struct pawl_text */
    PAWL_FIELD_OTHER = 5  /* by function `other` of the caller's, which gets the whole target */
};

/* A field is required, unless one of these is added to its type. */
#define PAWL_FIELD_OPTIONAL 0x40u
#define PAWL_FIELD_NULLABLE 0x80u /* required, but null is allowed and means absent */
#define PAWL_FIELD_TYPE 0x3fu     /* what they leave of it */

/* 8 bytes: a small device has sixty of them. */
struct pawl_field {
    int16_t key;
    uint16_t offset; /* of the member that holds it in the target, and the member's size */
    uint8_t type;
    union {
        uint8_t size;
        uint8_t other;
    };
    union {
        uint8_t least;
        uint8_t fixed; /* its encoding, of one byte */
    };
    union {
        uint8_t most;
        uint8_t bits;
    };
};

/* What reads and writes the fields of type PAWL_FIELD_OTHER: arrays, by the field's `other`. They
 * are no part of the map, so that a program has those of the direction that it uses. */
typedef void (*pawl_field_reader)(struct pawl_reader *reader, void *target);
typedef void (*pawl_field_writer)(struct pawl_writer *writer, const void *target);

/* Initializes offset and size from a member. */
#define PAWL_FIELD_MEMBER(type, member) \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct pawl_map {
    const struct pawl_field *fields; /* in the order of their encoded keys, at most 32 */
    uint8_t count;
    bool extensible;
};

#define PAWL_MAP(table, is_extensible)                                  \
    {                                                                   \
        .fields = (table), .count = sizeof(table) / sizeof((table)[0]), \
        .extensible = (is_extensible)                                   \
    }

/* Reads one map into the target; `others` may be NULL when no field is PAWL_FIELD_OTHER. Bit i of
 * `present` says whether field i was there and not null; it may be NULL when all are required. The
 * target may be partly written on error. */
void pawl_map_read(struct pawl_reader *reader, const struct pawl_map *map,
                   const pawl_field_reader *others, void *target, uint32_t *present);

/* Checks that the bytes are exactly one well-formed map, then reads it. */
enum pawl_result pawl_map_decode(const uint8_t *bytes, size_t size, const struct pawl_map *map,
                                 const pawl_field_reader *others, void *target, uint32_t *present);

/* Writes the fields whose bit is set, those that are required, and null for a nullable one whose
 * bit is not set. PAWL_MALFORMED for a value that a reader would not accept. */
void pawl_map_write(struct pawl_writer *writer, const struct pawl_map *map,
                    const pawl_field_writer *others, const void *target, uint32_t present);

#endif
