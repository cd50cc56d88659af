#include "core/cbor.h"

#include <string.h>

#define NULL_BYTE 0xf6u

struct pawl_cbor_head pawl_cbor_head_read(struct pawl_reader *reader)
{
    struct pawl_cbor_head head = {PAWL_CBOR_UINT, 0, 0};

    const uint8_t *first = pawl_reader_take(reader, 1);
    if (first == NULL)
        return head;
    head.major = (enum pawl_cbor_major)(*first >> 5);
    head.info = *first & 31;
    head.value = head.info;
    if (head.info < 24)
        return head;
    if (head.info > 27) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return head;
    }
    size_t size = (size_t)1 << (head.info - 24);
    const uint8_t *argument = pawl_reader_take(reader, size);
    if (argument == NULL)
        return head;
    uint32_t upper = 0; /* half of it; when that is 0, the lower half would have been enough */
    head.value = 0;
    for (size_t i = 0; i < size; i++) {
        if (i == size / 2)
            upper = (uint32_t)head.value;
        head.value = head.value << 8 | argument[i];
    }
    /* The argument of major type 7 is a float's bits or a simple value: not a number to shorten. */
    if (head.major != PAWL_CBOR_SIMPLE && (size == 1 ? head.value < 24 : upper == 0))
        pawl_reader_fail(reader, PAWL_MALFORMED);
    return head;
}

/* A head of one expected type; its argument, or 0 on error. */
static uint64_t argument_read(struct pawl_reader *reader, enum pawl_cbor_major major)
{
    struct pawl_cbor_head head = pawl_cbor_head_read(reader);

    if (reader->error == PAWL_OK && head.major != major)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    return reader->error == PAWL_OK ? head.value : 0;
}

uint64_t pawl_cbor_uint_read(struct pawl_reader *reader)
{
    return argument_read(reader, PAWL_CBOR_UINT);
}

struct pawl_cbor_head pawl_cbor_integer_read(struct pawl_reader *reader)
{
    struct pawl_cbor_head head = pawl_cbor_head_read(reader);

    if (head.major > PAWL_CBOR_NEGATIVE)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    return head;
}

const uint8_t *pawl_cbor_bytes_read(struct pawl_reader *reader, size_t *size)
{
    uint64_t length = argument_read(reader, PAWL_CBOR_BYTES);
    const uint8_t *bytes = pawl_reader_take(reader, length);

    if (bytes != NULL)
        *size = (size_t)length;
    return bytes;
}

void pawl_cbor_bytes_copy(struct pawl_reader *reader, uint8_t *out, size_t size)
{
    size_t length = 0;
    const uint8_t *bytes = pawl_cbor_bytes_read(reader, &length);

    if (bytes != NULL && length == size)
        memcpy(out, bytes, size);
    else
        pawl_reader_fail(reader, PAWL_MALFORMED);
}

static bool text_allowed(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == 0)
            return false;
    }
    return pawl_utf8_check(bytes, size);
}

struct pawl_text pawl_cbor_text_read(struct pawl_reader *reader)
{
    struct pawl_text text = {NULL, 0};

    uint64_t length = argument_read(reader, PAWL_CBOR_TEXT);
    const uint8_t *bytes = pawl_reader_take(reader, length);
    if (bytes == NULL)
        return text;
    if (length > UINT32_MAX || !text_allowed(bytes, (size_t)length)) {
        pawl_reader_fail(reader, PAWL_MALFORMED);
        return text;
    }
    text.bytes = (const char *)bytes;
    text.size = (uint32_t)length;
    return text;
}

size_t pawl_cbor_count_read(struct pawl_reader *reader, enum pawl_cbor_major major)
{
    uint64_t count = argument_read(reader, major);

    if (count <= reader->left) /* an item takes a byte at least */
        return (size_t)count;
    pawl_reader_fail(reader, PAWL_MALFORMED);
    return 0;
}

uint64_t pawl_cbor_tag_read(struct pawl_reader *reader)
{
    return argument_read(reader, PAWL_CBOR_TAG);
}

bool pawl_cbor_null_take(struct pawl_reader *reader)
{
    if (reader->left == 0 || *reader->next != NULL_BYTE)
        return false;
    pawl_reader_take(reader, 1);
    return true;
}

void pawl_cbor_item_skip(struct pawl_reader *reader)
{
    size_t used = 0;

    if (reader->error == PAWL_OK) {
        enum pawl_result result = pawl_cbor_item_check(reader->next, reader->left, &used);
        if (result != PAWL_OK)
            pawl_reader_fail(reader, result);
    }
    pawl_reader_take(reader, used);
}

void pawl_cbor_head_write(struct pawl_writer *writer, enum pawl_cbor_major major, uint64_t value)
{
    const uint32_t low = (uint32_t)(value & UINT32_MAX);
    unsigned info = 27, size = 8;
    uint8_t bytes[8];

    if (value < 24) {
        info = low;
        size = 0;
    } else if (value == low) {
        for (info = 26, size = 4; size > 1 && low >> (4 * size) == 0; size /= 2)
            info--;
    }
    pawl_writer_u8_put(writer, (uint8_t)((unsigned)major << 5 | info));
    pawl_u64be_put(bytes, value);
    pawl_writer_put(writer, bytes + sizeof bytes - size, size);
}

void pawl_cbor_integer_write(struct pawl_writer *writer, int64_t value)
{
    if (value < 0)
        pawl_cbor_head_write(writer, PAWL_CBOR_NEGATIVE, (uint64_t)(-1 - value));
    else
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, (uint64_t)value);
}

void pawl_cbor_bytes_write(struct pawl_writer *writer, const void *bytes, size_t size)
{
    pawl_cbor_head_write(writer, PAWL_CBOR_BYTES, size);
    pawl_writer_put(writer, bytes, size);
}

void pawl_cbor_text_write(struct pawl_writer *writer, struct pawl_text text)
{
    if (!text_allowed((const uint8_t *)text.bytes, text.size))
        pawl_writer_fail(writer, PAWL_MALFORMED);
    pawl_cbor_head_write(writer, PAWL_CBOR_TEXT, text.size);
    pawl_writer_put(writer, text.bytes, text.size);
}

void pawl_cbor_null_write(struct pawl_writer *writer)
{
    pawl_writer_u8_put(writer, NULL_BYTE);
}
