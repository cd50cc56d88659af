#include "pawl/link.h"

#include <string.h>

#include "core/bytes.h"

/* Result and state, with which every answer begins; then `reader` stands at the body. */
static enum pawl_result start_take(const struct pawl_link_frame *answer, enum pawl_state *state,
                                   struct pawl_reader *reader)
{
    pawl_reader_init(reader, answer->payload, answer->size);
    uint8_t result = pawl_reader_u8_take(reader);
    uint8_t value = pawl_reader_u8_take(reader);
    if (result >= PAWL_RESULT_COUNT || value > PAWL_STATE_UPDATED)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    if (reader->error != PAWL_OK)
        return PAWL_MALFORMED;
    *state = (enum pawl_state)value;
    return (enum pawl_result)result;
}

static enum pawl_result end_check(const struct pawl_reader *reader)
{
    return reader->error != PAWL_OK || reader->left > 0 ? PAWL_MALFORMED : PAWL_OK;
}

enum pawl_result pawl_link_hello_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                      struct pawl_link_hello *hello)
{
    struct pawl_link_hello read = {0};
    struct pawl_reader reader;
    enum pawl_result result = start_take(answer, state, &reader);
    if (result != PAWL_OK)
        return result;

    read.version = pawl_reader_u8_take(&reader);
    read.payload_max = pawl_reader_u32be_take(&reader);
    pawl_reader_copy(&reader, read.device_id, sizeof read.device_id);
    read.sequence = pawl_reader_u64be_take(&reader);
    result = end_check(&reader);
    if (result == PAWL_OK)
        *hello = read;
    return result;
}

enum pawl_result pawl_link_work_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                     struct pawl_work *work)
{
    struct pawl_reader reader;
    enum pawl_result result = start_take(answer, state, &reader);
    if (result != PAWL_OK)
        return result;

    uint8_t action = pawl_reader_u8_take(&reader);
    uint32_t poll_after = pawl_reader_u32be_take(&reader);
    uint8_t flags = pawl_reader_u8_take(&reader);
    const uint8_t *package_id = pawl_reader_take(&reader, PAWL_PACKAGE_ID_SIZE);
    uint64_t package_size = pawl_reader_u64be_take(&reader);
    uint64_t offset = pawl_reader_u64be_take(&reader);
    bool has_command = flags & PAWL_LINK_WORK_COMMAND;
    uint64_t command = has_command ? pawl_reader_u64be_take(&reader) : 0;
    size_t rest = reader.left;
    if (reader.error != PAWL_OK || action > PAWL_ACTION_REPEAT ||
        rest > (has_command ? sizeof work->message : sizeof work->url))
        return PAWL_MALFORMED;

    memset(work, 0, sizeof *work);
    work->action = (enum pawl_action)action;
    work->poll_after = poll_after;
    work->fetch = flags & PAWL_LINK_WORK_FETCH;
    work->install = flags & PAWL_LINK_WORK_INSTALL;
    memcpy(work->package_id, package_id, PAWL_PACKAGE_ID_SIZE);
    work->package_size = package_size;
    work->offset = offset;
    work->command = command;
    if (has_command)
        work->message_size = (uint32_t)rest;
    else
        work->url_size = (uint32_t)rest;
    pawl_reader_copy(&reader, (uint8_t *)(has_command ? work->message : work->url), rest);
    return PAWL_OK;
}

enum pawl_result pawl_link_write_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                      uint64_t *next)
{
    struct pawl_reader reader;
    enum pawl_result result = start_take(answer, state, &reader);
    uint64_t offset = pawl_reader_u64be_take(&reader);

    /* A processor that could not even read the request says so without an offset. */
    if (end_check(&reader) == PAWL_OK)
        *next = offset;
    else if (result == PAWL_OK)
        result = PAWL_MALFORMED;
    return result;
}

enum pawl_result pawl_link_status_read(const struct pawl_link_frame *answer,
                                       struct pawl_processor_status *status)
{
    struct pawl_processor_status read = {0};
    struct pawl_reader reader;
    enum pawl_result result = start_take(answer, &read.state, &reader);
    if (result != PAWL_OK)
        return result;

    uint8_t flags = pawl_reader_u8_take(&reader);
    read.has_package = flags & PAWL_LINK_STATUS_PACKAGE;
    read.running = flags & PAWL_LINK_STATUS_RUNNING;
    read.has_failure = flags & PAWL_LINK_STATUS_FAILURE;
    read.sequence = pawl_reader_u64be_take(&reader);
    pawl_reader_copy(&reader, read.package_id, sizeof read.package_id);
    pawl_reader_copy(&reader, read.failed_package_id, sizeof read.failed_package_id);
    read.failure = pawl_reader_u64be_take(&reader);
    read.offset = pawl_reader_u64be_take(&reader);
    read.package_size = pawl_reader_u64be_take(&reader);
    result = end_check(&reader);
    if (result == PAWL_OK)
        *status = read;
    return result;
}

enum pawl_result pawl_link_answer_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                       const uint8_t **body, uint32_t *size)
{
    struct pawl_reader reader;
    enum pawl_result result = start_take(answer, state, &reader);
    if (result != PAWL_OK)
        return result;
    *body = reader.next;
    *size = (uint32_t)reader.left;
    return PAWL_OK;
}
