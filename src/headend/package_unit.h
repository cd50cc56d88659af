/*
 * The unit in which whole packages are worked on: some whole chunks that cover whole spans of the
 * image digest. Internal to the package functions.
 */
#ifndef PAWL_HEADEND_PACKAGE_UNIT_H
#define PAWL_HEADEND_PACKAGE_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/package.h"
#include "pawl/verity.h"

/* What one mapping covers where no span has to be whole: larger ones cost memory, smaller ones
 * time. */
#define PAWL_PART_SIZE 262144u
#define PAWL_UNIT_SPANS_MAX 4u

struct pawl_units {
    size_t image_size;
    uint32_t unit_size; /* plaintext bytes of each but the last */
    size_t count;
};

/* Units of `least` bytes (a power of two), or of one chunk where chunks are larger. */
void pawl_units_init(struct pawl_units *units, size_t image_size, uint32_t least,
                     uint32_t chunk_size);

/* Image bytes before unit `unit`, and in it. */
size_t pawl_unit_offset(const struct pawl_units *units, size_t unit);
uint32_t pawl_unit_length(const struct pawl_units *units, size_t unit);

/* The same counted in sealed bytes behind the preamble. */
size_t pawl_unit_sealed_offset(const struct pawl_units *units, uint32_t chunk_size, size_t unit);
uint32_t pawl_unit_sealed_length(const struct pawl_units *units, uint32_t chunk_size, size_t unit);

/* Seals or opens all chunks of a unit. */
enum pawl_result pawl_unit_seal(const struct pawl_units *units, struct pawl_stream *stream,
                                size_t unit, const uint8_t *plain, uint8_t *sealed);
enum pawl_result pawl_unit_open(const struct pawl_units *units, struct pawl_stream *stream,
                                size_t unit, const uint8_t *sealed, uint8_t *plain);

/* Hashes of a unit's spans, and adding them to the image digest later, in order. */
struct pawl_unit_hashes {
    uint8_t hashes[PAWL_UNIT_SPANS_MAX][PAWL_SHA256_SIZE];
};
void pawl_unit_hash(const struct pawl_units *units, size_t unit, const uint8_t *plain,
                    struct pawl_unit_hashes *hashes);
void pawl_unit_hashes_add(const struct pawl_units *units, size_t unit,
                          const struct pawl_unit_hashes *hashes, struct pawl_verity *verity);

#endif
