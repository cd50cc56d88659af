/*
 * Connections that make progress, but too slowly: a client that sends a byte of its head now and
 * then holds its connection for ever, for libmicrohttpd's time-out begins anew with each byte. What
 * a client has to send, from the connection's start or the last answer to the end of the head, and
 * from there to the end of the body, must come within a time.
 */
#ifndef PAWL_SERVER_REAPER_H
#define PAWL_SERVER_REAPER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct pawl_request;

/* The open connections of a listener. */
struct pawl_reaper {
    pthread_mutex_t lock;
    struct pawl_request *first;
    uint64_t patience; /* ns; 0: for ever */
};

void pawl_reaper_init(struct pawl_reaper *reaper, unsigned seconds);
void pawl_reaper_release(struct pawl_reaper *reaper);

/* A connection was made, with its descriptor; is about to be closed. */
void pawl_reaper_add(struct pawl_reaper *reaper, struct pawl_request *request, int fd);
void pawl_reaper_remove(struct pawl_reaper *reaper, struct pawl_request *request);

/* From now on the client has to send something: a head, or a body. */
void pawl_reaper_wait(struct pawl_request *request, uint64_t now);

/* All is here: it is our turn. */
void pawl_reaper_proceed(struct pawl_request *request);

/* Hangs up on those who took too long; for the main thread, now and then. Returns how many. */
size_t pawl_reaper_sweep(struct pawl_reaper *reaper);

#endif
