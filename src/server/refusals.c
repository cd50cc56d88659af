#include "server/refusals.h"

#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

#include "server/peer.h"

/* Twenty at once, then ten a minute: more than people mistype, far less than a guesser needs. */
static const struct pawl_rate rate = {.interval = 6000000, .burst = 20};

enum pawl_result pawl_refusals_init(struct pawl_refusals *refusals)
{
    memset(refusals, 0, sizeof *refusals);
    pthread_mutex_init(&refusals->lock, NULL);
    bool drawn = RAND_bytes((unsigned char *)&refusals->salt, sizeof refusals->salt) == 1;
    return drawn ? PAWL_OK : PAWL_CRYPTO;
}

void pawl_refusals_release(struct pawl_refusals *refusals)
{
    pthread_mutex_destroy(&refusals->lock);
}

/* The place of a peer in its set: its own, or that of whoever's failures are longest ago. */
static struct pawl_refusal *place_find(struct pawl_refusals *refusals, uint64_t peer)
{
    uint64_t mixed = (peer ^ refusals->salt) * UINT64_C(0x9e3779b97f4a7c15);
    struct pawl_refusal *set = refusals->sets[(mixed >> 32) % PAWL_REFUSALS_SETS];
    struct pawl_refusal *place = &set[0];
    for (size_t i = 0; i < PAWL_REFUSALS_WAYS; i++) {
        if (set[i].peer == peer)
            return &set[i];
        if (set[i].bucket.empty_at < place->bucket.empty_at)
            place = &set[i];
    }
    *place = (struct pawl_refusal){.peer = peer};
    return place;
}

uint32_t pawl_refusals_note(struct pawl_refusals *refusals, const struct sockaddr *address,
                            uint64_t now)
{
    pthread_mutex_lock(&refusals->lock);
    struct pawl_refusal *place = place_find(refusals, pawl_peer_of(address));
    uint64_t wait = pawl_bucket_take(&place->bucket, &rate, now);
    pthread_mutex_unlock(&refusals->lock);
    return (uint32_t)((wait + 999999u) / 1000000u);
}
