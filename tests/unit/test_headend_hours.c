/* Hours of the day, and the rate (SPEC 18.7). */
#include <pthread.h>
#include <string.h>

#include "headend/hours.h"
#include "headend/pace.h"
#include "pawl_test.h"

#define MIDNIGHT INT64_C(1700006400) /* 2023-11-15 00:00 UTC */

static void windows_open_and_close(void **state)
{
    (void)state;
    static const struct {
        int32_t from, until, zone; /* minutes */
        int32_t now;               /* minutes from MIDNIGHT */
        int32_t opens;             /* the same; equal to now: it is open */
    } rows[] = {
        {120, 300, 0, 119, 120},    {120, 300, 0, 120, 120},    {120, 300, 0, 299, 299},
        {120, 300, 0, 300, 1560},   {1320, 300, 0, 0, 0},       {1320, 300, 0, 300, 1320},
        {1320, 300, 0, 1319, 1320}, {1320, 300, 0, 1320, 1320}, {120, 300, 60, 59, 60},
        {120, 300, 60, 60, 60},     {120, 300, 60, 240, 1500},  {120, 300, -300, 0, 420},
        {120, 300, -300, 420, 420}, {0, 1, 0, 1439, 1440},      {0, 1439, 840, 599, 600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct pawl_hours hours = {true, rows[i].from, rows[i].until, rows[i].zone};
        int64_t now = MIDNIGHT + (int64_t)rows[i].now * 60;
        assert_int_equal(pawl_hours_opening(&hours, now), MIDNIGHT + (int64_t)rows[i].opens * 60);
        assert_int_equal(pawl_hours_are_open(&hours, now), rows[i].opens == rows[i].now);
        /* Whatever the second, it has opened when it says so. */
        assert_true(pawl_hours_are_open(&hours, pawl_hours_opening(&hours, now + 59)));
    }
    const struct pawl_hours always = {0};
    assert_true(pawl_hours_are_open(&always, MIDNIGHT));
    const struct pawl_hours early = {true, 10, 20, 0};
    assert_true(pawl_hours_are_open(&early, -86400 + 10 * 60)); /* before 1970 */
}

static void clocks_are_read_exactly(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "1",      "24:00", "12:60", "1:30", "12:3",
                                      "12-30", "12:300", " 2:30", "-1:30", "12:3x"};
    int32_t minutes = 77;
    char text[PAWL_CLOCK_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_result(PAWL_MALFORMED, pawl_clock_read(bad[i], &minutes));
        assert_result(PAWL_MALFORMED, pawl_zone_read(bad[i], &minutes));
    }
    assert_result(PAWL_MALFORMED, pawl_clock_read(NULL, &minutes));
    assert_result(PAWL_MALFORMED, pawl_zone_read(NULL, &minutes));
    assert_result(PAWL_MALFORMED, pawl_zone_read("+14:01", &minutes));
    assert_result(PAWL_MALFORMED, pawl_zone_read("Zulu", &minutes));
    assert_int_equal(minutes, 77);
    assert_result(PAWL_OK, pawl_clock_read("22:30", &minutes));
    assert_int_equal(minutes, 1350);
    assert_string_equal(pawl_clock_format(minutes, text), "22:30");
    assert_result(PAWL_OK, pawl_zone_read("-03:30", &minutes));
    assert_int_equal(minutes, -210);
    assert_string_equal(pawl_zone_format(minutes, text), "-03:30");
    assert_result(PAWL_OK, pawl_zone_read("Z", &minutes));
    assert_string_equal(pawl_zone_format(minutes, text), "+00:00");
}

/* How many of many tries a minute pass, tried each millisecond. */
static unsigned passed(uint32_t rate, int64_t seconds)
{
    struct pawl_pace pace = {0};
    unsigned count = 0;
    for (int64_t ms = 0; ms < seconds * 1000; ms++)
        count += pawl_pace_take(&pace, rate, INT64_C(1700000000000000) + ms * 1000);
    return count;
}

static void rate_is_kept(void **state)
{
    (void)state;
    assert_int_equal(passed(1, 59), 1);
    assert_int_equal(passed(1, 61), 2);
    assert_int_equal(passed(60, 60), 60);
    assert_in_range(passed(600, 60), 600, 610); /* a second's worth at once */
    assert_in_range(passed(6000, 60), 6000, 6100);
}

static void idle_time_is_not_saved_up(void **state)
{
    (void)state;
    struct pawl_pace pace = {0};
    unsigned count = 0;
    for (int64_t hour = 1; hour <= 2; hour++, count = 0) {
        while (pawl_pace_take(&pace, 600, hour * INT64_C(3600000000)))
            count++;
        assert_int_equal(count, 10);
    }
}

#define THREADS 4
static struct pawl_pace shared;

static void *taker(void *taken)
{
    for (unsigned i = 0; i < 100000; i++)
        *(unsigned *)taken += pawl_pace_take(&shared, 6000, 1000000);
    return NULL;
}

static void threads_share_one_bucket(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned taken[THREADS] = {0}, sum = 0;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, taker, &taken[i]), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += taken[i];
    }
    assert_int_equal(sum, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_open_and_close),
        cmocka_unit_test(clocks_are_read_exactly),
        cmocka_unit_test(rate_is_kept),
        cmocka_unit_test(idle_time_is_not_saved_up),
        cmocka_unit_test(threads_share_one_bucket),
    };
    return cmocka_run_group_tests_name("hours and pace, SPEC 18.7", tests, NULL, NULL);
}
