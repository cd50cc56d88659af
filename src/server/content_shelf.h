/*
 * Content objects in the data directory (server/data.h): a directory each, "upload.N" while it
 * arrives, "ID.pending" until its keys are there, then "ID", whose files never change again and
 * may be served by any web server.
 */
#ifndef PAWL_SERVER_CONTENT_SHELF_H
#define PAWL_SERVER_CONTENT_SHELF_H

#include <stdbool.h>

#include "pawl/content.h"
#include "server/data.h"

#define PAWL_CONTENT_HEADER_NAME "header" /* the header of SPEC 20.8; not served */
#define PAWL_CONTENT_FILE_SIZE 24u        /* a name in the directory, with its terminator */

/* A directory that is filled. */
struct pawl_content_upload {
    int fd; /* of the directory; -1 when closed */
    char name[32];
};

/* PAWL_IO (errno), as in all of these. Close it in any case. */
enum pawl_result pawl_content_upload_open(const struct pawl_data *data,
                                          struct pawl_content_upload *upload);

/* Makes a file in it, for the caller to write and close; -1 on failure. */
int pawl_content_upload_create(const struct pawl_content_upload *upload, const char *name);

/* Makes it durable as ID.pending, in place of an earlier one. */
enum pawl_result pawl_content_upload_shelve(const struct pawl_data *data,
                                            struct pawl_content_upload *upload,
                                            const uint8_t content_id[PAWL_CONTENT_ID_SIZE]);

/* What was not shelved vanishes. */
void pawl_content_upload_close(const struct pawl_data *data, struct pawl_content_upload *upload);

/* Opens the directory of an object that waits for its keys; -1 when there is none. */
int pawl_content_pending_open(const struct pawl_data *data,
                              const uint8_t content_id[PAWL_CONTENT_ID_SIZE]);

/* Makes it ready, durably, if it still is the one that `fd` has open: PAWL_STATE when another was
 * shelved meanwhile, or one is ready. */
enum pawl_result pawl_content_release(const struct pawl_data *data,
                                      const uint8_t content_id[PAWL_CONTENT_ID_SIZE], int fd);

/* Opens a file of an object that is ready; -1 with errno set when it cannot. */
int pawl_content_file_open(const struct pawl_data *data,
                           const uint8_t content_id[PAWL_CONTENT_ID_SIZE], const char *name);

/* Removes what there is of an object, ready or pending. False when there was nothing. */
bool pawl_content_files_remove(const struct pawl_data *data,
                               const uint8_t content_id[PAWL_CONTENT_ID_SIZE]);

/* Removes what never became ready: at start everything of that kind, later what is old. */
void pawl_content_sweep(const struct pawl_data *data, bool all);

#endif
