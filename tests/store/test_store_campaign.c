/* The store contract: campaigns and their progress (SPEC 18; invariant I5). */
#include <stdlib.h>
#include <string.h>

#include "store/device_store.h"
#include "store/store_campaign.h"
#include "store_fixture.h"

static struct pawl_campaign campaign_make(uint64_t package)
{
    struct pawl_campaign campaign = {
        .name = "spring \xc3\xa4",
        .target = {.kind = PAWL_TARGET_CLASS},
        .hours = {true, 1320, 300, -210},
        .rate = 600,
        .needs_approval = true,
        .creator = "0/root",
        .created = 1700000000,
        .state = PAWL_CAMPAIGN_WAITING,
        .since = 1700000001,
        .stage_count = 2,
    };
    id_fill(campaign.target.id, PAWL_ID_SIZE, 1);
    id_fill(campaign.package_id, PAWL_PACKAGE_ID_SIZE, package);
    for (unsigned i = 0; i < 2; i++)
        campaign.stages[i] = (struct pawl_stage){
            .limit = i == 0 ? 250000 : 1000000,
            .success = 900000,
            .error = 50000,
            .minimum = 10,
            .deadline = 3600,
            .soak = 60,
            .action = PAWL_SUCCESS_PAUSE,
            .state = PAWL_STAGE_SCHEDULED,
        };
    return campaign;
}

static uint64_t campaign_add(struct store_fixture *fixture, const struct pawl_campaign *campaign)
{
    uint64_t id = 0;
    assert_result(PAWL_OK, pawl_store_campaign_add(fixture->store, campaign, NULL, &id));
    return id;
}

/* Package 1, and a campaign of it that runs. */
static uint64_t campaign_run(struct store_fixture *fixture)
{
    package_publish(fixture, 1, 1);
    struct pawl_campaign campaign = campaign_make(1);
    campaign.state = PAWL_CAMPAIGN_RUNNING;
    return campaign_add(fixture, &campaign);
}

static struct pawl_campaign campaign_read(struct store_fixture *fixture, uint64_t id)
{
    struct pawl_campaign campaign;
    assert_result(PAWL_OK, pawl_store_campaign_get(fixture->reader, id, &campaign));
    return campaign;
}

static void counts_are(struct store_fixture *fixture, uint64_t id, unsigned stage,
                       uint64_t finished, uint64_t failed)
{
    struct pawl_campaign campaign = campaign_read(fixture, id);
    assert_int_equal(campaign.stages[stage - 1].finished, finished);
    assert_int_equal(campaign.stages[stage - 1].failed, failed);
}

static void device_confirm(struct store_fixture *fixture, uint64_t number, uint64_t campaign,
                           unsigned stage)
{
    struct pawl_device device = device_read(fixture, number);
    struct pawl_change change = change_confirm(&device, 1, 0);
    change.credit = (struct pawl_credit){.campaign = campaign, .stage = stage};
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
}

static void device_fail(struct store_fixture *fixture, uint64_t number, uint64_t campaign,
                        unsigned stage)
{
    struct pawl_device device = device_read(fixture, number);
    struct pawl_campaign found = {.generation = 0};
    if (campaign != 0 && pawl_store_campaign_get(fixture->reader, campaign, &found) == PAWL_STATE)
        found.generation = 0; /* it was deleted */
    struct pawl_failure_change change = {.number = device.number,
                                         .record = device.record,
                                         .before = device.failure,
                                         .note = {.present = true, .code = 64, .settled = true},
                                         .campaign = campaign,
                                         .stage = stage};
    change.note.attempt = campaign << 16 | found.generation;
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
}

static void campaign_reads_back(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_campaign campaign = campaign_make(1), found;
    uint64_t id = 0, before, after;
    assert_result(PAWL_STATE, pawl_store_campaign_add(fixture->store, &campaign, NULL, &id));
    package_publish(fixture, 1, 1);
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &before));
    id = campaign_add(fixture, &campaign);
    assert_result(PAWL_OK, pawl_store_plan_version(fixture->reader, &after));
    assert_true(after > before); /* the plan in memory must follow */
    store_restart(fixture);
    found = campaign_read(fixture, id);
    campaign.id = id;
    campaign.version = 1;
    id_fill(campaign.class_id, PAWL_ID_SIZE, 1);
    campaign.security_version = 3;
    campaign.package_size = 100400;
    assert_memory_equal(&found, &campaign, sizeof found);
    assert_result(PAWL_STATE, pawl_store_campaign_get(fixture->reader, id + 1, &found));
    assert_result(PAWL_STATE, pawl_store_campaign_get(fixture->reader, 0, &found));
}

static void campaigns_and_assignments_are_numbered_together_18_1(void **state)
{
    struct store_fixture *fixture = *state;
    package_publish(fixture, 1, 1);
    const struct pawl_campaign campaign = campaign_make(1);
    uint64_t ids[4];
    ids[0] = class_assign(fixture, 1);
    ids[1] = campaign_add(fixture, &campaign);
    assert_result(PAWL_OK, pawl_store_campaign_delete(fixture->store, ids[1], 1, NULL));
    ids[2] = class_assign(fixture, 1);
    ids[3] = campaign_add(fixture, &campaign);
    for (unsigned i = 1; i < 4; i++)
        assert_true(ids[i] > ids[i - 1]); /* no number is given twice */
    struct pawl_totals totals;
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.assignments, 2);
}

struct list {
    uint64_t ids[16];
    size_t count;
};

static enum pawl_result list_take(void *context, const struct pawl_campaign *campaign)
{
    struct list *list = context;
    assert_int_equal(campaign->stage_count, 2);
    list->ids[list->count++] = campaign->id;
    return PAWL_OK;
}

static void campaigns_are_listed_by_number_and_state(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_campaign campaign = campaign_make(1);
    struct list list = {.count = 0};
    package_publish(fixture, 1, 1);
    for (unsigned i = 0; i < 6; i++) {
        campaign.state = i % 2 == 0 ? PAWL_CAMPAIGN_RUNNING : PAWL_CAMPAIGN_READY;
        campaign_add(fixture, &campaign);
    }
    assert_result(PAWL_OK, pawl_store_campaign_list(fixture->reader, 0, 2, 3, list_take, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.ids[0], 3);
    list.count = 0;
    assert_result(PAWL_OK, pawl_store_campaign_list(fixture->reader, PAWL_CAMPAIGN_RUNNING, 0, 100,
                                                    list_take, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.ids[2], 5);
}

static void second_of_two_changes_loses(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t id = campaign_run(fixture);
    struct pawl_campaign first = campaign_read(fixture, id), second = first;
    first.state = PAWL_CAMPAIGN_PAUSED;
    strcpy(first.reason, "enough");
    first.stages[0].state = PAWL_STAGE_ERROR;
    first.stages[0].opened = 5;
    first.stages[0].excused = 7;
    first.stages[1].passed = true;
    second.state = PAWL_CAMPAIGN_STOPPED;
    struct pawl_event event = {
        .time = 1, .actor = "a", .action = "campaign-paused", .detail = "{\"reason\":\"enough\"}"};
    assert_result(PAWL_OK, pawl_store_campaign_set(fixture->store, &first, &event));
    assert_result(PAWL_STATE, pawl_store_campaign_set(fixture->store, &second, &event));
    struct pawl_campaign found = campaign_read(fixture, id);
    first.version = found.version;
    assert_memory_equal(&found, &first, sizeof found);
    assert_true(found.version > second.version);
    assert_result(PAWL_STATE,
                  pawl_store_campaign_delete(fixture->store, id, second.version, &event));
}

static enum pawl_result detail_take(void *context, const struct pawl_audit_row *row)
{
    strncpy(context, row->detail, 99);
    return PAWL_OK;
}

static void events_name_the_campaign_16_7(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_campaign campaign = campaign_make(1);
    struct pawl_event event = {
        .time = 1, .actor = "a", .action = "campaign-created", .detail = "{\"x\":2}"};
    char detail[100] = "";
    uint64_t id;
    package_publish(fixture, 1, 1);
    assert_result(PAWL_OK, pawl_store_campaign_add(fixture->store, &campaign, &event, &id));
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 10, detail_take, detail));
    assert_string_equal(detail, "{\"campaign\":1,\"x\":2}");
    event.detail = "{}";
    assert_result(PAWL_OK, pawl_store_campaign_delete(fixture->store, id, 1, &event));
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 10, detail_take, detail));
    assert_string_equal(detail, "{\"campaign\":1}");
}

static void device_finishes_once_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 3, NULL);
    uint64_t id = campaign_run(fixture);
    for (unsigned i = 0; i < 3; i++)
        device_confirm(fixture, 2, id, 2); /* away and back again */
    counts_are(fixture, id, 2, 1, 0);
    device_confirm(fixture, 1, id, 1);
    counts_are(fixture, id, 1, 1, 0);
    counts_are(fixture, id, 2, 1, 0);

    /* The same confirmation twice in a batch: the second finds the row changed. */
    struct pawl_device device = device_read(fixture, 3);
    struct pawl_change pair[] = {change_confirm(&device, 1, 0), change_confirm(&device, 1, 0)};
    pair[0].credit = pair[1].credit = (struct pawl_credit){.campaign = id, .stage = 2};
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, pair, 2));
    assert_result(PAWL_STATE, pair[1].result);
    counts_are(fixture, id, 2, 2, 0);
}

static void failure_counts_once_and_success_takes_it_back_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 3, NULL);
    uint64_t id = campaign_run(fixture);
    device_fail(fixture, 1, id, 1);
    device_fail(fixture, 1, id, 1);
    device_fail(fixture, 2, id, 2);
    device_fail(fixture, 3, 0, 0); /* in no campaign */
    counts_are(fixture, id, 1, 0, 1);
    counts_are(fixture, id, 2, 0, 1);
    struct pawl_device device = device_read(fixture, 1);
    assert_true(device.failure.settled && device.failure.attempt == id << 16);
    device_confirm(fixture, 1, id, 1);
    counts_are(fixture, id, 1, 1, 0);
    device_fail(fixture, 1, id, 1); /* it has run the package */
    counts_are(fixture, id, 1, 1, 0);
    counts_are(fixture, id, 2, 0, 1);
}

static void retry_forgets_failures_18_9(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 4, NULL);
    uint64_t id = campaign_run(fixture);
    device_confirm(fixture, 1, id, 1);
    device_fail(fixture, 2, id, 1);
    device_fail(fixture, 3, id, 2);
    struct pawl_campaign campaign = campaign_read(fixture, id);
    campaign.generation++;
    assert_result(PAWL_OK, pawl_store_campaign_set(fixture->store, &campaign, NULL));
    counts_are(fixture, id, 1, 1, 0);
    counts_are(fixture, id, 2, 0, 0);
    device_fail(fixture, 3, id, 2);
    counts_are(fixture, id, 2, 0, 1);
    campaign = campaign_read(fixture, id); /* without a new generation nothing is forgotten */
    assert_result(PAWL_OK, pawl_store_campaign_set(fixture->store, &campaign, NULL));
    counts_are(fixture, id, 2, 0, 1);
}

/* A failure that was on its way while the campaign was retried is one of the try before: the device
 * is offered the package once more. */
static void failure_of_a_forgotten_try_is_not_counted_18_9(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 1, NULL);
    uint64_t id = campaign_run(fixture);
    struct pawl_campaign campaign = campaign_read(fixture, id);
    struct pawl_failure_change change = {
        .number = 1,
        .note = {.present = true, .code = 64, .settled = true, .attempt = id << 16},
        .campaign = id,
        .stage = 1};
    campaign.generation++;
    assert_result(PAWL_OK, pawl_store_campaign_set(fixture->store, &campaign, NULL));
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
    assert_true(device_read(fixture, 1).failure.settled);
    counts_are(fixture, id, 1, 0, 0);
}

/* Nothing is counted of a device that went on, or was decommissioned, meanwhile. */
static void failure_that_was_overtaken_is_not_counted_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 2, NULL);
    uint64_t id = campaign_run(fixture);
    struct pawl_failure_change changes[] = {
        {.number = 1, .note = {.present = true, .code = 64}, .campaign = id, .stage = 1},
        {.number = 2, .note = {.present = true, .code = 64}, .campaign = id, .stage = 1}};
    changes[0].note.attempt = changes[1].note.attempt = id << 16;
    device_confirm(fixture, 1, 0, 0);
    assert_int_equal(device_do(fixture, 2, PAWL_ACT_DECOMMISSION), PAWL_ACT_CHANGED);
    assert_result(PAWL_OK, pawl_store_failures_set(fixture->store, changes, 2));
    assert_result(PAWL_STATE, changes[0].result);
    assert_result(PAWL_STATE, changes[1].result);
    assert_false(device_read(fixture, 1).failure.present);
    counts_are(fixture, id, 1, 0, 0);
}

static void deleted_campaign_counts_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 3, NULL);
    uint64_t id = campaign_run(fixture);
    device_confirm(fixture, 1, id, 1);
    device_fail(fixture, 2, id, 1);
    assert_result(PAWL_OK, pawl_store_campaign_delete(fixture->store, id, 1, NULL));
    device_confirm(fixture, 3, id, 1); /* still on its way */
    device_fail(fixture, 2, id, 1);
    struct pawl_campaign found, again = campaign_make(1);
    assert_result(PAWL_STATE, pawl_store_campaign_get(fixture->reader, id, &found));
    const struct pawl_campaign_credit credit = {1, 1, false};
    const uint64_t totals[] = {3, 0};
    assert_result(PAWL_STATE, pawl_store_campaign_credit(fixture->store, id, &credit, 1));
    again.id = id;
    assert_result(PAWL_STATE, pawl_store_campaign_totals_set(fixture->store, &again, 3, totals));
    uint64_t next = campaign_add(fixture, &again);
    counts_are(fixture, next, 1, 0, 0);
}

static void many_devices_of_many_blocks_are_exact_i5(void **state)
{
    struct store_fixture *fixture = *state;
    enum { COUNT = 10000, BATCH = 1000 };
    static struct pawl_change changes[BATCH];
    devices_import(fixture, 1, COUNT, NULL);
    uint64_t id = campaign_run(fixture);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint64_t first = 0; first < COUNT; first += BATCH) {
            for (uint64_t i = 0; i < BATCH; i++) {
                struct pawl_device device = device_read(fixture, (first + i) * 37 % COUNT + 1);
                changes[i] = change_confirm(&device, 1, 0);
                changes[i].credit =
                    (struct pawl_credit){.campaign = id, .stage = 1 + device.number % 2};
            }
            assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, BATCH));
        }
    counts_are(fixture, id, 1, COUNT / 2, 0);
    counts_are(fixture, id, 2, COUNT / 2, 0);
}

static void totals_and_credits_are_kept_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 5, NULL);
    uint64_t id = campaign_run(fixture);
    assert_false(campaign_read(fixture, id).counted);
    device_confirm(fixture, 1, id, 1);
    device_fail(fixture, 4, id, 2);
    const struct pawl_campaign_credit credits[] = {{1, 1, false}, {2, 1, false}, {4, 2, false}};
    assert_result(PAWL_OK, pawl_store_campaign_credit(fixture->store, id, credits, 3));
    assert_result(PAWL_OK, pawl_store_campaign_credit(fixture->store, id, credits, 3));
    counts_are(fixture, id, 1, 2, 0);
    counts_are(fixture, id, 2, 1, 0);
    const uint64_t totals[] = {2, 3};
    struct pawl_campaign campaign = campaign_read(fixture, id);
    assert_result(PAWL_OK, pawl_store_campaign_totals_set(fixture->store, &campaign, 5, totals));
    campaign = campaign_read(fixture, id);
    assert_true(campaign.counted && campaign.basis == 5);
    assert_int_equal(campaign.already, 2);
    assert_int_equal(campaign.stages[1].total, 3);
}

/* Devices that told how it went are found whatever became of them since; one that is decommissioned
 * counts as nothing, once. */
static void who_told_is_found_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 12, NULL);
    uint64_t id = campaign_run(fixture);
    uint8_t *bits = NULL;
    size_t size = 1;
    assert_result(PAWL_OK, pawl_store_campaign_told_get(fixture->reader, id, &bits, &size));
    assert_true(bits == NULL && size == 0);
    device_confirm(fixture, 2, id, 1);
    device_confirm(fixture, 9, id, 2);
    device_fail(fixture, 4, id, 1);
    assert_result(PAWL_OK, pawl_store_campaign_told_get(fixture->reader, id, &bits, &size));
    assert_true(size >= 2 && bits[0] == (1 << 2 | 1 << 4) && bits[1] == 1 << 1);
    free(bits);
    const struct pawl_campaign_credit gone[] = {{2, 1, true}, {4, 1, true}, {5, 1, true}};
    for (unsigned pass = 0; pass < 2; pass++)
        assert_result(PAWL_OK, pawl_store_campaign_credit(fixture->store, id, gone, 3));
    counts_are(fixture, id, 1, 0, 0);
    counts_are(fixture, id, 2, 1, 0);
    assert_int_equal(campaign_read(fixture, id).already, 0);
    assert_result(PAWL_OK, pawl_store_campaign_told_get(fixture->reader, id, &bits, &size));
    assert_true(size >= 2 && bits[0] == 0 && bits[1] == 1 << 1);
    free(bits);
    struct pawl_device device;
    assert_result(PAWL_OK, pawl_store_device_numbered(fixture->reader, 9, &device));
    assert_int_equal(device.number, 9);
    assert_result(PAWL_STATE, pawl_store_device_numbered(fixture->reader, 13, &device));
}

/* A group that got another name while its devices were counted was counted as empty, perhaps, and
 * an empty stage succeeds. */
static void totals_of_a_renamed_group_are_refused_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_campaign campaign = campaign_make(1);
    enum pawl_group_outcome outcome;
    const uint64_t totals[] = {0, 0};
    devices_import(fixture, 1, 3, "lab");
    package_publish(fixture, 1, 1);
    campaign.target = (struct pawl_target){.kind = PAWL_TARGET_GROUP, .group = "lab"};
    campaign.state = PAWL_CAMPAIGN_RUNNING;
    campaign.id = campaign_add(fixture, &campaign);
    assert_result(PAWL_OK,
                  pawl_store_group_edit(fixture->store, "lab", "laboratory", NULL, &outcome));
    assert_int_equal(outcome, PAWL_GROUP_DONE);
    assert_result(PAWL_STATE, pawl_store_campaign_totals_set(fixture->store, &campaign, 0, totals));
    assert_false(campaign_read(fixture, campaign.id).counted);
    campaign = campaign_read(fixture, campaign.id);
    assert_result(PAWL_OK, pawl_store_campaign_totals_set(fixture->store, &campaign, 3, totals));
    assert_true(campaign_read(fixture, campaign.id).counted);
}

struct visited {
    uint64_t count, running, last;
};

static enum pawl_result device_take(void *context, const struct pawl_campaign_device *device)
{
    struct visited *visited = context;
    assert_true(device->number > visited->last);
    visited->last = device->number;
    visited->count++;
    visited->running += device->package_id != NULL;
    return PAWL_OK;
}

static struct visited visit(struct store_fixture *fixture, const struct pawl_campaign *campaign)
{
    struct visited visited = {.count = 0};
    uint64_t last = 0, steps = 0;
    do {
        assert_result(PAWL_OK, pawl_store_campaign_visit(fixture->reader, campaign, last, 100,
                                                         device_take, &visited, &last));
        steps++;
    } while (last != 0);
    assert_int_equal(steps, visited.count / 100 + 1 + (visited.count % 100 != 0));
    return visited;
}

static void devices_of_target_and_class_are_visited_18_6(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_import other;
    devices_import(fixture, 1, 250, NULL);
    devices_import(fixture, 251, 120, "lab");
    imports_fill(&other, 1, 1000);
    id_fill(other.class_id, PAWL_ID_SIZE, 2);
    assert_result(PAWL_OK, pawl_store_device_import(fixture->store, &other, 1, "lab", NULL));
    uint64_t id = campaign_run(fixture);
    device_confirm(fixture, 300, 0, 0);
    struct pawl_campaign campaign = campaign_read(fixture, id);
    struct visited visited = visit(fixture, &campaign);
    assert_int_equal(visited.count, 370);
    assert_int_equal(visited.running, 1);
    campaign.target.kind = PAWL_TARGET_GROUP;
    strcpy(campaign.target.group, "lab");
    assert_int_equal(visit(fixture, &campaign).count, 120);
    strcpy(campaign.target.group, "nobody");
    assert_int_equal(visit(fixture, &campaign).count, 0);
    campaign.target.kind = PAWL_TARGET_LIST;
    assert_int_equal(visit(fixture, &campaign).count, 370);
    campaign.target.kind = PAWL_TARGET_CLASS;
    id_fill(campaign.target.id, PAWL_ID_SIZE, 2);
    assert_int_equal(visit(fixture, &campaign).count, 0);
}

static void lists_read_back_18_2(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t id = campaign_run(fixture);
    uint8_t *bits = NULL;
    size_t size = 99;
    assert_result(PAWL_OK, pawl_store_campaign_devices_get(fixture->reader, id, &bits, &size));
    assert_null(bits);
    assert_int_equal(size, 0);
    static uint8_t list[3 * 512 + 5];
    list[0] = 2;
    list[2 * 512 + 1] = 0x81;
    list[3 * 512 + 4] = 1;
    struct pawl_campaign campaign = campaign_read(fixture, id);
    campaign.listed = 4;
    assert_result(PAWL_OK, pawl_store_campaign_devices_set(fixture->store, &campaign, list,
                                                           sizeof list, NULL));
    assert_result(PAWL_STATE, pawl_store_campaign_devices_set(fixture->store, &campaign, list, 1,
                                                              NULL)); /* of an older version */
    assert_int_equal(campaign_read(fixture, id).listed, 4);
    assert_result(PAWL_OK, pawl_store_campaign_devices_get(fixture->reader, id, &bits, &size));
    assert_int_equal(size, 4 * 512);
    assert_memory_equal(bits, list, sizeof list);
    free(bits);
    campaign = campaign_read(fixture, id); /* a shorter one replaces it whole */
    assert_result(PAWL_OK,
                  pawl_store_campaign_devices_set(fixture->store, &campaign, list, 1, NULL));
    assert_result(PAWL_OK, pawl_store_campaign_devices_get(fixture->reader, id, &bits, &size));
    assert_int_equal(size, 512);
    free(bits);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(campaign_reads_back),
        STORE_TEST(campaigns_and_assignments_are_numbered_together_18_1),
        STORE_TEST(campaigns_are_listed_by_number_and_state),
        STORE_TEST(second_of_two_changes_loses),
        STORE_TEST(events_name_the_campaign_16_7),
        STORE_TEST(device_finishes_once_18_6),
        STORE_TEST(failure_counts_once_and_success_takes_it_back_18_6),
        STORE_TEST(retry_forgets_failures_18_9),
        STORE_TEST(failure_of_a_forgotten_try_is_not_counted_18_9),
        STORE_TEST(failure_that_was_overtaken_is_not_counted_18_6),
        STORE_TEST(deleted_campaign_counts_nothing),
        STORE_TEST(many_devices_of_many_blocks_are_exact_i5),
        STORE_TEST(who_told_is_found_18_6),
        STORE_TEST(totals_of_a_renamed_group_are_refused_18_6),
        STORE_TEST(totals_and_credits_are_kept_18_6),
        STORE_TEST(devices_of_target_and_class_are_visited_18_6),
        STORE_TEST(lists_read_back_18_2),
    };
    return cmocka_run_group_tests_name("store: campaigns", tests, NULL, NULL);
}
