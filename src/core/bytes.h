/*
 * Bounded reading and writing of byte strings: every byte from outside goes through a reader, every
 * byte that we make through a writer (I9).
 *
 * The first error sticks. After it a reader is empty and gives zeros, a writer takes nothing more;
 * so a decoder reads all its fields and asks once.
 */
#ifndef PAWL_CORE_BYTES_H
#define PAWL_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

struct pawl_reader {
    const uint8_t *next;
    size_t left;
    enum pawl_result error; /* PAWL_OK, or the first error */
};

void pawl_reader_init(struct pawl_reader *reader, const void *bytes, size_t size);
/* Records an error unless there is one already, and empties the reader. */
void pawl_reader_fail(struct pawl_reader *reader, enum pawl_result error);
/* The next `size` bytes where they lie, or NULL and PAWL_MALFORMED when there are fewer. */
const uint8_t *pawl_reader_take(struct pawl_reader *reader, uint64_t size);
/* Copies the next `size` bytes; leaves `bytes` alone when there are fewer. */
void pawl_reader_copy(struct pawl_reader *reader, uint8_t *bytes, size_t size);
/* The next integer, most significant byte first; 0 when there are too few bytes. */
uint8_t pawl_reader_u8_take(struct pawl_reader *reader);
uint32_t pawl_reader_u32be_take(struct pawl_reader *reader);
uint64_t pawl_reader_u64be_take(struct pawl_reader *reader);

struct pawl_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t size;            /* bytes written so far */
    enum pawl_result error; /* PAWL_OK, or the first error */
};

void pawl_writer_init(struct pawl_writer *writer, uint8_t *bytes, size_t capacity);
void pawl_writer_fail(struct pawl_writer *writer, enum pawl_result error);
/* Appends; PAWL_EXHAUSTED when there is no room for all of it. */
void pawl_writer_put(struct pawl_writer *writer, const void *bytes, size_t size);
void pawl_writer_u8_put(struct pawl_writer *writer, uint8_t value);
void pawl_writer_u32be_put(struct pawl_writer *writer, uint32_t value);
void pawl_writer_u64be_put(struct pawl_writer *writer, uint64_t value);
/* Gives the size written when all went well, else the first error. */
enum pawl_result pawl_writer_finish(const struct pawl_writer *writer, size_t *size);

void pawl_u32be_put(uint8_t bytes[4], uint32_t value);
void pawl_u64be_put(uint8_t bytes[8], uint64_t value);
uint32_t pawl_u32be_get(const uint8_t bytes[4]);
uint64_t pawl_u64be_get(const uint8_t bytes[8]);

/* Length of a NUL-terminated label of ours (there is no strlen on a device). */
size_t pawl_string_size(const char *string);

#endif
