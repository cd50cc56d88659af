/*
 * The counter and the cells as files, for development: whoever can copy files can restore them.
 *
 * `counter` holds two entries, a page apart: value v is written to entry v mod 2, so a torn write
 * spoils the newer entry only and the value before it stands. Both stay open from the start on: no
 * file is opened or renamed while the processor runs. Entry: "PAWLCNT1" | u64be value | SHA-256 of
 * these 16 bytes. `cells` holds cell i at i pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "counter.h"
#include "host/file.h"
#include "host/log.h"
#include "pawl/crypto.h"
#include "pawl/secret.h"

#define CELLS_NAME "cells"
#define PAGE_SIZE 4096u
#define ENTRIES 2u
#define ENTRY_BODY 16u
#define ENTRY_SIZE (ENTRY_BODY + PAWL_SHA256_SIZE)
#define STORE_SIZE (ENTRIES * PAGE_SIZE)
#define MODE_SECRET (S_IRUSR | S_IWUSR)

static const uint8_t magic[8] = {'P', 'A', 'W', 'L', 'C', 'N', 'T', '1'};

struct counter_file {
    int counter, cells;
};

static void digest_make(const uint8_t entry[ENTRY_SIZE], uint8_t digest[PAWL_SHA256_SIZE])
{
    pawl_sha256_make(entry, ENTRY_BODY, digest);
}

static enum pawl_result entry_write(int fd, uint64_t value)
{
    uint8_t entry[ENTRY_SIZE];

    memcpy(entry, magic, sizeof magic);
    pawl_u64be_put(entry + sizeof magic, value);
    digest_make(entry, entry + ENTRY_BODY);
    if (pawl_pwrite_full(fd, entry, sizeof entry, value % ENTRIES * PAGE_SIZE) != PAWL_OK ||
        fdatasync(fd) != 0)
        return PAWL_STORAGE;
    return PAWL_OK;
}

static bool entry_read(int fd, unsigned index, uint64_t *value)
{
    uint8_t entry[ENTRY_SIZE], digest[PAWL_SHA256_SIZE];

    if (pawl_pread_full(fd, entry, sizeof entry, (uint64_t)index * PAGE_SIZE) != PAWL_OK)
        return false;
    digest_make(entry, digest);
    if (memcmp(entry, magic, sizeof magic) != 0 ||
        !pawl_equal(digest, entry + ENTRY_BODY, sizeof digest))
        return false;
    uint64_t number = pawl_u64be_get(entry + sizeof magic);
    if (number % ENTRIES != index)
        return false;
    *value = number;
    return true;
}

/* True when neither entry was ever written: the making of the file was cut short. A spoilt counter
 * is no such file: it must not begin at zero again. */
static bool entries_are_blank(int fd)
{
    uint8_t entry[ENTRY_SIZE], sum = 0;

    for (unsigned i = 0; i < ENTRIES; i++) {
        if (pawl_pread_full(fd, entry, sizeof entry, (uint64_t)i * PAGE_SIZE) != PAWL_OK)
            return false;
        for (size_t j = 0; j < sizeof entry; j++)
            sum |= entry[j];
    }
    return sum == 0;
}

static enum pawl_result counter_file_read(void *store, uint64_t *value)
{
    const struct counter_file *file = store;
    uint64_t found, highest = 0;
    bool any = false;

    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entry_read(file->counter, i, &found)) {
            highest = !any || found > highest ? found : highest;
            any = true;
        }
    }
    if (!any)
        return PAWL_STORAGE;
    *value = highest;
    return PAWL_OK;
}

static enum pawl_result counter_file_increment(void *store)
{
    const struct counter_file *file = store;
    uint64_t value = 0;
    enum pawl_result result = counter_file_read(store, &value);

    if (result != PAWL_OK)
        return result;
    if (value == UINT64_MAX)
        return PAWL_EXHAUSTED;
    return entry_write(file->counter, value + 1);
}

static enum pawl_result counter_file_cell_read(void *store, unsigned index,
                                               uint8_t cell[PAWL_CELL_SIZE])
{
    const struct counter_file *file = store;

    if (index >= ENTRIES ||
        pawl_pread_full(file->cells, cell, PAWL_CELL_SIZE, (uint64_t)index * PAGE_SIZE) != PAWL_OK)
        return PAWL_STORAGE;
    return PAWL_OK;
}

static enum pawl_result counter_file_cell_write(void *store, unsigned index,
                                                const uint8_t cell[PAWL_CELL_SIZE])
{
    const struct counter_file *file = store;

    if (index >= ENTRIES ||
        pawl_pwrite_full(file->cells, cell, PAWL_CELL_SIZE, (uint64_t)index * PAGE_SIZE) != PAWL_OK)
        return PAWL_STORAGE;
    return fdatasync(file->cells) == 0 ? PAWL_OK : PAWL_STORAGE;
}

/* Opens one file, or makes it at its full size when the device is fresh. */
static enum pawl_result file_open(const struct pawl_counter_place *place, const char *name, int *fd)
{
    static const uint8_t blank[STORE_SIZE];
    struct stat status;
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (place->fresh ? O_CREAT : 0);

    *fd = openat(place->directory, name, flags, MODE_SECRET);
    if (*fd < 0 && errno == ENOENT) {
        pawl_error(PAWL_STORAGE, "%s: missing, though the device has flash", name);
        pawl_hint("a sequence number that is lost is not made anew: personalize the device again");
        return PAWL_STORAGE;
    }
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return pawl_error(PAWL_IO, "%s: %s", name, strerror(errno));
    bool empty = place->fresh && status.st_size == 0;
    /* With all its room: a commit must not need any when the disk is full. */
    if (empty && (ftruncate(*fd, STORE_SIZE) != 0 ||
                  pawl_pwrite_full(*fd, blank, sizeof blank, 0) != PAWL_OK || fsync(*fd) != 0))
        return pawl_error(PAWL_IO, "%s: %s", name, strerror(errno));
    if (!empty && (!S_ISREG(status.st_mode) || status.st_size != STORE_SIZE))
        return pawl_error(PAWL_STORAGE, "%s: not a file of this device's store", name);
    return PAWL_OK;
}

static void counter_file_close(void *store)
{
    struct counter_file *file = store;

    if (file->counter >= 0)
        close(file->counter);
    if (file->cells >= 0)
        close(file->cells);
    free(file);
}

static enum pawl_result store_open(struct counter_file *file,
                                   const struct pawl_counter_place *place)
{
    const char *name = place->argument != NULL ? place->argument : "counter";
    uint64_t value;
    enum pawl_result result = file_open(place, CELLS_NAME, &file->cells);

    if (result == PAWL_OK)
        result = file_open(place, name, &file->counter);
    if (result != PAWL_OK)
        return result;
    if (place->fresh && entries_are_blank(file->counter)) {
        result = entry_write(file->counter, 0);
        if (result == PAWL_OK && fsync(place->directory) != 0)
            result = PAWL_IO;
    }
    if (result == PAWL_OK)
        result = counter_file_read(file, &value);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: no readable value", name);
    return PAWL_OK;
}

static enum pawl_result counter_file_open(const struct pawl_counter_place *place, void **store)
{
    struct counter_file *file = malloc(sizeof *file);

    if (file == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    *file = (struct counter_file){.counter = -1, .cells = -1};
    enum pawl_result result = store_open(file, place);
    if (result != PAWL_OK) {
        counter_file_close(file);
        return result;
    }
    *store = file;
    return PAWL_OK;
}

const struct pawl_counter_kind pawl_counter_file = {
    .name = "file",
    .warning = "the sequence number is kept in a file, which is for development only: "
               "a copied or restored state is detected by the control server alone",
    .open = counter_file_open,
    .close = counter_file_close,
    .read = counter_file_read,
    .increment = counter_file_increment,
    .cell_read = counter_file_cell_read,
    .cell_write = counter_file_cell_write,
};
