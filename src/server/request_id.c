#include "server/request_id.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

bool pawl_request_id_is_good(const char *text)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t size = strspn(text, good);
    return size >= 1 && size < PAWL_REQUEST_ID_SIZE && text[size] == '\0';
}

static uint64_t seed;

static void seed_draw(void)
{
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)time(NULL) << 20;
}

/* Names need not be secret, only different: also from those of the process's earlier life. The
 * mixing (splitmix64) is a bijection, so that none comes twice. */
static uint64_t name_draw(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static atomic_uint_least64_t counter;
    pthread_once(&once, seed_draw);
    uint64_t x = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
    x = seed + x * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

const char *pawl_request_id_given(struct pawl_request *request)
{
    const char *given = pawl_request_header(request, PAWL_REQUEST_ID_HEADER);
    return given != NULL && pawl_request_id_is_good(given) ? given : NULL;
}

const char *pawl_request_id(struct pawl_request *request)
{
    if (request->id[0] != '\0')
        return request->id;
    const char *given = pawl_request_id_given(request);
    if (given != NULL)
        snprintf(request->id, sizeof request->id, "%s", given);
    else
        snprintf(request->id, sizeof request->id, "%016" PRIx64, name_draw());
    return request->id;
}
