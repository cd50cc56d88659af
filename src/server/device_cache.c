#include "server/device_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/secret.h"
#include "pawl/secret.h"

#define SET_COUNT 4096u /* a power of two */
#define WAY_COUNT 8u

struct entry {
    bool used;
    uint32_t stamp; /* when it was used last, in its set's time */
    struct pawl_device device;
};

/* Where a device may be. `writes` counts drops: a ticket is its value before the store was read. */
struct set {
    pthread_mutex_t lock;
    uint32_t writes;
    uint32_t time;
    struct entry ways[WAY_COUNT];
};

/* The keys of all entries, apart from them: in memory that is locked. */
struct keys {
    uint8_t auth[SET_COUNT][WAY_COUNT][PAWL_KEY_SIZE];
};

struct pawl_device_cache {
    struct keys *keys;
    struct set sets[SET_COUNT];
};

enum pawl_result pawl_device_cache_create(struct pawl_device_cache **cache)
{
    struct pawl_device_cache *created = calloc(1, sizeof *created);
    if (created == NULL)
        return PAWL_EXHAUSTED;
    created->keys = pawl_secret_alloc(sizeof *created->keys);
    if (created->keys == NULL) {
        free(created);
        return PAWL_EXHAUSTED;
    }
    for (size_t i = 0; i < SET_COUNT; i++)
        pthread_mutex_init(&created->sets[i].lock, NULL);
    *cache = created;
    return PAWL_OK;
}

void pawl_device_cache_free(struct pawl_device_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SET_COUNT; i++)
        pthread_mutex_destroy(&cache->sets[i].lock);
    pawl_secret_free(cache->keys, sizeof *cache->keys);
    free(cache);
}

/* Where an entry's key is. */
static uint8_t *key_of(struct pawl_device_cache *cache, const struct set *set,
                       const struct entry *entry)
{
    return cache->keys->auth[set - cache->sets][entry - set->ways];
}

static void entry_forget(struct pawl_device_cache *cache, const struct set *set,
                         struct entry *entry)
{
    entry->used = false;
    pawl_wipe(key_of(cache, set, entry), PAWL_KEY_SIZE);
}

/* Ids are random in general, but may be serial numbers: all of their bits count. */
static struct set *set_lock(struct pawl_device_cache *cache, const uint8_t device_id[PAWL_ID_SIZE])
{
    uint64_t halves[2];
    memcpy(halves, device_id, sizeof halves);
    uint64_t mixed = (halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
    struct set *set = &cache->sets[(mixed >> 40) % SET_COUNT];
    pthread_mutex_lock(&set->lock);
    return set;
}

/* The device's entry in a locked set, or NULL. */
static struct entry *entry_find(struct set *set, const uint8_t device_id[PAWL_ID_SIZE])
{
    for (size_t i = 0; i < WAY_COUNT; i++)
        if (set->ways[i].used &&
            memcmp(set->ways[i].device.device_id, device_id, PAWL_ID_SIZE) == 0)
            return &set->ways[i];
    return NULL;
}

/* The entry to be overwritten: a free one, else the one that was not used for longest. */
static struct entry *entry_choose(struct set *set)
{
    struct entry *chosen = &set->ways[0];
    for (size_t i = 0; i < WAY_COUNT && chosen->used; i++)
        if (!set->ways[i].used || set->time - set->ways[i].stamp > set->time - chosen->stamp)
            chosen = &set->ways[i];
    return chosen;
}

bool pawl_device_cache_find(struct pawl_device_cache *cache, const uint8_t device_id[PAWL_ID_SIZE],
                            struct pawl_device *device, uint8_t auth_key[PAWL_KEY_SIZE],
                            uint32_t *ticket)
{
    struct set *set = set_lock(cache, device_id);
    struct entry *entry = entry_find(set, device_id);
    if (entry != NULL) {
        entry->stamp = ++set->time;
        *device = entry->device;
        pawl_secret_copy(auth_key, key_of(cache, set, entry), PAWL_KEY_SIZE);
    }
    *ticket = set->writes;
    pthread_mutex_unlock(&set->lock);
    return entry != NULL;
}

void pawl_device_cache_add(struct pawl_device_cache *cache, const struct pawl_device *device,
                           const uint8_t auth_key[PAWL_KEY_SIZE], uint32_t ticket)
{
    struct set *set = set_lock(cache, device->device_id);
    if (set->writes == ticket && entry_find(set, device->device_id) == NULL) {
        struct entry *entry = entry_choose(set);
        entry->used = true;
        entry->stamp = ++set->time;
        entry->device = *device;
        pawl_secret_copy(key_of(cache, set, entry), auth_key, PAWL_KEY_SIZE);
    }
    pthread_mutex_unlock(&set->lock);
}

/* What the store compares before it writes a change. */
static bool record_is_same(const struct pawl_device_record *a, const struct pawl_device_record *b)
{
    return a->standing == b->standing && a->sequence == b->sequence &&
           a->has_instance == b->has_instance &&
           (!a->has_instance || memcmp(a->instance, b->instance, PAWL_INSTANCE_SIZE) == 0);
}

void pawl_device_cache_change(struct pawl_device_cache *cache,
                              const uint8_t device_id[PAWL_ID_SIZE],
                              const struct pawl_change *change)
{
    struct set *set = set_lock(cache, device_id);
    struct entry *entry = entry_find(set, device_id);
    set->writes++;
    if (entry != NULL && record_is_same(&entry->device.record, &change->before)) {
        entry->device.record = change->after;
        entry->device.quarantine = change->quarantine;
        entry->device.failure = (struct pawl_failure_note){.present = false};
    } else if (entry != NULL) {
        entry_forget(cache, set, entry);
    }
    pthread_mutex_unlock(&set->lock);
}

void pawl_device_cache_rewrap(struct pawl_device_cache *cache,
                              const uint8_t device_id[PAWL_ID_SIZE],
                              const uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE])
{
    struct set *set = set_lock(cache, device_id);
    struct entry *entry = entry_find(set, device_id);
    set->writes++;
    if (entry != NULL)
        memcpy(entry->device.wrapped_secret, wrapped_secret, PAWL_VAULT_WRAPPED_SIZE);
    pthread_mutex_unlock(&set->lock);
}

void pawl_device_cache_clear(struct pawl_device_cache *cache)
{
    for (size_t i = 0; i < SET_COUNT; i++) {
        struct set *set = &cache->sets[i];
        pthread_mutex_lock(&set->lock);
        set->writes++;
        for (size_t k = 0; k < WAY_COUNT; k++)
            if (set->ways[k].used)
                entry_forget(cache, set, &set->ways[k]);
        pthread_mutex_unlock(&set->lock);
    }
}

void pawl_device_cache_drop(struct pawl_device_cache *cache, const uint8_t device_id[PAWL_ID_SIZE])
{
    struct set *set = set_lock(cache, device_id);
    struct entry *entry = entry_find(set, device_id);
    set->writes++;
    if (entry != NULL)
        entry_forget(cache, set, entry);
    pthread_mutex_unlock(&set->lock);
}
