/*
 * The link as a stream of bytes, and the frames in it. One agent at a time; buffers have a fixed
 * size, and whoever does not read its answers is not read from either.
 */
#ifndef PAWL_LINUX_LINK_STREAM_H
#define PAWL_LINUX_LINK_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pawl/link.h"
#include "pawl/result.h"
#include "settings.h"

#define PAWL_LINK_ANSWER_MAX (PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN)
#define PAWL_LINK_POLLS 3u

struct pawl_link_stream {
    int listener;  /* -1 when the link is one stream */
    int in, out;   /* -1 when there is no agent */
    int directory; /* of the socket, to remove it; -1 for none */
    const char *name;
    int64_t heard;  /* when the agent last sent something (monotonic, seconds) */
    uint8_t *bytes; /* received; owned */
    size_t start, end;
    bool starved; /* what was received holds no whole frame */
    uint8_t answer[PAWL_LINK_ANSWER_MAX];
    size_t answered, answer_size; /* of the answer that is being sent */
};

/* Opens the link. `in` and `out` are the descriptors of a stream that exists, for kinds other than
 * PAWL_LINK_UNIX. PAWL_IO, PAWL_STATE when another program listens there, PAWL_EXHAUSTED; the error
 * was printed. */
enum pawl_result pawl_link_stream_open(struct pawl_link_stream *link,
                                       const struct pawl_settings *settings, int in, int out);
void pawl_link_stream_close(struct pawl_link_stream *link);

/* What to wait for. */
void pawl_link_stream_watch(const struct pawl_link_stream *link,
                            struct pollfd polls[PAWL_LINK_POLLS]);

/* Deals with what poll found: takes and drops agents, sends, receives. */
void pawl_link_stream_work(struct pawl_link_stream *link,
                           const struct pollfd polls[PAWL_LINK_POLLS]);

/* True when bytes are waiting that were not looked at: do not sleep then. */
bool pawl_link_stream_is_busy(const struct pawl_link_stream *link);

/* The next request, when there is one and the last answer is on its way. Its payload stays until
 * the next pawl_link_stream_work. */
bool pawl_link_stream_next(struct pawl_link_stream *link, struct pawl_link_frame *request);

/* Room for an answer of PAWL_LINK_ANSWER_MAX bytes, then `size` bytes of it are sent. */
uint8_t *pawl_link_stream_answer(struct pawl_link_stream *link);
void pawl_link_stream_send(struct pawl_link_stream *link, size_t size);

/* True when the link was one stream and has ended. */
bool pawl_link_stream_ended(const struct pawl_link_stream *link);

#endif
