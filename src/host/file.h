/*
 * Files: read whole with a bound, written so that they appear whole or not at all.
 *
 * Nothing here prints. After a failure errno tells the cause, so that callers can say
 * `pawl_error(result, "%s: %s", path, strerror(errno))`. Functions that give up change no errno
 * that is already set to the cause.
 */
#ifndef PAWL_HOST_FILE_H
#define PAWL_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

/* Bytes on the heap, owned by whoever holds this. They may be a secret: the release wipes them. */
struct pawl_buffer {
    uint8_t *bytes; /* NULL when empty; otherwise a 0 follows the last byte, for text */
    size_t size;
};

/* Wipes, frees and empties `buffer`; harmless on an empty one. */
void pawl_buffer_release(struct pawl_buffer *buffer);

/* Reads a whole file of at most `most` bytes. PAWL_EXHAUSTED (EFBIG) when it is longer, PAWL_IO on
 * any other failure. Release `buffer` after success. */
enum pawl_result pawl_file_read(const char *path, size_t most, struct pawl_buffer *buffer);

/* The same from an open descriptor, from its present offset to its end. */
enum pawl_result pawl_fd_read(int fd, size_t most, struct pawl_buffer *buffer);

/* Reads a key file: exactly `size` bytes into `key`. PAWL_MALFORMED (EINVAL) when the file has
 * another length. Whether others may read the file is told by pawl_file_is_private. */
enum pawl_result pawl_key_file_read(const char *path, uint8_t *key, size_t size);

/* True when neither group nor others have any right to `path`, or it is a credential
 * (host/credential.h). */
bool pawl_file_is_private(const char *path);

/*
 * A file being written. Nothing of it is seen under its name before pawl_outfile_commit, which
 * makes it durable (file and directory are synced). A path that exists and is no regular file, such
 * as /dev/null or a pipe, is opened and written as it is.
 *
 *     struct pawl_outfile out;
 *     result = pawl_outfile_open(&out, path, 0600, force);
 *     if (result == PAWL_OK) {
 *         result = pawl_write_full(out.fd, bytes, size);
 *         if (result == PAWL_OK)
 *             result = pawl_outfile_commit(&out);
 *         pawl_outfile_close(&out);
 *     }
 */
struct pawl_outfile {
    int fd;          /* write here; -1 when closed */
    bool special;    /* a device or pipe: opened as it is */
    bool force;      /* replace what has the name at commit */
    char *path;      /* the final name; owned */
    char *temporary; /* the name until commit; NULL for a file without one (O_TMPFILE) */
};

/* Starts a file of permission bits `mode` (the umask does not apply). PAWL_STATE (EEXIST) when
 * `path` exists and `force` is false, both here and at commit; PAWL_IO otherwise. */
enum pawl_result pawl_outfile_open(struct pawl_outfile *out, const char *path, mode_t mode,
                                   bool force);

/* Makes it durable under its name. The descriptor stays open until pawl_outfile_close. */
enum pawl_result pawl_outfile_commit(struct pawl_outfile *out);

/* Closes it; what was not committed vanishes. Harmless after a close. Keeps errno. */
void pawl_outfile_close(struct pawl_outfile *out);

/* Open, write, commit and close in one. */
enum pawl_result pawl_file_write(const char *path, mode_t mode, bool force, const void *bytes,
                                 size_t size);

/* Makes a name that was added to or taken from directory `path` durable. */
enum pawl_result pawl_directory_sync(const char *path);

/* Read, write until all is done: short counts and EINTR are dealt with. PAWL_IO on failure; the
 * reading ones answer PAWL_CORRUPT (ENODATA) when the file ends early. */
enum pawl_result pawl_read_full(int fd, void *bytes, size_t size);
enum pawl_result pawl_write_full(int fd, const void *bytes, size_t size);
enum pawl_result pawl_pread_full(int fd, void *bytes, size_t size, uint64_t offset);
enum pawl_result pawl_pwrite_full(int fd, const void *bytes, size_t size, uint64_t offset);

/* Reads until `size` bytes or the end; `*got` tells how many. */
enum pawl_result pawl_read_most(int fd, void *bytes, size_t size, size_t *got);

/* Writes what is left of `from` to `to`. PAWL_IO, or PAWL_EXHAUSTED without memory. */
enum pawl_result pawl_fd_copy(int from, int to);

#endif
