#include "core/bytes.h"

#include <string.h>

void pawl_reader_init(struct pawl_reader *reader, const void *bytes, size_t size)
{
    reader->next = bytes;
    reader->left = size;
    reader->error = PAWL_OK;
}

void pawl_reader_fail(struct pawl_reader *reader, enum pawl_result error)
{
    if (reader->error == PAWL_OK)
        reader->error = error;
    reader->left = 0;
}

const uint8_t *pawl_reader_take(struct pawl_reader *reader, uint64_t size)
{
    if (reader->error != PAWL_OK || size > reader->left) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return NULL;
    }
    const uint8_t *bytes = reader->next;
    reader->next += size;
    reader->left -= (size_t)size;
    return bytes;
}

void pawl_reader_copy(struct pawl_reader *reader, uint8_t *bytes, size_t size)
{
    const uint8_t *taken = pawl_reader_take(reader, size);
    if (taken)
        memcpy(bytes, taken, size);
}

uint8_t pawl_reader_u8_take(struct pawl_reader *reader)
{
    const uint8_t *bytes = pawl_reader_take(reader, 1);
    return bytes ? bytes[0] : 0;
}

uint32_t pawl_reader_u32be_take(struct pawl_reader *reader)
{
    const uint8_t *bytes = pawl_reader_take(reader, 4);
    return bytes ? pawl_u32be_get(bytes) : 0;
}

uint64_t pawl_reader_u64be_take(struct pawl_reader *reader)
{
    const uint8_t *bytes = pawl_reader_take(reader, 8);
    return bytes ? pawl_u64be_get(bytes) : 0;
}

void pawl_writer_init(struct pawl_writer *writer, uint8_t *bytes, size_t capacity)
{
    writer->bytes = bytes;
    writer->capacity = capacity;
    writer->size = 0;
    writer->error = PAWL_OK;
}

void pawl_writer_fail(struct pawl_writer *writer, enum pawl_result error)
{
    if (writer->error == PAWL_OK)
        writer->error = error;
}

void pawl_writer_put(struct pawl_writer *writer, const void *bytes, size_t size)
{
    if (size > writer->capacity - writer->size)
        pawl_writer_fail(writer, PAWL_EXHAUSTED);
    if (writer->error != PAWL_OK || size == 0)
        return;
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
}

void pawl_writer_u8_put(struct pawl_writer *writer, uint8_t value)
{
    pawl_writer_put(writer, &value, 1);
}

void pawl_writer_u32be_put(struct pawl_writer *writer, uint32_t value)
{
    uint8_t bytes[4];

    pawl_u32be_put(bytes, value);
    pawl_writer_put(writer, bytes, sizeof bytes);
}

void pawl_writer_u64be_put(struct pawl_writer *writer, uint64_t value)
{
    uint8_t bytes[8];

    pawl_u64be_put(bytes, value);
    pawl_writer_put(writer, bytes, sizeof bytes);
}

enum pawl_result pawl_writer_finish(const struct pawl_writer *writer, size_t *size)
{
    if (writer->error == PAWL_OK)
        *size = writer->size;
    return writer->error;
}

void pawl_u32be_put(uint8_t bytes[4], uint32_t value)
{
    for (int i = 3; i >= 0; i--) {
        bytes[i] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

void pawl_u64be_put(uint8_t bytes[8], uint64_t value)
{
    pawl_u32be_put(bytes, (uint32_t)(value >> 32));
    pawl_u32be_put(bytes + 4, (uint32_t)(value & 0xffffffff));
}

uint32_t pawl_u32be_get(const uint8_t bytes[4])
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 8 | bytes[i];
    return value;
}

size_t pawl_string_size(const char *string)
{
    size_t size = 0;

    while (string[size] != '\0')
        size++;
    return size;
}

uint64_t pawl_u64be_get(const uint8_t bytes[8])
{
    return (uint64_t)pawl_u32be_get(bytes) << 32 | pawl_u32be_get(bytes + 4);
}
