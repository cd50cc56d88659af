/* Attempts: what a change tells, and that packing loses nothing (SPEC 16.26). Labels (16.21). */
#include <string.h>

#include "headend/attempt.h"
#include "headend/label.h"
#include "pawl_test.h"

static void change_is_told_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum pawl_standing before, after;
        uint64_t from, to;
        enum pawl_attempt_outcome outcome;
        uint32_t detail;
        uint8_t distance;
    } cases[] = {
        {PAWL_STANDING_ACTIVE, PAWL_STANDING_ACTIVE, 4, 5, PAWL_ATTEMPT_CONFIRMED, 0, 1},
        {PAWL_STANDING_ACTIVE, PAWL_STANDING_ACTIVE, 4, 7, PAWL_ATTEMPT_CAUGHT_UP, 0, 3},
        {PAWL_STANDING_ACTIVE, PAWL_STANDING_ACTIVE, 4, 4 + 65536, PAWL_ATTEMPT_CAUGHT_UP, 0, 255},
        {PAWL_STANDING_ACTIVE, PAWL_STANDING_ACTIVE, 4, 4, PAWL_ATTEMPT_ADOPTED,
         PAWL_FINDING_INSTANCE_FOUND, 0},
        {PAWL_STANDING_RELEASED, PAWL_STANDING_ACTIVE, 4, 2, PAWL_ATTEMPT_ADOPTED,
         PAWL_FINDING_ADOPTED, 0},
        {PAWL_STANDING_RELEASED, PAWL_STANDING_ACTIVE, 4, 5, PAWL_ATTEMPT_ADOPTED,
         PAWL_FINDING_ADOPTED, 1},
        {PAWL_STANDING_ACTIVE, PAWL_STANDING_QUARANTINED, 4, 4, PAWL_ATTEMPT_QUARANTINED,
         PAWL_FINDING_BEHIND, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pawl_device_record before = {.standing = cases[i].before,
                                                  .sequence = cases[i].from};
        const struct pawl_device_record after = {.standing = cases[i].after,
                                                 .sequence = cases[i].to};
        struct pawl_attempt attempt;
        pawl_attempt_of_change(&before, &after, PAWL_FINDING_BEHIND, 99, &attempt);
        assert_int_equal(attempt.outcome, cases[i].outcome);
        assert_int_equal(attempt.detail, cases[i].detail);
        assert_int_equal(attempt.distance, cases[i].distance);
        assert_int_equal(attempt.from, cases[i].from);
        assert_int_equal(attempt.time, 99);
    }
}

static void packing_loses_nothing(void **state)
{
    (void)state;
    const struct pawl_attempt attempt = {.time = INT64_MAX,
                                         .outcome = PAWL_ATTEMPT_ADOPTED,
                                         .detail = UINT32_MAX,
                                         .from = UINT64_MAX,
                                         .package = UINT32_MAX - 1,
                                         .distance = 200};
    struct pawl_attempt found;
    uint8_t bytes[PAWL_ATTEMPT_SIZE];
    pawl_attempt_pack(&attempt, bytes);
    assert_true(pawl_attempt_unpack(bytes, &found));
    assert_true(found.time == attempt.time && found.outcome == attempt.outcome &&
                found.detail == attempt.detail && found.from == attempt.from &&
                found.package == attempt.package && found.distance == attempt.distance);
    bytes[8] = 0; /* the outcome */
    assert_false(pawl_attempt_unpack(bytes, &found));
    bytes[8] = PAWL_ATTEMPT_DIAGNOSED + 1;
    assert_false(pawl_attempt_unpack(bytes, &found));
}

static void failures_have_names_both_ways(void **state)
{
    (void)state;
    uint32_t code;
    unsigned named = 0;
    for (uint32_t i = 0; i < 100; i++) {
        const char *name = pawl_failure_name(i);
        assert_non_null(pawl_failure_words(i));
        if (name == NULL)
            continue;
        named++;
        assert_true(pawl_failure_find(name, &code));
        assert_int_equal(code, i);
    }
    assert_int_equal(named, PAWL_RESULT_COUNT - 1 + 6);
    assert_false(pawl_failure_find("ok", &code));
    assert_false(pawl_failure_find("", &code));
}

static void labels_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool key, value;
    } cases[] = {
        {"site", true, true},       {"a.b_c-1", true, true}, {"", false, false},
        {".a", false, true},        {"a b", false, true},    {"\xc3\xa4", false, true},
        {"a\n", false, false},      {"\xff", false, false},  {"a\x7f", false, false},
        {"\xc2\x9b", false, false}, {"1", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = strlen(cases[i].text);
        assert_int_equal(pawl_label_key_is_good(cases[i].text, size), cases[i].key);
        assert_int_equal(pawl_label_value_is_good(cases[i].text, size), cases[i].value);
    }
    char text[200];
    memset(text, 'a', sizeof text);
    assert_true(pawl_label_key_is_good(text, 63) && !pawl_label_key_is_good(text, 64));
    assert_true(pawl_label_value_is_good(text, 128) && !pawl_label_value_is_good(text, 129));
    assert_true(pawl_group_is_good(text, 64) && !pawl_group_is_good(text, 65));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(change_is_told_as_what_it_is),
        cmocka_unit_test(packing_loses_nothing),
        cmocka_unit_test(failures_have_names_both_ways),
        cmocka_unit_test(labels_are_judged),
    };
    return cmocka_run_group_tests_name("attempts and labels", tests, NULL, NULL);
}
