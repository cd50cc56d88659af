/* A heap of events, earliest first; those of one time in the order in which they were planned. */
#include <stdlib.h>
#include <string.h>

#include "protocol/fleet.h"

static struct fleet_event **heap;
static size_t count, room;
static uint64_t serials;

static bool is_before(const struct fleet_event *a, const struct fleet_event *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void swap(size_t a, size_t b)
{
    struct fleet_event *event = heap[a];
    heap[a] = heap[b];
    heap[b] = event;
}

static void sift_down(size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1;
        if (left < count && is_before(heap[left], heap[least]))
            least = left;
        if (left + 1 < count && is_before(heap[left + 1], heap[least]))
            least = left + 1;
        if (least == at)
            return;
        swap(at, least);
        at = least;
    }
}

void fleet_plan(struct fleet *fleet, const struct fleet_event *event, int64_t delay)
{
    size_t size = offsetof(struct fleet_event, bytes) + event->size;
    struct fleet_event *copy = malloc(size);

    if (count == room) {
        room = room == 0 ? 1024 : 2 * room;
        heap = realloc(heap, room * sizeof(struct fleet_event *));
    }
    if (copy == NULL || heap == NULL)
        abort();
    memcpy(copy, event, size);
    copy->at = fleet->now + delay;
    copy->serial = serials++;
    heap[count] = copy;
    for (size_t at = count++; at > 0 && is_before(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(at, (at - 1) / 2);
}

bool fleet_next(struct fleet *fleet, int64_t until, struct fleet_event *event)
{
    if (count == 0 || heap[0]->at > until)
        return false;
    struct fleet_event *first = heap[0];
    memcpy(event, first, offsetof(struct fleet_event, bytes) + first->size);
    free(first);
    heap[0] = heap[--count];
    sift_down(0);
    if (event->at > fleet->now)
        fleet->now = event->at;
    return true;
}

uint64_t fleet_writes_drop(unsigned replica)
{
    uint64_t dropped = 0;

    for (size_t i = 0; i < count; i++) {
        struct control_request *request = heap[i]->request;
        if (request == NULL ||
            (replica < CONTROL_REPLICAS && control_request_replica(request) != replica))
            continue;
        control_request_drop(request);
        heap[i]->request = NULL;
        dropped++;
    }
    return dropped;
}

void fleet_events_clear(void)
{
    fleet_writes_drop(CONTROL_REPLICAS);
    for (size_t i = 0; i < count; i++)
        free(heap[i]);
    free(heap);
    heap = NULL;
    count = room = 0;
    serials = 0;
}
