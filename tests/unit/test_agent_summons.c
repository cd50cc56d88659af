/* When a push makes a device poll (SPEC 19.7). */
#include "agent/summons.h"
#include "pawl_test.h"

#define FLOOR 1000
#define HOUR (60 * 60 * 1000)

static void spec19_7_a_push_is_answered_within_the_window(void **state)
{
    struct pawl_summoned summoned;

    (void)state;
    pawl_summoned_init(&summoned, FLOOR);
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, 0, false, 0, UINT32_MAX), HOUR);
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, 0, false, 100, 0), HOUR);
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, 0, false, 100, UINT32_MAX), HOUR + 99999);
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, 0, false, 100, UINT32_MAX / 2),
                     HOUR + 49999);
    /* Its own topic: in an eighth of it. */
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, 0, true, 100, UINT32_MAX), HOUR + 12499);
    /* Not before the floor. */
    assert_int_equal(pawl_summoned_due(&summoned, HOUR, HOUR - 400, true, 0, 0), HOUR + 600);
}

/* Polls as a hostile broker would have it: a push at each millisecond. */
static unsigned flood(struct pawl_summoned *summoned, int64_t start, int64_t duration)
{
    int64_t last = start;
    unsigned polls = 0;

    for (;;) {
        int64_t due = pawl_summoned_due(summoned, last + 1, last, true, 0, 0);
        if (due > start + duration)
            return polls;
        pawl_summoned_answer(summoned, due);
        pawl_summoned_settle(summoned, false);
        last = due;
        polls++;
    }
}

static void spec19_7_pushes_that_bring_nothing_make_fewer_polls(void **state)
{
    struct pawl_summoned summoned;

    (void)state;
    pawl_summoned_init(&summoned, FLOOR);
    assert_int_equal(flood(&summoned, HOUR, 15 * FLOOR), 4); /* after 1, 2, 4 and 8 seconds */
    unsigned later = flood(&summoned, 2 * HOUR, 24 * HOUR);
    assert_true(later <= 24u * HOUR / PAWL_SUMMONS_FLOOR_CAP_MS + 10);
    assert_true(later >= 24u * HOUR / PAWL_SUMMONS_FLOOR_CAP_MS);
}

static void spec19_7_what_is_of_use_or_rare_is_heeded_at_once(void **state)
{
    struct pawl_summoned summoned;
    int64_t now = HOUR + 8 * FLOOR;

    (void)state;
    pawl_summoned_init(&summoned, FLOOR);
    flood(&summoned, HOUR, 7 * FLOOR);
    assert_true(pawl_summoned_due(&summoned, now, now, true, 0, 0) >= now + 8 * FLOOR);
    pawl_summoned_settle(&summoned, true);
    assert_int_equal(pawl_summoned_due(&summoned, now, now, true, 0, 0), now + FLOOR);

    flood(&summoned, HOUR, 7 * FLOOR);
    now += PAWL_SUMMONS_FLOOR_CAP_MS + FLOOR;
    assert_int_equal(pawl_summoned_due(&summoned, now, now, true, 0, 0), now + FLOOR);
    pawl_summoned_answer(&summoned, now);
    pawl_summoned_settle(&summoned, false);
    assert_int_equal(pawl_summoned_due(&summoned, now, now, true, 0, 0), now + 2 * FLOOR);
    /* A poll that no push caused says nothing of pushes. */
    pawl_summoned_settle(&summoned, false);
    assert_int_equal(pawl_summoned_due(&summoned, now, now, true, 0, 0), now + 2 * FLOOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec19_7_a_push_is_answered_within_the_window),
        cmocka_unit_test(spec19_7_pushes_that_bring_nothing_make_fewer_polls),
        cmocka_unit_test(spec19_7_what_is_of_use_or_rare_is_heeded_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
