/* The engine's table (SPEC 13.1): every pair of state and event, and docs/engine-states.md. */
#include "processor_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "processor/engine.h"

#define STATE_COUNT 8u

struct row {
    const char *state, *event, *function, *next, *otherwise;
};
#define ROW(state, event, function, next, otherwise) {#state, #event, #function, #next, #otherwise},
static const struct row rows[] = {PAWL_TRANSITIONS(ROW)};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

#define NAME(name) #name,
static const char *const events[] = {PAWL_EVENTS(NAME)};
static const char *const states[STATE_COUNT] = {"READY",  "WRITING", "CANDIDATE", "STAGED",
                                                "FAILED", "TRIAL",   "REJECTED",  "UPDATED"};

static bool pair_is_listed(unsigned state, unsigned event)
{
    unsigned found = 0;

    for (size_t i = 0; i < ROW_COUNT; i++)
        found +=
            strcmp(rows[i].state, states[state]) == 0 && strcmp(rows[i].event, events[event]) == 0;
    assert_true(found <= 1);
    return found == 1;
}

static void spec13_1_a_pair_without_a_row_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct pawl_processor *engine = f->device.engine;
    static uint8_t before[sizeof(struct pawl_processor)];
    const struct pawl_directive directive = {0};
    const struct pawl_input input = {.directive = &directive};
    unsigned refused = 0;

    for (unsigned s = 0; s < STATE_COUNT; s++) {
        for (unsigned e = 0; e < PAWL_EVENT_COUNT; e++) {
            bool listed = pair_is_listed(s, e);
            assert_int_equal(pawl_transition_find((enum pawl_state)s, (enum pawl_event)e) != NULL,
                             listed);
            if (listed)
                continue;
            engine->state = (enum pawl_state)s;
            memcpy(before, engine, sizeof before);
            uint64_t operations = f->device.ram.operations;
            assert_int_equal(pawl_engine_handle(engine, (enum pawl_event)e, &input), PAWL_STATE);
            assert_memory_equal(before, engine, sizeof before);
            assert_int_equal(f->device.ram.operations, operations);
            refused++;
        }
    }
    assert_int_equal(refused + ROW_COUNT, STATE_COUNT * PAWL_EVENT_COUNT);
}

/* Only commit leads to UPDATED, only start to TRIAL, only stage to STAGED. */
static void i2_there_is_one_way_to_a_commit(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        bool stays = strcmp(row->state, row->next) == 0;
        assert_string_not_equal(row->otherwise,
                                strcmp(row->state, "UPDATED") == 0 ? "" : "UPDATED");
        if (stays)
            continue;
        assert_int_equal(strcmp(row->next, "UPDATED") == 0, strcmp(row->function, "commit") == 0);
        assert_int_equal(strcmp(row->next, "TRIAL") == 0, strcmp(row->function, "start") == 0);
        assert_int_equal(strcmp(row->next, "STAGED") == 0, strcmp(row->function, "stage") == 0);
    }
}

/* The documentation shows the same rows in the same order. */
static void spec13_1_the_documented_table_is_this_one(void **state)
{
    FILE *file = fopen("../../docs/engine-states.md", "r");
    char line[256];
    size_t found = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char expected[256];
        if (strncmp(line, "| ", 2) != 0 || strncmp(line, "| state", 7) == 0)
            continue;
        assert_true(found < ROW_COUNT);
        const struct row *row = &rows[found++];
        snprintf(expected, sizeof expected, "| %s | %s | %s | %s | %s |\n", row->state, row->event,
                 row->function, row->next, row->otherwise);
        assert_string_equal(line, expected);
    }
    fclose(file);
    assert_int_equal(found, ROW_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec13_1_a_pair_without_a_row_changes_nothing),
        cmocka_unit_test(i2_there_is_one_way_to_a_commit),
        cmocka_unit_test(spec13_1_the_documented_table_is_this_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
