/*
 * Threads that run libmicrohttpd's event loops, one daemon each.
 *
 * Not libmicrohttpd's own: those read events in batches of 128, and after a full batch wait for
 * the next one before they work at the first. When exactly 128 connections, or a multiple, have
 * something at the same moment, all of them would wait for a 129th. Here a loop is told to look
 * only when there is something to see, and never waits inside.
 */
#ifndef PAWL_SERVER_HTTP_LOOP_H
#define PAWL_SERVER_HTTP_LOOP_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "pawl/result.h"

struct pawl_http_loop {
    struct MHD_Daemon *daemon; /* the owner's: to be stopped after the loop */
    int epoll;                 /* of the daemon */
    int wake;                  /* an eventfd */
    atomic_bool woken;         /* something was written to it that was not read yet */
    atomic_bool ending;
    pthread_t thread;
};

/* Runs a daemon that was started with MHD_USE_EPOLL, MHD_USE_ITC and no thread of its own.
 * PAWL_EXHAUSTED when there is no descriptor or thread for it. */
enum pawl_result pawl_http_loop_start(struct pawl_http_loop *loop, struct MHD_Daemon *daemon);

/* Has the loop look for connections that were resumed: to be called after MHD_resume_connection,
 * whose own signal may be taken by a look that had begun before. From any thread. */
void pawl_http_loop_wake(struct pawl_http_loop *loop);

/* Ends the thread; what it served stays open until the daemon is stopped. */
void pawl_http_loop_stop(struct pawl_http_loop *loop);

#endif
