/* Entries of the counter log: where they lie, how they are written and read (SPEC 13.11). */
#ifndef PAWL_COUNTER_LOG_ENTRY_H
#define PAWL_COUNTER_LOG_ENTRY_H

#include "pawl/counter_log.h"

/* What is found at a place. */
enum pawl_entry_kind {
    PAWL_ENTRY_BLANK,  /* erased */
    PAWL_ENTRY_WHOLE,  /* an entry for this place */
    PAWL_ENTRY_BROKEN, /* anything else, or it can't be read */
};
/* A seal is begun when its entry was read back. */
enum pawl_entry_seal {
    PAWL_SEAL_ABSENT, /* erased */
    PAWL_SEAL_TORN,   /* begun: it is neither erased nor whole, or can't be read */
    PAWL_SEAL_WHOLE,
};

struct pawl_entry {
    enum pawl_entry_kind kind;
    enum pawl_entry_seal seal;
    uint32_t generation; /* this and the rest: of a whole entry */
    uint64_t value;
    uint8_t cells[2][PAWL_CELL_SIZE];
};

/* Whether the caller's fields make sense: PAWL_STATE if not. */
enum pawl_result pawl_counter_log_check(const struct pawl_counter_log *log);

uint32_t pawl_entry_sectors(const struct pawl_counter_log *log); /* how many there are */
uint32_t pawl_entry_places(const struct pawl_counter_log *log);  /* in each of them */

void pawl_entry_read(const struct pawl_counter_log *log, uint32_t sector, uint32_t place,
                     struct pawl_entry *entry);
/* Writes value and cells of the log at a place that was erased, reads them back, seals them. */
enum pawl_result pawl_entry_write(const struct pawl_counter_log *log, uint32_t sector,
                                  uint32_t generation, uint32_t place);
/* Whether flash holds value and cells of the log at the place that the log names: PAWL_STORAGE
 * if not. */
enum pawl_result pawl_entry_compare(const struct pawl_counter_log *log);
/* Erases a sector and makes sure of it. */
enum pawl_result pawl_entry_sector_erase(const struct pawl_counter_log *log, uint32_t sector);

#endif
