/*
 * CBOR in its core deterministic encoding (RFC 8949, 4.2.1; SPEC 1): the only one that Pawl writes
 * or accepts.
 *
 * A document is first checked as a whole (pawl_cbor_check), then read field by field; the readers
 * below check type and bounds again, so they are safe on unchecked bytes too. Errors stick in the
 * reader; one of the wrong type is PAWL_MALFORMED.
 */
#ifndef PAWL_CORE_CBOR_H
#define PAWL_CORE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "pawl/manifest.h" /* struct pawl_text */

#define PAWL_CBOR_DEPTH_MAX 16u /* nesting of arrays, maps and tags; deeper is malformed */

enum pawl_cbor_major {
    PAWL_CBOR_UINT = 0,
    PAWL_CBOR_NEGATIVE = 1,
    PAWL_CBOR_BYTES = 2,
    PAWL_CBOR_TEXT = 3,
    PAWL_CBOR_ARRAY = 4,
    PAWL_CBOR_MAP = 5,
    PAWL_CBOR_TAG = 6,
    PAWL_CBOR_SIMPLE = 7
};

/* The initial byte of an item and its argument. */
struct pawl_cbor_head {
    enum pawl_cbor_major major;
    uint8_t info;   /* low five bits of the initial byte */
    uint64_t value; /* argument: the number, the length, the count, the tag, the float's bits */
};

/* Checks that the bytes begin with one well-formed item in deterministic encoding, whatever it is,
 * and tells how long it is. PAWL_MALFORMED. Takes time linear in the item's length. */
enum pawl_result pawl_cbor_item_check(const uint8_t *bytes, size_t size, size_t *used);

/* Checks that the bytes are exactly one such item. PAWL_MALFORMED. */
enum pawl_result pawl_cbor_check(const uint8_t *bytes, size_t size);

/* The next item's head. Its shortest form is demanded, an indefinite length refused. */
struct pawl_cbor_head pawl_cbor_head_read(struct pawl_reader *reader);

uint64_t pawl_cbor_uint_read(struct pawl_reader *reader);
/* An unsigned or negative integer: its major type and argument (-1 - argument when negative). */
struct pawl_cbor_head pawl_cbor_integer_read(struct pawl_reader *reader);
/* A bstr where it lies; NULL on error. */
const uint8_t *pawl_cbor_bytes_read(struct pawl_reader *reader, size_t *size);
/* A bstr of exactly `size` bytes, copied out. */
void pawl_cbor_bytes_copy(struct pawl_reader *reader, uint8_t *out, size_t size);
/* A tstr of valid UTF-8 without NUL, where it lies. */
struct pawl_text pawl_cbor_text_read(struct pawl_reader *reader);
/* The head of an array (its number of items) or a map (of pairs). More than there are bytes left is
 * PAWL_MALFORMED. */
size_t pawl_cbor_count_read(struct pawl_reader *reader, enum pawl_cbor_major major);
uint64_t pawl_cbor_tag_read(struct pawl_reader *reader);
/* Takes a null if one is next. */
bool pawl_cbor_null_take(struct pawl_reader *reader);
/* Steps over one item of any kind. */
void pawl_cbor_item_skip(struct pawl_reader *reader);

void pawl_cbor_head_write(struct pawl_writer *writer, enum pawl_cbor_major major, uint64_t value);
void pawl_cbor_integer_write(struct pawl_writer *writer, int64_t value);
void pawl_cbor_bytes_write(struct pawl_writer *writer, const void *bytes, size_t size);
/* PAWL_MALFORMED when a reader would refuse the text. */
void pawl_cbor_text_write(struct pawl_writer *writer, struct pawl_text text);
void pawl_cbor_null_write(struct pawl_writer *writer);

/* Whether the bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool pawl_utf8_check(const uint8_t *bytes, size_t size);

#endif
