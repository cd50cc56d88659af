#include "server/plan_cache.h"

#include <stdlib.h>
#include <string.h>

#include "headend/campaign.h"
#include "server/metrics.h"
#include "store/store_campaign.h"

/* Entries being gathered from the store. */
struct gathering {
    struct pawl_plan_entry *entries;
    size_t count, room;
};

static enum pawl_result entry_add(struct gathering *gathering, const struct pawl_plan_entry *entry)
{
    if (gathering->count == gathering->room) {
        size_t room = gathering->room == 0 ? 64 : 2 * gathering->room;
        void *entries = realloc(gathering->entries, room * sizeof *gathering->entries);
        if (entries == NULL)
            return PAWL_EXHAUSTED;
        gathering->entries = entries;
        gathering->room = room;
    }
    gathering->entries[gathering->count++] = *entry;
    return PAWL_OK;
}

static enum pawl_result assignment_gather(void *context, const struct pawl_assignment_row *row)
{
    return entry_add(context, &row->entry);
}

static enum pawl_result campaign_gather(void *context, const struct pawl_campaign *campaign)
{
    struct pawl_campaign_rule *rule = calloc(1, sizeof *rule);
    if (rule == NULL)
        return PAWL_EXHAUSTED;
    pawl_campaign_rule_fill(campaign, rule);
    struct pawl_plan_entry entry = {
        .assignment = campaign->id,
        .target = campaign->target,
        .security_version = campaign->security_version,
        .package_size = campaign->package_size,
        .campaign = rule,
    };
    memcpy(entry.package_id, campaign->package_id, PAWL_PACKAGE_ID_SIZE);
    memcpy(entry.class_id, campaign->class_id, PAWL_ID_SIZE);
    enum pawl_result result =
        pawl_campaign_rule_is_started(rule) ? entry_add(context, &entry) : PAWL_STATE;
    if (result != PAWL_OK)
        pawl_campaign_rule_free(rule);
    return result == PAWL_STATE ? PAWL_OK : result;
}

/* The lists of campaigns, when all rows have been read. */
static enum pawl_result lists_read(struct pawl_reader *reader, struct gathering *gathering)
{
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; result == PAWL_OK && i < gathering->count; i++) {
        struct pawl_campaign_rule *rule = gathering->entries[i].campaign;
        size_t size = 0;
        if (rule == NULL || !rule->is_list)
            continue;
        result = pawl_store_campaign_devices_get(reader, rule->id, &rule->listed, &size);
        rule->listed_size = size;
    }
    return result;
}

static enum pawl_result plan_read(struct pawl_reader *reader, struct pawl_plan **plan)
{
    struct gathering gathering = {NULL, 0, 0};
    enum pawl_result result =
        pawl_store_assignment_list(reader, 0, SIZE_MAX, assignment_gather, &gathering);
    if (result == PAWL_OK)
        result = pawl_store_campaign_list(reader, 0, 0, SIZE_MAX, campaign_gather, &gathering);
    if (result == PAWL_OK)
        result = lists_read(reader, &gathering);
    if (result == PAWL_OK)
        result = pawl_plan_build(gathering.entries, gathering.count, plan);
    for (size_t i = 0; result != PAWL_OK && i < gathering.count; i++)
        pawl_campaign_rule_free(gathering.entries[i].campaign);
    free(gathering.entries);
    return result;
}

static enum pawl_result plan_replace(struct pawl_plan_cache *cache, struct pawl_reader *reader)
{
    /* The version is read first: a change in between makes one refresh too many, never one too few.
     */
    uint64_t version;
    enum pawl_result result = pawl_store_plan_version(reader, &version);
    if (result != PAWL_OK || (cache->plan != NULL && version == cache->version))
        return result;
    struct pawl_plan *plan = NULL;
    result = plan_read(reader, &plan);
    if (result != PAWL_OK)
        return result;
    pthread_rwlock_wrlock(&cache->lock);
    struct pawl_plan *old = cache->plan;
    if (old != NULL)
        pawl_plan_inherit(plan, old); /* nobody takes from a bucket now */
    cache->plan = plan;
    cache->version = version;
    pthread_rwlock_unlock(&cache->lock);
    pawl_plan_free(old);
    pawl_count(PAWL_COUNT_PLAN_REFRESHES);
    return PAWL_OK;
}

enum pawl_result pawl_plan_cache_refresh(struct pawl_plan_cache *cache,
                                         struct pawl_readers *readers)
{
    struct pawl_reader *reader = NULL;
    pthread_mutex_lock(&cache->refreshing);
    enum pawl_result result = pawl_reader_borrow(readers, &reader);
    if (result == PAWL_OK)
        result = plan_replace(cache, reader);
    pawl_reader_return(readers, reader);
    pthread_mutex_unlock(&cache->refreshing);
    return result;
}

enum pawl_result pawl_plan_cache_open(struct pawl_plan_cache *cache, struct pawl_readers *readers)
{
    /* Polls never pause for long enough to let a writer in by chance. */
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&cache->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    pthread_mutex_init(&cache->refreshing, NULL);
    cache->plan = NULL;
    cache->version = 0;
    enum pawl_result result = pawl_plan_cache_refresh(cache, readers);
    if (result != PAWL_OK)
        pawl_plan_cache_close(cache);
    return result;
}

void pawl_plan_cache_close(struct pawl_plan_cache *cache)
{
    pawl_plan_free(cache->plan);
    cache->plan = NULL;
    pthread_rwlock_destroy(&cache->lock);
    pthread_mutex_destroy(&cache->refreshing);
}

const struct pawl_plan *pawl_plan_acquire(struct pawl_plan_cache *cache)
{
    pthread_rwlock_rdlock(&cache->lock);
    return cache->plan;
}

void pawl_plan_release(struct pawl_plan_cache *cache)
{
    pthread_rwlock_unlock(&cache->lock);
}
