/*
 * Reading a file through short mappings: no copy, no more memory than the window.
 */
#ifndef PAWL_HEADEND_WINDOW_H
#define PAWL_HEADEND_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_window {
    const uint8_t *bytes; /* the wanted bytes */
    void *mapping;
    size_t mapped;
};

/* Maps `size` bytes (at least 1) at `offset`, which must be inside the file. Truncating the file
 * later makes reading raise SIGBUS. PAWL_IO. */
enum pawl_result pawl_window_open(int fd, uint64_t offset, size_t size, struct pawl_window *window);

/* Gives the mapping back; harmless on a zeroed or closed window. */
void pawl_window_close(struct pawl_window *window);

#endif
