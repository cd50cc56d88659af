/* What all parts of pawld share. Opened by main, read by every thread. */
#ifndef PAWL_SERVER_SERVER_H
#define PAWL_SERVER_SERVER_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "headend/master.h"
#include "headend/vault.h"
#include "server/alarms.h"
#include "server/campaigns.h"
#include "server/challenge_keys.h"
#include "server/checkpoints.h"
#include "server/committer.h"
#include "server/data.h"
#include "server/device_cache.h"
#include "server/health.h"
#include "server/plan_cache.h"
#include "server/push.h"
#include "server/readers.h"
#include "server/refusals.h"
#include "server/restored.h"
#include "server/rewrap.h"
#include "server/server_identity.h"
#include "server/sightings.h"
#include "server/tokens.h"
#include "store/store.h"

/* Settings, from the command line. */
struct pawl_server_settings {
    uint32_t challenge_lifetime; /* seconds */
    uint32_t poll_after;         /* seconds that devices are told to wait */
    uint32_t challenge_days;     /* after which the challenge secret is replaced; 0: never */
    uint32_t server_key_days;    /* for which a server key is kept after its rotation */
    struct pawl_hsm_access hsm;  /* where one is used */
    const uid_t *operators;      /* who may operate it, beside root and the user it runs as */
    size_t operator_count;
    struct pawl_push_settings push;
    unsigned patience;           /* seconds after which something is stuck; 0: the default */
    struct pawl_rate token_rate; /* requests of one token */
};

/* A device that exists nowhere: reports of unknown devices are judged against it, which takes as
 * long as for a known one. */
struct pawl_decoy {
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE];
};

struct pawl_server {
    struct pawl_server_settings settings;
    struct pawl_data data;
    struct pawl_store *store;
    bool has_readers, has_plans, has_checkpoints, has_restored; /* they are open */
    struct pawl_readers readers;
    struct pawl_vault *vault;
    char master_place[PAWL_MASTER_PLACE_SIZE]; /* where the master key is, for people */
    struct pawl_challenges challenges;
    struct pawl_hmac fingerprint; /* key of the tags that tell two equal unit secrets */
    struct pawl_server_identity identity;
    struct pawl_hmac push_secret; /* topics are made with it */
    struct pawl_push *push;       /* NULL: there is none */
    struct pawl_decoy decoy;
    struct pawl_plan_cache plans;
    struct pawl_device_cache *devices;
    struct pawl_committer *committer;
    struct pawl_sightings *sightings;
    struct pawl_campaigns *campaigns;
    struct pawl_campaign_wakes *wakes;
    struct pawl_alarms alarms;
    struct pawl_rewrap *rewrap;
    struct pawl_checkpoints checkpoints;
    struct pawl_health health;
    struct pawl_tokens *tokens;
    struct pawl_refusals refusals;
    struct pawl_restored restored;
    int64_t started; /* Unix seconds */
};

/* Makes what a new data directory needs: keys, certificate, database, the server's own secrets.
 * `hsm`: the URI of the master key that is made in an HSM; NULL: it is in a file.
 * Never overwrites; repeating it is harmless. An error was printed on failure. */
enum pawl_result pawl_server_init(const char *path, const char *hsm,
                                  const struct pawl_hsm_access *access);

/* Opens an initialised data directory and starts the committer. An error was printed on failure.
 * The struct holds secrets: it should be in memory of pawl_secret_alloc, and zeroed. */
enum pawl_result pawl_server_open(struct pawl_server *server, const char *path,
                                  const struct pawl_server_settings *settings);

/* What is to be done now and then: writes sightings, moves campaigns on, takes up changes of the
 * plan. */
void pawl_server_tick(struct pawl_server *server);

/* Writes what is pending, resuming every suspended request; later ones that need a write are told
 * to come again. To be called once, before the listeners are stopped. */
void pawl_server_settle(struct pawl_server *server);

/* Closes; the listeners must be stopped. Harmless when not open. */
void pawl_server_close(struct pawl_server *server);

#endif
