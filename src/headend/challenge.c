/* Challenges (SPEC 11). */
#include "headend/challenge.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/secret.h"

#define FLAG_INSTANCE 0x01u

enum layout {
    FLAGS_AT = 0,
    TIME_AT = 1,
    SEQUENCE_AT = 9,
    INSTANCE_AT = 17,
    STATUS_AT = 25,
    MAC_AT = 33,
    MAC_SIZE = 16,
};

_Static_assert(MAC_AT + MAC_SIZE == PAWL_CHALLENGE_SIZE, "the layout fills the challenge");
_Static_assert(PAWL_CHALLENGE_SIZE <= PAWL_CHALLENGE_SIZE_MAX, "a directive has room for it");

void pawl_challenge_key_init(struct pawl_challenge_key *key,
                             const uint8_t current[PAWL_CHALLENGE_SECRET_SIZE],
                             const uint8_t *previous, uint32_t lifetime)
{
    pawl_hmac_init(&key->current, current, PAWL_CHALLENGE_SECRET_SIZE);
    key->has_previous = previous != NULL;
    pawl_hmac_init(&key->previous, previous != NULL ? previous : current,
                   PAWL_CHALLENGE_SECRET_SIZE);
    key->lifetime = lifetime;
}

void pawl_challenge_key_wipe(struct pawl_challenge_key *key)
{
    pawl_wipe(key, sizeof *key);
}

static void mac_make(const struct pawl_hmac *hmac, const uint8_t device_id[PAWL_ID_SIZE],
                     const uint8_t *challenge, uint8_t mac[PAWL_MAC_SIZE])
{
    static const char label[] = "pawl/1 challenge";
    uint8_t subject[sizeof label - 1 + PAWL_ID_SIZE];
    memcpy(subject, label, sizeof label - 1);
    memcpy(subject + sizeof label - 1, device_id, PAWL_ID_SIZE);
    pawl_hmac_make(hmac, subject, sizeof subject, challenge, MAC_AT, mac);
}

/* What a report may change beside the record: who plays one again must not use up a try, or be
 * taken at his word because an operator released the device meanwhile. Zeros for a device in good
 * standing that has not failed, which is nearly all. */
static void status_make(const struct pawl_device_record *record,
                        const struct pawl_failure_note *failure,
                        uint8_t status[PAWL_CHALLENGE_STATUS_SIZE])
{
    uint8_t subject[1 + 1 + 3 * 8 + PAWL_PACKAGE_ID_SIZE] = {0}, digest[PAWL_SHA256_SIZE];

    memset(status, 0, PAWL_CHALLENGE_STATUS_SIZE);
    if (record->standing == PAWL_STANDING_ACTIVE && !failure->present)
        return;
    subject[0] = (uint8_t)record->standing;
    if (failure->present) {
        subject[1] = (uint8_t)(1 | failure->retry_asked << 1 | failure->settled << 2);
        pawl_u64be_put(subject + 2, failure->code);
        pawl_u64be_put(subject + 10, failure->retries);
        pawl_u64be_put(subject + 18, failure->attempt);
        memcpy(subject + 26, failure->package_id, PAWL_PACKAGE_ID_SIZE);
    }
    pawl_sha256_make(subject, sizeof subject, digest);
    memcpy(status, digest, PAWL_CHALLENGE_STATUS_SIZE);
}

void pawl_challenge_make(const struct pawl_challenge_key *key,
                         const uint8_t device_id[PAWL_ID_SIZE], uint64_t now,
                         const struct pawl_device_record *record,
                         const struct pawl_failure_note *failure,
                         uint8_t challenge[PAWL_CHALLENGE_SIZE])
{
    uint8_t mac[PAWL_MAC_SIZE];
    memset(challenge, 0, PAWL_CHALLENGE_SIZE);
    pawl_u64be_put(challenge + TIME_AT, now);
    pawl_u64be_put(challenge + SEQUENCE_AT, record->sequence);
    if (record->has_instance) {
        challenge[FLAGS_AT] = FLAG_INSTANCE;
        memcpy(challenge + INSTANCE_AT, record->instance, PAWL_INSTANCE_SIZE);
    }
    status_make(record, failure, challenge + STATUS_AT);
    mac_make(&key->current, device_id, challenge, mac);
    memcpy(challenge + MAC_AT, mac, MAC_SIZE);
    pawl_wipe(mac, sizeof mac);
}

static bool mac_holds(const struct pawl_hmac *hmac, const uint8_t device_id[PAWL_ID_SIZE],
                      const uint8_t *challenge)
{
    uint8_t mac[PAWL_MAC_SIZE];
    mac_make(hmac, device_id, challenge, mac);
    bool holds = pawl_equal(mac, challenge + MAC_AT, MAC_SIZE);
    pawl_wipe(mac, sizeof mac);
    return holds;
}

static bool is_fresh(const struct pawl_challenge_key *key, uint64_t made, uint64_t now)
{
    if (made > now)
        return made - now <= PAWL_CHALLENGE_SKEW;
    return now - made <= key->lifetime;
}

bool pawl_challenge_open(const struct pawl_challenge_key *key,
                         const uint8_t device_id[PAWL_ID_SIZE], uint64_t now,
                         const uint8_t *challenge, size_t size, struct pawl_challenge *out)
{
    if (size != PAWL_CHALLENGE_SIZE || !is_fresh(key, pawl_u64be_get(challenge + TIME_AT), now))
        return false;
    if (!mac_holds(&key->current, device_id, challenge) &&
        !(key->has_previous && mac_holds(&key->previous, device_id, challenge)))
        return false;
    out->time = pawl_u64be_get(challenge + TIME_AT);
    out->sequence = pawl_u64be_get(challenge + SEQUENCE_AT);
    out->has_instance = challenge[FLAGS_AT] == FLAG_INSTANCE;
    memcpy(out->instance, challenge + INSTANCE_AT, PAWL_INSTANCE_SIZE);
    memcpy(out->status, challenge + STATUS_AT, PAWL_CHALLENGE_STATUS_SIZE);
    return true;
}

bool pawl_challenge_fits(const struct pawl_challenge *challenge,
                         const struct pawl_device_record *record,
                         const struct pawl_failure_note *failure)
{
    uint8_t status[PAWL_CHALLENGE_STATUS_SIZE];

    status_make(record, failure, status);
    return challenge->sequence == record->sequence &&
           challenge->has_instance == record->has_instance &&
           (!record->has_instance ||
            memcmp(challenge->instance, record->instance, PAWL_INSTANCE_SIZE) == 0) &&
           memcmp(challenge->status, status, sizeof status) == 0;
}
