/* The device side of the link (SPEC 14): one row per request. */
#include "core/bytes.h"
#include "pawl/link.h"
#include "processor/engine.h"

#define OUTCOME_SIZE 2u /* result and state, which every answer begins with */
#define CONTENT_KEY_REQUEST_SIZE (PAWL_SALT_SIZE + PAWL_CONTENT_KEY_WRAPPED_SIZE)

/* A request being carried out: `answer` takes the payload after result and state. */
struct request {
    struct pawl_processor *engine;
    const struct pawl_pud *pud;
    uint32_t payload_max;
    const uint8_t *bytes;
    uint32_t size;
    struct pawl_writer *answer;
};

struct service {
    enum pawl_result (*act)(const struct request *request);
    uint16_t size_max; /* of the request's payload */
    uint8_t size_min;
    bool answers_errors; /* what it wrote is sent after an error, too */
};

#define ANY_SIZE UINT16_MAX /* the frame's own limit alone */

static enum pawl_result hello(const struct request *request)
{
    pawl_writer_u8_put(request->answer, PAWL_LINK_VERSION);
    pawl_writer_u32be_put(request->answer, request->payload_max);
    pawl_writer_put(request->answer, request->pud->device_id, PAWL_ID_SIZE);
    pawl_writer_u64be_put(request->answer, request->engine->sequence);
    return PAWL_OK;
}

static enum pawl_result report(const struct request *request)
{
    struct pawl_writer *answer = request->answer;
    size_t size = 0;

    if (request->size % PAWL_CONTENT_KEY_ID_SIZE != 0)
        return PAWL_MALFORMED;
    enum pawl_result result = pawl_processor_report_wanting(
        request->engine, request->bytes, request->size / PAWL_CONTENT_KEY_ID_SIZE,
        answer->bytes + answer->size, answer->capacity - answer->size, &size);
    answer->size += size;
    return result;
}

static enum pawl_result directive(const struct request *request)
{
    struct pawl_writer *answer = request->answer;
    struct pawl_work work;

    enum pawl_result result =
        pawl_processor_directive(request->engine, request->bytes, request->size, &work);
    if (result != PAWL_OK)
        return result;
    pawl_writer_u8_put(answer, (uint8_t)work.action);
    pawl_writer_u32be_put(answer, work.poll_after);
    pawl_writer_u8_put(answer, (uint8_t)((work.fetch ? PAWL_LINK_WORK_FETCH : 0) |
                                         (work.install ? PAWL_LINK_WORK_INSTALL : 0) |
                                         (work.command != 0 ? PAWL_LINK_WORK_COMMAND : 0)));
    pawl_writer_put(answer, work.package_id, sizeof work.package_id);
    pawl_writer_u64be_put(answer, work.package_size);
    pawl_writer_u64be_put(answer, work.offset);
    if (work.command != 0) {
        pawl_writer_u64be_put(answer, work.command);
        pawl_writer_put(answer, work.message, work.message_size);
    } else {
        pawl_writer_put(answer, work.url, work.url_size);
    }
    return PAWL_OK;
}

static enum pawl_result taken(const struct request *request)
{
    return pawl_processor_taken(request->engine, pawl_u64be_get(request->bytes));
}

static enum pawl_result package_write(const struct request *request)
{
    uint64_t offset = pawl_u64be_get(request->bytes);
    uint64_t next = 0;

    enum pawl_result result =
        pawl_processor_write(request->engine, offset, request->bytes + 8, request->size - 8, &next);
    pawl_writer_u64be_put(request->answer, next);
    return result;
}

static enum pawl_result install(const struct request *request)
{
    return pawl_processor_install(request->engine);
}

static enum pawl_result status(const struct request *request)
{
    struct pawl_writer *answer = request->answer;
    struct pawl_processor_status status;

    pawl_processor_status_get(request->engine, &status);
    pawl_writer_u8_put(answer, (uint8_t)((status.has_package ? PAWL_LINK_STATUS_PACKAGE : 0) |
                                         (status.running ? PAWL_LINK_STATUS_RUNNING : 0) |
                                         (status.has_failure ? PAWL_LINK_STATUS_FAILURE : 0)));
    pawl_writer_u64be_put(answer, status.sequence);
    pawl_writer_put(answer, status.package_id, sizeof status.package_id);
    pawl_writer_put(answer, status.failed_package_id, sizeof status.failed_package_id);
    pawl_writer_u64be_put(answer, status.failure);
    pawl_writer_u64be_put(answer, status.offset);
    pawl_writer_u64be_put(answer, status.package_size);
    return PAWL_OK;
}

static enum pawl_result cancel(const struct request *request)
{
    return pawl_processor_cancel(request->engine);
}

static enum pawl_result content_key(const struct request *request)
{
    uint8_t key[PAWL_CONTENT_KEY_SIZE];

    enum pawl_result result = pawl_processor_content_key(request->engine, request->bytes,
                                                         request->bytes + PAWL_SALT_SIZE, key);
    if (result == PAWL_OK)
        pawl_writer_put(request->answer, key, sizeof key);
    pawl_wipe(key, sizeof key);
    return result;
}

static const struct service services[] = {
    [PAWL_LINK_HELLO] = {hello, 0, 0, false},
    [PAWL_LINK_REPORT] = {report, PAWL_CONTENT_WANTED_MAX *PAWL_CONTENT_KEY_ID_SIZE, 0, false},
    [PAWL_LINK_DIRECTIVE] = {directive, PAWL_DIRECTIVE_SIZE_MAX, 1, false},
    [PAWL_LINK_WRITE] = {package_write, ANY_SIZE, 8, true},
    [PAWL_LINK_INSTALL] = {install, 0, 0, false},
    [PAWL_LINK_STATUS] = {status, 0, 0, false},
    [PAWL_LINK_CANCEL] = {cancel, 0, 0, false},
    [PAWL_LINK_CONTENT_KEY] = {content_key, CONTENT_KEY_REQUEST_SIZE, CONTENT_KEY_REQUEST_SIZE,
                               false},
    [PAWL_LINK_TAKEN] = {taken, 8, 8, false},
};

static enum pawl_result request_serve(const struct request *request, uint8_t type)
{
    const struct service *service =
        type < sizeof services / sizeof services[0] ? &services[type] : NULL;

    if (!service || !service->act)
        return PAWL_UNSUPPORTED;
    if (request->size < service->size_min ||
        (service->size_max != ANY_SIZE && request->size > service->size_max))
        return PAWL_MALFORMED;
    enum pawl_result result = service->act(request);
    if (result != PAWL_OK && !service->answers_errors)
        request->answer->size = 0;
    return result;
}

enum pawl_result pawl_link_serve(struct pawl_processor *processor, const struct pawl_pud *pud,
                                 uint32_t payload_max, const struct pawl_link_frame *request,
                                 uint8_t *answer, size_t capacity, size_t *size)
{
    struct pawl_writer writer;
    const struct request served = {.engine = processor,
                                   .pud = pud,
                                   .payload_max = payload_max,
                                   .bytes = request->payload,
                                   .size = request->size,
                                   .answer = &writer};

    if (capacity < PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN)
        return PAWL_EXHAUSTED;
    uint8_t *payload = answer + PAWL_LINK_HEADER_SIZE;
    pawl_writer_init(&writer, payload + OUTCOME_SIZE, PAWL_LINK_PAYLOAD_MIN - OUTCOME_SIZE);
    enum pawl_result result = request_serve(&served, request->type);
    payload[0] = (uint8_t)result;
    payload[1] = (uint8_t)processor->state;
    return pawl_link_frame_write((uint8_t)(request->type | PAWL_LINK_ANSWER), request->id, payload,
                                 OUTCOME_SIZE + (uint32_t)writer.size, answer, capacity, size);
}
