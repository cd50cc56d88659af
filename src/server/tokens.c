#include "server/tokens.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pawl/secret.h"

/* Last uses are written when they are this much newer than what is written: whoever reads them asks
 * for days. */
#define USE_STEP 60 /* seconds */

struct entry {
    struct pawl_token_row row;
    int64_t used; /* Unix seconds; row.last_used is what is written */
    struct pawl_bucket bucket;
};

struct list {
    struct entry *entries; /* ascending by digest */
    size_t count, room;
};

struct pawl_tokens {
    pthread_mutex_t reloading; /* from reading to exchanging: an older list must not come last */
    pthread_mutex_t lock;      /* of all below */
    struct pawl_rate rate;
    struct list list;
    atomic_bool unread; /* the last reading failed */
};

uint64_t pawl_steady_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return memcmp(x->row.digest, y->row.digest, PAWL_TOKEN_DIGEST_SIZE);
}

/* What stands in the digests of stored tokens is no secret of theirs: a search that takes longer
 * for some tells a guesser about the digests of guesses, not about tokens. */
static struct entry *entry_find(const struct list *list, const uint8_t *digest)
{
    struct entry wanted;
    if (list->count == 0)
        return NULL;
    memcpy(wanted.row.digest, digest, PAWL_TOKEN_DIGEST_SIZE);
    struct entry *found =
        bsearch(&wanted, list->entries, list->count, sizeof *list->entries, entry_compare);
    return found != NULL && pawl_equal(found->row.digest, digest, PAWL_TOKEN_DIGEST_SIZE) ? found
                                                                                          : NULL;
}

static enum pawl_result entry_add(void *context, const struct pawl_token_row *row)
{
    struct list *list = context;
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : 2 * list->room;
        struct entry *longer = realloc(list->entries, room * sizeof *longer);
        if (longer == NULL)
            return PAWL_EXHAUSTED;
        list->entries = longer;
        list->room = room;
    }
    list->entries[list->count++] = (struct entry){.row = *row, .used = row->last_used};
    return PAWL_OK;
}

/* Puts a list in the place of the former one, which goes; what a token did goes on to count. */
static void list_exchange(struct pawl_tokens *tokens, struct list *fresh)
{
    pthread_mutex_lock(&tokens->lock);
    for (size_t i = 0; i < fresh->count; i++) {
        const struct entry *former = entry_find(&tokens->list, fresh->entries[i].row.digest);
        if (former == NULL)
            continue;
        fresh->entries[i].bucket = former->bucket;
        if (former->used > fresh->entries[i].used)
            fresh->entries[i].used = former->used;
    }
    free(tokens->list.entries);
    tokens->list = *fresh;
    pthread_mutex_unlock(&tokens->lock);
}

enum pawl_result pawl_tokens_reload(struct pawl_tokens *tokens, struct pawl_readers *readers)
{
    struct list fresh = {NULL, 0, 0};
    struct pawl_reader *reader = NULL;
    pthread_mutex_lock(&tokens->reloading);
    enum pawl_result result = pawl_reader_borrow(readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_token_list(reader, true, 0, PAWL_TOKENS_MAX, entry_add, &fresh);
    pawl_reader_return(readers, reader);
    if (result != PAWL_OK) {
        free(fresh.entries);
        fresh = (struct list){NULL, 0, 0};
    }
    if (fresh.count > 0)
        qsort(fresh.entries, fresh.count, sizeof *fresh.entries, entry_compare);
    list_exchange(tokens, &fresh);
    atomic_store(&tokens->unread, result != PAWL_OK);
    pthread_mutex_unlock(&tokens->reloading);
    return result;
}

enum pawl_result pawl_tokens_mend(struct pawl_tokens *tokens, struct pawl_readers *readers)
{
    return atomic_load(&tokens->unread) ? pawl_tokens_reload(tokens, readers) : PAWL_OK;
}

enum pawl_result pawl_tokens_create(struct pawl_readers *readers, const struct pawl_rate *rate,
                                    struct pawl_tokens **out)
{
    struct pawl_tokens *tokens = calloc(1, sizeof *tokens);
    if (tokens == NULL)
        return PAWL_EXHAUSTED;
    pthread_mutex_init(&tokens->reloading, NULL);
    pthread_mutex_init(&tokens->lock, NULL);
    tokens->rate = *rate;
    enum pawl_result result = pawl_tokens_reload(tokens, readers);
    if (result == PAWL_OK)
        *out = tokens;
    else
        pawl_tokens_free(tokens);
    return result;
}

void pawl_tokens_free(struct pawl_tokens *tokens)
{
    if (tokens == NULL)
        return;
    pthread_mutex_destroy(&tokens->lock);
    pthread_mutex_destroy(&tokens->reloading);
    free(tokens->list.entries);
    free(tokens);
}

enum pawl_token_verdict pawl_tokens_judge(struct pawl_tokens *tokens,
                                          const uint8_t digest[PAWL_TOKEN_DIGEST_SIZE], int64_t now,
                                          struct pawl_token_grant *grant)
{
    enum pawl_token_verdict verdict = PAWL_TOKEN_GOOD;
    pthread_mutex_lock(&tokens->lock);
    struct entry *entry = entry_find(&tokens->list, digest);
    if (entry == NULL) {
        pthread_mutex_unlock(&tokens->lock);
        return PAWL_TOKEN_UNKNOWN;
    }
    *grant = (struct pawl_token_grant){
        .id = entry->row.id, .role = entry->row.role, .expires = entry->row.expires};
    memcpy(grant->name, entry->row.name, sizeof grant->name);
    if (entry->row.expires != 0 && entry->row.expires <= now) {
        verdict = PAWL_TOKEN_EXPIRED;
    } else {
        uint64_t wait = pawl_bucket_take(&entry->bucket, &tokens->rate, pawl_steady_now());
        if (wait > 0)
            verdict = PAWL_TOKEN_BUSY;
        grant->wait = (uint32_t)((wait + 999999u) / 1000000u);
        entry->used = now;
    }
    pthread_mutex_unlock(&tokens->lock);
    return verdict;
}

/* Takes what is to be written, as many as there are; `uses` has room for the whole list. */
static size_t uses_take(struct list *list, struct pawl_token_use *uses)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct entry *entry = &list->entries[i];
        if (entry->used < entry->row.last_used + USE_STEP)
            continue;
        entry->row.last_used = entry->used;
        uses[count++] = (struct pawl_token_use){entry->row.id, entry->used};
    }
    return count;
}

enum pawl_result pawl_tokens_flush(struct pawl_tokens *tokens, struct pawl_store *store)
{
    pthread_mutex_lock(&tokens->lock);
    struct pawl_token_use *uses = NULL;
    size_t count = 0;
    if (tokens->list.count > 0)
        uses = calloc(tokens->list.count, sizeof *uses);
    if (uses != NULL)
        count = uses_take(&tokens->list, uses);
    pthread_mutex_unlock(&tokens->lock);
    enum pawl_result result = pawl_store_token_used_set(store, uses, count);
    free(uses);
    return result;
}
