/*
 * Cutting media into segments, by ffmpeg as a child process: fixed arguments, no shell, no network,
 * one local file. It does not encrypt: with keys that change it would read key files that are
 * replaced while it runs, and the keys would lie on the disk.
 */
#ifndef PAWL_CLI_SEGMENTER_H
#define PAWL_CLI_SEGMENTER_H

#include <stdint.h>

#include "headend/playlist.h"

/* Segments in a directory of their own, mode 0700. */
struct pawl_segments {
    char *directory;               /* NULL when closed; owned */
    struct pawl_playlist playlist; /* durations */
};

/* Cuts `path` at the key frames that follow each `seconds`. Prints the error that it returns:
 * PAWL_IO when the file cannot be read or ffmpeg not be run, PAWL_MALFORMED when ffmpeg makes
 * nothing of it, PAWL_STATE when a signal asked to stop. Close in any case. */
enum pawl_result pawl_segments_make(const char *path, uint32_t seconds,
                                    struct pawl_segments *segments);

/* Opens a segment for reading and takes its name away; -1 (errno). */
int pawl_segments_take(const struct pawl_segments *segments, uint32_t number);

/* Removes what is left. Harmless on a zeroed or closed one. */
void pawl_segments_close(struct pawl_segments *segments);

#endif
