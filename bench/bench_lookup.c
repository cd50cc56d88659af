/*
 * A device's look-up in an entitlement table on disk, in 1 k, 100 k and 10 M rows, with the page
 * cache dropped for the file where the system allows it.
 *
 * The reference is a linear search's reading: the whole table.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"
#include "pawl/entitlement.h"

#define LOOKUPS 200u

struct table_file {
    int fd;
    uint64_t bytes_read;
};

static enum pawl_result table_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    struct table_file *file = context;
    file->bytes_read += size;
    return pread(file->fd, bytes, size, (off_t)offset) == (ssize_t)size ? PAWL_OK : PAWL_IO;
}

static int tag_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Random tags as in a sealed table (splitmix64), with the device's own among them. */
static uint64_t *tags_make(uint64_t count, uint64_t own_tag)
{
    uint64_t *tags = malloc(count * sizeof *tags);
    uint64_t state = 1;
    for (uint64_t i = 0; tags != NULL && i < count; i++) {
        uint64_t mixed = state += 0x9e3779b97f4a7c15u;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
        tags[i] = i == 0 ? own_tag : mixed ^ mixed >> 31;
    }
    if (tags != NULL)
        qsort(tags, count, sizeof *tags, tag_compare);
    return tags;
}

static int table_make(FILE *out, uint64_t count, const uint8_t own_row[PAWL_ROW_SIZE])
{
    static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {7};
    uint8_t preamble[PAWL_TABLE_PREAMBLE_MAX];
    size_t size;
    uint64_t own_tag = 0;
    for (unsigned i = 0; i < PAWL_TAG_SIZE; i++)
        own_tag = own_tag << 8 | own_row[i];
    uint64_t *tags = tags_make(count, own_tag);
    if (tags == NULL || pawl_table_preamble_write(package_id, count, preamble, &size) != PAWL_OK) {
        free(tags);
        return -1;
    }
    fwrite(preamble, size, 1, out);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t row[PAWL_ROW_SIZE] = {0};
        for (unsigned k = 0; k < PAWL_TAG_SIZE; k++)
            row[k] = (uint8_t)(tags[i] >> (56 - 8 * k));
        fwrite(tags[i] == own_tag ? own_row : row, sizeof row, 1, out);
    }
    free(tags);
    return !ferror(out) && fflush(out) == 0 && fsync(fileno(out)) == 0 ? 0 : -1;
}

static int look_up(const char *name, uint64_t count)
{
    struct pawl_pud pud = {.chain_length = 1, .unit_secret = {1}, .device_id = {2}};
    const struct pawl_unit unit = {pud.unit_secret, pud.device_id, pud.chain_length, 0};
    static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {7};
    uint8_t content_key[PAWL_KEY_SIZE] = {9}, found[PAWL_KEY_SIZE], row[PAWL_ROW_SIZE];
    uint8_t preamble[PAWL_TABLE_PREAMBLE_MAX];
    struct pawl_table table;
    FILE *out = tmpfile();
    if (out == NULL || pawl_entitlement_row_make(&unit, package_id, content_key, row) != PAWL_OK ||
        table_make(out, count, row) != 0)
        return 1;
    struct table_file file = {.fd = fileno(out)};
    uint64_t total = (uint64_t)lseek(file.fd, 0, SEEK_END);
    double spent = 0;
    for (unsigned i = 0; i < LOOKUPS; i++) {
        posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED);
        double start = bench_wall_now();
        if (table_read(&file, 0, preamble, sizeof preamble) != PAWL_OK ||
            pawl_table_preamble_read(preamble, sizeof preamble, total, &table) != PAWL_OK ||
            pawl_table_open(&table, table_read, &file, &pud, 0, found) != PAWL_OK ||
            memcmp(found, content_key, sizeof found) != 0)
            return 1;
        spent += bench_wall_now() - start;
    }
    char bytes_name[32];
    snprintf(bytes_name, sizeof bytes_name, "%s-bytes", name);
    bench_line_print(name, spent / LOOKUPS * 1e3, "ms", "1 ms", 1);
    bench_line_print(bytes_name, (double)file.bytes_read / LOOKUPS / 1024, "KiB", "whole table",
                     (double)total / 1024);
    fclose(out);
    return 0;
}

int main(void)
{
    int failed = look_up("lookup-1k", 1000) + look_up("lookup-100k", 100000) +
                 look_up("lookup-10m", 10000000);
    if (failed != 0)
        fprintf(stderr, "bench_lookup: io: a table could not be made or its row not found\n");
    return failed != 0;
}
