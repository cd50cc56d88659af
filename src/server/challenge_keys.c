#include "server/challenge_keys.h"

#include <pthread.h>
#include <time.h>

#include "host/log.h"
#include "pawl/secret.h"
#include "server/server_keys.h"

/* Held while secrets are replaced or read anew: by operators and by the tick. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* The previous secret is of use until the last challenge made with it is stale. */
static bool previous_is_due(const struct pawl_server *server, int64_t created, int64_t now)
{
    return now <= created + (int64_t)server->settings.challenge_lifetime + PAWL_CHALLENGE_SKEW;
}

enum pawl_result pawl_challenges_load(struct pawl_server *server, struct pawl_reader *reader)
{
    struct pawl_challenges *challenges = &server->challenges;
    uint8_t keys[2][PAWL_CHALLENGE_SECRET_SIZE];
    struct pawl_key_row current, row;
    bool previous = false;
    enum pawl_result result =
        pawl_server_key_read(server->vault, reader, PAWL_KEY_SLOT_CHALLENGE, &current, keys[0]);
    if (result == PAWL_OK && previous_is_due(server, current.created, (int64_t)time(NULL)))
        previous = pawl_server_key_read(server->vault, reader, PAWL_KEY_SLOT_CHALLENGE_PREVIOUS,
                                        &row, keys[1]) == PAWL_OK;
    if (result == PAWL_OK) {
        unsigned next = (atomic_load(&challenges->present) + 1) % PAWL_CHALLENGE_RING;
        pawl_challenge_key_init(&challenges->ring[next], keys[0], previous ? keys[1] : NULL,
                                server->settings.challenge_lifetime);
        atomic_store(&challenges->created, current.created);
        atomic_store_explicit(&challenges->present, next, memory_order_release);
    }
    pawl_wipe(keys, sizeof keys);
    return result;
}

static enum pawl_result secrets_read(struct pawl_server *server)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_challenges_load(server, reader);
    pawl_reader_return(&server->readers, reader);
    return result;
}

static enum pawl_result secret_replace(struct pawl_server *server, const char *actor, int64_t now)
{
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    const struct pawl_event event = {
        .time = now,
        .actor = actor,
        .action = "challenge-secret-rotated",
    };
    uint32_t pin = pawl_vault_pin(server->vault);
    enum pawl_result result =
        pawl_vault_key_create(server->vault, pawl_key_slot_name(PAWL_KEY_SLOT_CHALLENGE), wrapped);
    if (result == PAWL_OK)
        result = pawl_store_challenge_rotate(server->store, wrapped, now, &event);
    pawl_vault_unpin(server->vault, pin);
    return result == PAWL_OK ? secrets_read(server) : result;
}

enum pawl_result pawl_challenges_rotate(struct pawl_server *server, const char *actor,
                                        struct pawl_trouble *trouble)
{
    enum pawl_result result;
    pthread_mutex_lock(&one_at_a_time);
    int64_t now = (int64_t)time(NULL), created = atomic_load(&server->challenges.created);
    if (now >= created && now - created < PAWL_CHALLENGE_ROTATION_LEAST) {
        result = pawl_trouble_set(trouble, PAWL_STATE,
                                  "the secret is not a minute old: devices have the one before");
    } else {
        result = secret_replace(server, actor, now);
        if (result != PAWL_OK)
            pawl_trouble_set(trouble, result, "the challenge secret cannot be rotated");
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (result == PAWL_OK)
        pawl_log(PAWL_LOG_NOTICE, "event=challenge-secret-rotated actor=%s", actor);
    return result;
}

void pawl_challenges_tick(struct pawl_server *server)
{
    int64_t now = (int64_t)time(NULL), created = atomic_load(&server->challenges.created);
    struct pawl_trouble trouble = {""};
    if (server->settings.challenge_days > 0 &&
        now - created > (int64_t)server->settings.challenge_days * 86400) {
        if (pawl_challenges_rotate(server, "pawld", &trouble) != PAWL_OK)
            pawl_log(PAWL_LOG_WARNING, "event=challenge-secret-not-rotated why=\"%s\"",
                     trouble.text);
    } else if (pawl_challenges_get(&server->challenges)->has_previous &&
               !previous_is_due(server, created, now)) {
        pthread_mutex_lock(&one_at_a_time); /* else both would fill the same place of the ring */
        enum pawl_result result = secrets_read(server);
        pthread_mutex_unlock(&one_at_a_time);
        if (result != PAWL_OK)
            pawl_log(PAWL_LOG_WARNING, "event=challenge-secret-not-read");
    }
}
