/*
 * Entitlement tables as files (SPEC 8): written from rows in any order, in bounded memory however
 * many there are; and read row by row.
 *
 * Rows are collected and sorted in runs; when one run is not enough, runs wait in an unnamed file
 * beside the table and are merged at the end. Identical rows are written once: a device tries only
 * PAWL_EQUAL_TAGS_MAX rows of equal tag.
 */
#ifndef PAWL_HEADEND_TABLE_FILE_H
#define PAWL_HEADEND_TABLE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/entitlement.h"
#include "pawl/result.h"

#define PAWL_RUN_ROWS_DEFAULT (1024u * 1024u) /* rows sorted at a time: 48 MiB */

struct pawl_table_writer {
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t *rows;      /* the run being collected */
    size_t fill;        /* rows in it */
    size_t run_rows;    /* rows that it may take */
    char *directory;    /* where the file for earlier runs is made; owned */
    int runs_fd;        /* that file, unnamed; -1 until it is needed */
    uint64_t run_count; /* whole runs in it */
    uint64_t count;     /* rows added */
};

/* Starts a table of `package_id`. Earlier runs wait in `directory`. `run_rows` 0: the default.
 * PAWL_EXHAUSTED. Release afterwards. */
enum pawl_result pawl_table_writer_init(struct pawl_table_writer *writer,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        const char *directory, size_t run_rows);

/* Adds `count` rows of PAWL_ROW_SIZE bytes. PAWL_IO. */
enum pawl_result pawl_table_writer_add(struct pawl_table_writer *writer, const uint8_t *rows,
                                       size_t count);

/* Sorts, and writes the whole table to `fd` in order; `*written` is how many rows it has. PAWL_IO,
 * PAWL_EXHAUSTED. The writer is used up. */
enum pawl_result pawl_table_writer_finish(struct pawl_table_writer *writer, int fd,
                                          uint64_t *written);

/* Gives everything back; harmless on a zeroed writer. */
void pawl_table_writer_release(struct pawl_table_writer *writer);

/* Reads the preamble of the table in `fd`, a regular file. PAWL_IO, PAWL_MALFORMED,
 * PAWL_UNSUPPORTED. */
enum pawl_result pawl_table_file_read(int fd, struct pawl_table *table);

/* A pawl_table_read_fn whose context points to the descriptor. */
enum pawl_result pawl_table_file_read_at(void *context, uint64_t offset, uint8_t *bytes,
                                         size_t size);

#endif
