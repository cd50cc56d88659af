/*
 * Segments of content under their keys: AES-128 in CBC mode with the padding of PKCS #7, the
 * initial value being the segment's number, as HLS has it where a playlist names none (RFC 8216,
 * 5.2). CBC authenticates nothing: who needs that has it from TLS, or from what decodes.
 */
#ifndef PAWL_HEADEND_SEGMENT_CIPHER_H
#define PAWL_HEADEND_SEGMENT_CIPHER_H

#include <stdint.h>

#include "pawl/content.h"

#define PAWL_SEGMENT_SIZE_MAX (UINT64_C(1) << 30) /* bytes, sealed */
#define PAWL_SEGMENT_BLOCK_SIZE 16u               /* a sealed segment is a multiple of it */

/* Encrypts what `in` has from its offset to its end, and appends it to `out`. `*size` takes the
 * number of bytes written. PAWL_IO (errno), PAWL_CRYPTO. */
enum pawl_result pawl_segment_seal(int in, int out, uint32_t number,
                                   const uint8_t key[PAWL_CONTENT_KEY_SIZE], uint64_t *size);

/* Whether `key` opens the sealed segment in `fd`, from its start, into whole MPEG-TS packets: each
 * of 188 bytes, and beginning with the sync byte. PAWL_CORRUPT when not; PAWL_IO, PAWL_CRYPTO. */
enum pawl_result pawl_segment_prove(int fd, uint32_t number,
                                    const uint8_t key[PAWL_CONTENT_KEY_SIZE]);

#endif
