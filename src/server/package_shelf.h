/*
 * Package files in the data directory (server/data.h). A file gets its name when it is whole and on
 * the disk, "ID.pending" until its content key is there, then "ID.pawl", which never changes again.
 */
#ifndef PAWL_SERVER_PACKAGE_SHELF_H
#define PAWL_SERVER_PACKAGE_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/result.h"
#include "server/data.h"

#define PAWL_SHELF_NAME_SIZE 80u

/* A package that arrives, under a name of its own until it is put on the shelf. */
struct pawl_upload {
    int fd; /* write here; -1 when closed */
    char name[PAWL_SHELF_NAME_SIZE];
};

/* PAWL_IO (errno). Close it in any case. */
enum pawl_result pawl_upload_open(const struct pawl_data *data, struct pawl_upload *upload);

/* Makes it durable as ID.pending, or as ID.pawl when it is ready as it is; replaces an earlier one.
 * PAWL_IO. */
enum pawl_result pawl_upload_shelve(const struct pawl_data *data, struct pawl_upload *upload,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], bool ready);

/* What was not shelved vanishes. */
void pawl_upload_close(const struct pawl_data *data, struct pawl_upload *upload);

/* Opens the file of a package for reading, the ready one first; -1 when there is none. */
int pawl_shelf_open(const struct pawl_data *data, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                    bool *ready);

/* Opens the file of a package that is ready; -1 with errno set when it cannot. */
int pawl_shelf_open_ready(const struct pawl_data *data,
                          const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

/* Removes pending files that `keep` does not want: of uploads whose server died before it wrote
 * them down. */
void pawl_shelf_sweep(const struct pawl_data *data,
                      bool (*keep)(void *context, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]),
                      void *context);

/* Makes the pending file ready, durably, if it still is the one that `fd` has open: PAWL_STATE when
 * another was shelved meanwhile. PAWL_IO. */
enum pawl_result pawl_shelf_release(const struct pawl_data *data,
                                    const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], int fd);

#endif
