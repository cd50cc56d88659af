/*
 * Units on their way into the store: taken from PUDs, their secrets wrapped at once, written in
 * batches by a second thread while the next batch is prepared.
 */
#ifndef PAWL_SERVER_UNIT_IMPORT_H
#define PAWL_SERVER_UNIT_IMPORT_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/refusal_report.h"
#include "server/server.h"

#define PAWL_REFUSED_SHOWN 100u /* refused units that an answer names */

struct pawl_unit_batch {
    struct pawl_import *units;
    size_t count;
};

struct pawl_unit_import {
    struct pawl_server *server;
    const char *actor;
    char group[PAWL_GROUP_SIZE]; /* empty: none */
    uint32_t pin;                /* of the vault */
    struct pawl_unit_batch filling, writing;
    pthread_t writer;
    bool writer_runs;
    atomic_bool writer_done;  /* set by the writer: it can take the next batch at once */
    enum pawl_result written; /* of the last batch */
    uint64_t taken;           /* units read so far */
    uint64_t imported, refused;
    json_t *refusals;                   /* the first ones, for the answer */
    struct pawl_refusal_report *report; /* all of them, where that was asked for; owned */
};

/* PAWL_EXHAUSTED. `actor` is kept by reference. Release it in any case. */
enum pawl_result pawl_unit_import_init(struct pawl_unit_import *import, struct pawl_server *server,
                                       const char *actor, const char *group);

/* Takes whole PUDs from the front of a CBOR sequence, `used` bytes of it. Unless `last`, the final
 * PAWL_PUD_SIZE_MAX bytes are left alone: one more may be incomplete there. PAWL_MALFORMED and
 * PAWL_UNSUPPORTED for a PUD, which is not taken; an error of vault or store. */
enum pawl_result pawl_unit_import_take(struct pawl_unit_import *import, const uint8_t *bytes,
                                       size_t size, bool last, size_t *used);

/* Writes what remains. The numbers are final then. An error of the store. */
enum pawl_result pawl_unit_import_finish(struct pawl_unit_import *import);

/* Waits for the writer and frees. */
void pawl_unit_import_release(struct pawl_unit_import *import);

#endif
