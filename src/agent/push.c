#include "agent/push.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"
#include "push/broker.h"
#include "push/notification.h"

#define BUDGET 1024u     /* bytes a second: twenty notifications */
#define BACKOFF_CAP 300u /* seconds */

struct pawl_agent_push {
    struct pawl_broker *broker;
    struct pawl_wake *wake;
    pthread_mutex_t lock;        /* of all below */
    struct pawl_summons wanted;  /* topic_count 0: none */
    struct pawl_summons current; /* subscribed */
    bool all, own;               /* notified, and not taken yet */
};

static bool is_followed(const struct pawl_summons *summons, const uint8_t topic[PAWL_TOPIC_SIZE])
{
    for (uint32_t i = 0; i < summons->topic_count; i++)
        if (memcmp(summons->topics[i], topic, PAWL_TOPIC_SIZE) == 0)
            return true;
    return false;
}

/* Brings the subscriptions to what is wanted. */
static void tend(void *context, struct pawl_broker *broker, bool fresh)
{
    struct pawl_agent_push *push = context;
    char name[PAWL_TOPIC_NAME_SIZE];
    pthread_mutex_lock(&push->lock);
    if (fresh)
        push->current.topic_count = 0;
    const struct pawl_summons *wanted = &push->wanted, *current = &push->current;
    for (uint32_t i = 0; i < current->topic_count; i++)
        if (!is_followed(wanted, current->topics[i]))
            pawl_broker_unsubscribe(broker, pawl_topic_name_make(current->topics[i], name));
    for (uint32_t i = 0; i < wanted->topic_count; i++)
        if (!is_followed(current, wanted->topics[i])) {
            pawl_broker_subscribe(broker, pawl_topic_name_make(wanted->topics[i], name));
            pawl_log(PAWL_LOG_DEBUG, "push: listening to %s", name);
        }
    push->current = *wanted;
    pthread_mutex_unlock(&push->lock);
}

/* A retained notification that the last directive knew of already is no news. */
static void take(void *context, const char *topic, const void *payload, size_t size, bool retained)
{
    struct pawl_agent_push *push = context;
    char name[PAWL_TOPIC_NAME_SIZE];
    uint64_t counter;
    if (!pawl_notification_read(payload, size, &counter))
        return;
    pthread_mutex_lock(&push->lock);
    bool told = push->all || push->own;
    bool old = retained && counter <= push->wanted.counter;
    for (uint32_t i = 0; i < push->wanted.topic_count && !old; i++)
        if (strcmp(topic, pawl_topic_name_make(push->wanted.topics[i], name)) == 0)
            *(i == 0 ? &push->own : &push->all) = true;
    bool tells = !told && (push->all || push->own);
    pthread_mutex_unlock(&push->lock);
    if (tells)
        pawl_wake_push(push->wake);
}

enum pawl_result pawl_agent_push_open(const struct pawl_broker_address *address, const char *ca,
                                      struct pawl_wake *wake, struct pawl_agent_push **opened)
{
    struct pawl_agent_push *push = calloc(1, sizeof *push);
    if (push == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for push");
    const struct pawl_broker_settings settings = {.address = *address,
                                                  .ca = ca,
                                                  .budget = BUDGET,
                                                  .backoff_cap = BACKOFF_CAP,
                                                  .context = push,
                                                  .tend = tend,
                                                  .take = take};
    push->wake = wake;
    pthread_mutex_init(&push->lock, NULL);
    enum pawl_result result = pawl_broker_start(&settings, &push->broker);
    if (result != PAWL_OK) {
        pthread_mutex_destroy(&push->lock);
        free(push);
        return result;
    }
    *opened = push;
    return PAWL_OK;
}

void pawl_agent_push_close(struct pawl_agent_push *push)
{
    if (push == NULL || !pawl_broker_stop(push->broker))
        return; /* its thread hangs, and may still come here */
    pthread_mutex_destroy(&push->lock);
    free(push);
}

void pawl_agent_push_follow(struct pawl_agent_push *push, const struct pawl_summons *summons)
{
    static const struct pawl_summons none = {.topic_count = 0};
    if (push == NULL)
        return;
    if (summons == NULL)
        summons = &none;
    pthread_mutex_lock(&push->lock);
    bool changed = push->wanted.topic_count != summons->topic_count ||
                   memcmp(push->wanted.topics, summons->topics, sizeof summons->topics) != 0;
    push->wanted = *summons;
    pthread_mutex_unlock(&push->lock);
    if (changed)
        pawl_broker_wake(push->broker);
}

bool pawl_agent_push_take(struct pawl_agent_push *push, bool *own, uint32_t *window)
{
    if (push == NULL)
        return false;
    pthread_mutex_lock(&push->lock);
    bool any = push->all || push->own;
    *own = push->own;
    *window = push->wanted.window;
    push->all = push->own = false;
    pthread_mutex_unlock(&push->lock);
    return any;
}
