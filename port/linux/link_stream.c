#include "link_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "link_socket.h"
#include "pawl/secret.h"

#define BUFFER_SIZE (PAWL_LINK_OVERHEAD + (size_t)PAWL_LINK_PAYLOAD_MAX)
#define SILENT_AFTER 30 /* seconds; from then on another agent may take the link over */

/* How much noise one turn looks at: the image's events are served in between. */
#define NOISE_MAX 4096u

enum { LISTENER, IN, OUT };

static int64_t now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void nonblocking_set(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

enum pawl_result pawl_link_stream_open(struct pawl_link_stream *link,
                                       const struct pawl_settings *settings, int in, int out)
{
    *link = (struct pawl_link_stream){
        .listener = -1, .in = in, .out = out, .directory = -1, .starved = true};
    link->bytes = malloc(BUFFER_SIZE);
    if (link->bytes == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    if (settings->link.kind == PAWL_LINK_UNIX)
        return pawl_link_socket_listen(settings->link.path,
                                       settings->has_link_group ? &settings->link_group : NULL,
                                       &link->listener, &link->directory, &link->name);
    nonblocking_set(in);
    nonblocking_set(out);
    return PAWL_OK;
}

static void agent_drop(struct pawl_link_stream *link)
{
    if (link->out >= 0 && link->out != link->in)
        close(link->out);
    if (link->in >= 0)
        close(link->in);
    link->in = link->out = -1;
    link->start = link->end = 0;
    link->starved = true;
    pawl_wipe(link->answer, link->answer_size); /* of which nobody took the rest */
    link->answered = link->answer_size = 0;
}

void pawl_link_stream_close(struct pawl_link_stream *link)
{
    agent_drop(link);
    if (link->listener >= 0) {
        close(link->listener);
        (void)unlinkat(link->directory, link->name, 0);
    }
    if (link->directory >= 0)
        close(link->directory);
    free(link->bytes);
    *link = (struct pawl_link_stream){.listener = -1, .in = -1, .out = -1, .directory = -1};
}

void pawl_link_stream_watch(const struct pawl_link_stream *link,
                            struct pollfd polls[PAWL_LINK_POLLS])
{
    bool answering = link->answered < link->answer_size;
    bool room = !answering && link->end - link->start < BUFFER_SIZE;

    polls[LISTENER] = (struct pollfd){.fd = link->listener, .events = POLLIN};
    polls[IN] = (struct pollfd){.fd = room ? link->in : -1, .events = POLLIN};
    polls[OUT] = (struct pollfd){.fd = answering ? link->out : -1, .events = POLLOUT};
}

/* Whoever is gone, whatever is left of what it sent. */
static bool agent_hung_up(const struct pawl_link_stream *link)
{
    struct pollfd agent = {.fd = link->in, .events = 0};

    return poll(&agent, 1, 0) == 1 && (agent.revents & (POLLHUP | POLLERR)) != 0;
}

/* An agent that hangs does not keep the device from another. */
static void agent_take(struct pawl_link_stream *link)
{
    int fd = accept4(link->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (link->in >= 0 && !agent_hung_up(link) && now_seconds() - link->heard < SILENT_AFTER) {
        pawl_log(PAWL_LOG_INFO, "a second agent was turned away");
        close(fd);
        return;
    }
    agent_drop(link);
    link->in = link->out = fd;
    link->heard = now_seconds();
    pawl_log(PAWL_LOG_DEBUG, "an agent connected");
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static void bytes_send(struct pawl_link_stream *link)
{
    ssize_t sent =
        write(link->out, link->answer + link->answered, link->answer_size - link->answered);

    if (sent > 0) {
        link->answered += (size_t)sent;
        if (link->answered == link->answer_size)
            pawl_wipe(link->answer, link->answer_size); /* it may have been a content key */
    } else if (sent < 0 && !would_block())
        agent_drop(link);
}

static void bytes_receive(struct pawl_link_stream *link)
{
    if (link->start > 0) {
        memmove(link->bytes, link->bytes + link->start, link->end - link->start);
        link->end -= link->start;
        link->start = 0;
    }
    ssize_t got = read(link->in, link->bytes + link->end, BUFFER_SIZE - link->end);
    if (got > 0) {
        link->end += (size_t)got;
        link->starved = false;
        link->heard = now_seconds();
    } else if (got == 0 || !would_block()) {
        pawl_log(PAWL_LOG_DEBUG, "the agent is gone");
        agent_drop(link);
    }
}

void pawl_link_stream_work(struct pawl_link_stream *link,
                           const struct pollfd polls[PAWL_LINK_POLLS])
{
    if (polls[OUT].revents != 0 && polls[OUT].fd == link->out)
        bytes_send(link);
    if (polls[IN].revents != 0 && polls[IN].fd == link->in)
        bytes_receive(link);
    if (polls[LISTENER].revents != 0)
        agent_take(link);
}

bool pawl_link_stream_is_busy(const struct pawl_link_stream *link)
{
    return link->in >= 0 && !link->starved && link->answered == link->answer_size;
}

/* A checksum that fails costs as much as a frame, so it ends the turn. */
bool pawl_link_stream_next(struct pawl_link_stream *link, struct pawl_link_frame *request)
{
    enum pawl_result result = PAWL_MALFORMED;

    if (link->answered < link->answer_size)
        return false;
    for (unsigned i = 0; i < NOISE_MAX && result == PAWL_MALFORMED; i++) {
        size_t used = 0;
        result = pawl_link_frame_read(link->bytes + link->start, link->end - link->start,
                                      PAWL_LINK_PAYLOAD_MAX, request, &used);
        link->start += used;
        link->starved = result == PAWL_EXHAUSTED;
    }
    return result == PAWL_OK;
}

uint8_t *pawl_link_stream_answer(struct pawl_link_stream *link)
{
    return link->answer;
}

void pawl_link_stream_send(struct pawl_link_stream *link, size_t size)
{
    link->answered = 0;
    link->answer_size = size;
    bytes_send(link);
}

bool pawl_link_stream_ended(const struct pawl_link_stream *link)
{
    return link->listener < 0 && link->in < 0;
}
