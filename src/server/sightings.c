#include "server/sightings.h"

#include <stdlib.h>

#include "server/metrics.h"

#define RECENT_COUNT 65536u  /* devices remembered as noted lately; a power of two */
#define PENDING_COUNT 32768u /* notes between two flushes; more are dropped */

struct pawl_sightings {
    pthread_mutex_t lock;
    struct pawl_seen
        recent[RECENT_COUNT]; /* by device number; a collision costs a write too many */
    struct pawl_seen pending[2][PENDING_COUNT];
    unsigned filling; /* which of the two takes notes */
    size_t count;     /* notes in it */
};

enum pawl_result pawl_sightings_create(struct pawl_sightings **sightings)
{
    struct pawl_sightings *created = calloc(1, sizeof *created);
    if (created == NULL)
        return PAWL_EXHAUSTED;
    pthread_mutex_init(&created->lock, NULL);
    *sightings = created;
    return PAWL_OK;
}

void pawl_sightings_free(struct pawl_sightings *sightings)
{
    if (sightings == NULL)
        return;
    pthread_mutex_destroy(&sightings->lock);
    free(sightings);
}

void pawl_sighting_note(struct pawl_sightings *sightings, uint64_t number, int64_t time)
{
    struct pawl_seen *recent = &sightings->recent[number % RECENT_COUNT];
    pthread_mutex_lock(&sightings->lock);
    bool fresh = recent->number == number && time - recent->time < PAWL_SIGHTING_RESOLUTION;
    bool room = sightings->count < PENDING_COUNT;
    if (!fresh && room) {
        recent->number = number;
        recent->time = time;
        sightings->pending[sightings->filling][sightings->count++] = *recent;
    }
    pthread_mutex_unlock(&sightings->lock);
    if (!fresh && !room)
        pawl_count(PAWL_COUNT_SIGHTINGS_DROPPED);
}

enum pawl_result pawl_sightings_flush(struct pawl_sightings *sightings, struct pawl_store *store)
{
    pthread_mutex_lock(&sightings->lock);
    struct pawl_seen *full = sightings->pending[sightings->filling];
    size_t count = sightings->count;
    sightings->filling ^= 1u;
    sightings->count = 0;
    pthread_mutex_unlock(&sightings->lock);
    return count == 0 ? PAWL_OK : pawl_store_seen_set(store, full, count);
}
