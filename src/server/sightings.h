/*
 * When devices were last seen, written behind: a poll notes it in memory, and every second or so
 * the notes go to the store in one batch. A device is noted at most once a minute, so that a fleet
 * that polls often costs few writes. Losing the last notes does no harm.
 */
#ifndef PAWL_SERVER_SIGHTINGS_H
#define PAWL_SERVER_SIGHTINGS_H

#include <pthread.h>
#include <stdint.h>

#include "store/store.h"

#define PAWL_SIGHTING_RESOLUTION 60 /* seconds */

struct pawl_sightings;

/* PAWL_EXHAUSTED. Free it. */
enum pawl_result pawl_sightings_create(struct pawl_sightings **sightings);
void pawl_sightings_free(struct pawl_sightings *sightings);

/* Notes that the device with this number in the store was seen. */
void pawl_sighting_note(struct pawl_sightings *sightings, uint64_t number, int64_t time);

/* Writes the notes. An error of the store; the notes are then lost. For one thread at a time. */
enum pawl_result pawl_sightings_flush(struct pawl_sightings *sightings, struct pawl_store *store);

#endif
