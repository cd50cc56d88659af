/*
 * Flash in a file. Erased bytes read as zero. In slots they are holes, so an empty slot takes no
 * room; the records have theirs from the beginning, so that a commit needs none that may be gone.
 *
 *     records of slot 0 | records of slot 1 | slot 0 | slot 1
 */
#ifndef PAWL_LINUX_FLASH_FILE_H
#define PAWL_LINUX_FLASH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/port.h"
#include "pawl/result.h"

#define PAWL_FLASH_FILE_NAME "flash.bin"
#define PAWL_FLASH_PAGE_SIZE 4096u
#define PAWL_FLASH_RECORDS_SIZE 32768u /* records of one slot, bytes: two halves of four pages */
#define PAWL_FLASH_SLOT_SIZE_MIN 65536u
#define PAWL_FLASH_SLOT_SIZE_BASE 268435456u /* when neither option nor file tells */

struct pawl_flash_file {
    int fd; /* -1 when closed */
    uint64_t slot_size;
};

/* Opens the file in `directory`. `slot_size` is what is expected of it, rounded up to whole pages,
 * or 0 for whatever it has. `fresh` tells that there was none: it is then empty and wants
 * pawl_flash_file_format. PAWL_IO, or PAWL_STORAGE when its length is not that of two such slots;
 * the error was printed. */
enum pawl_result pawl_flash_file_open(struct pawl_flash_file *flash, int directory,
                                      uint64_t slot_size, bool *fresh);

/* Gives a fresh file its slots, PAWL_FLASH_SLOT_SIZE_BASE for a slot_size of 0. From then on the
 * device is no longer fresh, so this comes after the counter was made. PAWL_IO. */
enum pawl_result pawl_flash_file_format(struct pawl_flash_file *flash, int directory,
                                        uint64_t slot_size);
void pawl_flash_file_close(struct pawl_flash_file *flash);

/* Fills in geometry; the callbacks are the caller's, who knows their context. */
void pawl_flash_file_describe(const struct pawl_flash_file *flash, struct pawl_flash *geometry);

enum pawl_result pawl_flash_file_read(const struct pawl_flash_file *flash, size_t offset,
                                      void *bytes, size_t size);
enum pawl_result pawl_flash_file_program(const struct pawl_flash_file *flash, size_t offset,
                                         const void *bytes, size_t size);
enum pawl_result pawl_flash_file_verify(const struct pawl_flash_file *flash, size_t offset,
                                        const void *bytes, size_t size);
enum pawl_result pawl_flash_file_erase(const struct pawl_flash_file *flash, size_t offset,
                                       size_t size);
enum pawl_result pawl_flash_file_sync(const struct pawl_flash_file *flash);

#endif
