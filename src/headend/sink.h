/*
 * Where a package or an image is written: at any offset when the descriptor can seek, otherwise in
 * order.
 */
#ifndef PAWL_HEADEND_SINK_H
#define PAWL_HEADEND_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

struct pawl_sink {
    int fd;      /* -1: nothing is written */
    bool random; /* parts may be written in any order, by any thread */
    off_t start; /* the descriptor's offset at the beginning */
};

void pawl_sink_init(struct pawl_sink *sink, int fd);

/* Offers a part that lies `offset` bytes after the beginning. A sink that is not random takes it
 * only with `in_order` set, a random one only without: a caller offers each part once in each way
 * and it is written once. PAWL_IO. */
enum pawl_result pawl_sink_write(const struct pawl_sink *sink, bool in_order, uint64_t offset,
                                 const uint8_t *bytes, size_t size);

/* Leaves the descriptor's offset behind `size` bytes, as writing in order does. PAWL_IO. */
enum pawl_result pawl_sink_finish(const struct pawl_sink *sink, uint64_t size);

#endif
