#include "headend/entitle.h"

#include <pthread.h>
#include <unistd.h>

#define THREADS_MOST 8u
#define UNITS_A_THREAD 256u /* fewer are not worth a thread */

/* The units that one thread does. */
struct share {
    const struct pawl_entitling *entitling;
    const struct pawl_unit *units;
    size_t count;
    uint8_t *rows;
    enum pawl_result result;
};

static void *share_do(void *context)
{
    struct share *share = context;

    for (size_t i = 0; i < share->count && share->result == PAWL_OK; i++)
        share->result = pawl_entitlement_row_make(&share->units[i], share->entitling->package_id,
                                                  share->entitling->content_key,
                                                  share->rows + i * PAWL_ROW_SIZE);
    return NULL;
}

static size_t share_count(unsigned wanted, size_t units)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = wanted > 0 ? wanted : processors > 0 ? (size_t)processors : 1;

    if (threads > THREADS_MOST)
        threads = THREADS_MOST;
    if (threads > units / UNITS_A_THREAD)
        threads = units / UNITS_A_THREAD;
    return threads > 0 ? threads : 1;
}

enum pawl_result pawl_rows_make(const struct pawl_entitling *entitling,
                                const struct pawl_unit *units, size_t count, uint8_t *rows)
{
    struct share shares[THREADS_MOST];
    pthread_t threads[THREADS_MOST];
    size_t wanted = share_count(entitling->threads, count);
    size_t started = 0;

    for (size_t i = 0; i < wanted; i++) {
        size_t from = count * i / wanted;
        size_t to = count * (i + 1) / wanted;
        shares[i] = (struct share){.entitling = entitling,
                                   .units = units + from,
                                   .count = to - from,
                                   .rows = rows + from * PAWL_ROW_SIZE};
    }
    /* The first share is the calling thread's; it also does what found no thread. */
    for (size_t i = 1; i < wanted; i++, started++)
        if (pthread_create(&threads[i], NULL, share_do, &shares[i]) != 0)
            break;
    share_do(&shares[0]);
    for (size_t i = started + 1; i < wanted; i++)
        share_do(&shares[i]);

    enum pawl_result result = shares[0].result;
    for (size_t i = 1; i < wanted; i++) {
        if (i <= started)
            pthread_join(threads[i], NULL);
        if (result == PAWL_OK)
            result = shares[i].result;
    }
    return result;
}
