/*
 * The server's identity in use (SPEC 22): the present key, and the one before for as long as
 * something may be on its way that was encrypted to it.
 *
 *   server.key, server.crt                      the present ones
 *   server-previous.key, server-previous.crt    those before
 *   server-next.key, server-next.crt            while they are made
 */
#ifndef PAWL_SERVER_SERVER_IDENTITY_H
#define PAWL_SERVER_SERVER_IDENTITY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "headend/identity.h"
#include "server/data.h"

struct pawl_server;

struct pawl_server_identity {
    pthread_rwlock_t lock;
    bool opened;
    bool resumed; /* a rotation was finished at the start, which is to be audited */
    struct pawl_cms_opener *opener;
    bool has_previous;
    int64_t created; /* of the present certificate, Unix seconds */
};

/* Makes the first key where there is none: in the HSM when the master key is there. */
enum pawl_result pawl_server_identity_create(const struct pawl_data *data,
                                             const struct pawl_hsm_access *access,
                                             struct pawl_trouble *trouble);

/* Finishes a rotation that was interrupted, and loads what there is. An error was printed. */
enum pawl_result pawl_server_identity_open(struct pawl_server *server);
void pawl_server_identity_close(struct pawl_server *server);

/* What to open objects with; to be given back when they are. */
const struct pawl_cms_opener *pawl_server_identity_acquire(struct pawl_server *server);
void pawl_server_identity_release(struct pawl_server *server);

/* Makes a new key and certificate; the one before is kept for a while. PAWL_STATE while an earlier
 * one is still kept. */
enum pawl_result pawl_server_identity_rotate(struct pawl_server *server, const char *actor,
                                             struct pawl_trouble *trouble);

/* Once a second: audits what the start finished, and takes the previous key away when its time is
 * up. */
void pawl_server_identity_tick(struct pawl_server *server);

/* When the present key was made, Unix seconds. */
int64_t pawl_server_identity_created(struct pawl_server *server);

/* When the previous key goes, Unix seconds; 0: there is none. */
int64_t pawl_server_identity_previous_until(struct pawl_server *server);

#endif
