/* What devices are offered where campaigns are in the plan (SPEC 18.4, 18.7, 18.9). */
#include <stdlib.h>
#include <string.h>

#include "headend/assign.h"
#include "headend/campaign.h"
#include "pawl_test.h"

static const uint8_t class_a[PAWL_ID_SIZE] = {3}, class_b[PAWL_ID_SIZE] = {4};
static const uint8_t device[PAWL_ID_SIZE] = {1};
static const struct pawl_subject subject = {device, class_a, "lab", 9};

#define OLD 1 /* packages, by their first byte */
#define NEW 2

/* What one case has in its plan. */
struct scene {
    struct pawl_plan_entry entries[8];
    size_t count;
    struct pawl_report report;
    struct pawl_device_record record;
    struct pawl_failure_note note;
    struct pawl_offer offer;
    struct pawl_offer_terms terms;
};

static struct pawl_plan_entry *entry_add(struct scene *scene, uint64_t id,
                                         enum pawl_target_kind kind, uint8_t package)
{
    struct pawl_plan_entry *entry = &scene->entries[scene->count++];
    *entry = (struct pawl_plan_entry){.assignment = id, .target = {.kind = kind}};
    if (kind == PAWL_TARGET_CLASS)
        memcpy(entry->target.id, class_a, PAWL_ID_SIZE);
    else if (kind == PAWL_TARGET_DEVICE)
        memcpy(entry->target.id, device, PAWL_ID_SIZE);
    else if (kind == PAWL_TARGET_GROUP)
        strcpy(entry->target.group, "lab");
    entry->package_id[0] = package;
    memcpy(entry->class_id, class_a, PAWL_ID_SIZE);
    return entry;
}

/* A campaign of two halves, of which `opened` are open; the device is in stage `stage`. */
static struct pawl_campaign_rule *campaign_add(struct scene *scene, uint64_t id,
                                               enum pawl_target_kind kind, uint8_t package,
                                               enum pawl_campaign_state state, unsigned stage,
                                               unsigned opened)
{
    struct pawl_plan_entry *entry = entry_add(scene, id, kind, package);
    struct pawl_campaign_rule *rule = calloc(1, sizeof *rule);
    uint32_t slot = pawl_campaign_slot(id, device);
    assert_non_null(rule);
    assert_in_range(slot, 2, PAWL_SLOTS - 2);
    rule->id = id;
    rule->state = state;
    rule->stage_count = 2;
    rule->limits[0] = stage == 1 ? slot + 1 : slot;
    rule->limits[1] = stage == 0 ? slot : PAWL_SLOTS;
    if (stage == 0)
        rule->limits[0] = slot - 1;
    rule->open = opened == 0 ? 0 : rule->limits[opened - 1];
    rule->is_list = kind == PAWL_TARGET_LIST;
    if (rule->is_list) {
        rule->listed_size = 2;
        rule->listed = calloc(1, 2);
        assert_non_null(rule->listed);
        rule->listed[1] = 1u << 1; /* device 9 */
    }
    entry->campaign = rule;
    return rule;
}

static uint64_t decide(struct scene *scene)
{
    struct pawl_plan *plan;
    struct pawl_plan_entry copies[8];
    memcpy(copies, scene->entries, sizeof copies);
    for (size_t i = 0; i < scene->count; i++) {
        if (copies[i].campaign == NULL)
            continue;
        const struct pawl_campaign_rule *rule = scene->entries[i].campaign;
        copies[i].campaign = malloc(sizeof *rule);
        assert_non_null(copies[i].campaign);
        *copies[i].campaign = *rule;
        if (rule->listed != NULL) {
            copies[i].campaign->listed = malloc(rule->listed_size);
            assert_non_null(copies[i].campaign->listed);
            memcpy(copies[i].campaign->listed, rule->listed, rule->listed_size);
        }
    }
    assert_result(PAWL_OK, pawl_plan_build(copies, scene->count, &plan));
    pawl_offer_decide(plan, &subject, &scene->record, &scene->note, &scene->report, &scene->terms,
                      &scene->offer);
    uint64_t id = scene->offer.entry == NULL ? 0 : scene->offer.entry->assignment;
    scene->offer.entry = NULL; /* goes with the plan */
    if (scene->offer.note_changed)
        scene->note = scene->offer.note;
    pawl_plan_free(plan);
    return id;
}

static void clear(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        pawl_campaign_rule_free(scene->entries[i].campaign);
    scene->count = 0;
}

static void run_package(struct scene *scene, uint8_t package)
{
    scene->report.has_package = package != 0;
    scene->report.package_id[0] = package;
}

/* An older assignment of OLD, a newer campaign of NEW, and a device that runs something. */
static void campaign_states_decide_18_4(void **state)
{
    (void)state;
    static const struct {
        enum pawl_campaign_state state;
        unsigned stage, opened; /* of the device, of the campaign */
        uint8_t running;
        uint64_t holds; /* 1 the assignment, 2 the campaign */
        enum pawl_offer_reason reason;
    } rows[] = {
        {PAWL_CAMPAIGN_READY, 1, 0, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_WAITING, 1, 0, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_CREATING, 1, 0, 0, 1, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_READY, 1, 0, NEW, 1, PAWL_OFFER_PACKAGE}, /* it is nobody's business yet */
        {PAWL_CAMPAIGN_RUNNING, 1, 0, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_RUNNING, 1, 1, OLD, 2, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_RUNNING, 1, 1, 0, 2, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_RUNNING, 2, 1, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_RUNNING, 2, 1, 0, 1, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_RUNNING, 2, 2, OLD, 2, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_RUNNING, 0, 2, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_RUNNING, 0, 2, NEW, 1, PAWL_OFFER_PACKAGE}, /* it is not in the campaign */
        {PAWL_CAMPAIGN_RUNNING, 2, 1, NEW, 2, PAWL_OFFER_CURRENT}, /* no way back */
        {PAWL_CAMPAIGN_PAUSED, 1, 1, OLD, 2, PAWL_OFFER_PAUSED},
        {PAWL_CAMPAIGN_PAUSED, 1, 1, NEW, 2, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_PAUSED, 2, 1, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_STOPPED, 1, 1, OLD, 1, PAWL_OFFER_CURRENT},
        {PAWL_CAMPAIGN_STOPPED, 1, 1, 0, 1, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_STOPPED, 1, 1, NEW, 2, PAWL_OFFER_CURRENT}, /* no way back */
        {PAWL_CAMPAIGN_FINISHED, 2, 2, OLD, 2, PAWL_OFFER_PACKAGE},
        {PAWL_CAMPAIGN_FINISHED, 2, 2, NEW, 2, PAWL_OFFER_CURRENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene scene = {0};
        entry_add(&scene, 1, PAWL_TARGET_CLASS, OLD);
        campaign_add(&scene, 2, PAWL_TARGET_CLASS, NEW, rows[i].state, rows[i].stage,
                     rows[i].opened);
        run_package(&scene, rows[i].running);
        uint64_t id = decide(&scene);
        if (id != rows[i].holds || scene.offer.reason != rows[i].reason)
            fail_msg("row %zu: %u holds, %s", i, (unsigned)id,
                     pawl_offer_reason_name(scene.offer.reason));
        clear(&scene);
    }
}

static void newer_assignment_takes_back_what_a_campaign_brought_18_4(void **state)
{
    (void)state;
    struct scene scene = {0};
    campaign_add(&scene, 2, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_STOPPED, 1, 1);
    entry_add(&scene, 3, PAWL_TARGET_CLASS, OLD);
    run_package(&scene, NEW);
    assert_int_equal(decide(&scene), 3);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    clear(&scene);
}

static void kinds_go_before_age_18_4(void **state)
{
    (void)state;
    struct scene scene = {0};
    campaign_add(&scene, 9, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    assert_int_equal(decide(&scene), 9);
    campaign_add(&scene, 5, PAWL_TARGET_GROUP, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    campaign_add(&scene, 6, PAWL_TARGET_GROUP, NEW, PAWL_CAMPAIGN_RUNNING, 2, 1);
    assert_int_equal(decide(&scene), 5);
    campaign_add(&scene, 3, PAWL_TARGET_LIST, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    campaign_add(&scene, 4, PAWL_TARGET_LIST, NEW, PAWL_CAMPAIGN_READY, 1, 0);
    assert_int_equal(decide(&scene), 3);
    entry_add(&scene, 1, PAWL_TARGET_DEVICE, NEW);
    assert_int_equal(decide(&scene), 1);
    clear(&scene);
}

static void lists_hold_for_their_devices_alone_18_4(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct pawl_campaign_rule *rule =
        campaign_add(&scene, 3, PAWL_TARGET_LIST, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    assert_int_equal(decide(&scene), 3);
    rule->listed[1] = 0xfd; /* all but device 9 */
    assert_int_equal(decide(&scene), 0);
    rule->listed[1] = 0xff;
    rule->listed_size = 1; /* it ends before */
    assert_int_equal(decide(&scene), 0);
    rule->listed_size = 2;
    memcpy(scene.entries[0].class_id, class_b, PAWL_ID_SIZE); /* a package of another class */
    assert_int_equal(decide(&scene), 0);
    clear(&scene);
}

static bool may_begin(void *context, const struct pawl_plan_entry *entry,
                      const struct pawl_subject *who)
{
    unsigned *asked = context;
    assert_non_null(entry->campaign);
    assert_int_equal(who->number, 9);
    return ++*asked > 1;
}

static void window_and_rate_hold_new_downloads_back_18_7(void **state)
{
    (void)state;
    struct scene scene = {.terms = {.now = 12 * 3600}};
    unsigned asked = 0;
    struct pawl_campaign_rule *rule =
        campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    rule->hours = (struct pawl_hours){true, 0, 60, 0};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_WINDOW);
    scene.report.state = PAWL_STATE_WRITING; /* goes on with what it has begun */
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);

    scene.terms = (struct pawl_offer_terms){.now = 0, .may_begin = may_begin, .context = &asked};
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_int_equal(asked, 0); /* at work it counts for no rate */
    scene.report.state = PAWL_STATE_READY;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACED);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    run_package(&scene, NEW);
    decide(&scene);
    assert_int_equal(asked, 2); /* who needs nothing takes nothing from the rate */
    clear(&scene);
}

static void failure_is_counted_once_for_each_try_18_9(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct pawl_campaign_rule *rule =
        campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 2, 2);
    scene.report.has_failure = true;
    scene.report.failed_package_id[0] = NEW;
    scene.report.failure = PAWL_FAILURE_EXIT;
    scene.report.state = PAWL_STATE_FAILED;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_true(scene.offer.failed && scene.offer.note_changed);
    assert_int_equal(scene.offer.stage, 2);
    decide(&scene);
    assert_false(scene.offer.failed || scene.offer.note_changed);

    rule->generation++; /* the campaign is retried */
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_true(scene.offer.note_changed && !scene.offer.failed);
    scene.report.state = PAWL_STATE_WRITING;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    assert_false(scene.offer.note_changed);
    scene.report.state = PAWL_STATE_FAILED; /* in the same way once more */
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_true(scene.offer.failed);
    decide(&scene);
    assert_false(scene.offer.failed || scene.offer.note_changed);
    clear(&scene);
}

static void lost_power_is_a_failure_when_no_retry_is_left_18_9(void **state)
{
    (void)state;
    struct scene scene = {0};
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    scene.report.has_failure = true;
    scene.report.failed_package_id[0] = NEW;
    scene.report.failure = PAWL_FAILURE_POWER;
    scene.report.state = PAWL_STATE_FAILED;
    for (unsigned i = 0; i < PAWL_POWER_RETRIES_MAX; i++) {
        decide(&scene);
        assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
        assert_false(scene.offer.failed);
    }
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_true(scene.offer.failed);
    clear(&scene);
}

static void retry_waits_for_window_and_rate_18_9(void **state)
{
    (void)state;
    struct scene scene = {.terms = {.now = 12 * 3600}};
    struct pawl_campaign_rule *rule =
        campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    scene.report.has_failure = true;
    scene.report.failed_package_id[0] = NEW;
    scene.report.failure = PAWL_FAILURE_EXIT;
    decide(&scene);
    rule->generation++;
    rule->hours = (struct pawl_hours){true, 0, 60, 0};
    for (unsigned i = 0; i < 3; i++) {
        decide(&scene);
        assert_int_equal(scene.offer.reason, PAWL_OFFER_WINDOW);
        assert_false(scene.offer.note_changed); /* nothing is used up, nothing is written */
    }
    scene.terms.now = 0;
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    clear(&scene);
}

static void another_campaign_tries_again_18_9(void **state)
{
    (void)state;
    struct scene scene = {0};
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_STOPPED, 1, 1);
    scene.report.has_failure = true;
    scene.report.failed_package_id[0] = NEW;
    scene.report.failure = PAWL_FAILURE_EXIT;
    scene.note = (struct pawl_failure_note){.present = true,
                                            .package_id = {NEW},
                                            .code = PAWL_FAILURE_EXIT,
                                            .attempt = 3u << 16,
                                            .settled = true};
    assert_int_equal(decide(&scene), 0);
    campaign_add(&scene, 4, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    assert_int_equal(decide(&scene), 4);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_PACKAGE);
    decide(&scene);
    assert_int_equal(scene.offer.reason, PAWL_OFFER_FAILED);
    assert_true(scene.offer.failed);
    clear(&scene);
}

/* Whom a confirmation counts for. */
static void credit_goes_to_assignment_and_campaign_18_6(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct pawl_plan *plan;
    struct pawl_credit credit;
    const uint8_t package[PAWL_PACKAGE_ID_SIZE] = {NEW}, unknown[PAWL_PACKAGE_ID_SIZE] = {77};
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_STOPPED, 2, 1);
    campaign_add(&scene, 4, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_READY, 1, 0);
    assert_result(PAWL_OK, pawl_plan_build(scene.entries, 2, &plan));
    pawl_plan_credit(plan, &subject, package, &credit);
    assert_int_equal(credit.assignment, 0);
    assert_int_equal(credit.campaign, 3); /* though it is stopped: the device runs its package */
    assert_int_equal(credit.stage, 2);
    pawl_plan_credit(plan, &subject, unknown, &credit);
    assert_int_equal(credit.campaign, 0);
    pawl_plan_free(plan);

    scene.count = 0;
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    entry_add(&scene, 2, PAWL_TARGET_DEVICE, NEW);
    assert_result(PAWL_OK, pawl_plan_build(scene.entries, 2, &plan));
    pawl_plan_credit(plan, &subject, package, &credit);
    assert_int_equal(credit.assignment, 2);
    assert_int_equal(credit.campaign, 3); /* else it would wait for this device for ever */
    pawl_plan_free(plan);
}

static void rates_outlive_a_new_plan_18_7(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct pawl_plan *old, *new;
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    atomic_store(&scene.entries[0].campaign->pace.due, 12345);
    assert_result(PAWL_OK, pawl_plan_build(scene.entries, 1, &old));
    scene.count = 0;
    campaign_add(&scene, 2, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    campaign_add(&scene, 3, PAWL_TARGET_CLASS, NEW, PAWL_CAMPAIGN_RUNNING, 1, 1);
    struct pawl_campaign_rule *other = scene.entries[0].campaign, *same = scene.entries[1].campaign;
    assert_result(PAWL_OK, pawl_plan_build(scene.entries, 2, &new));
    pawl_plan_inherit(new, old);
    assert_int_equal(atomic_load(&same->pace.due), 12345);
    assert_int_equal(atomic_load(&other->pace.due), 0);
    pawl_plan_free(old);
    pawl_plan_free(new);
}

/* What will come to a device: the started campaign whose stage for it is not open. */
static void campaign_ahead_is_foreseen(void **state)
{
    (void)state;
    static const struct {
        enum pawl_campaign_state campaign;
        unsigned stage, opened;
        bool ahead;
    } cases[] = {
        {PAWL_CAMPAIGN_RUNNING, 2, 1, true},  {PAWL_CAMPAIGN_PAUSED, 2, 1, true},
        {PAWL_CAMPAIGN_RUNNING, 2, 2, false}, {PAWL_CAMPAIGN_RUNNING, 1, 1, false},
        {PAWL_CAMPAIGN_STOPPED, 2, 1, false}, {PAWL_CAMPAIGN_READY, 2, 0, false},
        {PAWL_CAMPAIGN_RUNNING, 0, 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = {.count = 0};
        struct pawl_plan *plan;
        unsigned stage = 99;
        entry_add(&scene, 1, PAWL_TARGET_DEVICE, OLD); /* is not one */
        campaign_add(&scene, 7, PAWL_TARGET_CLASS, NEW, cases[i].campaign, cases[i].stage,
                     cases[i].opened);
        assert_result(PAWL_OK, pawl_plan_build(scene.entries, scene.count, &plan));
        const struct pawl_plan_entry *entry = pawl_plan_ahead(plan, &subject, &stage);
        assert_int_equal(entry != NULL, cases[i].ahead);
        if (entry != NULL) {
            assert_int_equal(entry->assignment, 7);
            assert_int_equal(stage, cases[i].stage);
        }
        pawl_plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(campaign_ahead_is_foreseen),
        cmocka_unit_test(campaign_states_decide_18_4),
        cmocka_unit_test(newer_assignment_takes_back_what_a_campaign_brought_18_4),
        cmocka_unit_test(kinds_go_before_age_18_4),
        cmocka_unit_test(lists_hold_for_their_devices_alone_18_4),
        cmocka_unit_test(window_and_rate_hold_new_downloads_back_18_7),
        cmocka_unit_test(failure_is_counted_once_for_each_try_18_9),
        cmocka_unit_test(lost_power_is_a_failure_when_no_retry_is_left_18_9),
        cmocka_unit_test(retry_waits_for_window_and_rate_18_9),
        cmocka_unit_test(another_campaign_tries_again_18_9),
        cmocka_unit_test(credit_goes_to_assignment_and_campaign_18_6),
        cmocka_unit_test(rates_outlive_a_new_plan_18_7),
    };
    return cmocka_run_group_tests_name("offers of campaigns, SPEC 18", tests, NULL, NULL);
}
