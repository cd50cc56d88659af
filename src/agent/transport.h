/*
 * How the agent reaches its secure processor: "SCHEME:ADDRESS". One table row per transport; each
 * carries link frames, some as a stream of bytes that all arrive, some over lines that lose frames.
 */
#ifndef PAWL_AGENT_TRANSPORT_H
#define PAWL_AGENT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/result.h"

struct pawl_channel;

/* How a kind of channel carries bytes. */
struct pawl_channel_kind {
    ssize_t (*send)(struct pawl_channel *channel, const uint8_t *bytes, size_t size);
    ssize_t (*receive)(struct pawl_channel *channel, uint8_t *bytes, size_t capacity);
    uint32_t frame_max;   /* the longest link frame, 0 for any; each is sent as a whole */
    int64_t resend_after; /* milliseconds until a request counts as lost; 0: none is */
};

struct pawl_channel {
    int fd;                               /* non-blocking; -1 when closed */
    pid_t child;                          /* the processor that the agent started; 0 for none */
    const struct pawl_channel_kind *kind; /* NULL: a stream */
    uint8_t own[6], peer[6];              /* Ethernet addresses */
};

/* True when `spec` names a transport that exists and an address. */
bool pawl_channel_spec_is_valid(const char *spec);

/* What can be given, for messages: "unix:PATH, exec:COMMAND, ...". */
const char *pawl_channel_spec_forms(void);

/* Connects. PAWL_IO with errno set; PAWL_UNSUPPORTED for a spec that is not valid. */
enum pawl_result pawl_channel_open(const char *spec, struct pawl_channel *channel);

/* As send(2) and recv(2) of a stream: -1 with EAGAIN when nothing could be sent or has come. */
ssize_t pawl_channel_send(struct pawl_channel *channel, const uint8_t *bytes, size_t size);
ssize_t pawl_channel_receive(struct pawl_channel *channel, uint8_t *bytes, size_t capacity);

/* Closes it and ends the child, first by the end of its input, then by signals, within 0.7 s. */
void pawl_channel_close(struct pawl_channel *channel);

#endif
