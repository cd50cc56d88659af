#include "headend/table_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/row_merge.h"
#include "headend/row_sort.h"
#include "host/file.h"

#define OUTPUT_SIZE (64u * 1024u)

enum pawl_result pawl_table_writer_init(struct pawl_table_writer *writer,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        const char *directory, size_t run_rows)
{
    struct pawl_table_writer made = {
        .run_rows = run_rows > 0 ? run_rows : PAWL_RUN_ROWS_DEFAULT,
        .runs_fd = -1,
    };

    memcpy(made.package_id, package_id, sizeof made.package_id);
    made.rows = malloc(made.run_rows * PAWL_ROW_SIZE);
    made.directory = strdup(directory);
    if (made.rows == NULL || made.directory == NULL) {
        pawl_table_writer_release(&made);
        return PAWL_EXHAUSTED;
    }
    *writer = made;
    return PAWL_OK;
}

void pawl_table_writer_release(struct pawl_table_writer *writer)
{
    if (writer->rows == NULL && writer->directory == NULL)
        return;
    int cause = errno;
    if (writer->runs_fd >= 0)
        close(writer->runs_fd);
    free(writer->rows);
    free(writer->directory);
    *writer = (struct pawl_table_writer){.runs_fd = -1};
    errno = cause;
}

/* A file that has no name, or none any more. */
static int unnamed_open(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *name = NULL;

    if (fd >= 0 || asprintf(&name, "%s/.pawl-rows-XXXXXX", directory) < 0)
        return fd;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    free(name);
    return fd;
}

/* Sorts the collected run and appends it to the others. */
static enum pawl_result run_store(struct pawl_table_writer *writer)
{
    if (writer->runs_fd < 0)
        writer->runs_fd = unnamed_open(writer->directory);
    if (writer->runs_fd < 0)
        return PAWL_IO;
    pawl_rows_sort(writer->rows, writer->fill);
    enum pawl_result result =
        pawl_write_full(writer->runs_fd, writer->rows, writer->fill * PAWL_ROW_SIZE);
    if (result != PAWL_OK)
        return result;
    writer->run_count++;
    writer->fill = 0;
    return PAWL_OK;
}

enum pawl_result pawl_table_writer_add(struct pawl_table_writer *writer, const uint8_t *rows,
                                       size_t count)
{
    while (count > 0) {
        if (writer->fill == writer->run_rows) {
            enum pawl_result result = run_store(writer);
            if (result != PAWL_OK)
                return result;
        }
        size_t room = writer->run_rows - writer->fill;
        size_t part = count < room ? count : room;
        memcpy(writer->rows + writer->fill * PAWL_ROW_SIZE, rows, part * PAWL_ROW_SIZE);
        writer->fill += part;
        writer->count += part;
        rows += part * PAWL_ROW_SIZE;
        count -= part;
    }
    return PAWL_OK;
}

/* Where the ordered rows go: counted first, since the preamble tells how many there are, then
 * written. Repeated rows are passed over. */
struct output {
    int fd; /* -1: only count */
    uint64_t count;
    uint8_t last[PAWL_ROW_SIZE];
    uint8_t *bytes;
    size_t size;
};

static enum pawl_result output_flush(struct output *output)
{
    enum pawl_result result = pawl_write_full(output->fd, output->bytes, output->size);

    output->size = 0;
    return result;
}

static enum pawl_result output_take(void *context, const uint8_t *row)
{
    struct output *output = context;
    enum pawl_result result = PAWL_OK;

    if (output->count > 0 && memcmp(output->last, row, PAWL_ROW_SIZE) == 0)
        return PAWL_OK;
    memcpy(output->last, row, PAWL_ROW_SIZE);
    output->count++;
    if (output->fd < 0)
        return PAWL_OK;
    if (output->size + PAWL_ROW_SIZE > OUTPUT_SIZE)
        result = output_flush(output);
    if (result == PAWL_OK) {
        memcpy(output->bytes + output->size, row, PAWL_ROW_SIZE);
        output->size += PAWL_ROW_SIZE;
    }
    return result;
}

/* Hands out all rows in order, from memory or by merging. */
static enum pawl_result rows_visit(const struct pawl_table_writer *writer, struct output *output)
{
    enum pawl_result result = PAWL_OK;

    if (writer->runs_fd >= 0) {
        struct pawl_row_runs runs = {writer->runs_fd, writer->count, writer->run_rows};
        return pawl_rows_merge(&runs, output_take, output);
    }
    for (size_t i = 0; i < writer->fill && result == PAWL_OK; i++)
        result = output_take(output, writer->rows + i * PAWL_ROW_SIZE);
    return result;
}

static enum pawl_result table_write(const struct pawl_table_writer *writer, int fd,
                                    uint64_t *written)
{
    struct output counted = {.fd = -1};
    uint8_t preamble[PAWL_TABLE_PREAMBLE_MAX];
    size_t preamble_size = 0;
    enum pawl_result result = rows_visit(writer, &counted);

    if (result == PAWL_OK)
        result =
            pawl_table_preamble_write(writer->package_id, counted.count, preamble, &preamble_size);
    if (result == PAWL_OK)
        result = pawl_write_full(fd, preamble, preamble_size);
    if (result != PAWL_OK)
        return result;

    struct output output = {.fd = fd, .bytes = malloc(OUTPUT_SIZE)};
    if (output.bytes == NULL)
        return PAWL_EXHAUSTED;
    result = rows_visit(writer, &output);
    if (result == PAWL_OK)
        result = output_flush(&output);
    free(output.bytes);
    if (result == PAWL_OK)
        *written = output.count;
    return result;
}

enum pawl_result pawl_table_writer_finish(struct pawl_table_writer *writer, int fd,
                                          uint64_t *written)
{
    enum pawl_result result = PAWL_OK;

    if (writer->runs_fd < 0)
        pawl_rows_sort(writer->rows, writer->fill);
    else
        result = run_store(writer);
    if (result == PAWL_OK)
        result = table_write(writer, fd, written);
    return result;
}

enum pawl_result pawl_table_file_read(int fd, struct pawl_table *table)
{
    uint8_t bytes[PAWL_TABLE_PREAMBLE_MAX];
    struct stat status;

    if (fstat(fd, &status) != 0)
        return PAWL_IO;
    if (!S_ISREG(status.st_mode))
        return PAWL_MALFORMED;
    uint64_t total = (uint64_t)status.st_size;
    size_t size = total < sizeof bytes ? (size_t)total : sizeof bytes;
    if (pawl_pread_full(fd, bytes, size, 0) != PAWL_OK)
        return PAWL_IO;
    return pawl_table_preamble_read(bytes, size, total, table);
}

enum pawl_result pawl_table_file_read_at(void *context, uint64_t offset, uint8_t *bytes,
                                         size_t size)
{
    const int *fd = context;

    return pawl_pread_full(*fd, bytes, size, offset) == PAWL_OK ? PAWL_OK : PAWL_IO;
}
