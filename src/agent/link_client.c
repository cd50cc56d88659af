#include "agent/link_client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/transport.h"
#include "pawl/secret.h"

#define WRITE_HEAD 8u /* the offset before the package bytes */
#define RESEND_MOST 2000

/* How long to wait for an answer, and how often to ask. A request that takes long in an orderly way
 * is asked once: the second would only queue up behind the first. */
static const struct patience {
    int64_t milliseconds;
    unsigned attempts;
} patience[] = {
    [PAWL_LINK_HELLO] = {5000, 3},
    [PAWL_LINK_REPORT] = {10000, 3},
    [PAWL_LINK_DIRECTIVE] = {60000, 1}, /* may erase flash */
    [PAWL_LINK_WRITE] = {60000, 1},
    [PAWL_LINK_INSTALL] = {600000, 1}, /* reads the whole image */
    [PAWL_LINK_STATUS] = {10000, 3},
    [PAWL_LINK_TAKEN] = {10000, 3},
    [PAWL_LINK_PROVISION] = {10000, 1},
    [PAWL_LINK_CONTENT_KEY] = {10000, 3},
};

__attribute__((format(printf, 3, 4))) static enum pawl_result broken(
    struct pawl_link_client *client, enum pawl_result result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(client->problem, sizeof client->problem, format, arguments);
    va_end(arguments);
    return result;
}

static void u64be_put(uint8_t bytes[8], uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
}

static enum pawl_result not_understood(struct pawl_link_client *client)
{
    return broken(client, PAWL_MALFORMED, "the secure processor's answer is not understood");
}

static enum pawl_result frame_send(struct pawl_link_client *client, const uint8_t *frame,
                                   size_t size, int64_t deadline)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = pawl_channel_send(&client->channel, frame + sent, size - sent);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return broken(client, PAWL_IO, "the secure processor is gone: %s", strerror(errno));
        if (pawl_wake_wait(client->wake, client->channel.fd, POLLOUT, deadline) != PAWL_WAKE_READY)
            return broken(client, PAWL_IO, "the secure processor takes nothing");
    }
    return PAWL_OK;
}

/* Drops what was dealt with from the start of the received bytes. */
static void received_drop(struct pawl_link_client *client, size_t size)
{
    client->received_size -= size;
    memmove(client->received, client->received + size, client->received_size);
}

/* Looks for the answer to the last request among what was received; everything else is dropped:
 * damaged frames, and answers that came too late for an earlier request. */
static bool answer_find(struct pawl_link_client *client, uint8_t type,
                        struct pawl_link_frame *answer)
{
    while (client->received_size > 0) {
        size_t used;
        enum pawl_result result = pawl_link_frame_read(client->received, client->received_size,
                                                       PAWL_LINK_PAYLOAD_MIN, answer, &used);
        if (result == PAWL_EXHAUSTED)
            return false;
        if (result == PAWL_OK && answer->id == client->id &&
            answer->type == (type | PAWL_LINK_ANSWER)) {
            client->used = used;
            return true;
        }
        received_drop(client, used);
    }
    return false;
}

/* How long to wait for an answer before the request is sent again: each time twice as long. */
static int64_t resend_first(const struct pawl_link_client *client)
{
    return client->channel.kind != NULL ? client->channel.kind->resend_after : 0;
}

/* Waits until something has come. Where requests can be lost the same one is sent again
 * (SPEC 14.6), since a device that has it carries it out once. */
static enum pawl_wake_event answer_wait(struct pawl_link_client *client, int64_t *resend,
                                        int64_t deadline)
{
    for (;;) {
        int64_t until = pawl_clock_now() + *resend;
        bool is_last = *resend == 0 || until >= deadline;
        enum pawl_wake_event event =
            pawl_wake_wait(client->wake, client->channel.fd, POLLIN, is_last ? deadline : until);
        if (event != PAWL_WAKE_TIME || is_last)
            return event;
        if (*resend < RESEND_MOST)
            *resend *= 2;
        if (frame_send(client, client->sent, client->sent_size, deadline) != PAWL_OK)
            return PAWL_WAKE_READY; /* receiving tells why */
    }
}

/* PAWL_EXHAUSTED: nothing came in time. */
static enum pawl_result answer_receive(struct pawl_link_client *client, uint8_t type,
                                       int64_t deadline, struct pawl_link_frame *answer)
{
    int64_t resend = resend_first(client);

    received_drop(client, client->used);
    client->used = 0;
    while (!answer_find(client, type, answer)) {
        enum pawl_wake_event event = answer_wait(client, &resend, deadline);
        if (event == PAWL_WAKE_STOP)
            return broken(client, PAWL_IO, "stopped");
        if (event == PAWL_WAKE_TIME)
            return PAWL_EXHAUSTED;
        ssize_t n = pawl_channel_receive(&client->channel, client->received + client->received_size,
                                         sizeof client->received - client->received_size);
        if (n == 0)
            return broken(client, PAWL_IO, "the secure processor has closed the link");
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return broken(client, PAWL_IO, "the secure processor is gone: %s", strerror(errno));
        if (n > 0)
            client->received_size += (size_t)n;
    }
    return PAWL_OK;
}

/* Sends a request whose payload of `size` bytes lies in the frame already. */
static enum pawl_result request_send(struct pawl_link_client *client, uint8_t type, size_t size,
                                     int64_t deadline)
{
    size_t frame_size;
    size_t capacity = PAWL_LINK_OVERHEAD + (size_t)client->hello.payload_max;
    client->id++;
    client->write_pending = false; /* its answer, should it still come, has another id */
    enum pawl_result result =
        pawl_link_frame_write(type, client->id, client->frame + PAWL_LINK_HEADER_SIZE,
                              (uint32_t)size, client->frame, capacity, &frame_size);
    if (result != PAWL_OK)
        return broken(client, result, "a request is too long for the secure processor");
    if (client->channel.kind != NULL && frame_size <= sizeof client->sent) {
        memcpy(client->sent, client->frame, frame_size);
        client->sent_size = frame_size;
    }
    return frame_send(client, client->frame, frame_size, deadline);
}

/* A request and its answer. A lost one is asked again under a new id: an answer to the first that
 * comes late is not taken for the second's. */
static enum pawl_result request(struct pawl_link_client *client, uint8_t type, size_t size,
                                struct pawl_link_frame *answer)
{
    for (unsigned i = 0; i < patience[type].attempts; i++) {
        int64_t deadline = pawl_clock_now() + patience[type].milliseconds;
        enum pawl_result result = request_send(client, type, size, deadline);
        if (result == PAWL_OK)
            result = answer_receive(client, type, deadline, answer);
        if (result != PAWL_EXHAUSTED)
            return result;
    }
    return broken(client, PAWL_IO, "the secure processor does not answer");
}

/* `decoded` is what the codec made of the answer: the processor's own verdict, unless the answer
 * was of a wrong form. */
static enum pawl_result verdict(struct pawl_link_client *client,
                                const struct pawl_link_frame *frame, enum pawl_result decoded,
                                struct pawl_link_answer *answer)
{
    if (frame->size < 2 || frame->payload[0] != (uint8_t)decoded)
        return not_understood(client);
    answer->result = decoded;
    return PAWL_OK;
}

static enum pawl_result greet(struct pawl_link_client *client)
{
    struct pawl_link_frame frame;
    struct pawl_link_answer answer;
    struct pawl_link_hello hello;

    enum pawl_result result = request(client, PAWL_LINK_HELLO, 0, &frame);
    if (result != PAWL_OK)
        return result;
    result = verdict(client, &frame, pawl_link_hello_read(&frame, &answer.state, &hello), &answer);
    if (result != PAWL_OK)
        return result;
    if (answer.result == PAWL_STATE)
        return broken(client, PAWL_STATE, "the device has no unit data yet (--provision)");
    if (answer.result != PAWL_OK || hello.version != PAWL_LINK_VERSION ||
        hello.payload_max < PAWL_LINK_PAYLOAD_MIN)
        return broken(client, PAWL_UNSUPPORTED,
                      "the secure processor speaks another link protocol");
    if (hello.payload_max > PAWL_LINK_PAYLOAD_MAX)
        hello.payload_max = PAWL_LINK_PAYLOAD_MAX;
    if (client->channel.kind != NULL && client->channel.kind->frame_max > 0 &&
        hello.payload_max > client->channel.kind->frame_max - PAWL_LINK_OVERHEAD)
        hello.payload_max = client->channel.kind->frame_max - PAWL_LINK_OVERHEAD;
    client->hello = hello;
    return PAWL_OK;
}

static enum pawl_result connect_to(struct pawl_link_client *client, struct pawl_wake *wake,
                                   const char *spec)
{
    *client = (struct pawl_link_client){.wake = wake, .channel = {.fd = -1}};
    client->frame = malloc(PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MAX);
    if (client->frame == NULL)
        return broken(client, PAWL_EXHAUSTED, "no memory for the link");
    client->hello.payload_max = PAWL_LINK_PAYLOAD_MIN;
    enum pawl_result result = pawl_channel_open(spec, &client->channel);
    if (result != PAWL_OK)
        return broken(client, result, "cannot reach the secure processor at %.80s: %s", spec,
                      strerror(errno));
    /* A device remembers the request that it answered last, of whichever agent. */
    if (client->channel.kind != NULL)
        client->id = (uint8_t)pawl_random_draw();
    return PAWL_OK;
}

enum pawl_result pawl_link_client_open(struct pawl_link_client *client, struct pawl_wake *wake,
                                       const char *spec)
{
    enum pawl_result result = connect_to(client, wake, spec);
    if (result == PAWL_OK)
        result = greet(client);
    client->was_reached = client->channel.fd >= 0 && client->channel.child == 0;
    if (result != PAWL_OK)
        pawl_link_client_close(client);
    return result;
}

enum pawl_result pawl_link_client_provision(struct pawl_link_client *client, struct pawl_wake *wake,
                                            const char *spec, const uint8_t *pud, size_t size,
                                            struct pawl_link_answer *answer)
{
    struct pawl_link_frame frame;
    const uint8_t *body;
    uint32_t body_size;

    enum pawl_result result = connect_to(client, wake, spec);
    if (result == PAWL_OK) {
        memcpy(client->frame + PAWL_LINK_HEADER_SIZE, pud, size);
        result = request(client, PAWL_LINK_PROVISION, size, &frame);
        pawl_wipe(client->frame, PAWL_LINK_OVERHEAD + size);
        pawl_wipe(client->sent, sizeof client->sent);
    }
    if (result == PAWL_OK)
        result = verdict(client, &frame,
                         pawl_link_answer_read(&frame, &answer->state, &body, &body_size), answer);
    if (result != PAWL_OK)
        pawl_link_client_close(client);
    return result;
}

void pawl_link_client_close(struct pawl_link_client *client)
{
    pawl_channel_close(&client->channel);
    free(client->frame);
    client->frame = NULL;
    client->write_pending = false;
}

bool pawl_link_client_is_open(const struct pawl_link_client *client)
{
    return client->frame != NULL;
}

enum pawl_result pawl_link_client_report(struct pawl_link_client *client, const uint8_t *wanted,
                                         uint32_t wanted_count, struct pawl_link_answer *answer,
                                         uint8_t report[PAWL_REPORT_SIZE_MAX], size_t *size)
{
    struct pawl_link_frame frame;
    const uint8_t *body = NULL;
    uint32_t body_size = 0;

    const size_t wanted_size = (size_t)wanted_count * PAWL_CONTENT_KEY_ID_SIZE;
    if (wanted_size > 0)
        memcpy(client->frame + PAWL_LINK_HEADER_SIZE, wanted, wanted_size);
    enum pawl_result result = request(client, PAWL_LINK_REPORT, wanted_size, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame,
                         pawl_link_answer_read(&frame, &answer->state, &body, &body_size), answer);
    if (result != PAWL_OK || answer->result != PAWL_OK)
        return result;
    if (body_size > PAWL_REPORT_SIZE_MAX)
        return not_understood(client);
    memcpy(report, body, body_size);
    *size = body_size;
    return PAWL_OK;
}

enum pawl_result pawl_link_client_direct(struct pawl_link_client *client, const uint8_t *directive,
                                         size_t size, struct pawl_link_answer *answer,
                                         struct pawl_work *work)
{
    struct pawl_link_frame frame;

    memcpy(client->frame + PAWL_LINK_HEADER_SIZE, directive, size);
    enum pawl_result result = request(client, PAWL_LINK_DIRECTIVE, size, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame, pawl_link_work_read(&frame, &answer->state, work), answer);
    return result;
}

enum pawl_result pawl_link_client_taken(struct pawl_link_client *client, uint64_t command,
                                        struct pawl_link_answer *answer)
{
    struct pawl_link_frame frame;
    const uint8_t *body;
    uint32_t body_size;

    u64be_put(client->frame + PAWL_LINK_HEADER_SIZE, command);
    enum pawl_result result = request(client, PAWL_LINK_TAKEN, 8, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame,
                         pawl_link_answer_read(&frame, &answer->state, &body, &body_size), answer);
    return result;
}

enum pawl_result pawl_link_client_install(struct pawl_link_client *client,
                                          struct pawl_link_answer *answer)
{
    struct pawl_link_frame frame;
    const uint8_t *body;
    uint32_t body_size;

    enum pawl_result result = request(client, PAWL_LINK_INSTALL, 0, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame,
                         pawl_link_answer_read(&frame, &answer->state, &body, &body_size), answer);
    return result;
}

enum pawl_result pawl_link_client_status(struct pawl_link_client *client,
                                         struct pawl_link_answer *answer,
                                         struct pawl_processor_status *status)
{
    struct pawl_link_frame frame;

    enum pawl_result result = request(client, PAWL_LINK_STATUS, 0, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame, pawl_link_status_read(&frame, status), answer);
    if (result == PAWL_OK && answer->result == PAWL_OK)
        answer->state = status->state;
    return result;
}

enum pawl_result pawl_link_client_content_key(struct pawl_link_client *client,
                                              const struct pawl_grant *grant,
                                              struct pawl_link_answer *answer,
                                              uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    struct pawl_link_frame frame;
    const uint8_t *body = NULL;
    uint32_t body_size = 0;
    uint8_t *payload = client->frame + PAWL_LINK_HEADER_SIZE;

    memcpy(payload, grant->salt, sizeof grant->salt);
    memcpy(payload + sizeof grant->salt, grant->wrapped, sizeof grant->wrapped);
    enum pawl_result result =
        request(client, PAWL_LINK_CONTENT_KEY, sizeof grant->salt + sizeof grant->wrapped, &frame);
    if (result == PAWL_OK)
        result = verdict(client, &frame,
                         pawl_link_answer_read(&frame, &answer->state, &body, &body_size), answer);
    if (result != PAWL_OK || answer->result != PAWL_OK)
        return result;
    if (body_size != PAWL_CONTENT_KEY_SIZE)
        return not_understood(client);
    memcpy(key, body, PAWL_CONTENT_KEY_SIZE);
    pawl_wipe(client->received, client->used);
    return PAWL_OK;
}

uint8_t *pawl_link_client_write_area(struct pawl_link_client *client, size_t *capacity)
{
    *capacity = client->hello.payload_max - WRITE_HEAD;
    return client->frame + PAWL_LINK_HEADER_SIZE + WRITE_HEAD;
}

enum pawl_result pawl_link_client_write_send(struct pawl_link_client *client, uint64_t offset,
                                             size_t size)
{
    u64be_put(client->frame + PAWL_LINK_HEADER_SIZE, offset);

    int64_t deadline = pawl_clock_now() + patience[PAWL_LINK_WRITE].milliseconds;
    enum pawl_result result = request_send(client, PAWL_LINK_WRITE, WRITE_HEAD + size, deadline);
    client->write_pending = result == PAWL_OK;
    return result;
}

enum pawl_result pawl_link_client_write_finish(struct pawl_link_client *client,
                                               struct pawl_link_answer *answer, uint64_t *next)
{
    struct pawl_link_frame frame;
    int64_t deadline = pawl_clock_now() + patience[PAWL_LINK_WRITE].milliseconds;

    client->write_pending = false;
    enum pawl_result result = answer_receive(client, PAWL_LINK_WRITE, deadline, &frame);
    if (result == PAWL_EXHAUSTED)
        return broken(client, PAWL_IO, "the secure processor does not answer");
    if (result == PAWL_OK)
        result =
            verdict(client, &frame, pawl_link_write_read(&frame, &answer->state, next), answer);
    return result;
}
