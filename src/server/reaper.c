#include "server/reaper.h"

#include <string.h>
#include <sys/socket.h>

#include "server/http.h"
#include "server/metrics.h"

void pawl_reaper_init(struct pawl_reaper *reaper, unsigned seconds)
{
    pthread_mutex_init(&reaper->lock, NULL);
    memset(reaper->lists, 0, sizeof reaper->lists);
    reaper->patience = seconds * (uint64_t)1000000000u;
}

void pawl_reaper_release(struct pawl_reaper *reaper)
{
    pthread_mutex_destroy(&reaper->lock);
}

static void since_set(struct pawl_request *request, uint64_t since)
{
    atomic_store_explicit(&request->waiting_since, since, memory_order_relaxed);
}

void pawl_reaper_wait(struct pawl_request *request, uint64_t now)
{
    if (request->settings->stranger_timeout == 0)
        since_set(request, now);
}

void pawl_reaper_proceed(struct pawl_request *request)
{
    if (request->settings->stranger_timeout == 0)
        since_set(request, 0);
}

void pawl_reaper_spare(struct pawl_request *request)
{
    since_set(request, 0);
}

static struct pawl_request **list_of(struct pawl_reaper *reaper, uint64_t peer)
{
    return &reaper->lists[peer * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (PAWL_REAPER_LISTS - 1)];
}

bool pawl_reaper_add(struct pawl_reaper *reaper, struct pawl_request *request, int fd,
                     uint64_t peer, unsigned most)
{
    struct pawl_request **first = list_of(reaper, peer);
    unsigned count = 0;
    pthread_mutex_lock(&reaper->lock);
    if (most != 0)
        for (const struct pawl_request *other = *first; other != NULL; other = other->next)
            count += other->peer == peer;
    bool may = most == 0 || count < most;
    if (may) {
        request->fd = fd;
        request->peer = peer;
        since_set(request, pawl_clock_ns());
        request->previous = NULL;
        request->next = *first;
        if (*first != NULL)
            (*first)->previous = request;
        *first = request;
    }
    pthread_mutex_unlock(&reaper->lock);
    return may;
}

void pawl_reaper_remove(struct pawl_reaper *reaper, struct pawl_request *request)
{
    pthread_mutex_lock(&reaper->lock);
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        *list_of(reaper, request->peer) = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    pthread_mutex_unlock(&reaper->lock);
}

/* Hangs up on those of a list. */
static size_t list_sweep(struct pawl_request *request, uint64_t patience, uint64_t now)
{
    size_t reaped = 0;
    for (; request != NULL; request = request->next) {
        uint64_t since = atomic_load_explicit(&request->waiting_since, memory_order_relaxed);
        if (since == 0 || since > now || now - since <= patience)
            continue;
        shutdown(request->fd, SHUT_RDWR);
        since_set(request, 0); /* once is enough */
        reaped++;
    }
    return reaped;
}

size_t pawl_reaper_sweep(struct pawl_reaper *reaper)
{
    size_t reaped = 0;
    if (reaper->patience == 0)
        return 0;
    uint64_t now = pawl_clock_ns();
    /* While the lock is held no connection of the list is closed, so that its descriptor is its
     * own; the thread that serves it sees the end and closes it. */
    pthread_mutex_lock(&reaper->lock);
    for (size_t i = 0; i < PAWL_REAPER_LISTS; i++)
        reaped += list_sweep(reaper->lists[i], reaper->patience, now);
    pthread_mutex_unlock(&reaper->lock);
    pawl_count_add(PAWL_COUNT_REAPED, reaped);
    return reaped;
}
