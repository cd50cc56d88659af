/* Campaigns: positions, the plan, steps and orders (SPEC 18). */
#include <stdio.h>
#include <string.h>

#include "headend/campaign.h"
#include "pawl_test.h"

#define PERCENT 10000u
#define START INT64_C(1700000000)

/* A campaign of three stages over 10, 30 and 60 % of 1000 devices, started and counted. */
static struct pawl_campaign campaign_make(void)
{
    struct pawl_campaign campaign = {
        .id = 7,
        .name = "spring",
        .target = {.kind = PAWL_TARGET_CLASS},
        .stage_count = 3,
        .state = PAWL_CAMPAIGN_RUNNING,
        .creator = "0/root",
        .started = START,
        .since = START,
        .counted = true,
        .basis = 1000,
    };
    static const uint32_t limits[] = {10 * PERCENT, 40 * PERCENT, 100 * PERCENT};
    static const uint64_t totals[] = {100, 300, 600};
    for (unsigned i = 0; i < 3; i++)
        campaign.stages[i] = (struct pawl_stage){
            .limit = limits[i],
            .success = 90 * PERCENT,
            .error = 10 * PERCENT,
            .action = PAWL_SUCCESS_NEXTGROUP,
            .state = PAWL_STAGE_SCHEDULED,
            .total = totals[i],
        };
    return campaign;
}

/* All steps that are due; the last one's action, or "". */
static const char *advance(struct pawl_campaign *campaign, int64_t now)
{
    static char last[40];
    struct pawl_campaign_step step;
    unsigned steps = 0;
    last[0] = '\0';
    while (pawl_campaign_advance(campaign, now, &step)) {
        snprintf(last, sizeof last, "%s", step.action);
        assert_true(++steps < 100); /* it ends */
    }
    return last;
}

static void order(struct pawl_campaign *campaign, enum pawl_campaign_order what, int64_t now)
{
    const char *why = NULL;
    assert_result(PAWL_OK, pawl_campaign_order(campaign, what, "1/eve", NULL, now, &why));
}

static void slots_are_spread_evenly_and_anew_in_each_campaign_18_3(void **state)
{
    (void)state;
    unsigned tenths[10] = {0}, both = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        uint8_t id[PAWL_ID_SIZE] = {0}; /* serial numbers: the worst case */
        memcpy(id + 12, &i, sizeof i);
        uint32_t slot = pawl_campaign_slot(1, id);
        assert_true(slot < PAWL_SLOTS);
        tenths[slot / (PAWL_SLOTS / 10)]++;
        both += slot < PAWL_SLOTS / 10 && pawl_campaign_slot(2, id) < PAWL_SLOTS / 10;
    }
    for (unsigned i = 0; i < 10; i++)
        assert_in_range(tenths[i], 9600, 10400);
    assert_in_range(both, 850, 1150); /* a tenth of a tenth */
}

/* The same numbers come out of an implementation of the text in Python. */
static void slots_are_those_of_the_specification_18_3(void **state)
{
    (void)state;
    uint8_t id[PAWL_ID_SIZE];
    for (uint8_t i = 0; i < PAWL_ID_SIZE; i++)
        id[i] = i;
    assert_int_equal(pawl_campaign_slot(1, id), 151097);
    assert_int_equal(pawl_campaign_slot(2, id), 781380);
}

static void stages_are_intervals_18_3(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    struct pawl_campaign_rule rule;
    unsigned counts[4] = {0};
    campaign.stages[2].limit = 90 * PERCENT;
    campaign.stages[0].state = PAWL_STAGE_FINISHED;
    campaign.stages[1].state = PAWL_STAGE_RUNNING;
    pawl_campaign_rule_fill(&campaign, &rule);
    for (uint32_t i = 0; i < 10000; i++) {
        uint8_t id[PAWL_ID_SIZE] = {0};
        memcpy(id, &i, sizeof i);
        unsigned stage = pawl_campaign_rule_stage(&rule, id, i);
        counts[stage]++;
        assert_int_equal(pawl_campaign_rule_is_open(&rule, stage), stage == 1 || stage == 2);
    }
    assert_in_range(counts[0], 900, 1100); /* the tenth that it leaves out */
    assert_in_range(counts[1], 900, 1100);
    assert_in_range(counts[2], 2800, 3200);
    assert_in_range(counts[3], 4800, 5200);
}

static void only_sound_plans_pass_18_2(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t offset;
        uint64_t value;
        size_t size;
    } faults[] = {
#define FAULT(member, value)                                 \
    {#member, offsetof(struct pawl_campaign, member), value, \
     sizeof((struct pawl_campaign *)0)->member}
        FAULT(name[0], 0),
        FAULT(target.kind, PAWL_TARGET_DEVICE),
        FAULT(stage_count, 0),
        FAULT(stage_count, PAWL_STAGES_MAX + 1),
        FAULT(rate, PAWL_PACE_MAX + 1),
        FAULT(hours.present, true), /* from midnight to midnight */
        FAULT(stages[1].limit, 10 * PERCENT),
        FAULT(stages[1].limit, 5 * PERCENT),
        FAULT(stages[2].limit, 101 * PERCENT),
        FAULT(stages[0].success, 101 * PERCENT),
        FAULT(stages[0].error, 101 * PERCENT),
        FAULT(stages[0].deadline, PAWL_STAGE_SECONDS_MAX + 1),
        FAULT(stages[0].soak, PAWL_STAGE_SECONDS_MAX + 1),
        FAULT(stages[0].action, 3),
#undef FAULT
    };
    struct pawl_campaign campaign = campaign_make();
    const char *why = NULL;
    assert_result(PAWL_OK, pawl_campaign_check(&campaign, &why));
    assert_null(why);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        campaign = campaign_make();
        memcpy((char *)&campaign + faults[i].offset, &faults[i].value, faults[i].size);
        why = NULL;
        if (pawl_campaign_check(&campaign, &why) != PAWL_MALFORMED || why == NULL)
            fail_msg("%s passed", faults[i].what);
    }
}

/* One stage with counters, and what comes of it. */
struct judgement {
    const char *what;
    uint64_t total, finished, failed, minimum, excused;
    uint32_t success, error; /* percent */
    int64_t after;           /* seconds since it was opened; the deadline is at 100 */
    const char *action;      /* of the last step */
    enum pawl_stage_state state;
};

static void thresholds_decide_18_5(void **state)
{
    (void)state;
    static const struct judgement judgements[] = {
        {"nothing yet", 100, 0, 0, 0, 0, 90, 10, 1, "", PAWL_STAGE_RUNNING},
        {"below success", 100, 89, 0, 0, 0, 90, 10, 1, "", PAWL_STAGE_RUNNING},
        {"success", 100, 90, 0, 0, 0, 90, 10, 1, "campaign-finished", PAWL_STAGE_FINISHED},
        {"success of all", 3, 3, 0, 0, 0, 100, 10, 1, "campaign-finished", PAWL_STAGE_FINISHED},
        {"at the error threshold", 100, 0, 10, 0, 0, 90, 10, 1, "", PAWL_STAGE_RUNNING},
        {"above it", 100, 0, 11, 0, 0, 90, 10, 1, "campaign-stage-error", PAWL_STAGE_ERROR},
        {"no failure is borne", 100, 50, 1, 0, 0, 90, 0, 1, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"error goes before success", 100, 85, 15, 0, 0, 80, 10, 1, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"too small a sample", 100, 3, 11, 20, 0, 90, 10, 1, "", PAWL_STAGE_RUNNING},
        {"large enough a sample", 100, 9, 11, 20, 0, 90, 10, 1, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"a sample of a small stage", 5, 5, 0, 20, 0, 90, 10, 1, "campaign-finished",
         PAWL_STAGE_FINISHED},
        {"success waits for the sample too", 100, 10, 0, 20, 0, 5, 10, 1, "", PAWL_STAGE_RUNNING},
        {"silence is no failure yet", 100, 50, 0, 0, 0, 90, 10, 99, "", PAWL_STAGE_RUNNING},
        {"silence is failure", 100, 50, 0, 0, 0, 90, 10, 100, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"little silence is borne", 100, 95, 0, 0, 0, 90, 10, 100, "campaign-finished",
         PAWL_STAGE_FINISHED},
        {"ended in between", 100, 85, 15, 0, 0, 90, 20, 1, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"excused", 100, 0, 30, 0, 25, 90, 10, 1, "", PAWL_STAGE_RUNNING},
        {"excused, and more since", 100, 0, 36, 0, 25, 90, 10, 1, "campaign-stage-error",
         PAWL_STAGE_ERROR},
        {"ended, all excused", 100, 85, 15, 0, 15, 90, 10, 1, "campaign-finished",
         PAWL_STAGE_FINISHED},
        {"empty", 0, 0, 0, 50, 0, 100, 0, 1, "campaign-finished", PAWL_STAGE_FINISHED},
        {"more than were counted", 100, 130, 0, 0, 0, 100, 10, 1, "campaign-finished",
         PAWL_STAGE_FINISHED},
        {"ten million", 10000000, 9000000, 1, 0, 0, 90, 10, 1, "campaign-finished",
         PAWL_STAGE_FINISHED},
        {"ten million but one", 10000000, 8999999, 1, 0, 0, 90, 10, 1, "", PAWL_STAGE_RUNNING},
    };
    for (size_t i = 0; i < sizeof judgements / sizeof *judgements; i++) {
        const struct judgement *j = &judgements[i];
        struct pawl_campaign campaign = campaign_make();
        campaign.stage_count = 1;
        campaign.stages[0] = (struct pawl_stage){
            .limit = PAWL_WHOLE,
            .success = j->success * PERCENT,
            .error = j->error * PERCENT,
            .minimum = j->minimum,
            .deadline = 100,
            .action = PAWL_SUCCESS_NEXTGROUP,
            .state = PAWL_STAGE_RUNNING,
            .opened = START,
            .excused = j->excused,
            .total = j->total,
            .finished = j->finished,
            .failed = j->failed,
        };
        const char *action = advance(&campaign, START + j->after);
        if (strcmp(action, j->action) != 0 || campaign.stages[0].state != j->state)
            fail_msg("%s: %s, %s", j->what, action,
                     pawl_stage_state_name(campaign.stages[0].state));
        assert_int_equal(campaign.state, j->state == PAWL_STAGE_RUNNING ? PAWL_CAMPAIGN_RUNNING
                                         : j->state == PAWL_STAGE_ERROR ? PAWL_CAMPAIGN_PAUSED
                                                                        : PAWL_CAMPAIGN_FINISHED);
    }
}

static void nothing_is_judged_before_it_is_counted_18_6(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    campaign.counted = false;
    assert_string_equal(advance(&campaign, START), "campaign-stage-opened");
    campaign.stages[0].finished = 100;
    assert_string_equal(advance(&campaign, START + 1), "");
    campaign.stages[0].failed = 100;
    assert_string_equal(advance(&campaign, START + 1), "");
    campaign.stages[0].total = 0;
    assert_string_equal(advance(&campaign, START + 1), "");
    campaign.stages[0].total = 100;
    campaign.counted = true;
    assert_string_equal(advance(&campaign, START + 1), "campaign-stage-error");
}

static void stages_follow_each_other_18_5(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    campaign.stages[0].soak = 3600;
    assert_string_equal(advance(&campaign, START), "campaign-stage-opened");
    assert_int_equal(pawl_campaign_opened(&campaign), 1);
    campaign.stages[0].finished = 95;
    assert_string_equal(advance(&campaign, START + 60), "campaign-stage-finished");
    assert_string_equal(advance(&campaign, START + 60 + 3599), "");
    assert_string_equal(advance(&campaign, START + 60 + 3600), "campaign-stage-opened");
    assert_int_equal(campaign.stages[1].opened, START + 60 + 3600);
    campaign.stages[1].finished = 300;
    assert_string_equal(advance(&campaign, START + 4000), "campaign-stage-opened");
    assert_int_equal(pawl_campaign_opened(&campaign), 3);
    campaign.stages[2].finished = 600;
    assert_string_equal(advance(&campaign, START + 5000), "campaign-finished");
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_FINISHED);
}

static void empty_target_finishes_at_once_and_says_so_18_5(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    char text[512];
    for (unsigned i = 0; i < 3; i++)
        campaign.stages[i].total = 0;
    assert_string_equal(advance(&campaign, START), "campaign-finished");
    pawl_campaign_explain(&campaign, START, text, sizeof text);
    assert_non_null(strstr(text, "no device is in it"));
}

static void late_failures_of_an_early_stage_stop_it_18_5(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    campaign.stages[0].soak = 3600;
    advance(&campaign, START);
    campaign.stages[0].finished = 90;
    advance(&campaign, START + 1);
    campaign.stages[0].finished = 85; /* five of them were broken by it later on */
    campaign.stages[0].failed = 11;
    assert_string_equal(advance(&campaign, START + 2), "campaign-stage-error");
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_PAUSED);
    order(&campaign, PAWL_CAMPAIGN_RESUME, START + 10);
    assert_string_equal(advance(&campaign, START + 11), "campaign-stage-opened");
}

static void success_action_pause_waits_for_resume_18_5(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    campaign.stages[0].action = PAWL_SUCCESS_PAUSE;
    campaign.stages[0].soak = 3600;
    advance(&campaign, START);
    campaign.stages[0].finished = 100;
    assert_string_equal(advance(&campaign, START + 1), "campaign-paused");
    assert_int_equal(campaign.stages[0].state, PAWL_STAGE_FINISHED);
    assert_string_equal(advance(&campaign, START + 100000), "");
    order(&campaign, PAWL_CAMPAIGN_RESUME, START + 2);
    assert_string_equal(advance(&campaign, START + 2), "campaign-stage-opened");
}

static void stages_open_in_the_window_only_18_7(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    char text[512];
    /* START is 22:13:20 UTC. */
    campaign.hours = (struct pawl_hours){true, 23 * 60, 60, 0};
    assert_string_equal(advance(&campaign, START), "");
    pawl_campaign_explain(&campaign, START, text, sizeof text);
    assert_non_null(strstr(text, "opens at 2023-11-14 23:00 UTC+00:00"));
    assert_string_equal(advance(&campaign, START + 47 * 60), "campaign-stage-opened");
    campaign.stages[0].finished = 100;
    assert_string_equal(advance(&campaign, START + 4 * 3600), "campaign-stage-finished");
    assert_int_equal(pawl_campaign_opened(&campaign), 1);
}

static void pause_stops_the_deadline_18_8(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    campaign.stages[0].deadline = 100;
    advance(&campaign, START);
    order(&campaign, PAWL_CAMPAIGN_PAUSE, START + 50);
    assert_string_equal(advance(&campaign, START + 1000), "");
    order(&campaign, PAWL_CAMPAIGN_RESUME, START + 1000);
    assert_string_equal(advance(&campaign, START + 1049), "");
    assert_string_equal(advance(&campaign, START + 1050), "campaign-stage-error");
}

static void retry_begins_again_18_9(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    const char *why = NULL;
    campaign.stages[0].deadline = 100;
    advance(&campaign, START);
    assert_result(PAWL_STATE,
                  pawl_campaign_order(&campaign, PAWL_CAMPAIGN_RETRY, "1/eve", NULL, START, &why));
    assert_string_equal(why, "no device has failed");
    campaign.stages[0].failed = 11;
    assert_string_equal(advance(&campaign, START + 1), "campaign-stage-error");
    order(&campaign, PAWL_CAMPAIGN_RETRY, START + 500);
    assert_int_equal(campaign.generation, 1);
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_RUNNING);
    assert_int_equal(campaign.stages[0].state, PAWL_STAGE_RUNNING);
    assert_int_equal(campaign.stages[0].opened, START + 500);
    assert_string_equal(advance(&campaign, START + 599), "");
}

static void next_opens_the_next_stage_18_8(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    const char *why = NULL;
    campaign.stages[0].soak = 3600;
    campaign.stages[0].action = PAWL_SUCCESS_PAUSE;
    advance(&campaign, START);
    order(&campaign, PAWL_CAMPAIGN_NEXT, START + 1);
    assert_string_equal(advance(&campaign, START + 1), "campaign-stage-opened");
    campaign.stages[1].failed = 300;
    assert_string_equal(advance(&campaign, START + 2), "campaign-stage-error");
    order(&campaign, PAWL_CAMPAIGN_NEXT, START + 3); /* in spite of it */
    assert_string_equal(advance(&campaign, START + 3), "campaign-stage-opened");
    assert_int_equal(pawl_campaign_opened(&campaign), 3);
    assert_result(PAWL_STATE,
                  pawl_campaign_order(&campaign, PAWL_CAMPAIGN_NEXT, "1/eve", NULL, START, &why));
}

static void approval_takes_another_person_18_8(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    const char *why = NULL;
    campaign.needs_approval = true;
    campaign.state = pawl_campaign_first_state(&campaign);
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_WAITING);
    assert_result(PAWL_STATE,
                  pawl_campaign_order(&campaign, PAWL_CAMPAIGN_START, "1/eve", NULL, START, &why));
    assert_result(PAWL_UNTRUSTED, pawl_campaign_order(&campaign, PAWL_CAMPAIGN_APPROVE, "0/root",
                                                      NULL, START, &why));
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_WAITING);
    order(&campaign, PAWL_CAMPAIGN_APPROVE, START);
    assert_string_equal(campaign.approver, "1/eve");
    order(&campaign, PAWL_CAMPAIGN_START, START);
    assert_int_equal(campaign.state, PAWL_CAMPAIGN_RUNNING);
}

/* Which orders each state takes. */
static void orders_have_their_states_18_8(void **state)
{
    (void)state;
    static const struct {
        enum pawl_campaign_state state;
        const char *taken; /* the first letters: a(pprove) s(tart) p(ause) r(esume) x(abort)
                              t(retry) n(ext) */
    } rows[] = {
        {PAWL_CAMPAIGN_CREATING, "x"},  {PAWL_CAMPAIGN_READY, "sx"},
        {PAWL_CAMPAIGN_WAITING, "ax"},  {PAWL_CAMPAIGN_RUNNING, "pxtn"},
        {PAWL_CAMPAIGN_PAUSED, "rxtn"}, {PAWL_CAMPAIGN_STOPPED, ""},
        {PAWL_CAMPAIGN_FINISHED, "xt"},
    };
    static const char letters[] = "asprxtn";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < PAWL_CAMPAIGN_ORDER_COUNT; k++) {
            struct pawl_campaign campaign = campaign_make(), before;
            const char *why = NULL;
            advance(&campaign, START);
            campaign.stages[0].failed = 5;
            campaign.state = rows[i].state;
            before = campaign;
            enum pawl_result result = pawl_campaign_order(&campaign, (enum pawl_campaign_order)k,
                                                          "1/eve", "because", START + 1, &why);
            bool taken = strchr(rows[i].taken, letters[k]) != NULL;
            if ((result == PAWL_OK) != taken)
                fail_msg("%s in %s: %s", pawl_campaign_order_name((enum pawl_campaign_order)k),
                         pawl_campaign_state_name(rows[i].state), pawl_result_name(result));
            if (taken)
                assert_string_equal(campaign.reason, "because");
            else
                assert_memory_equal(&campaign, &before, sizeof before);
        }
}

/* Why it is where it is, in words that say the numbers. */
static void explanations_name_what_it_waits_for_18_10(void **state)
{
    (void)state;
    char text[512];
    struct pawl_campaign campaign = campaign_make();
    campaign.stages[0].deadline = 3600;
    campaign.rate = 60;
    advance(&campaign, START);
    campaign.stages[0].finished = 40;
    campaign.stages[0].failed = 3;
    pawl_campaign_explain(&campaign, START + 5, text, sizeof text);
    assert_string_equal(text, "Running, stage 1 of 3: 40 of 100 devices finished, 3 failed, 57 to "
                              "come; it succeeds at 90 % and stops above 10 % of failures, silence "
                              "is failure from 2023-11-14 23:13 UTC+00:00. At most 60 devices a "
                              "minute begin.");
    campaign.stages[0].failed = 30;
    advance(&campaign, START + 6);
    pawl_campaign_explain(&campaign, START + 7, text, sizeof text);
    assert_string_equal(text, "Paused: the error condition of a stage holds (stage 1 of 3: 40 of "
                              "100 devices finished, 30 failed, 30 to come). Nothing is offered "
                              "until it is resumed.");
    for (size_t size = 1; size < 120; size++) { /* bounded, whatever the room */
        memset(text, '#', sizeof text);
        pawl_campaign_explain(&campaign, START, text, size);
        assert_true(strlen(text) < size && text[size] == '#');
    }
}

static void estimates_are_shares_until_it_is_counted_18_6(void **state)
{
    (void)state;
    struct pawl_campaign campaign = campaign_make();
    pawl_campaign_estimate(&campaign, 5000);
    assert_int_equal(campaign.stages[2].total, 600);
    campaign.counted = false;
    pawl_campaign_estimate(&campaign, 5000);
    assert_int_equal(campaign.stages[0].total, 500);
    assert_int_equal(campaign.stages[2].total, 3000);
    char text[512];
    advance(&campaign, START);
    pawl_campaign_explain(&campaign, START, text, sizeof text);
    assert_non_null(strstr(text, "of about 500 devices"));
}

/* 18.4, 18.6: one that was stopped before it was started holds nobody and counts nobody. */
static void aborted_before_its_start_it_concerns_nobody_18_4(void **state)
{
    (void)state;
    const char *why = NULL;
    for (unsigned start = 0; start < 2; start++) {
        struct pawl_campaign campaign = {.id = 3, .state = PAWL_CAMPAIGN_READY, .stage_count = 1};
        struct pawl_campaign_rule rule;
        campaign.stages[0].limit = PAWL_WHOLE;
        if (start == 1)
            assert_int_equal(
                pawl_campaign_order(&campaign, PAWL_CAMPAIGN_START, "a", NULL, 1000, &why),
                PAWL_OK);
        assert_int_equal(pawl_campaign_order(&campaign, PAWL_CAMPAIGN_ABORT, "a", NULL, 1001, &why),
                         PAWL_OK);
        pawl_campaign_rule_fill(&campaign, &rule);
        assert_int_equal(pawl_campaign_rule_is_started(&rule), start == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aborted_before_its_start_it_concerns_nobody_18_4),
        cmocka_unit_test(slots_are_spread_evenly_and_anew_in_each_campaign_18_3),
        cmocka_unit_test(slots_are_those_of_the_specification_18_3),
        cmocka_unit_test(stages_are_intervals_18_3),
        cmocka_unit_test(only_sound_plans_pass_18_2),
        cmocka_unit_test(thresholds_decide_18_5),
        cmocka_unit_test(nothing_is_judged_before_it_is_counted_18_6),
        cmocka_unit_test(stages_follow_each_other_18_5),
        cmocka_unit_test(empty_target_finishes_at_once_and_says_so_18_5),
        cmocka_unit_test(late_failures_of_an_early_stage_stop_it_18_5),
        cmocka_unit_test(success_action_pause_waits_for_resume_18_5),
        cmocka_unit_test(stages_open_in_the_window_only_18_7),
        cmocka_unit_test(pause_stops_the_deadline_18_8),
        cmocka_unit_test(retry_begins_again_18_9),
        cmocka_unit_test(next_opens_the_next_stage_18_8),
        cmocka_unit_test(approval_takes_another_person_18_8),
        cmocka_unit_test(orders_have_their_states_18_8),
        cmocka_unit_test(explanations_name_what_it_waits_for_18_10),
        cmocka_unit_test(estimates_are_shares_until_it_is_counted_18_6),
    };
    return cmocka_run_group_tests_name("campaign, SPEC 18", tests, NULL, NULL);
}
