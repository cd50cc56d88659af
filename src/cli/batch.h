/*
 * A directory of new files that appears whole or not at all.
 *
 * Files are made in a staging directory. When the target does not exist, the staging directory
 * takes its name in one step; when it does, the files are linked into it one by one, the last one
 * given last, and taken back when one of them cannot be.
 */
#ifndef PAWL_CLI_BATCH_H
#define PAWL_CLI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_batch {
    char *target;
    char *staging; /* NULL when closed */
    int fd;        /* of the staging directory */
    bool whole;    /* the target does not exist yet */
};

/* Starts a batch. PAWL_IO (errno), PAWL_EXHAUSTED. */
enum pawl_result pawl_batch_open(struct pawl_batch *batch, const char *target);

/* Makes a file of mode 0600 in it; `*fd` is the caller's to close. PAWL_IO. */
enum pawl_result pawl_batch_create(struct pawl_batch *batch, const char *name, int *fd);

/* Makes a whole file in it. PAWL_IO. */
enum pawl_result pawl_batch_write(struct pawl_batch *batch, const char *name, const uint8_t *bytes,
                                  size_t size);

/* Makes all files durable under the target's name; file `last` appears when all others have.
 * PAWL_IO; PAWL_STATE (EEXIST) when a file of that name exists. */
enum pawl_result pawl_batch_commit(struct pawl_batch *batch, const char *last);

/* Removes what was not committed and gives everything back. Keeps errno. */
void pawl_batch_close(struct pawl_batch *batch);

#endif
