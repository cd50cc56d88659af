#include "server/http_metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/http.h"
#include "server/metric_table.h"
#include "server/metrics.h"

/* Statuses that we answer with; the first stands for none, the last for any other. */
static const unsigned statuses[] = {
    0,   200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 409, 411,
    412, 413, 415, 416, 422, 426, 428, 429, 500, 501, 503, 505, 507, 999,
};
#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

/* Of a route and a shard. */
struct route_counts {
    atomic_uint_least64_t statuses[STATUS_COUNT];
    atomic_uint_least64_t buckets[PAWL_TIME_BOUND_COUNT + 1];
    atomic_uint_least64_t sum; /* ns */
};

struct pawl_http_metrics {
    struct pawl_http_metrics *next;
    const char *name;
    unsigned limit;
    const struct pawl_route *routes;
    size_t route_count;
    unsigned shards;                              /* a power of two */
    atomic_uint_least64_t opened, closed, unused; /* connections */
    struct route_counts *counts; /* shards times route_count + 1; the last is for no route */
};

static struct pawl_http_metrics *all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

struct pawl_http_metrics *pawl_http_metrics_create(const struct pawl_listener_settings *settings)
{
    struct pawl_http_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        return NULL;
    metrics->name = settings->name;
    metrics->limit = settings->connections;
    metrics->routes = settings->routes;
    metrics->route_count = settings->route_count;
    metrics->shards = settings->threads == 0 ? 1u : PAWL_METRIC_SHARDS;
    metrics->counts = calloc(metrics->shards * (metrics->route_count + 1), sizeof *metrics->counts);
    if (metrics->counts == NULL) {
        free(metrics);
        return NULL;
    }
    pthread_mutex_lock(&all_lock);
    metrics->next = all;
    all = metrics;
    pthread_mutex_unlock(&all_lock);
    return metrics;
}

void pawl_http_metrics_free(struct pawl_http_metrics *metrics)
{
    if (metrics == NULL)
        return;
    pthread_mutex_lock(&all_lock);
    struct pawl_http_metrics **link = &all;
    while (*link != NULL && *link != metrics)
        link = &(*link)->next;
    if (*link != NULL)
        *link = metrics->next;
    pthread_mutex_unlock(&all_lock);
    free(metrics->counts);
    free(metrics);
}

static void count(atomic_uint_least64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t count_read(const atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void pawl_http_count_opened(struct pawl_http_metrics *metrics)
{
    count(&metrics->opened);
}

void pawl_http_count_closed(struct pawl_http_metrics *metrics, bool used)
{
    if (!used)
        count(&metrics->unused);
    count(&metrics->closed);
}

static size_t status_find(unsigned status)
{
    size_t index = 0;
    while (index < STATUS_COUNT - 1 && statuses[index] != status)
        index++;
    return index;
}

void pawl_http_count_request(struct pawl_http_metrics *metrics, const struct pawl_request *request,
                             uint64_t elapsed)
{
    size_t shard = pawl_metric_shard_get() % metrics->shards;
    size_t route =
        request->route != NULL ? (size_t)(request->route - metrics->routes) : metrics->route_count;
    struct route_counts *counts = &metrics->counts[shard * (metrics->route_count + 1) + route];
    count(&counts->statuses[status_find(request->answered)]);
    count(&counts->buckets[pawl_bucket_find(pawl_time_bounds, PAWL_TIME_BOUND_COUNT, elapsed)]);
    atomic_fetch_add_explicit(&counts->sum, elapsed, memory_order_relaxed);
}

uint64_t pawl_http_open_count(const struct pawl_http_metrics *metrics)
{
    uint64_t closed = count_read(&metrics->closed); /* first: there are never fewer than none */
    return count_read(&metrics->opened) - closed;
}

/* Sums of a route over the shards. */
struct route_sums {
    uint64_t statuses[STATUS_COUNT], buckets[PAWL_TIME_BOUND_COUNT + 1], sum, requests;
};

static void route_sum(const struct pawl_http_metrics *metrics, size_t route,
                      struct route_sums *sums)
{
    *sums = (struct route_sums){.sum = 0};
    for (unsigned shard = 0; shard < metrics->shards; shard++) {
        const struct route_counts *counts =
            &metrics->counts[shard * (metrics->route_count + 1) + route];
        for (size_t i = 0; i < STATUS_COUNT; i++) {
            sums->statuses[i] += count_read(&counts->statuses[i]);
        }
        for (size_t i = 0; i <= PAWL_TIME_BOUND_COUNT; i++) {
            sums->buckets[i] += count_read(&counts->buckets[i]);
            sums->requests += count_read(&counts->buckets[i]);
        }
        sums->sum += count_read(&counts->sum);
    }
}

/* The labels of a route, in `labels`: listener, method, route. */
static void route_label(const struct pawl_http_metrics *metrics, size_t route,
                        const char *labels[9])
{
    bool known = route < metrics->route_count;
    labels[0] = "listener";
    labels[1] = metrics->name;
    labels[2] = "method";
    labels[3] = known ? metrics->routes[route].method : "other";
    labels[4] = "route";
    labels[5] = known ? metrics->routes[route].path : "other";
    labels[6] = NULL;
}

static const struct pawl_distribution request_time = {
    "pawl_http_request_seconds", "Time from a request's head to the end of its answer.",
    pawl_time_bounds, PAWL_TIME_BOUND_COUNT, PAWL_NS_PER_SECOND};

/* Visits every route that had a request. */
static void routes_visit(struct pawl_metrics_text *text,
                         void (*visit)(struct pawl_metrics_text *text, const char *labels[9],
                                       const struct route_sums *sums))
{
    for (const struct pawl_http_metrics *metrics = all; metrics != NULL; metrics = metrics->next)
        for (size_t route = 0; route <= metrics->route_count; route++) {
            struct route_sums sums;
            const char *labels[9];
            route_sum(metrics, route, &sums);
            route_label(metrics, route, labels);
            if (sums.requests > 0)
                visit(text, labels, &sums);
        }
}

static void requests_write(struct pawl_metrics_text *text, const char *labels[9],
                           const struct route_sums *sums)
{
    char status[12];
    labels[6] = "status";
    labels[7] = status;
    labels[8] = NULL;
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (sums->statuses[i] == 0)
            continue;
        if (i == 0)
            snprintf(status, sizeof status, "none");
        else if (i == STATUS_COUNT - 1)
            snprintf(status, sizeof status, "other");
        else
            snprintf(status, sizeof status, "%u", statuses[i]);
        pawl_metrics_number(text, "pawl_http_requests_total", labels, sums->statuses[i]);
    }
}

static void times_write(struct pawl_metrics_text *text, const char *labels[9],
                        const struct route_sums *sums)
{
    pawl_metrics_distribution(text, &request_time, labels, sums->buckets, sums->sum);
}

/* One number of each listener. */
static void listeners_write(struct pawl_metrics_text *text, const char *name, const char *type,
                            const char *help, uint64_t (*read)(const struct pawl_http_metrics *))
{
    pawl_metrics_family(text, name, type, help);
    for (const struct pawl_http_metrics *metrics = all; metrics != NULL; metrics = metrics->next)
        pawl_metrics_number(text, name, (const char *const[]){"listener", metrics->name, NULL},
                            read(metrics));
}

static uint64_t opened_read(const struct pawl_http_metrics *metrics)
{
    return count_read(&metrics->opened);
}

static uint64_t unused_read(const struct pawl_http_metrics *metrics)
{
    return count_read(&metrics->unused);
}

static uint64_t limit_read(const struct pawl_http_metrics *metrics)
{
    return metrics->limit;
}

void pawl_http_metrics_write(struct pawl_metrics_text *text)
{
    pthread_mutex_lock(&all_lock);
    pawl_metrics_family(text, "pawl_http_requests_total", "counter",
                        "Requests that ended, by route and status; \"none\": the client left.");
    routes_visit(text, requests_write);
    pawl_metrics_family(text, request_time.name, "histogram", request_time.help);
    routes_visit(text, times_write);
    listeners_write(text, "pawl_http_connections", "gauge", "Connections that are open.",
                    pawl_http_open_count);
    listeners_write(text, "pawl_http_connections_max", "gauge",
                    "Connections that may be open at a time.", limit_read);
    listeners_write(text, "pawl_http_connections_opened_total", "counter",
                    "Connections that were made.", opened_read);
    listeners_write(text, "pawl_http_connections_unused_total", "counter",
                    "Connections that were closed without a request: a failed TLS handshake, a "
                    "bad head, or a probe.",
                    unused_read);
    pthread_mutex_unlock(&all_lock);
}
