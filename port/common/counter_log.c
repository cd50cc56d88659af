#include "pawl/counter_log.h"

#include <string.h>

#include "counter_log_entry.h"
#include "processor/flash.h"

static uint32_t sector_after(const struct pawl_counter_log *log)
{
    return (log->sector + 1) % pawl_entry_sectors(log);
}

/* The first entry of a sector is written twice. Until it is, the sector before has the newest one,
 * and afterwards no single entry that can't be read takes the log back to it. */
static enum pawl_result sector_enter(struct pawl_counter_log *log)
{
    uint32_t sector = sector_after(log);

    if (log->generation == UINT32_MAX)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_entry_sector_erase(log, sector);
    if (result == PAWL_OK)
        result = pawl_entry_write(log, sector, log->generation + 1, 0);
    if (result != PAWL_OK)
        return result;
    log->sector = sector;
    log->generation++;
    log->place = 0;
    log->next = 1;
    return PAWL_OK;
}

/* Writes the present state as the newest entry. A place is used once, whatever came of it. */
static enum pawl_result append(struct pawl_counter_log *log)
{
    enum pawl_result result = PAWL_OK;

    log->settled = false;
    if (log->next >= pawl_entry_places(log))
        result = sector_enter(log);
    if (result != PAWL_OK)
        return result;
    uint32_t place = log->next++;
    result = pawl_entry_write(log, log->sector, log->generation, place);
    if (result != PAWL_OK)
        return result;
    log->place = place;
    log->settled = true;
    return PAWL_OK;
}

static void state_take(struct pawl_counter_log *log, const struct pawl_entry *entry)
{
    log->value = entry->value;
    memcpy(log->cells, entry->cells, sizeof log->cells);
}

/* Finds the newest entry that is whole and has a seal; false when there is none. */
static bool newest_find(struct pawl_counter_log *log, enum pawl_entry_seal *seal)
{
    struct pawl_entry entry;
    bool found = false;

    for (uint32_t sector = 0; sector < pawl_entry_sectors(log); sector++) {
        for (uint32_t place = 0; place < pawl_entry_places(log); place++) {
            pawl_entry_read(log, sector, place, &entry);
            if (entry.kind != PAWL_ENTRY_WHOLE || entry.seal == PAWL_SEAL_ABSENT ||
                (found && entry.generation < log->generation))
                continue;
            found = true;
            log->sector = sector;
            log->generation = entry.generation;
            log->place = place;
            state_take(log, &entry);
            *seal = entry.seal;
        }
    }
    return found;
}

/* Looks at what follows the newest entry in its sector, and finds the place for the next one. An
 * entry without a seal was cut: that is a doubt. PAWL_STORAGE when one with a seal is not whole: it
 * was, and is lost. */
static enum pawl_result rest_inspect(struct pawl_counter_log *log, bool *doubt)
{
    struct pawl_entry entry;

    log->next = log->place + 1;
    for (uint32_t place = log->next; place < pawl_entry_places(log); place++) {
        pawl_entry_read(log, log->sector, place, &entry);
        if (entry.seal != PAWL_SEAL_ABSENT)
            return PAWL_STORAGE;
        if (entry.kind != PAWL_ENTRY_BLANK) {
            log->next = place + 1;
            *doubt = true;
        }
    }
    return PAWL_OK;
}

/* Whether the next sector may have been entered in vain, or its erase was cut. */
static bool next_sector_is_doubtful(const struct pawl_counter_log *log)
{
    struct pawl_entry entry;
    bool doubt = false;

    for (uint32_t place = 0; place < pawl_entry_places(log); place++) {
        pawl_entry_read(log, sector_after(log), place, &entry);
        bool older = entry.kind == PAWL_ENTRY_WHOLE && entry.generation < log->generation;
        doubt = doubt || !(older || entry.kind == PAWL_ENTRY_BLANK);
    }
    return doubt;
}

/* Takes the newest entry from flash. What a cut left in doubt is written anew; where that fails the
 * entry counts all the same, or a log that is worn out would stop the device. */
static enum pawl_result load(struct pawl_counter_log *log)
{
    enum pawl_entry_seal seal;
    bool doubt = false;

    /* After a reset what is read may be in a cache only, and must not be lost once it was said. */
    enum pawl_result result = pawl_flash_sync(log->port);
    if (result != PAWL_OK)
        return result;
    if (!newest_find(log, &seal))
        return PAWL_STORAGE;
    result = rest_inspect(log, &doubt);
    if (result != PAWL_OK)
        return result;
    if (next_sector_is_doubtful(log)) {
        log->next = pawl_entry_places(log);
        doubt = true;
    }
    log->loaded = true;
    log->settled = !doubt && seal == PAWL_SEAL_WHOLE && log->place > 0;
    if (!log->settled)
        (void)append(log);
    return PAWL_OK;
}

enum pawl_result pawl_counter_log_open(struct pawl_counter_log *log)
{
    log->loaded = false;
    enum pawl_result result = pawl_counter_log_check(log);
    if (result == PAWL_OK)
        result = load(log);
    log->open = result == PAWL_OK;
    return result;
}

enum pawl_result pawl_counter_log_format(struct pawl_counter_log *log)
{
    enum pawl_entry_seal seal;

    log->open = false;
    enum pawl_result result = pawl_counter_log_check(log);
    if (result != PAWL_OK)
        return result;
    if (newest_find(log, &seal))
        return PAWL_STATE;
    for (uint32_t sector = 1; sector < pawl_entry_sectors(log) && result == PAWL_OK; sector++)
        result = pawl_entry_sector_erase(log, sector);
    if (result != PAWL_OK)
        return result;
    log->value = 0;
    memset(log->cells, 0, sizeof log->cells);
    log->generation = 0;
    log->sector = pawl_entry_sectors(log) - 1; /* the next one is the first */
    log->next = pawl_entry_places(log);
    result = append(log);
    log->open = log->loaded = result == PAWL_OK;
    return result;
}

/* Before an access: the state in memory is that of flash. */
static enum pawl_result loaded(struct pawl_counter_log *log)
{
    if (!log->open)
        return PAWL_STATE;
    return log->loaded ? PAWL_OK : load(log);
}

/* Before a read: and flash holds it still. */
static enum pawl_result compared(struct pawl_counter_log *log)
{
    enum pawl_result result = loaded(log);
    return result == PAWL_OK ? pawl_entry_compare(log) : result;
}

/* Before a change: and what is there is settled. */
static enum pawl_result settled(struct pawl_counter_log *log)
{
    enum pawl_result result = loaded(log);
    return result == PAWL_OK && !log->settled ? append(log) : result;
}

/* Whether a change that failed was made, flash says. */
static enum pawl_result changed(struct pawl_counter_log *log)
{
    enum pawl_result result = append(log);
    log->loaded = result == PAWL_OK;
    return result;
}

enum pawl_result pawl_counter_log_read(struct pawl_counter_log *log, uint64_t *value)
{
    enum pawl_result result = compared(log);
    if (result == PAWL_OK)
        *value = log->value;
    return result;
}

enum pawl_result pawl_counter_log_increment(struct pawl_counter_log *log)
{
    enum pawl_result result = settled(log);
    if (result != PAWL_OK)
        return result;
    if (log->value == UINT64_MAX)
        return PAWL_EXHAUSTED;
    log->value++;
    return changed(log);
}

enum pawl_result pawl_counter_log_cell_read(struct pawl_counter_log *log, unsigned index,
                                            uint8_t cell[PAWL_CELL_SIZE])
{
    enum pawl_result result = compared(log);
    if (result == PAWL_OK)
        memcpy(cell, log->cells[index], PAWL_CELL_SIZE);
    return result;
}

enum pawl_result pawl_counter_log_cell_write(struct pawl_counter_log *log, unsigned index,
                                             const uint8_t cell[PAWL_CELL_SIZE])
{
    enum pawl_result result = settled(log);
    if (result != PAWL_OK)
        return result;
    memcpy(log->cells[index], cell, PAWL_CELL_SIZE);
    return changed(log);
}
