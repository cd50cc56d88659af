#include "server/reaper.h"

#include <sys/socket.h>

#include "server/http.h"
#include "server/metrics.h"

void pawl_reaper_init(struct pawl_reaper *reaper, unsigned seconds)
{
    pthread_mutex_init(&reaper->lock, NULL);
    reaper->first = NULL;
    reaper->patience = seconds * (uint64_t)1000000000u;
}

void pawl_reaper_release(struct pawl_reaper *reaper)
{
    pthread_mutex_destroy(&reaper->lock);
}

void pawl_reaper_wait(struct pawl_request *request, uint64_t now)
{
    atomic_store_explicit(&request->waiting_since, now, memory_order_relaxed);
}

void pawl_reaper_proceed(struct pawl_request *request)
{
    atomic_store_explicit(&request->waiting_since, 0, memory_order_relaxed);
}

void pawl_reaper_add(struct pawl_reaper *reaper, struct pawl_request *request, int fd)
{
    request->fd = fd;
    pawl_reaper_wait(request, pawl_clock_ns());
    pthread_mutex_lock(&reaper->lock);
    request->previous = NULL;
    request->next = reaper->first;
    if (reaper->first != NULL)
        reaper->first->previous = request;
    reaper->first = request;
    pthread_mutex_unlock(&reaper->lock);
}

void pawl_reaper_remove(struct pawl_reaper *reaper, struct pawl_request *request)
{
    pthread_mutex_lock(&reaper->lock);
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        reaper->first = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    pthread_mutex_unlock(&reaper->lock);
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
    for (struct pawl_request *request = reaper->first; request != NULL; request = request->next) {
        uint64_t since = atomic_load_explicit(&request->waiting_since, memory_order_relaxed);
        if (since == 0 || since > now || now - since <= reaper->patience)
            continue;
        shutdown(request->fd, SHUT_RDWR);
        pawl_reaper_proceed(request); /* once is enough */
        reaped++;
    }
    pthread_mutex_unlock(&reaper->lock);
    pawl_count_add(PAWL_COUNT_REAPED, reaped);
    return reaped;
}
