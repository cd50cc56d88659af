#include "agent/content_desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "host/hex.h"
#include "host/secret.h"
#include "pawl/secret.h"

#define AHEAD_LEAST \
    2u /* granted keys behind the one in use; with fewer the next ones are asked for */
#define KEYS_MAX 65536u
#define KEY_URI "URI=\"key/"

enum progress { FREE = 0, WAITING, ANSWERED };

struct request {
    enum progress progress;
    bool asked; /* the server was, since it waits */
    uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE];
    enum pawl_result result;
    uint8_t key[PAWL_CONTENT_KEY_SIZE];
};

struct pawl_desk {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t answered;
    int fd;
    bool closed;
    struct request requests[PAWL_DESK_REQUESTS_MAX];
    struct pawl_grant grants[PAWL_DESK_GRANTS_MAX];
    size_t grant_count, grant_oldest;
    uint8_t (*keys)[PAWL_CONTENT_KEY_ID_SIZE]; /* of the playlist that was served last */
    size_t key_count;
    size_t key_next; /* place behind the key that was asked for last */
    bool ahead_due;  /* whether the keys from there on are to be looked at */
};

enum pawl_result pawl_desk_create(struct pawl_desk **desk)
{
    struct pawl_desk *made = pawl_secret_alloc(sizeof *made);
    pthread_condattr_t attributes;
    if (made == NULL)
        return PAWL_EXHAUSTED;
    made->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->fd < 0) {
        pawl_secret_free(made, sizeof *made);
        return PAWL_IO;
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->answered, &attributes);
    pthread_condattr_destroy(&attributes);
    *desk = made;
    return PAWL_OK;
}

void pawl_desk_free(struct pawl_desk *desk)
{
    if (desk == NULL)
        return;
    close(desk->fd);
    free(desk->keys);
    pthread_cond_destroy(&desk->answered);
    pthread_mutex_destroy(&desk->lock);
    pawl_secret_free(desk, sizeof *desk);
}

int pawl_desk_fd(const struct pawl_desk *desk)
{
    return desk->fd;
}

static bool id_is(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, PAWL_CONTENT_KEY_ID_SIZE) == 0;
}

static struct pawl_grant *grant_find(struct pawl_desk *desk, const uint8_t *key_id)
{
    for (size_t i = 0; i < desk->grant_count; i++)
        if (id_is(desk->grants[i].key_id, key_id))
            return &desk->grants[i];
    return NULL;
}

/* Where the key stands in the playlist, looking from the last place on. */
static void place_note(struct pawl_desk *desk, const uint8_t *key_id)
{
    for (size_t i = 0; i < desk->key_count; i++) {
        size_t place = (desk->key_next + i) % desk->key_count;
        if (id_is(desk->keys[place], key_id)) {
            desk->key_next = place + 1;
            desk->ahead_due = true;
            return;
        }
    }
}

static struct request *request_begin(struct pawl_desk *desk, const uint8_t *key_id)
{
    static const uint64_t one = 1;
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++) {
        struct request *request = &desk->requests[i];
        if (request->progress != FREE)
            continue;
        *request = (struct request){.progress = WAITING};
        memcpy(request->key_id, key_id, sizeof request->key_id);
        place_note(desk, key_id);
        if (write(desk->fd, &one, sizeof one) != (ssize_t)sizeof one)
            request->progress = FREE;
        return request->progress == WAITING ? request : NULL;
    }
    return NULL;
}

static struct timespec deadline_make(uint32_t milliseconds)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += (time_t)(milliseconds / 1000);
    deadline.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

enum pawl_result pawl_desk_key_get(struct pawl_desk *desk,
                                   const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                   uint32_t milliseconds, uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    const struct timespec deadline = deadline_make(milliseconds);
    enum pawl_result result = PAWL_EXHAUSTED;
    int code = 0;
    pthread_mutex_lock(&desk->lock);
    struct request *request = desk->closed ? NULL : request_begin(desk, key_id);
    while (request != NULL && request->progress == WAITING && code == 0)
        code = pthread_cond_timedwait(&desk->answered, &desk->lock, &deadline);
    if (request != NULL && request->progress == ANSWERED) {
        result = request->result;
        if (result == PAWL_OK)
            memcpy(key, request->key, sizeof request->key);
    }
    if (request != NULL)
        pawl_wipe(request, sizeof *request); /* which frees it */
    pthread_mutex_unlock(&desk->lock);
    return result;
}

void pawl_desk_playlist_note(struct pawl_desk *desk, const char *text, size_t size)
{
    const size_t digits = 2u * PAWL_CONTENT_KEY_ID_SIZE, mark = sizeof KEY_URI - 1;
    const char *end = text + size;
    uint8_t(*keys)[PAWL_CONTENT_KEY_ID_SIZE] = NULL;
    size_t count = 0;
    while (count < KEYS_MAX && (text = memmem(text, (size_t)(end - text), KEY_URI, mark)) != NULL &&
           (size_t)(end - text) >= mark + digits) {
        char hex[PAWL_HEX_SIZE(PAWL_CONTENT_KEY_ID_SIZE)];
        void *longer = realloc(keys, (count + 1) * sizeof *keys);
        if (longer == NULL)
            break;
        keys = longer;
        memcpy(hex, text + mark, digits);
        hex[digits] = '\0';
        count += pawl_hex_decode(hex, keys[count], sizeof *keys) == PAWL_OK;
        text += mark;
    }
    pthread_mutex_lock(&desk->lock);
    free(desk->keys);
    desk->keys = keys;
    desk->key_count = count;
    desk->key_next = 0;
    desk->ahead_due = false;
    pthread_mutex_unlock(&desk->lock);
}

bool pawl_desk_waits(struct pawl_desk *desk)
{
    bool waits = false;
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        waits |= desk->requests[i].progress == WAITING;
    pthread_mutex_unlock(&desk->lock);
    return waits;
}

bool pawl_desk_grant_next(struct pawl_desk *desk, struct pawl_grant *grant)
{
    const struct pawl_grant *found = NULL;
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX && found == NULL; i++)
        if (desk->requests[i].progress == WAITING)
            found = grant_find(desk, desk->requests[i].key_id);
    if (found != NULL)
        *grant = *found;
    pthread_mutex_unlock(&desk->lock);
    return found != NULL;
}

static void request_answer(struct request *request, enum pawl_result result, const uint8_t *key)
{
    request->result = result;
    if (result == PAWL_OK)
        memcpy(request->key, key, sizeof request->key);
    request->progress = ANSWERED;
}

void pawl_desk_answer(struct pawl_desk *desk, const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                      enum pawl_result result, const uint8_t *key)
{
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        if (desk->requests[i].progress == WAITING && id_is(desk->requests[i].key_id, key_id))
            request_answer(&desk->requests[i], result, key);
    pthread_cond_broadcast(&desk->answered);
    pthread_mutex_unlock(&desk->lock);
}

void pawl_desk_refuse(struct pawl_desk *desk, enum pawl_result result)
{
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        if (desk->requests[i].progress == WAITING)
            request_answer(&desk->requests[i], result, NULL);
    pthread_cond_broadcast(&desk->answered);
    pthread_mutex_unlock(&desk->lock);
}

void pawl_desk_grant_drop(struct pawl_desk *desk, const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE])
{
    pthread_mutex_lock(&desk->lock);
    struct pawl_grant *grant = grant_find(desk, key_id);
    if (grant != NULL) /* nothing may stay in its place that some id would find */
        *grant = desk->grants[--desk->grant_count];
    /* Who has asked already is not helped by asking again. */
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        if (desk->requests[i].progress == WAITING && desk->requests[i].asked &&
            id_is(desk->requests[i].key_id, key_id))
            request_answer(&desk->requests[i], PAWL_NOT_ENTITLED, NULL);
    pthread_cond_broadcast(&desk->answered);
    pthread_mutex_unlock(&desk->lock);
}

/* Keys being gathered for a report. */
struct list {
    uint8_t *ids;
    uint32_t count;
};

static void list_add(struct pawl_desk *desk, struct list *list, const uint8_t *key_id)
{
    bool listed = list->count == PAWL_CONTENT_WANTED_MAX || grant_find(desk, key_id) != NULL;
    for (uint32_t i = 0; i < list->count && !listed; i++)
        listed = id_is(list->ids + (size_t)i * PAWL_CONTENT_KEY_ID_SIZE, key_id);
    if (listed)
        return;
    memcpy(list->ids + (size_t)list->count * PAWL_CONTENT_KEY_ID_SIZE, key_id,
           PAWL_CONTENT_KEY_ID_SIZE);
    list->count++;
}

/* Adds keys that come next, when few enough of them are granted. */
static void ahead_add(struct pawl_desk *desk, struct list *list)
{
    size_t granted = 0;
    while (desk->key_next + granted < desk->key_count &&
           grant_find(desk, desk->keys[desk->key_next + granted]) != NULL)
        granted++;
    if (granted >= AHEAD_LEAST && list->count == 0)
        return;
    for (size_t i = 0; i < PAWL_CONTENT_WANTED_MAX && desk->key_next + i < desk->key_count; i++)
        list_add(desk, list, desk->keys[desk->key_next + i]);
}

uint32_t pawl_desk_wanted(struct pawl_desk *desk,
                          uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE])
{
    struct list list = {ids, 0};
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        if (desk->requests[i].progress == WAITING)
            list_add(desk, &list, desk->requests[i].key_id);
    if (desk->ahead_due)
        ahead_add(desk, &list);
    pthread_mutex_unlock(&desk->lock);
    return list.count;
}

static void grant_keep(struct pawl_desk *desk, const struct pawl_grant *grant)
{
    struct pawl_grant *place = grant_find(desk, grant->key_id);
    if (place == NULL && desk->grant_count < PAWL_DESK_GRANTS_MAX) {
        place = &desk->grants[desk->grant_count++];
    } else if (place == NULL) {
        place = &desk->grants[desk->grant_oldest];
        desk->grant_oldest = (desk->grant_oldest + 1) % PAWL_DESK_GRANTS_MAX;
    }
    *place = *grant;
}

void pawl_desk_grants_take(struct pawl_desk *desk, const uint8_t *ids, uint32_t count,
                           const struct pawl_grant *grants, size_t grant_count)
{
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < grant_count; i++)
        grant_keep(desk, &grants[i]);
    for (uint32_t k = 0; k < count; k++)
        for (size_t i = 0; i < PAWL_DESK_REQUESTS_MAX; i++) {
            struct request *request = &desk->requests[i];
            const uint8_t *id = ids + (size_t)k * PAWL_CONTENT_KEY_ID_SIZE;
            if (request->progress != WAITING || !id_is(request->key_id, id))
                continue;
            request->asked = true;
            if (grant_find(desk, id) == NULL)
                request_answer(request, PAWL_NOT_ENTITLED, NULL);
        }
    desk->ahead_due =
        desk->ahead_due && count == 0; /* what was refused is not asked again and again */
    pthread_cond_broadcast(&desk->answered);
    pthread_mutex_unlock(&desk->lock);
}

void pawl_desk_grants_forget(struct pawl_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    desk->grant_count = desk->grant_oldest = 0;
    pthread_mutex_unlock(&desk->lock);
}

void pawl_desk_close(struct pawl_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    desk->closed = true;
    pthread_mutex_unlock(&desk->lock);
    pawl_desk_refuse(desk, PAWL_IO);
}
