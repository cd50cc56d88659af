/*
 * Who holds connections that others need. Those that make progress, but too slowly: a client that
 * sends a byte of its head now and then holds its connection for ever, for libmicrohttpd's time-out
 * begins anew with each byte. What a client has to send, from the connection's start or the last
 * answer to the end of the head, and from there to the end of the body, must come within a time.
 * Where strangers are given less time, they have it once, until the request that says who they are.
 *
 * And those of one address beyond its share: libmicrohttpd counts for each of its daemons apart.
 */
#ifndef PAWL_SERVER_REAPER_H
#define PAWL_SERVER_REAPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pawl_request;

#define PAWL_REAPER_LISTS 1024u

/* The open connections of a listener, by address. */
struct pawl_reaper {
    pthread_mutex_t lock;
    struct pawl_request *lists[PAWL_REAPER_LISTS];
    uint64_t patience; /* ns; 0: for ever */
};

void pawl_reaper_init(struct pawl_reaper *reaper, unsigned seconds);
void pawl_reaper_release(struct pawl_reaper *reaper);

/* A connection was made, with its descriptor, by `peer` (pawl_peer_of). False, and it is not noted,
 * when the peer has `most` already; 0: it may have any number. */
bool pawl_reaper_add(struct pawl_reaper *reaper, struct pawl_request *request, int fd,
                     uint64_t peer, unsigned most);

/* A noted connection is about to be closed. */
void pawl_reaper_remove(struct pawl_reaper *reaper, struct pawl_request *request);

/* From now on the client has to send something: a head, or a body. */
void pawl_reaper_wait(struct pawl_request *request, uint64_t now);

/* All is here: it is our turn. */
void pawl_reaper_proceed(struct pawl_request *request);

/* The client is a stranger no more, and has all the time of the listener's time-out. */
void pawl_reaper_spare(struct pawl_request *request);

/* Hangs up on those who took too long; for the main thread, now and then. Returns how many. */
size_t pawl_reaper_sweep(struct pawl_reaper *reaper);

#endif
