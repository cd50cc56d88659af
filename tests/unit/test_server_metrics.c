/* Counting and its exposition (SPEC 23.1 to 23.3): nothing counted is lost, and what a label holds
 * cannot break the format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "server/metric_table.h"
#include "server/metrics.h"
#include "server/metrics_text.h"
#include "server/request_id.h"

#define THREADS 40 /* more than there are shards */
#define ROUNDS 10000u

static void *count_much(void *context)
{
    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        pawl_count(PAWL_COUNT_CONFIRMATIONS);
        pawl_observe(PAWL_HISTOGRAM_BATCH_SIZE, i % 3u);
    }
    return NULL;
}

static void test_threads_lose_no_count(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    uint64_t before = pawl_counter_read(PAWL_COUNT_CONFIRMATIONS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(pawl_counter_read(PAWL_COUNT_CONFIRMATIONS) - before, THREADS * ROUNDS);
    uint64_t observed = 0;
    for (size_t i = 0; i < PAWL_BUCKETS_MAX; i++)
        observed += pawl_histogram_bucket(PAWL_HISTOGRAM_BATCH_SIZE, i);
    assert_int_equal(observed, THREADS * ROUNDS);
    assert_int_equal(pawl_histogram_sum(PAWL_HISTOGRAM_BATCH_SIZE),
                     THREADS * (uint64_t)(ROUNDS / 3u * 3u));
}

static void test_buckets(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {1, 10, 100};
    static const struct {
        uint64_t value;
        size_t bucket;
    } cases[] = {{0, 0}, {1, 0}, {2, 1}, {10, 1}, {11, 2}, {100, 2}, {101, 3}, {UINT64_MAX, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pawl_bucket_find(bounds, 3, cases[i].value), cases[i].bucket);
}

static void test_causes_stay_within_their_family(void **state)
{
    (void)state;
    static const uint64_t codes[] = {0, 1, 12, 13, 63, 64, 68, 69, UINT64_MAX};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        pawl_count_failure(codes[i]);
    for (unsigned i = 0; i < PAWL_CAUSE_COUNT; i++)
        sum += pawl_counter_read(PAWL_COUNT_FAILURES + i);
    assert_int_equal(sum, sizeof codes / sizeof codes[0]);
    assert_int_equal(pawl_counter_read(PAWL_COUNT_FAILURES),
                     5); /* other: 0, 13, 63, 69, 2^64 - 1 */
}

static void test_label_values_are_escaped(void **state)
{
    (void)state;
    static const char *const labels[] = {"a", "x\"y\\z\n\001", "b", "", NULL};
    struct pawl_metrics_text text = {.bytes = NULL};
    pawl_metrics_number(&text, "m", labels, UINT64_MAX);
    pawl_metrics_real(&text, "n", NULL, 0.25);
    static const char expected[] = "m{a=\"x\\\"y\\\\z\\n?\",b=\"\"} 18446744073709551615\nn 0.25\n";
    assert_int_equal(text.size, sizeof expected - 1);
    assert_memory_equal(text.bytes, expected, text.size);
    pawl_metrics_release(&text);
}

static void test_distribution_is_cumulative(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {1000, 2000}, buckets[] = {3, 0, 4};
    static const struct pawl_distribution about = {"t_seconds", "", bounds, 2, 1000};
    static const char *const labels[] = {"l", "v", NULL};
    static const char expected[] = "t_seconds_bucket{l=\"v\",le=\"1\"} 3\n"
                                   "t_seconds_bucket{l=\"v\",le=\"2\"} 3\n"
                                   "t_seconds_bucket{l=\"v\",le=\"+Inf\"} 7\n"
                                   "t_seconds_sum{l=\"v\"} 0.5\n"
                                   "t_seconds_count{l=\"v\"} 7\n";
    struct pawl_metrics_text text = {.bytes = NULL};
    pawl_metrics_distribution(&text, &about, labels, buckets, 500);
    assert_int_equal(text.size, sizeof expected - 1);
    assert_memory_equal(text.bytes, expected, text.size);
    pawl_metrics_release(&text);
}

static void test_names_of_requests(void **state)
{
    (void)state;
    char longest[PAWL_REQUEST_ID_SIZE + 1];
    memset(longest, 'x', sizeof longest);
    longest[PAWL_REQUEST_ID_SIZE - 1] = '\0';
    assert_true(pawl_request_id_is_good("a"));
    assert_true(pawl_request_id_is_good("7F.a_b-C"));
    assert_true(pawl_request_id_is_good(longest));
    longest[PAWL_REQUEST_ID_SIZE - 1] = 'x';
    longest[PAWL_REQUEST_ID_SIZE] = '\0';
    static const char *const bad[] = {"", " ", "a b", "a=b", "a\"", "\303\244", "a\n", "a;"};
    assert_false(pawl_request_id_is_good(longest));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pawl_request_id_is_good(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_lose_no_count),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_causes_stay_within_their_family),
        cmocka_unit_test(test_label_values_are_escaped),
        cmocka_unit_test(test_distribution_is_cumulative),
        cmocka_unit_test(test_names_of_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
