/* What wakes a device (SPEC 19.3): [window, counter, topic, ...]. */
#include <string.h>

#include "core/cbor.h"
#include "pawl/report.h"

enum pawl_result pawl_summons_write(const struct pawl_summons *summons,
                                    uint8_t bytes[PAWL_SUMMONS_SIZE_MAX], size_t *size)
{
    struct pawl_writer writer;

    if (summons->topic_count < 1 || summons->topic_count > PAWL_TOPICS_MAX ||
        summons->window > PAWL_WAKE_WINDOW_MAX)
        return PAWL_MALFORMED;
    pawl_writer_init(&writer, bytes, PAWL_SUMMONS_SIZE_MAX);
    pawl_cbor_head_write(&writer, PAWL_CBOR_ARRAY, 2 + (uint64_t)summons->topic_count);
    pawl_cbor_head_write(&writer, PAWL_CBOR_UINT, summons->window);
    pawl_cbor_head_write(&writer, PAWL_CBOR_UINT, summons->counter);
    for (uint32_t i = 0; i < summons->topic_count; i++)
        pawl_cbor_bytes_write(&writer, summons->topics[i], PAWL_TOPIC_SIZE);
    return pawl_writer_finish(&writer, size);
}

enum pawl_result pawl_summons_read(const uint8_t *bytes, size_t size, struct pawl_summons *summons)
{
    struct pawl_summons found = {0};
    struct pawl_reader reader;

    enum pawl_result result = pawl_cbor_check(bytes, size);
    if (result != PAWL_OK)
        return result;
    pawl_reader_init(&reader, bytes, size);
    size_t items = pawl_cbor_count_read(&reader, PAWL_CBOR_ARRAY);
    uint64_t window = pawl_cbor_uint_read(&reader);
    found.counter = pawl_cbor_uint_read(&reader);
    if (reader.error != PAWL_OK || items < 3 || items > 2 + PAWL_TOPICS_MAX ||
        window > PAWL_WAKE_WINDOW_MAX)
        return PAWL_MALFORMED;
    found.window = (uint32_t)window;
    found.topic_count = (uint32_t)items - 2;
    for (uint32_t i = 0; i < found.topic_count; i++)
        pawl_cbor_bytes_copy(&reader, found.topics[i], PAWL_TOPIC_SIZE);
    if (reader.error == PAWL_OK)
        *summons = found;
    return reader.error;
}
