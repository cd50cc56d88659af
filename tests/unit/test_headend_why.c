/* Why a device runs what it runs (SPEC 16.28): states of affairs, and what must be said of each. */
#include <stdio.h>
#include <string.h>

#include "headend/why.h"
#include "pawl_test.h"

#define NOW 1700000000 /* 2023-11-14 22:13:20 UTC */

/* All that an explanation is made from, for a device for which all is well. */
struct scene {
    struct pawl_device_record record;
    struct pawl_failure_note failure;
    struct pawl_plan_entry entry, ahead;
    struct pawl_campaign_rule rule, ahead_rule;
    struct pawl_offer offer;
    struct pawl_why_facts facts;
};

static void scene_make(struct scene *scene)
{
    static const uint8_t device_id[PAWL_ID_SIZE] = {0xab};
    memset(scene, 0, sizeof *scene);
    scene->record.sequence = 3;
    scene->entry.assignment = 7;
    scene->entry.target.kind = PAWL_TARGET_CLASS;
    scene->ahead.assignment = 11;
    scene->ahead.target.kind = PAWL_TARGET_CLASS;
    scene->ahead.campaign = &scene->ahead_rule;
    scene->rule.stage_count = 3;
    scene->ahead_rule.stage_count = 4;
    scene->ahead_rule.state = PAWL_CAMPAIGN_RUNNING;
    scene->offer =
        (struct pawl_offer){.reason = PAWL_OFFER_CURRENT, .entry = &scene->entry, .stage = 2};
    scene->facts = (struct pawl_why_facts){
        .device_id = device_id,
        .now = NOW,
        .last_seen = NOW - 120,
        .poll_after = 300,
        .record = &scene->record,
        .failure = &scene->failure,
        .offer = &scene->offer,
        .running = {.present = true, .package_id = {0x62}, .name = "app", .version = "1.2"},
        .wanted = {.present = true, .package_id = {0x63}, .name = "app", .version = "1.3"},
        .failed = {.present = true, .package_id = {0x64}, .name = "app", .version = "1.4"},
    };
}

static void is_well(struct scene *scene)
{
    scene->facts.confirmed = NOW - 86400;
}

static void is_new(struct scene *scene)
{
    scene->record.sequence = 0;
    scene->facts.running.present = false;
    scene->facts.last_seen = 0;
    scene->offer.reason = PAWL_OFFER_PACKAGE;
}

static void has_nothing(struct scene *scene)
{
    scene->offer = (struct pawl_offer){.reason = PAWL_OFFER_NONE};
}

static void runs_unknown(struct scene *scene)
{
    scene->facts.running.name = NULL;
    scene->offer.reason = PAWL_OFFER_PACKAGE;
    scene->entry.target = (struct pawl_target){.kind = PAWL_TARGET_GROUP, .group = "lab"};
}

static void fails(struct scene *scene)
{
    scene->offer.reason = PAWL_OFFER_FAILED;
    scene->failure = (struct pawl_failure_note){.present = true, .code = PAWL_FAILURE_SIGNAL};
    scene->facts.failed_at = NOW - 3600;
}

static void refuses(struct scene *scene)
{
    fails(scene);
    scene->failure.code = PAWL_ROLLBACK;
}

static void failed_before(struct scene *scene)
{
    scene->failure = (struct pawl_failure_note){
        .present = true, .retry_asked = true, .code = PAWL_FAILURE_POWER};
    scene->offer.reason = PAWL_OFFER_PACKAGE;
    scene->entry.target.kind = PAWL_TARGET_DEVICE;
}

static void is_used_up(struct scene *scene)
{
    scene->record.has_maximum = true;
    scene->record.maximum = 3;
    scene->offer.reason = PAWL_OFFER_MAXIMUM;
}

static void is_held(struct scene *scene)
{
    scene->record.standing = PAWL_STANDING_QUARANTINED;
    scene->facts.quarantine = PAWL_FINDING_BEHIND;
    scene->facts.quarantined = NOW - 60;
}

static void is_released(struct scene *scene)
{
    scene->record.standing = PAWL_STANDING_RELEASED;
}

static void is_gone(struct scene *scene)
{
    scene->record.standing = PAWL_STANDING_DECOMMISSIONED;
}

static void is_overdue(struct scene *scene)
{
    scene->facts.last_seen = NOW - 300 - 3 * 86400;
}

static void campaign_holds(struct scene *scene)
{
    scene->entry.campaign = &scene->rule;
    scene->rule.state = PAWL_CAMPAIGN_RUNNING;
    scene->rule.rate = 50;
    scene->offer.reason = PAWL_OFFER_PACKAGE;
}

static void campaign_is_paused(struct scene *scene)
{
    campaign_holds(scene);
    scene->offer.reason = PAWL_OFFER_PAUSED;
}

static void campaign_is_closed(struct scene *scene)
{
    campaign_holds(scene);
    scene->rule.hours = (struct pawl_hours){true, 60, 240, 60}; /* 01:00 to 04:00 UTC+01:00 */
    scene->offer.reason = PAWL_OFFER_WINDOW;
}

static void campaign_is_ahead(struct scene *scene)
{
    scene->facts.ahead = &scene->ahead;
    scene->facts.ahead_stage = 3;
}

static const struct {
    void (*make)(struct scene *scene);
    const char *reason;
    const char *says[6];
} cases[] = {
    {is_well,
     "current",
     {"Device ab000000000000000000000000000000 runs app 1.2 (package 62000000...)",
      "at sequence number 3", "reported first at 2023-11-13 22:13 UTC",
      "Assignment 7 for its class gives it app 1.3", "waits for nothing",
      "2023-11-14 22:11 UTC, 2 minutes ago, and is due again by 2023-11-14 22:16 UTC"}},
    {is_new,
     "offered",
     {"has not confirmed any download yet", "offered that when it polls next", "never been seen"}},
    {has_nothing, "none", {"Nothing holds for it", "keeps what it runs"}},
    {runs_unknown,
     "offered",
     {"package 62000000..., which was never published here", "for its group 'lab'"}},
    {fails,
     "failed",
     {"its attempt failed at 2023-11-14 21:13 UTC: the program crashed (cause 65)", "retry"}},
    {refuses, "failed", {"security version is below the device's floor (cause 6)"}},
    {failed_before,
     "offered",
     {"for this one device", "Its last attempt, with app 1.4 (package 64000000...), failed: power "
                             "was lost while it was tried (cause 67); an operator asked"}},
    {is_used_up, "maximum", {"at its maximum of 3 downloads"}},
    {is_held,
     "quarantined",
     {"in quarantine since 2023-11-14 22:12 UTC", "an earlier sequence number",
      "until an operator who has looked at it releases it"}},
    {is_released, "released", {"released it from quarantine", "taken as its record"}},
    {is_gone, "decommissioned", {"is decommissioned, at sequence number 3", "never comes back"}},
    {is_overdue, "current", {"3 days ago", "overdue by 3 days"}},
    {campaign_holds,
     "offered",
     {"Campaign 7, in whose stage 2 of 3 it is, for its class gives it app 1.3",
      "rate of 50 a minute"}},
    {campaign_is_paused, "paused", {"the campaign is paused"}},
    {campaign_is_closed,
     "window",
     {"01:00 to 04:00 UTC+01:00", "they open at 2023-11-15 00:00 UTC"}},
    {campaign_is_ahead,
     "current",
     {"Campaign 11, in whose stage 3 of 4 it is,", "has not opened that stage yet."}},
};

static void every_state_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        char text[PAWL_WHY_SIZE];
        scene_make(&scene);
        cases[i].make(&scene);
        size_t size = pawl_why_write(&scene.facts, text);
        assert_int_equal(size, strlen(text));
        assert_string_equal(pawl_why_reason(&scene.facts), cases[i].reason);
        for (size_t k = 0; k < 6 && cases[i].says[k] != NULL; k++)
            if (strstr(text, cases[i].says[k]) == NULL)
                fail_msg("'%s' is not in: %s", cases[i].says[k], text);
        assert_true(strlen(text) < 1200 && text[strlen(text) - 1] == '.');
        assert_null(strchr(text, '\n'));
    }
}

/* Nothing is said of what a quarantine makes void. */
static void held_device_is_told_no_plan(void **state)
{
    (void)state;
    struct scene scene;
    char text[PAWL_WHY_SIZE];
    scene_make(&scene);
    is_held(&scene);
    pawl_why_write(&scene.facts, text);
    assert_null(strstr(text, "Assignment"));
}

/* I9: names as long as they may be are cut, not overrun. */
static void long_names_are_cut(void **state)
{
    (void)state;
    struct scene scene;
    char name[256], text[PAWL_WHY_SIZE];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    scene_make(&scene);
    failed_before(&scene);
    scene.facts.running.name = scene.facts.running.version = name;
    scene.facts.wanted = scene.facts.failed = scene.facts.running;
    size_t size = pawl_why_write(&scene.facts, text);
    assert_true(size < PAWL_WHY_SIZE);
    assert_int_equal(size, strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_explained),
        cmocka_unit_test(held_device_is_told_no_plan),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests_name("why, SPEC 16.28", tests, NULL, NULL);
}
