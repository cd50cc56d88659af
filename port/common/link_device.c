#include "link_device.h"

#include "core/bytes.h"
#include "pawl/secret.h"

#define CRC_SIZE 4u

/* Says hello to everybody: an agent that was started anew counts its requests anew, too. */
static bool is_repeated(const struct pawl_link_device *link, const struct pawl_link_frame *request,
                        uint32_t crc)
{
    return link->answered && request->type != PAWL_LINK_HELLO && link->type == request->type &&
           link->id == request->id && link->crc == crc;
}

/* Without unit data there is no engine: only that is taken. */
static enum pawl_result unprovisioned_serve(struct pawl_link_device *link,
                                            const struct pawl_link_frame *request)
{
    uint8_t payload[2] = {PAWL_STATE, PAWL_STATE_READY};

    if (request->type == PAWL_LINK_PROVISION)
        payload[0] = (uint8_t)link->provision(link->context, request->payload, request->size);
    return pawl_link_frame_write(request->type | PAWL_LINK_ANSWER, request->id, payload,
                                 sizeof payload, link->answer, sizeof link->answer,
                                 &link->answer_size);
}

static void request_serve(struct pawl_link_device *link, const struct pawl_link_frame *request,
                          uint32_t crc)
{
    pawl_wipe(link->answer, sizeof link->answer);
    enum pawl_result result =
        link->processor == NULL
            ? unprovisioned_serve(link, request)
            : pawl_link_serve(link->processor, link->pud, PAWL_LINK_PAYLOAD_MIN, request,
                              link->answer, sizeof link->answer, &link->answer_size);
    link->answered = result == PAWL_OK;
    link->type = request->type;
    link->id = request->id;
    link->crc = crc;
}

size_t pawl_link_device_take(struct pawl_link_device *link, const uint8_t *bytes, size_t size,
                             size_t *answer_size)
{
    struct pawl_link_frame request;
    size_t used = 0;

    *answer_size = 0;
    if (pawl_link_frame_read(bytes, size, PAWL_LINK_PAYLOAD_MIN, &request, &used) != PAWL_OK)
        return used;
    uint32_t crc = pawl_u32be_get(bytes + used - CRC_SIZE);
    if (!is_repeated(link, &request, crc))
        request_serve(link, &request, crc);
    if (link->answered)
        *answer_size = link->answer_size;
    return used;
}
