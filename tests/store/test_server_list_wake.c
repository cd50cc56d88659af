/* Waking the devices of a list (SPEC 19.9): those of the stage and no others, in parts, with no
 * look at who is not in the list. */
#include <stdlib.h>
#include <string.h>

#include "server/list_wake.h"
#include "store/device_store.h"
#include "store/store_campaign.h"
#include "store_fixture.h"

#define DEVICES 2000u
#define EVERY 7u /* one of so many is listed */
#define LISTED ((DEVICES + EVERY - 1) / EVERY)

struct woken {
    struct store_fixture *fixture;
    unsigned count;
    bool seen[DEVICES + 2];
};

static void woken_note(void *context, const uint8_t device_id[PAWL_ID_SIZE])
{
    struct woken *woken = context;
    struct pawl_device device;
    assert_result(PAWL_OK, pawl_store_device_get(woken->fixture->reader, device_id, &device));
    assert_true(device.number <= DEVICES && device.number % EVERY == 1);
    assert_false(woken->seen[device.number]);
    woken->seen[device.number] = true;
    woken->count++;
}

/* A campaign with the list of devices 1, 8, 15, ...; stage 1 has a half of them. */
static struct pawl_campaign list_make(struct store_fixture *fixture)
{
    static uint8_t bits[DEVICES / 8 + 1];
    struct pawl_campaign campaign = {.name = "c",
                                     .target = {.kind = PAWL_TARGET_LIST},
                                     .creator = "0/root",
                                     .state = PAWL_CAMPAIGN_CREATING,
                                     .stage_count = 2};
    uint64_t id = 0;
    id_fill(campaign.package_id, PAWL_PACKAGE_ID_SIZE, 1);
    for (unsigned i = 0; i < 2; i++)
        campaign.stages[i] = (struct pawl_stage){.limit = i == 0 ? 500000 : 1000000,
                                                 .success = 1000000,
                                                 .error = 100000,
                                                 .action = PAWL_SUCCESS_NEXTGROUP,
                                                 .state = PAWL_STAGE_SCHEDULED};
    devices_import(fixture, 1, DEVICES, NULL);
    package_publish(fixture, 1, 1);
    assert_result(PAWL_OK, pawl_store_campaign_add(fixture->store, &campaign, NULL, &id));
    assert_result(PAWL_OK, pawl_store_campaign_get(fixture->reader, id, &campaign));
    for (unsigned number = 1; number <= DEVICES; number += EVERY)
        bits[number / 8] |= (uint8_t)(1u << number % 8);
    campaign.state = PAWL_CAMPAIGN_READY;
    campaign.listed = LISTED;
    assert_result(PAWL_OK, pawl_store_campaign_devices_set(fixture->store, &campaign, bits,
                                                           sizeof bits, NULL));
    assert_result(PAWL_OK, pawl_store_campaign_get(fixture->reader, id, &campaign));
    return campaign;
}

static void list_is_woken_in_parts_19_9(void **state)
{
    enum { PART = 10 };
    struct store_fixture *fixture = *state;
    struct pawl_campaign campaign = list_make(fixture);
    struct woken woken = {.fixture = fixture};
    unsigned steps = 0;
    for (unsigned stage = 1; stage <= 2; stage++) {
        struct pawl_list_wake wake;
        unsigned before = woken.count;
        assert_result(PAWL_OK, pawl_list_wake_begin(fixture->reader, &campaign, stage, &wake));
        for (bool ended = false; !ended; steps++) {
            unsigned so_far = woken.count;
            assert_result(PAWL_OK, pawl_list_wake_step(&wake, fixture->reader, PART, UINT64_MAX,
                                                       woken_note, &woken, &ended));
            assert_true(woken.count - so_far <= PART);
        }
        assert_true(woken.count > before);
        pawl_list_wake_end(&wake);
    }
    assert_int_equal(woken.count, LISTED);
    /* So many looks and no more: only at devices of the list. */
    assert_int_equal(steps, 2 * ((LISTED + PART - 1) / PART));
}

static void list_waits_when_time_is_up_19_9(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_campaign campaign = list_make(fixture);
    struct woken woken = {.fixture = fixture};
    struct pawl_list_wake wake;
    bool ended = true;
    assert_result(PAWL_OK, pawl_list_wake_begin(fixture->reader, &campaign, 1, &wake));
    assert_result(PAWL_OK, pawl_list_wake_step(&wake, fixture->reader, DEVICES, 0, woken_note,
                                               &woken, &ended));
    assert_true(!ended && woken.count == 0);
    assert_result(PAWL_OK, pawl_list_wake_step(&wake, fixture->reader, DEVICES, UINT64_MAX,
                                               woken_note, &woken, &ended));
    assert_true(ended && woken.count > 0);
    pawl_list_wake_end(&wake);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(list_is_woken_in_parts_19_9),
        STORE_TEST(list_waits_when_time_is_up_19_9),
    };
    return cmocka_run_group_tests_name("server: lists that are woken", tests, NULL, NULL);
}
