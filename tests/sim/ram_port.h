/*
 * A device in memory: flash like NOR or NAND, a protected store, an executor that keeps what it was
 * told to run, deterministic entropy. It outlives the engine, as hardware outlives a reboot.
 *
 * It counts every operation that changes something, and power can be cut before any one of them, in
 * each of its parts, or after it: from then on every operation fails and changes nothing, which is
 * all that an engine without power can see.
 */
#ifndef PAWL_TESTS_RAM_PORT_H
#define PAWL_TESTS_RAM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/counter_log.h"
#include "pawl/port.h"

struct pawl_ram_geometry {
    uint32_t page_size;
    uint32_t write_size;
    uint8_t erased;
    uint64_t slot_size[PAWL_SLOT_COUNT];
    bool ascending; /* as NAND: the units of a page are programmed in ascending order */
    bool cached;    /* what is not synced may be lost with power, page by page */
    /* 0: counter and cells are hardware; else a log of so many sectors of so many bytes. */
    uint32_t log_sectors, log_sector_size;
};

/* What is changed. */
enum pawl_ram_operation {
    PAWL_RAM_ERASE = 0,
    PAWL_RAM_PROGRAM = 1,
    PAWL_RAM_COUNTER = 2,
    PAWL_RAM_CELL = 3,
    PAWL_RAM_OPERATION_COUNT
};

/* How the counter fails, for tests of its errors. */
enum pawl_ram_counter_fault {
    PAWL_RAM_COUNTER_SOUND = 0,
    PAWL_RAM_COUNTER_STUCK = 1,     /* an increment says done and changes nothing */
    PAWL_RAM_COUNTER_REFUSES = 2,   /* an increment fails and changes nothing */
    PAWL_RAM_COUNTER_LIES = 3,      /* an increment fails and yet was made */
    PAWL_RAM_COUNTER_JUMPS = 4,     /* an increment adds two */
    PAWL_RAM_COUNTER_VANISHES = 5,  /* an increment is made; then the counter can't be read */
    PAWL_RAM_COUNTER_UNREADABLE = 6 /* can't be read */
};

/* Told what the engine does, while it does it. */
struct pawl_ram_witness {
    void (*started)(void *context, bool trial); /* an image: that in executable memory */
    void (*advanced)(void *context);            /* the counter */
    void (*reads)(void *port);                  /* before a read of flash is answered */
    void *context;
};

struct pawl_ram_port {
    struct pawl_port port; /* give this to the engine */
    uint8_t *flash;
    uint8_t *written; /* one byte per write unit: programmed since its erase */
    uint64_t flash_size;
    bool ascending;
    /* What survives a power cut of a cached geometry; NULL otherwise. */
    uint8_t *durable, *durable_written;
    uint64_t counter; /* with a log: what it said at last */
    uint8_t cells[2][PAWL_CELL_SIZE];
    struct pawl_counter_log log;
    uint64_t random; /* state of the entropy */

    /* Executable memory. */
    uint8_t *image;
    uint64_t image_size; /* bytes loaded */
    uint64_t image_capacity;
    bool loading;
    bool running;
    bool trial; /* the running image is on trial */
    unsigned runs;

    /* Faults. */
    uint64_t operations; /* changes tried so far */
    uint64_t counts[PAWL_RAM_OPERATION_COUNT];
    uint32_t *parts;          /* NULL, or takes the parts of each operation: units, pages or 1 */
    uint64_t parts_count;     /* operations that it has room for */
    uint64_t cut_at;          /* power is cut at this operation: before it, unless: */
    bool cut_after;           /* it is done, and the engine does not hear of it */
    bool cut_resets;          /* not power: the memory of the engine alone is lost */
    bool dead;                /* it was cut */
    uint64_t reads;           /* of flash, cells and counter, tried so far */
    uint64_t change_fails_at; /* this change, and this read, fail once and do nothing; 0 is never */
    uint64_t read_fails_at;
    bool change_lies;                         /* the change that fails says that it is done */
    bool failed;                              /* one did */
    enum pawl_ram_operation failed_operation; /* of a change that did */
    /* Not 0: the change that is cut, or fails, is made in part, as this seed says. */
    uint64_t tear;
    uint64_t tear_part; /* its parts before this one are done; 0: as the seed says */
    /* Read disturb: each so many reads of flash a bit of it flips; 0 is never. */
    uint64_t disturb_period, disturbed;
    struct pawl_ram_witness witness;
    enum pawl_ram_counter_fault counter_fault;
    bool drop_programs; /* a program says done and changes nothing */
    bool run_fails;
    bool entropy_fails;
};

/* A fresh device: erased flash, counter 0. Ends the test program when memory runs out. */
void pawl_ram_port_init(struct pawl_ram_port *ram, const struct pawl_ram_geometry *geometry);
void pawl_ram_port_release(struct pawl_ram_port *ram);

/* Switched off and on: nothing runs, nothing is loaded; planned faults stay planned. */
void pawl_ram_port_reset(struct pawl_ram_port *ram);
/* The same, and no fault is planned any more; a cut is over and counts begin anew. After a cut,
 * what was not synced is lost or not, page by page. */
void pawl_ram_port_restart(struct pawl_ram_port *ram);

/* Everything that persists, for a copied or restored device: `target` is initialised with the same
 * geometry. */
void pawl_ram_port_copy(struct pawl_ram_port *target, const struct pawl_ram_port *source);

#endif
