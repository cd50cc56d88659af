#include "server/push.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/file.h"
#include "host/log.h"
#include "pawl/secret.h"
#include "push/notification.h"

#define BROAD_MAX 256u    /* classes, groups and campaigns that wait: of each topic one */
#define SINGLE_MAX 65536u /* devices that wait */
#define BACKOFF_CAP 60u   /* seconds */
#define PASSWORD_MAX 1024u

struct notification {
    uint8_t topic[PAWL_TOPIC_SIZE];
    uint64_t counter;
};

struct pawl_push {
    struct pawl_broker *broker;
    const struct pawl_hmac *secret;
    uint32_t rate;
    atomic_uint_least64_t counter, published, dropped;
    atomic_uint_least32_t window;
    pthread_mutex_t lock; /* of all below */
    struct notification broad[BROAD_MAX];
    size_t broad_count;
    struct notification single[SINGLE_MAX]; /* a ring */
    size_t single_first, single_count;
    int64_t due; /* when the next single one may go, microseconds of the monotonic clock */
};

static int64_t microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool publish(struct pawl_push *push, const struct notification *notification, bool retained)
{
    char name[PAWL_TOPIC_NAME_SIZE], payload[PAWL_NOTIFICATION_SIZE + 1];
    pawl_notification_write(notification->counter, payload);
    if (!pawl_broker_publish(push->broker, pawl_topic_name_make(notification->topic, name), payload,
                             PAWL_NOTIFICATION_SIZE, retained))
        return false;
    atomic_fetch_add(&push->published, 1);
    return true;
}

/* Single devices follow each other at the rate, after a pause a second's worth at once. */
static bool single_may_go(struct pawl_push *push, int64_t now)
{
    int64_t gap = 1000000 / push->rate, least = now - 1000000;
    if (push->due > now)
        return false;
    push->due = (push->due > least ? push->due : least) + gap;
    return true;
}

/* Publishes what waits; the broker's thread calls it, at least each second. */
static void tend(void *context, struct pawl_broker *broker, bool fresh)
{
    struct pawl_push *push = context;
    (void)broker;
    (void)fresh;
    pthread_mutex_lock(&push->lock);
    while (push->broad_count > 0 && publish(push, &push->broad[push->broad_count - 1], true))
        push->broad_count--;
    int64_t now = microseconds(CLOCK_MONOTONIC);
    while (push->single_count > 0 && single_may_go(push, now) &&
           publish(push, &push->single[push->single_first], false)) {
        push->single_first = (push->single_first + 1) % SINGLE_MAX;
        push->single_count--;
    }
    pthread_mutex_unlock(&push->lock);
}

/* The first line of the file, which nobody else may read. */
static enum pawl_result password_read(const char *path, char password[PASSWORD_MAX])
{
    struct pawl_buffer buffer = {0};
    size_t length = 0;
    password[0] = '\0';
    if (path == NULL)
        return PAWL_OK;
    enum pawl_result result = pawl_file_read(path, PASSWORD_MAX - 1, &buffer);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: %s", path, strerror(errno));
    while (length < buffer.size && buffer.bytes[length] != '\n' && buffer.bytes[length] != '\0')
        length++;
    memcpy(password, buffer.bytes, length);
    password[length] = '\0';
    pawl_buffer_release(&buffer);
    if (!pawl_file_is_private(path))
        return pawl_error(PAWL_UNTRUSTED, "%s: others may read it", path);
    return length > 0 ? PAWL_OK : pawl_error(PAWL_MALFORMED, "%s: no password", path);
}

enum pawl_result pawl_push_open(const struct pawl_push_settings *settings,
                                const struct pawl_hmac *secret, struct pawl_push **opened)
{
    char password[PASSWORD_MAX];
    struct pawl_broker_settings broker = {
        .ca = settings->ca, .user = settings->user, .backoff_cap = BACKOFF_CAP, .tend = tend};
    if (pawl_broker_address_read(settings->broker, &broker.address) != PAWL_OK)
        return pawl_error(PAWL_MALFORMED,
                          "--push-broker: '%s' is no mqtt://HOST[:PORT] or mqtts://",
                          settings->broker);
    enum pawl_result result = password_read(settings->password_file, password);
    if (result != PAWL_OK)
        return result;
    struct pawl_push *push = calloc(1, sizeof *push);
    if (push == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for push");
    push->secret = secret;
    push->rate = settings->rate;
    atomic_init(&push->counter, (uint64_t)microseconds(CLOCK_REALTIME));
    pthread_mutex_init(&push->lock, NULL);
    broker.context = push;
    broker.password = settings->password_file != NULL ? password : NULL;
    result = pawl_broker_start(&broker, &push->broker);
    pawl_wipe(password, sizeof password);
    if (result != PAWL_OK) {
        pthread_mutex_destroy(&push->lock);
        free(push);
        return result;
    }
    *opened = push;
    return PAWL_OK;
}

void pawl_push_close(struct pawl_push *push)
{
    if (push == NULL || !pawl_broker_stop(push->broker))
        return; /* its thread hangs, and may still come here */
    pthread_mutex_destroy(&push->lock);
    free(push);
}

/* The clock's microseconds, but always more than before. */
static uint64_t counter_next(struct pawl_push *push)
{
    uint64_t last = atomic_load(&push->counter), next;
    do {
        uint64_t now = (uint64_t)microseconds(CLOCK_REALTIME);
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&push->counter, &last, next));
    return next;
}

/* One that waits already only gets the newer counter. */
static bool broad_add(struct pawl_push *push, const struct notification *notification)
{
    for (size_t i = 0; i < push->broad_count; i++) {
        if (memcmp(push->broad[i].topic, notification->topic, PAWL_TOPIC_SIZE) == 0) {
            push->broad[i] = *notification;
            return true;
        }
    }
    if (push->broad_count == BROAD_MAX)
        return false;
    push->broad[push->broad_count++] = *notification;
    return true;
}

static bool single_add(struct pawl_push *push, const struct notification *notification)
{
    if (push->single_count == SINGLE_MAX)
        return false;
    push->single[(push->single_first + push->single_count++) % SINGLE_MAX] = *notification;
    return true;
}

void pawl_push_notify(struct pawl_push *push, enum pawl_topic_kind kind, const void *name,
                      size_t size)
{
    struct notification notification;
    if (push == NULL)
        return;
    pawl_topic_make(push->secret, kind, name, size, notification.topic);
    notification.counter = counter_next(push);
    pthread_mutex_lock(&push->lock);
    bool added = pawl_topic_is_retained(kind) ? broad_add(push, &notification)
                                              : single_add(push, &notification);
    pthread_mutex_unlock(&push->lock);
    if (added)
        pawl_broker_wake(push->broker);
    else
        atomic_fetch_add(&push->dropped, 1);
}

void pawl_push_target(struct pawl_push *push, const struct pawl_target *target)
{
    if (target->kind == PAWL_TARGET_CLASS)
        pawl_push_notify(push, PAWL_TOPIC_CLASS, target->id, PAWL_ID_SIZE);
    else if (target->kind == PAWL_TARGET_GROUP)
        pawl_push_notify(push, PAWL_TOPIC_GROUP, target->group, strlen(target->group));
    else if (target->kind == PAWL_TARGET_DEVICE)
        pawl_push_notify(push, PAWL_TOPIC_DEVICE, target->id, PAWL_ID_SIZE);
}

void pawl_push_devices_set(struct pawl_push *push, uint64_t devices)
{
    if (push != NULL)
        atomic_store(&push->window, pawl_wake_window(devices, push->rate));
}

uint64_t pawl_push_counter(const struct pawl_push *push)
{
    return push != NULL ? atomic_load(&push->counter) : 0;
}

void pawl_push_summons(const struct pawl_push *push, const struct pawl_subject *subject,
                       uint64_t campaign, uint64_t counter, struct pawl_summons *summons)
{
    summons->window = (uint32_t)atomic_load(&push->window);
    summons->counter = counter;
    pawl_topics_of(push->secret, subject, campaign, summons);
}

void pawl_push_status_get(struct pawl_push *push, struct pawl_push_status *status)
{
    status->connected = pawl_broker_is_open(push->broker);
    status->published = atomic_load(&push->published);
    status->dropped = atomic_load(&push->dropped);
    pthread_mutex_lock(&push->lock);
    status->waiting = push->broad_count + push->single_count;
    pthread_mutex_unlock(&push->lock);
}
