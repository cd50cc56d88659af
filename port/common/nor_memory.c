#include "nor_memory.h"

#include <stdbool.h>
#include <string.h>

static bool range_fits(const struct pawl_nor_memory *nor, size_t offset, size_t size, uint32_t unit)
{
    return offset <= nor->size && size <= nor->size - offset && ((offset | size) & (unit - 1)) == 0;
}

enum pawl_result pawl_nor_read(const struct pawl_nor_memory *nor, size_t offset, void *bytes,
                               size_t size)
{
    const volatile uint8_t *from = (const volatile uint8_t *)nor->words + offset;
    uint8_t *to = bytes;

    if (!range_fits(nor, offset, size, 1))
        return PAWL_STORAGE;
    for (size_t i = 0; i < size; i++)
        to[i] = from[i];
    return PAWL_OK;
}

enum pawl_result pawl_nor_program(const struct pawl_nor_memory *nor, size_t offset,
                                  const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    if (!range_fits(nor, offset, size, PAWL_NOR_WRITE_SIZE))
        return PAWL_STORAGE;
    volatile uint32_t *to = nor->words + offset / sizeof *to;
    for (size_t i = 0; i < size; i += sizeof *to) {
        uint32_t word;
        memcpy(&word, from + i, sizeof word);
        *to++ &= word;
    }
    return PAWL_OK;
}

enum pawl_result pawl_nor_erase(const struct pawl_nor_memory *nor, size_t offset, size_t size)
{
    if (!range_fits(nor, offset, size, nor->page_size))
        return PAWL_STORAGE;
    volatile uint32_t *word = nor->words + offset / sizeof *word;
    /* What is erased stays as it is: a store that changes nothing is no place to cut power at. */
    for (size_t i = 0; i < size; i += sizeof *word, word++)
        if (*word != UINT32_MAX)
            *word = UINT32_MAX;
    return PAWL_OK;
}
