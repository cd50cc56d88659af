/*
 * A protected store in flash, for microcontrollers that have neither a hardware counter nor
 * protected cells: the monotonic counter and the two cells of SPEC 13.4, as a log (SPEC 13.11).
 *
 * The log lives in sectors of the same flash as the slots. It holds against power cuts at every
 * moment, against bits that a cut left between 0 and 1, and spreads wear over all its sectors.
 * It does not hold against somebody who can write this flash: put it where only the secure
 * processor can, which is what struct pawl_protected demands. For the same reason the check of an
 * entry is a plain digest: it finds torn and decayed entries, and a key would not stop a copy.
 *
 * No allocation, no recursion; a call needs about 1 KiB of stack and ends after a bounded number of
 * flash operations.
 */
#ifndef PAWL_COUNTER_LOG_H
#define PAWL_COUNTER_LOG_H

#include "pawl/port.h"

/* The caller sets the first three fields and leaves the others alone; it owns the struct, and what
 * `port` points to stays as it is while the log is in use. Of the port only the flash is used. */
struct pawl_counter_log {
    const struct pawl_port *port;
    /* Whole sectors, at least two, apart from the slots and records of the port. */
    struct pawl_area area;
    /* Bytes, a multiple of the page size, with room for two places at least (SPEC 13.11). */
    uint32_t sector_size;

    bool open;
    bool loaded;     /* what follows is what flash holds */
    bool settled;    /* no cut left a doubt about it */
    uint32_t sector; /* the newest entry's, its generation and place */
    uint32_t generation;
    uint32_t place;
    uint32_t next; /* the place that the next entry goes to, or the number of places */
    uint64_t value;
    uint8_t cells[2][PAWL_CELL_SIZE];
};

/*
 * Makes an empty log: counter 0, cells of zeros. Once in a device's life, in the factory, before it
 * is personalized: a device whose log was lost must not get a new one. What is cut short is done
 * again. PAWL_STATE when the area already has a log, or can't be one; PAWL_STORAGE and PAWL_IO
 * when flash fails. The log is open afterwards.
 */
enum pawl_result pawl_counter_log_format(struct pawl_counter_log *log);

/*
 * Finds the newest entry, and writes it once more where a cut left any doubt about it. Before any
 * other call, at every start. PAWL_STORAGE when there is no log, or when its newest entry was whole
 * once and can't be read now: never an older value instead.
 */
enum pawl_result pawl_counter_log_open(struct pawl_counter_log *log);

/*
 * The callbacks of struct pawl_protected, but for their context. A change that returned an error
 * was made or not: the next read says which, and goes on saying so. Reading compares with flash:
 * PAWL_STORAGE when that does not hold the newest entry any more. Where flash can't be written any
 * more, changes fail and reading goes on. PAWL_EXHAUSTED when the counter stands at its end;
 * PAWL_STATE before open.
 */
enum pawl_result pawl_counter_log_read(struct pawl_counter_log *log, uint64_t *value);
enum pawl_result pawl_counter_log_increment(struct pawl_counter_log *log);
enum pawl_result pawl_counter_log_cell_read(struct pawl_counter_log *log, unsigned index,
                                            uint8_t cell[PAWL_CELL_SIZE]);
enum pawl_result pawl_counter_log_cell_write(struct pawl_counter_log *log, unsigned index,
                                             const uint8_t cell[PAWL_CELL_SIZE]);

#endif
