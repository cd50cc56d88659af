#include "agent/wake.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum pawl_result pawl_wake_init(struct pawl_wake *wake)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        sigaddset(&set, taken[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return PAWL_IO;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    int push = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0 || push < 0) {
        if (fd >= 0)
            close(fd);
        return PAWL_IO;
    }
    *wake = (struct pawl_wake){.signals = fd, .content = -1, .push = push};
    return PAWL_OK;
}

void pawl_wake_release(struct pawl_wake *wake)
{
    if (wake->signals >= 0)
        close(wake->signals);
    if (wake->push >= 0)
        close(wake->push);
    wake->signals = -1;
    wake->push = -1;
}

void pawl_wake_push(struct pawl_wake *wake)
{
    static const uint64_t one = 1;
    ssize_t written = write(wake->push, &one, sizeof one);
    (void)written; /* full: it was told often enough */
}

void pawl_wake_drain(struct pawl_wake *wake)
{
    struct signalfd_siginfo info;
    while (read(wake->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            wake->is_stopped = true;
        else
            wake->poll_asked = true;
    }
    uint64_t asked;
    if (wake->content >= 0 && read(wake->content, &asked, sizeof asked) == (ssize_t)sizeof asked)
        wake->content_asked = true;
    if (read(wake->push, &asked, sizeof asked) == (ssize_t)sizeof asked)
        wake->push_asked = true;
}

/* Milliseconds for poll(2), rounded up so that no wait ends early. */
static int timeout_until(int64_t deadline)
{
    int64_t left = deadline - pawl_clock_now();
    if (left <= 0)
        return 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

static enum pawl_wake_event wait_until(struct pawl_wake *wake, int fd, short events,
                                       int64_t deadline, bool poll_ends)
{
    for (;;) {
        if (wake->is_stopped)
            return PAWL_WAKE_STOP;
        if (poll_ends && (wake->poll_asked || wake->push_asked))
            return PAWL_WAKE_POLL;
        if (poll_ends && wake->content_asked)
            return PAWL_WAKE_CONTENT;

        int timeout = timeout_until(deadline);
        struct pollfd fds[] = {{.fd = wake->signals, .events = POLLIN},
                               {.fd = fd, .events = events},
                               {.fd = poll_ends ? wake->content : -1, .events = POLLIN},
                               {.fd = poll_ends ? wake->push : -1, .events = POLLIN}};
        if (poll(fds, 4, timeout) < 0)
            fds[0].revents = fds[1].revents = fds[2].revents = fds[3].revents = 0;
        if (fds[0].revents != 0 || fds[2].revents != 0 || fds[3].revents != 0)
            pawl_wake_drain(wake);
        else if (fds[1].revents != 0)
            return PAWL_WAKE_READY;
        else if (timeout == 0)
            return PAWL_WAKE_TIME;
    }
}

enum pawl_wake_event pawl_wake_wait(struct pawl_wake *wake, int fd, short events, int64_t deadline)
{
    return wait_until(wake, fd, events, deadline, false);
}

enum pawl_wake_event pawl_wake_sleep(struct pawl_wake *wake, int fd, int64_t deadline)
{
    return wait_until(wake, fd, POLLIN, deadline, true);
}

int64_t pawl_clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t pawl_random_draw(void)
{
    uint32_t random = 0;
    /* Jitter only has to differ from device to device: the clock does where all else fails. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)pawl_clock_now() * 2654435761u;
    return random;
}
