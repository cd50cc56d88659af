/*
 * The image digest: the Linux fs-verity file digest with SHA-256, 4096-byte blocks and no salt
 * (SPEC 6), what `fsverity digest --compact FILE` prints.
 *
 * It can be computed by streaming, or by spans that threads hash independently and one thread adds
 * in order.
 */
#ifndef PAWL_VERITY_H
#define PAWL_VERITY_H

#include <stdint.h>

#include "pawl/crypto.h"

#define PAWL_VERITY_BLOCK_SIZE 4096u
/* 128 blocks: what one block of the tree's first level covers. */
#define PAWL_VERITY_SPAN_SIZE 524288u
#define PAWL_VERITY_LEVELS 9u /* enough for 2^64 bytes */

struct pawl_verity_level {
    struct pawl_sha256 block;       /* the tree block under way */
    uint8_t last[PAWL_SHA256_SIZE]; /* the newest hash that came up to this level */
    size_t count;                   /* hashes that came up to this level */
};

/* Running digest, owned by the caller. Not secret unless the image is: then wipe it. */
struct pawl_verity {
    struct pawl_sha256 leaf;
    uint32_t leaf_fill; /* bytes in the leaf under way */
    size_t size;        /* bytes taken */
    struct pawl_verity_level levels[PAWL_VERITY_LEVELS];
};

void pawl_verity_init(struct pawl_verity *verity);
void pawl_verity_update(struct pawl_verity *verity, const void *bytes, size_t size);
void pawl_verity_final(struct pawl_verity *verity, uint8_t digest[PAWL_SHA256_SIZE]);

/* The hash of one span: `size` bytes (PAWL_VERITY_SPAN_SIZE, or less for an image's last span) of
 * an image of `image_size` bytes. Independent of all others: any thread may compute any span. */
void pawl_verity_span_make(const void *bytes, uint32_t size, uint64_t image_size,
                           uint8_t hash[PAWL_SHA256_SIZE]);

/* Adds the next span's hash to a fresh digest that takes spans only (no update); `size` as above.
 * Spans are added in order; pawl_verity_final then gives the digest. */
void pawl_verity_span_add(struct pawl_verity *verity, const uint8_t hash[PAWL_SHA256_SIZE],
                          uint32_t size);

#endif
