/*
 * Hexadecimal text of identifiers and digests. Not for secrets: the digits are looked up in tables.
 */
#ifndef PAWL_HOST_HEX_H
#define PAWL_HOST_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

/* Room for the text of `size` bytes, with its terminator. */
#define PAWL_HEX_SIZE(size) (2u * (size) + 1u)

/* Writes `size` bytes as lower-case digits and a terminator to `text`, which has
 * PAWL_HEX_SIZE(size) characters of room. Returns `text`. */
char *pawl_hex_encode(const uint8_t *bytes, size_t size, char *text);

/* Reads exactly `size` bytes from `text`, which must hold exactly 2 * size digits of either case.
 * PAWL_MALFORMED otherwise; `bytes` is then untouched. */
enum pawl_result pawl_hex_decode(const char *text, uint8_t *bytes, size_t size);

#endif
