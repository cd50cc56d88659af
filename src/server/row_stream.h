/*
 * Entitlements for many devices as a stream: the number of rows, then rows of an entitlement table
 * in the order of import, each at the sequence number that is held (SPEC 8.2, 16.4). They are made
 * while they are read, in bounded memory.
 *
 * Devices that may not have one get none: those in quarantine or decommissioned, of another class
 * than the package, or at their maximum.
 */
#ifndef PAWL_SERVER_ROW_STREAM_H
#define PAWL_SERVER_ROW_STREAM_H

#include <sys/types.h>

#include "server/server.h"

/* Which devices: those of a list, or of a target. */
struct pawl_row_selection {
    uint8_t (*ids)[PAWL_ID_SIZE]; /* on the heap; NULL: the target holds */
    size_t id_count;
    struct pawl_target target; /* a class or a group */
};

struct pawl_row_stream;

/* Opens a stream for a package that is ready. Takes `selection->ids` over, on failure too.
 * PAWL_STORAGE when the content key does not unwrap, PAWL_EXHAUSTED. */
enum pawl_result pawl_row_stream_open(struct pawl_server *server,
                                      const struct pawl_package_row *package,
                                      const struct pawl_row_selection *selection,
                                      struct pawl_row_stream **stream);

/* Counts the rows, once, before the first read. PAWL_STATE when a listed device is not known: its
 * id is then in `missing`. An error of the store. */
enum pawl_result pawl_row_stream_count(struct pawl_row_stream *stream, uint64_t *count,
                                       uint8_t missing[PAWL_ID_SIZE]);

/* Bytes that a stream of `count` rows has. */
uint64_t pawl_row_stream_size(uint64_t count);

/* Reads on, at most `most` bytes; for libmicrohttpd, as is the next. It breaks off with an error
 * when fewer devices qualify than were counted; ones that joined meanwhile are left out. */
ssize_t pawl_row_stream_read(void *stream, uint64_t offset, char *out, size_t most);

/* Wipes and frees; harmless on NULL. */
void pawl_row_stream_free(void *stream);

#endif
