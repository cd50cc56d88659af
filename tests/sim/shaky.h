/* Bits that a cut left between 0 and 1: they read differently each time, until they are erased. */
#ifndef PAWL_TESTS_SHAKY_H
#define PAWL_TESTS_SHAKY_H

#include "sim/ram_port.h"

#define PAWL_SHAKY_MAX 4u
#define PAWL_SHAKY_SIZE_MAX 4096u

/* A range that a cut tore: what it holds now is one of these, or each bit from either; but a
 * program that was begun shows in the first byte that it was to change (SPEC 13.11). */
struct pawl_shaky_range {
    uint64_t offset;
    size_t size;
    size_t shows; /* that byte; the size if there is none */
    uint8_t before[PAWL_SHAKY_SIZE_MAX], after[PAWL_SHAKY_SIZE_MAX];
};

struct pawl_shaky {
    struct pawl_ram_port ram; /* first: its callbacks' context */
    struct pawl_flash sound;  /* the callbacks beneath */
    struct pawl_shaky_range ranges[PAWL_SHAKY_MAX];
    unsigned count;
    uint64_t random;
    uint64_t shaken; /* reads that found such bits */
};

/* As pawl_ram_port_init, with flash that shakes, but for what lies behind a cache. */
void pawl_shaky_init(struct pawl_shaky *shaky, const struct pawl_ram_geometry *geometry);
void pawl_shaky_release(struct pawl_shaky *shaky);

#endif
