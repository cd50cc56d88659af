/*
 * A content object on its way to the control server (SPEC 20.8), encrypted and without its keys:
 * preamble, playlist, segments. Nothing in it names a file.
 */
#ifndef PAWL_HEADEND_CONTENT_BUNDLE_H
#define PAWL_HEADEND_CONTENT_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "headend/playlist.h"
#include "pawl/identifier.h"

#define PAWL_BUNDLE_PREFIX_SIZE 12u    /* "PAWLCNT1" and the header's length */
#define PAWL_BUNDLE_HEADER_MAX 393216u /* bytes: a name, and PAWL_SEGMENTS_MAX sizes */
#define PAWL_BUNDLE_PLAYLIST_MAX 8388608u
#define PAWL_CONTENT_NAME_SIZE 256u /* with its terminator */

struct pawl_bundle {
    char name[PAWL_CONTENT_NAME_SIZE];
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    uint32_t playlist_size;
    uint32_t segment_count;  /* 1 to PAWL_SEGMENTS_MAX */
    uint32_t *segment_sizes; /* multiples of PAWL_SEGMENT_BLOCK_SIZE; owned */
};

/* The length of the header, from the first PAWL_BUNDLE_PREFIX_SIZE bytes. PAWL_MALFORMED. */
enum pawl_result pawl_bundle_prefix_read(const uint8_t prefix[PAWL_BUNDLE_PREFIX_SIZE],
                                         uint32_t *header_size);

/* Reads a header of exactly `size` bytes; release `bundle` after success. PAWL_MALFORMED,
 * PAWL_UNSUPPORTED, PAWL_EXHAUSTED. */
enum pawl_result pawl_bundle_header_read(const uint8_t *bytes, size_t size,
                                         struct pawl_bundle *bundle);

/* Prefix and header, for the caller to release. PAWL_MALFORMED for values that no reader takes,
 * PAWL_EXHAUSTED. */
enum pawl_result pawl_bundle_preamble_write(const struct pawl_bundle *bundle,
                                            struct pawl_buffer *preamble);

/* Harmless on a zeroed one. */
void pawl_bundle_release(struct pawl_bundle *bundle);

#endif
