/* Whose turn a command is (SPEC 19.2, 19.5). */
#include <string.h>

#include "headend/command.h"
#include "pawl_test.h"

static void spec19_5_each_kind_takes_its_turn(void **state)
{
    static const struct {
        enum pawl_command_kind kind;
        bool knows, reported, offers;
        enum pawl_state state;
        enum pawl_command_turn expected;
    } cases[] = {
        {PAWL_COMMAND_CHECK_IN, false, false, false, PAWL_STATE_READY, PAWL_COMMAND_TAKEN},
        {PAWL_COMMAND_CHECK_IN, true, false, true, PAWL_STATE_WRITING, PAWL_COMMAND_TAKEN},
        {PAWL_COMMAND_MESSAGE, false, false, false, PAWL_STATE_READY, PAWL_COMMAND_WAITS},
        {PAWL_COMMAND_MESSAGE, true, false, false, PAWL_STATE_READY, PAWL_COMMAND_SENT},
        {PAWL_COMMAND_MESSAGE, true, false, true, PAWL_STATE_READY, PAWL_COMMAND_SENT},
        {PAWL_COMMAND_MESSAGE, true, false, true, PAWL_STATE_WRITING, PAWL_COMMAND_WAITS},
        {PAWL_COMMAND_MESSAGE, true, false, true, PAWL_STATE_TRIAL, PAWL_COMMAND_WAITS},
        {PAWL_COMMAND_MESSAGE, true, false, false, PAWL_STATE_TRIAL, PAWL_COMMAND_SENT},
        {PAWL_COMMAND_MESSAGE, true, true, true, PAWL_STATE_WRITING, PAWL_COMMAND_TAKEN},
        {PAWL_COMMAND_POLL_INTERVAL, true, false, false, PAWL_STATE_FAILED, PAWL_COMMAND_SENT},
        {PAWL_COMMAND_DIAGNOSTIC, false, false, false, PAWL_STATE_READY, PAWL_COMMAND_WAITS},
        {PAWL_COMMAND_DIAGNOSTIC, true, false, true, PAWL_STATE_READY, PAWL_COMMAND_WAITS},
        {PAWL_COMMAND_DIAGNOSTIC, true, false, false, PAWL_STATE_READY, PAWL_COMMAND_OFFERED},
        {PAWL_COMMAND_DIAGNOSTIC, true, false, false, PAWL_STATE_TRIAL, PAWL_COMMAND_OFFERED},
        {PAWL_COMMAND_DIAGNOSTIC, true, true, true, PAWL_STATE_FAILED, PAWL_COMMAND_TAKEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pawl_command command = {.number = 9, .kind = cases[i].kind};
        const struct pawl_report report = {.has_command = cases[i].knows,
                                           .command = cases[i].reported ? 9 : 8,
                                           .state = cases[i].state};
        if (pawl_command_decide(&command, &report, 0, cases[i].offers) != cases[i].expected)
            fail_msg("case %zu", i);
    }
}

/* I5: what was recorded before it was asked for is no sign of life. */
static void spec19_2_a_check_in_is_no_older_than_it_was_asked_for(void **state)
{
    const struct pawl_command command = {.kind = PAWL_COMMAND_CHECK_IN, .created = 1000};
    const struct pawl_report report = {.state = PAWL_STATE_READY};

    (void)state;
    assert_int_equal(pawl_command_decide(&command, &report, 0, false), PAWL_COMMAND_AGAIN);
    assert_int_equal(pawl_command_decide(&command, &report, 999, true), PAWL_COMMAND_AGAIN);
    assert_int_equal(pawl_command_decide(&command, &report, 1000, true), PAWL_COMMAND_TAKEN);
    assert_int_equal(pawl_command_decide(&command, &report, 1001, false), PAWL_COMMAND_TAKEN);
}

static void kinds_have_names(void **state)
{
    enum pawl_command_kind found = PAWL_COMMAND_KIND_END;

    (void)state;
    for (unsigned kind = PAWL_COMMAND_CHECK_IN; kind < PAWL_COMMAND_KIND_END; kind++) {
        assert_true(
            pawl_command_kind_find(pawl_command_kind_name((enum pawl_command_kind)kind), &found));
        assert_int_equal(found, kind);
    }
    assert_false(pawl_command_kind_find("self-destruct", &found));
    assert_string_equal(pawl_command_kind_name(PAWL_COMMAND_KIND_END), "unknown");
    assert_string_equal(pawl_command_kind_name((enum pawl_command_kind)0), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec19_5_each_kind_takes_its_turn),
        cmocka_unit_test(spec19_2_a_check_in_is_no_older_than_it_was_asked_for),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
