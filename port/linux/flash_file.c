#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"

#define SLOTS_OFFSET ((size_t)PAWL_SLOT_COUNT * PAWL_FLASH_RECORDS_SIZE)

static uint64_t page_round(uint64_t size)
{
    return (size + PAWL_FLASH_PAGE_SIZE - 1) / PAWL_FLASH_PAGE_SIZE * PAWL_FLASH_PAGE_SIZE;
}

static uint64_t file_size(uint64_t slot_size)
{
    return SLOTS_OFFSET + PAWL_SLOT_COUNT * slot_size;
}

/* The engine counts bytes of flash with size_t. */
static enum pawl_result slot_size_check(uint64_t slot_size)
{
    if (file_size(slot_size) < SIZE_MAX)
        return PAWL_OK;
    return pawl_error(PAWL_EXHAUSTED, "slots of %" PRIu64 " bytes are too large for this machine",
                      slot_size);
}

static enum pawl_result zeros_write(int fd, size_t offset, size_t size)
{
    static const uint8_t zeros[65536];

    while (size > 0) {
        size_t part = size < sizeof zeros ? (size_t)size : sizeof zeros;
        if (pawl_pwrite_full(fd, zeros, part, offset) != PAWL_OK)
            return PAWL_STORAGE;
        offset += part;
        size -= part;
    }
    return PAWL_OK;
}

enum pawl_result pawl_flash_file_format(struct pawl_flash_file *flash, int directory,
                                        uint64_t slot_size)
{
    flash->slot_size = slot_size != 0 ? page_round(slot_size) : PAWL_FLASH_SLOT_SIZE_BASE;
    if (slot_size_check(flash->slot_size) != PAWL_OK)
        return PAWL_EXHAUSTED;
    /* The length comes first: a file that has it is whole, if perhaps without room of its own. */
    if (ftruncate(flash->fd, (off_t)file_size(flash->slot_size)) != 0 ||
        zeros_write(flash->fd, 0, SLOTS_OFFSET) != PAWL_OK || fsync(flash->fd) != 0 ||
        fsync(directory) != 0)
        return pawl_error(PAWL_IO, "%s: %s", PAWL_FLASH_FILE_NAME, strerror(errno));
    return PAWL_OK;
}

static enum pawl_result geometry_find(struct pawl_flash_file *flash, uint64_t have,
                                      uint64_t slot_size)
{
    uint64_t slots = have - SLOTS_OFFSET;

    if (have <= SLOTS_OFFSET || slots % (PAWL_SLOT_COUNT * PAWL_FLASH_PAGE_SIZE) != 0)
        return pawl_error(PAWL_STORAGE, "%s: %" PRIu64 " bytes are no two slots",
                          PAWL_FLASH_FILE_NAME, have);
    flash->slot_size = slots / PAWL_SLOT_COUNT;
    if (slot_size != 0 && page_round(slot_size) != flash->slot_size) {
        pawl_error(PAWL_STORAGE, "%s: has slots of %" PRIu64 " bytes, not %" PRIu64,
                   PAWL_FLASH_FILE_NAME, flash->slot_size, page_round(slot_size));
        pawl_hint("slots keep the size they were made with: leave --slot-size out");
        return PAWL_STORAGE;
    }
    return slot_size_check(flash->slot_size);
}

enum pawl_result pawl_flash_file_open(struct pawl_flash_file *flash, int directory,
                                      uint64_t slot_size, bool *fresh)
{
    struct stat status;

    flash->fd = openat(directory, PAWL_FLASH_FILE_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
    if (flash->fd < 0 || fstat(flash->fd, &status) != 0)
        return pawl_error(PAWL_IO, "%s: %s", PAWL_FLASH_FILE_NAME, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return pawl_error(PAWL_IO, "%s: not a regular file", PAWL_FLASH_FILE_NAME);
    /* Also a file that was made and never sized: nothing was kept in it yet. */
    *fresh = status.st_size == 0;
    if (*fresh)
        return PAWL_OK;
    return geometry_find(flash, (uint64_t)status.st_size, slot_size);
}

void pawl_flash_file_close(struct pawl_flash_file *flash)
{
    if (flash->fd >= 0)
        close(flash->fd);
    flash->fd = -1;
}

void pawl_flash_file_describe(const struct pawl_flash_file *flash, struct pawl_flash *geometry)
{
    const size_t size = (size_t)flash->slot_size;

    geometry->page_size = PAWL_FLASH_PAGE_SIZE;
    geometry->write_size = 1;
    geometry->erased = 0x00;
    for (unsigned i = 0; i < PAWL_SLOT_COUNT; i++) {
        geometry->records[i] =
            (struct pawl_area){(size_t)i * PAWL_FLASH_RECORDS_SIZE, PAWL_FLASH_RECORDS_SIZE};
        geometry->slots[i] = (struct pawl_area){SLOTS_OFFSET + i * size, size};
    }
}

static bool range_fits(const struct pawl_flash_file *flash, size_t offset, size_t size)
{
    uint64_t end = file_size(flash->slot_size);

    return offset <= end && size <= end - offset;
}

enum pawl_result pawl_flash_file_read(const struct pawl_flash_file *flash, size_t offset,
                                      void *bytes, size_t size)
{
    if (!range_fits(flash, offset, size) ||
        pawl_pread_full(flash->fd, bytes, size, offset) != PAWL_OK)
        return PAWL_STORAGE;
    return PAWL_OK;
}

enum pawl_result pawl_flash_file_program(const struct pawl_flash_file *flash, size_t offset,
                                         const void *bytes, size_t size)
{
    if (!range_fits(flash, offset, size) ||
        pawl_pwrite_full(flash->fd, bytes, size, offset) != PAWL_OK)
        return PAWL_STORAGE;
    return PAWL_OK;
}

enum pawl_result pawl_flash_file_verify(const struct pawl_flash_file *flash, size_t offset,
                                        const void *bytes, size_t size)
{
    const uint8_t *expected = bytes;
    uint8_t held[PAWL_FLASH_PAGE_SIZE];

    for (size_t done = 0; done < size;) {
        size_t part = size - done < sizeof held ? size - done : sizeof held;
        enum pawl_result result = pawl_flash_file_read(flash, offset + done, held, part);
        if (result != PAWL_OK)
            return result;
        if (memcmp(held, expected + done, part) != 0)
            return PAWL_STORAGE;
        done += part;
    }
    return PAWL_OK;
}

enum pawl_result pawl_flash_file_erase(const struct pawl_flash_file *flash, size_t offset,
                                       size_t size)
{
    if (!range_fits(flash, offset, size))
        return PAWL_STORAGE;
    if (offset < SLOTS_OFFSET)
        return zeros_write(flash->fd, offset, size);
    if (fallocate(flash->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                  (off_t)size) == 0)
        return PAWL_OK;
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return PAWL_STORAGE;
    return zeros_write(flash->fd, offset, size);
}

enum pawl_result pawl_flash_file_sync(const struct pawl_flash_file *flash)
{
    return fdatasync(flash->fd) == 0 ? PAWL_OK : PAWL_STORAGE;
}
