/*
 * Writing a package into a slot as it arrives: pages are erased just before they are entered, whole
 * write units are programmed and read back, what is left over waits in memory (SPEC 13.3).
 */
#ifndef PAWL_PROCESSOR_SLOT_H
#define PAWL_PROCESSOR_SLOT_H

#include "pawl/port.h"

struct pawl_slot_cursor {
    unsigned slot;
    uint32_t tail_size; /* bytes taken and not yet programmed, less than a write unit */
    size_t programmed;  /* bytes of the slot that are programmed */
    uint8_t tail[PAWL_WRITE_SIZE_MAX];
};

/* Starts at `offset`, a multiple of the page size; what lies before it stays. */
void pawl_slot_start(struct pawl_slot_cursor *cursor, unsigned slot, size_t offset);

/* Bytes of the package that the cursor has taken so far, from the slot's beginning. */
size_t pawl_slot_taken(const struct pawl_slot_cursor *cursor);

/* Takes the next bytes. PAWL_EXHAUSTED when they do not fit the slot; what the port returned;
 * PAWL_STORAGE when flash does not hold what was written. */
enum pawl_result pawl_slot_write(struct pawl_slot_cursor *cursor, const struct pawl_port *port,
                                 const uint8_t *bytes, size_t size);

/* Pads and programs the last write unit. Same errors. */
enum pawl_result pawl_slot_finish(struct pawl_slot_cursor *cursor, const struct pawl_port *port);

#endif
