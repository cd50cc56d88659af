#include "server/http_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE 1000 /* milliseconds */

/* Milliseconds until the daemon may have something to do of itself. It does not say that it has to
 * listen again: at its limit of connections or descriptors it stops, and takes that back at the
 * beginning of the look after the one that saw connections end. With none left nothing else would
 * bring that look. */
static int loop_patience(const struct pawl_http_loop *loop)
{
    MHD_UNSIGNED_LONG_LONG timeout = 0;
    if (MHD_get_timeout(loop->daemon, &timeout) != MHD_YES || timeout > PATIENCE)
        return PATIENCE;
    return (int)timeout;
}

static void *loop_run(void *context)
{
    struct pawl_http_loop *loop = context;
    struct pollfd sources[] = {{loop->epoll, POLLIN, 0}, {loop->wake, POLLIN, 0}};
    eventfd_t count;
    while (!atomic_load(&loop->ending)) {
        (void)poll(sources, 2, loop_patience(loop));
        if (sources[1].revents != 0) { /* what comes from here on wakes it again */
            (void)eventfd_read(loop->wake, &count);
            atomic_store(&loop->woken, false);
        }
        MHD_run(loop->daemon);
    }
    return NULL;
}

void pawl_http_loop_wake(struct pawl_http_loop *loop)
{
    if (!atomic_exchange(&loop->woken, true))
        (void)eventfd_write(loop->wake, 1);
}

enum pawl_result pawl_http_loop_start(struct pawl_http_loop *loop, struct MHD_Daemon *daemon)
{
    loop->daemon = daemon;
    loop->epoll = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    atomic_init(&loop->woken, false);
    atomic_init(&loop->ending, false);
    loop->wake = eventfd(0, EFD_CLOEXEC);
    if (loop->wake < 0)
        return PAWL_EXHAUSTED;
    if (pthread_create(&loop->thread, NULL, loop_run, loop) != 0) {
        close(loop->wake);
        return PAWL_EXHAUSTED;
    }
    pthread_setname_np(loop->thread, "http");
    return PAWL_OK;
}

void pawl_http_loop_stop(struct pawl_http_loop *loop)
{
    atomic_store(&loop->ending, true);
    pawl_http_loop_wake(loop);
    pthread_join(loop->thread, NULL);
    close(loop->wake);
}
