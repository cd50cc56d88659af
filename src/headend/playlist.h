/*
 * The playlist of a content object (SPEC 20.7): HLS (RFC 8216), a media playlist of MPEG-TS
 * segments, each encrypted whole with AES-128 under the key that stands before it. There is one
 * text for one meaning: what is read must be what would be written, byte for byte, so that nothing
 * else than what is understood here can reach a player.
 */
#ifndef PAWL_HEADEND_PLAYLIST_H
#define PAWL_HEADEND_PLAYLIST_H

#include <stdint.h>

#include "host/file.h"
#include "pawl/content.h"

#define PAWL_SEGMENTS_MAX 65536u
#define PAWL_SEGMENT_NAME_SIZE 10u            /* "000000.ts" with its terminator */
#define PAWL_SEGMENT_DURATION_MAX 3600000000u /* microseconds */
#define PAWL_PLAYLIST_NAME "playlist.m3u8"

struct pawl_segment {
    uint32_t duration; /* microseconds, 1 to PAWL_SEGMENT_DURATION_MAX */
    uint32_t key;      /* index of its key: 0 for the first, then the same or one more */
};

struct pawl_playlist {
    struct pawl_segment *segments;                /* owned */
    uint32_t segment_count;                       /* 1 to PAWL_SEGMENTS_MAX */
    uint8_t (*key_ids)[PAWL_CONTENT_KEY_ID_SIZE]; /* in order of use, all different; owned */
    uint32_t key_count;
};

/* "000007.ts". Returns `name`. */
char *pawl_segment_name_make(uint32_t number, char name[PAWL_SEGMENT_NAME_SIZE]);

/* The text, to be released by the caller. PAWL_EXHAUSTED. */
enum pawl_result pawl_playlist_write(const struct pawl_playlist *playlist,
                                     struct pawl_buffer *text);

/* Reads exactly such a text; release `playlist` after success. PAWL_MALFORMED, PAWL_EXHAUSTED. */
enum pawl_result pawl_playlist_read(const char *text, size_t size, struct pawl_playlist *playlist);

/* Durations of the segments that a playlist of ffmpeg lists (an unencrypted one, whose segments
 * are named as above): key_ids stay empty. PAWL_MALFORMED, PAWL_EXHAUSTED. */
enum pawl_result pawl_playlist_import(const char *text, size_t size,
                                      struct pawl_playlist *playlist);

/* Harmless on a zeroed one. */
void pawl_playlist_release(struct pawl_playlist *playlist);

#endif
