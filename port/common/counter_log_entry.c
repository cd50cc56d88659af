#include "counter_log_entry.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/crypto.h"
#include "processor/flash.h"

#define MAGIC "PAWLLOG1"
#define AT_GENERATION 8u
#define AT_PLACE 12u
#define AT_VALUE 16u
#define AT_CELLS 24u
#define AT_CHECK (AT_CELLS + 2 * PAWL_CELL_SIZE)
#define CHECK_SIZE 16u
#define ENTRY_SIZE (AT_CHECK + CHECK_SIZE)
#define PIECE_SIZE 64u

static uint32_t write_size(const struct pawl_counter_log *log)
{
    return log->port->flash.write_size;
}

/* An entry with what fills up its last write unit; the seal, one unit, follows. */
static uint32_t padded_size(const struct pawl_counter_log *log)
{
    return (uint32_t)pawl_align_up(ENTRY_SIZE, write_size(log));
}

uint32_t pawl_entry_sectors(const struct pawl_counter_log *log)
{
    return (uint32_t)(log->area.size / log->sector_size);
}

uint32_t pawl_entry_places(const struct pawl_counter_log *log)
{
    return log->sector_size / (padded_size(log) + write_size(log));
}

static size_t sector_offset(const struct pawl_counter_log *log, uint32_t sector)
{
    return log->area.offset + (size_t)sector * log->sector_size;
}

static size_t place_offset(const struct pawl_counter_log *log, uint32_t sector, uint32_t place)
{
    return sector_offset(log, sector) + (size_t)place * (padded_size(log) + write_size(log));
}

enum pawl_result pawl_counter_log_check(const struct pawl_counter_log *log)
{
    const struct pawl_area *area = &log->area;

    if (pawl_port_check(log->port) != PAWL_OK)
        return PAWL_STATE;
    const struct pawl_flash *flash = &log->port->flash;
    if (log->sector_size == 0 || log->sector_size % flash->page_size != 0 ||
        (area->offset & (flash->page_size - 1)) != 0 || area->size % log->sector_size != 0 ||
        area->size < 2 * (size_t)log->sector_size ||
        pawl_entry_sectors(log) != area->size / log->sector_size ||
        area->size > SIZE_MAX - area->offset || pawl_entry_places(log) < 2)
        return PAWL_STATE;
    for (unsigned slot = 0; slot < PAWL_SLOT_COUNT; slot++) {
        if (!pawl_areas_are_apart(area, &flash->slots[slot]) ||
            !pawl_areas_are_apart(area, &flash->records[slot]))
            return PAWL_STATE;
    }
    return PAWL_OK;
}

static bool all_are(uint8_t value, const uint8_t *bytes, size_t size)
{
    uint8_t changed = 0;

    for (size_t i = 0; i < size; i++)
        changed |= bytes[i] ^ value;
    return changed == 0;
}

static uint8_t erased(const struct pawl_counter_log *log)
{
    return log->port->flash.erased;
}

/* A seal's bytes: every bit is programmed. */
static uint8_t sealed(const struct pawl_counter_log *log)
{
    return (uint8_t)~erased(log);
}

/* PAWL_STORAGE when a byte of the range is not erased, the port's error when it can't be read. */
static enum pawl_result range_is_erased(const struct pawl_counter_log *log, size_t offset,
                                        size_t size)
{
    uint8_t piece[PIECE_SIZE];

    while (size > 0) {
        size_t part = size < sizeof piece ? (size_t)size : sizeof piece;
        enum pawl_result result = pawl_flash_read(log->port, offset, piece, part);
        if (result != PAWL_OK)
            return result;
        if (!all_are(erased(log), piece, part))
            return PAWL_STORAGE;
        offset += part;
        size -= part;
    }
    return PAWL_OK;
}

static enum pawl_entry_seal seal_read(const struct pawl_counter_log *log, size_t offset)
{
    uint8_t unit[PAWL_WRITE_SIZE_MAX];
    uint32_t size = write_size(log);

    if (pawl_flash_read(log->port, offset, unit, size) != PAWL_OK)
        return PAWL_SEAL_TORN;
    if (all_are(erased(log), unit, size))
        return PAWL_SEAL_ABSENT;
    return all_are(sealed(log), unit, size) ? PAWL_SEAL_WHOLE : PAWL_SEAL_TORN;
}

static void check_make(const uint8_t *entry, uint8_t digest[PAWL_SHA256_SIZE])
{
    pawl_sha256_make(entry, AT_CHECK, digest);
}

static void encode(const struct pawl_counter_log *log, uint32_t generation, uint32_t place,
                   uint8_t bytes[ENTRY_SIZE])
{
    uint8_t digest[PAWL_SHA256_SIZE];

    memcpy(bytes, MAGIC, AT_GENERATION);
    pawl_u32be_put(bytes + AT_GENERATION, generation);
    pawl_u32be_put(bytes + AT_PLACE, place);
    pawl_u64be_put(bytes + AT_VALUE, log->value);
    memcpy(bytes + AT_CELLS, log->cells, sizeof log->cells);
    check_make(bytes, digest);
    memcpy(bytes + AT_CHECK, digest, CHECK_SIZE);
}

static bool decode(const uint8_t bytes[ENTRY_SIZE], uint32_t place, struct pawl_entry *entry)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    if (memcmp(bytes, MAGIC, AT_GENERATION) != 0 || pawl_u32be_get(bytes + AT_PLACE) != place)
        return false;
    check_make(bytes, digest);
    if (memcmp(bytes + AT_CHECK, digest, CHECK_SIZE) != 0)
        return false;
    entry->generation = pawl_u32be_get(bytes + AT_GENERATION);
    entry->value = pawl_u64be_get(bytes + AT_VALUE);
    memcpy(entry->cells, bytes + AT_CELLS, sizeof entry->cells);
    return true;
}

void pawl_entry_read(const struct pawl_counter_log *log, uint32_t sector, uint32_t place,
                     struct pawl_entry *entry)
{
    size_t offset = place_offset(log, sector, place);
    uint8_t bytes[ENTRY_SIZE];

    entry->kind = PAWL_ENTRY_BROKEN;
    if (pawl_flash_read(log->port, offset, bytes, sizeof bytes) == PAWL_OK) {
        if (all_are(erased(log), bytes, sizeof bytes))
            entry->kind = PAWL_ENTRY_BLANK;
        else if (decode(bytes, place, entry))
            entry->kind = PAWL_ENTRY_WHOLE;
    }
    entry->seal = seal_read(log, offset + padded_size(log));
}

static enum pawl_result program_durably(const struct pawl_counter_log *log, size_t offset,
                                        const uint8_t *bytes, size_t size)
{
    enum pawl_result result = pawl_flash_program(log->port, offset, bytes, size);
    return result == PAWL_OK ? pawl_flash_sync(log->port) : result;
}

enum pawl_result pawl_entry_write(const struct pawl_counter_log *log, uint32_t sector,
                                  uint32_t generation, uint32_t place)
{
    size_t offset = place_offset(log, sector, place);
    uint8_t bytes[PAWL_WRITE_SIZE_MAX];

    memset(bytes, erased(log), sizeof bytes);
    encode(log, generation, place, bytes);
    enum pawl_result result = program_durably(log, offset, bytes, padded_size(log));
    if (result != PAWL_OK)
        return result;
    memset(bytes, sealed(log), write_size(log));
    return program_durably(log, offset + padded_size(log), bytes, write_size(log));
}

enum pawl_result pawl_entry_compare(const struct pawl_counter_log *log)
{
    uint8_t wanted[ENTRY_SIZE], held[ENTRY_SIZE];

    enum pawl_result result =
        pawl_flash_read(log->port, place_offset(log, log->sector, log->place), held, sizeof held);
    if (result != PAWL_OK)
        return result;
    encode(log, log->generation, log->place, wanted);
    return memcmp(held, wanted, sizeof held) == 0 ? PAWL_OK : PAWL_STORAGE;
}

enum pawl_result pawl_entry_sector_erase(const struct pawl_counter_log *log, uint32_t sector)
{
    size_t offset = sector_offset(log, sector);

    enum pawl_result result = pawl_flash_erase(log->port, offset, log->sector_size);
    if (result == PAWL_OK)
        result = pawl_flash_sync(log->port);
    return result == PAWL_OK ? range_is_erased(log, offset, log->sector_size) : result;
}
