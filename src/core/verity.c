#include "pawl/verity.h"

#include <string.h>

#define HASHES_PER_BLOCK (PAWL_VERITY_BLOCK_SIZE / PAWL_SHA256_SIZE)

/* Ends a block of data or hashes, filling it up with zeros. */
static void block_final(struct pawl_sha256 *sha, uint32_t fill, uint8_t hash[PAWL_SHA256_SIZE])
{
    uint8_t zeros[64]; /* a block of them would be 4 KiB of a device's flash or stack */

    memset(zeros, 0, sizeof zeros);
    while (fill < PAWL_VERITY_BLOCK_SIZE) {
        uint32_t part = PAWL_VERITY_BLOCK_SIZE - fill;
        part = part < sizeof zeros ? part : (uint32_t)sizeof zeros;
        pawl_sha256_update(sha, zeros, part);
        fill += part;
    }
    pawl_sha256_final(sha, hash);
}

static uint32_t level_fill(const struct pawl_verity_level *level)
{
    return (uint32_t)(level->count % HASHES_PER_BLOCK) * PAWL_SHA256_SIZE;
}

/* A hash comes up to a level. Each one that completes a block there sends that block's hash on. */
static void level_add(struct pawl_verity *verity, unsigned index,
                      const uint8_t hash[PAWL_SHA256_SIZE])
{
    uint8_t up[PAWL_SHA256_SIZE];

    memcpy(up, hash, sizeof up);
    for (; index < PAWL_VERITY_LEVELS; index++) {
        struct pawl_verity_level *level = &verity->levels[index];
        if (level_fill(level) == 0)
            pawl_sha256_init(&level->block);
        pawl_sha256_update(&level->block, up, sizeof up);
        memcpy(level->last, up, sizeof up);
        level->count++;
        if (level_fill(level) != 0)
            return;
        pawl_sha256_final(&level->block, up);
    }
}

void pawl_verity_init(struct pawl_verity *verity)
{
    memset(verity, 0, sizeof *verity);
    pawl_sha256_init(&verity->leaf);
}

static void leaf_end(struct pawl_verity *verity)
{
    uint8_t hash[PAWL_SHA256_SIZE];

    block_final(&verity->leaf, verity->leaf_fill, hash);
    level_add(verity, 0, hash);
    pawl_sha256_init(&verity->leaf);
    verity->leaf_fill = 0;
}

void pawl_verity_update(struct pawl_verity *verity, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    verity->size += size;
    while (size > 0) {
        size_t room = PAWL_VERITY_BLOCK_SIZE - verity->leaf_fill;
        size_t part = size < room ? size : room;
        pawl_sha256_update(&verity->leaf, at, part);
        verity->leaf_fill += (uint32_t)part;
        at += part;
        size -= part;
        if (verity->leaf_fill == PAWL_VERITY_BLOCK_SIZE)
            leaf_end(verity);
    }
}

/* The root is the first hash that is alone at its level; on the way up, each level's last block is
 * ended. Spans came in above level 0, which is empty then. */
static void root_make(struct pawl_verity *verity, uint8_t root[PAWL_SHA256_SIZE])
{
    unsigned index = verity->levels[0].count == 0 ? 1 : 0;

    memset(root, 0, PAWL_SHA256_SIZE); /* what fs-verity defines for an empty file */
    for (; index < PAWL_VERITY_LEVELS; index++) {
        struct pawl_verity_level *level = &verity->levels[index];
        if (level->count <= 1) {
            memcpy(root, level->last, PAWL_SHA256_SIZE);
            return;
        }
        if (level_fill(level) != 0 && index + 1 < PAWL_VERITY_LEVELS) {
            uint8_t hash[PAWL_SHA256_SIZE];
            block_final(&level->block, level_fill(level), hash);
            level_add(verity, index + 1, hash);
        }
    }
}

void pawl_verity_final(struct pawl_verity *verity, uint8_t digest[PAWL_SHA256_SIZE])
{
    /* struct fsverity_descriptor: version 1, SHA-256, 2^12-byte blocks, then zeros but for the
     * data's size (little-endian, at 8) and the root hash (at 16). */
    uint8_t descriptor[256] = {1, 1, 12};

    if (verity->leaf_fill > 0)
        leaf_end(verity);
    size_t left = verity->size;
    for (unsigned at = 8; left > 0; at++, left >>= 8)
        descriptor[at] = (uint8_t)(left & 0xff);
    root_make(verity, descriptor + 16);
    pawl_sha256_make(descriptor, sizeof descriptor, digest);
}

void pawl_verity_span_make(const void *bytes, uint32_t size, uint64_t image_size,
                           uint8_t hash[PAWL_SHA256_SIZE])
{
    const uint8_t *at = bytes;
    struct pawl_sha256 tree, leaf;
    uint32_t fill = 0;

    pawl_sha256_init(&tree);
    for (uint32_t done = 0; done < size; fill += PAWL_SHA256_SIZE) {
        uint32_t left = size - done;
        uint32_t part = left < PAWL_VERITY_BLOCK_SIZE ? left : PAWL_VERITY_BLOCK_SIZE;
        pawl_sha256_init(&leaf);
        pawl_sha256_update(&leaf, at + done, part);
        block_final(&leaf, part, hash);
        pawl_sha256_update(&tree, hash, PAWL_SHA256_SIZE);
        done += part;
    }
    if (image_size > PAWL_VERITY_BLOCK_SIZE) /* else the one block's hash is the root already */
        block_final(&tree, fill, hash);
}

void pawl_verity_span_add(struct pawl_verity *verity, const uint8_t hash[PAWL_SHA256_SIZE],
                          uint32_t size)
{
    level_add(verity, 1, hash);
    verity->size += size;
}
