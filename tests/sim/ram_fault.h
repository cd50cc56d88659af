/* What the parts of the device in memory share: what becomes of an operation. */
#ifndef PAWL_TESTS_RAM_FAULT_H
#define PAWL_TESTS_RAM_FAULT_H

#include "sim/ram_port.h"

enum pawl_ram_fate {
    PAWL_RAM_DONE,
    PAWL_RAM_DONE_UNHEARD, /* done, and told as an error: power was gone, or it seems so */
    PAWL_RAM_TORN,         /* done in part */
    PAWL_RAM_NOT_DONE
};

/* Counts a change that has `parts` parts, and says what becomes of it. */
enum pawl_ram_fate pawl_ram_change(struct pawl_ram_port *ram, enum pawl_ram_operation operation,
                                   uint64_t parts);
/* How a change ends that had this fate: an error, unless it was done or lies. */
enum pawl_result pawl_ram_told(const struct pawl_ram_port *ram, enum pawl_ram_fate fate);
/* Counts a read of flash, cells or counter; false when it fails. */
bool pawl_ram_read(struct pawl_ram_port *ram);

/* splitmix64: the same numbers in every run of a test. */
uint64_t pawl_ram_draw(uint64_t *state);
/* Of a torn change with `parts` parts: the first that is not whole. */
uint64_t pawl_ram_torn_part(struct pawl_ram_port *ram, uint64_t parts);
#define PAWL_RAM_PARTS_SAMPLED 3u
/* Whether a part of the change `at` is one of those that are cut where not all are: the first, the
 * last, and one between that differs from change to change. */
bool pawl_ram_part_is_sampled(uint64_t at, uint64_t parts, uint64_t part);
/* Takes each bit from either. */
void pawl_ram_bits_mix(struct pawl_ram_port *ram, uint8_t *bytes, const uint8_t *others,
                       size_t size);

/* ram_port.c: moves the counter, before the witness. */
void pawl_ram_counter_move(struct pawl_ram_port *ram, uint64_t steps);

/* ram_log.c: the log in the place of counter and cells, formatted, if the geometry has one. */
void pawl_ram_log_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry);

/* ram_flash.c */
void pawl_ram_flash_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry);
void pawl_ram_flash_release(struct pawl_ram_port *ram);
/* Power is gone: of what was not synced, some is lost. */
void pawl_ram_flash_lose(struct pawl_ram_port *ram);
void pawl_ram_flash_copy(struct pawl_ram_port *target, const struct pawl_ram_port *source);

#endif
