/* The store contract under several threads: readers beside a writer, races of compare and set
 * (SPEC 11.6; invariant I5). */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "store_fixture.h"

#define THREADS 4
#define ROUNDS 200

struct racer {
    struct pawl_store *store;
    uint64_t assignment;
    unsigned won;
    bool sound;
};

/* Reads the device and confirms what it read, again and again: as many replicas do at once. */
static void *race(void *argument)
{
    struct racer *racer = argument;
    struct pawl_reader *reader;
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE];
    id_fill(id, sizeof id, 1);
    racer->sound = pawl_reader_open(racer->store, &reader) == PAWL_OK;
    for (unsigned i = 0; racer->sound && i < ROUNDS; i++) {
        if (pawl_store_device_get(reader, id, &device) != PAWL_OK) {
            racer->sound = false;
            break;
        }
        struct pawl_change change = change_confirm(&device, 1, racer->assignment);
        racer->sound = pawl_store_changes_apply(racer->store, &change, 1) == PAWL_OK &&
                       (change.result == PAWL_OK || change.result == PAWL_STATE);
        racer->won += change.result == PAWL_OK;
    }
    pawl_reader_close(reader);
    return NULL;
}

static void races_have_one_winner_each_11_6(void **state)
{
    struct store_fixture *fixture = *state;
    pthread_t threads[THREADS];
    struct racer racers[THREADS];
    struct pawl_totals totals;
    uint64_t won = 0;
    devices_import(fixture, 1, 1, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    for (size_t i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){.store = fixture->store, .assignment = assignment};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(racers[i].sound);
        won += racers[i].won;
    }
    assert_true(won >= ROUNDS);
    assert_true(device_read(fixture, 1).record.sequence == won);
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_int_equal(totals.confirmations, won);
    assert_int_equal(confirmed_count(fixture, assignment), 1);
}

/* One thread confirms batches over all devices; at any time each is at one of two neighbouring
 * sequence numbers, and never goes back. */
#define DEVICES 500
#define BATCHES 40

struct watcher {
    struct pawl_store *store;
    atomic_uint *done;
    bool sound;
    unsigned long reads;
};

static void *watch(void *argument)
{
    struct watcher *watcher = argument;
    struct pawl_reader *reader;
    static _Thread_local uint64_t last[DEVICES];
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE];
    watcher->sound = pawl_reader_open(watcher->store, &reader) == PAWL_OK;
    while (watcher->sound && atomic_load(watcher->done) < BATCHES) {
        for (uint64_t i = 0; watcher->sound && i < DEVICES; i += 7) {
            unsigned least = atomic_load(watcher->done);
            id_fill(id, sizeof id, i + 1);
            watcher->sound = pawl_store_device_get(reader, id, &device) == PAWL_OK &&
                             device.record.sequence >= last[i] && device.record.sequence >= least;
            last[i] = device.record.sequence;
            watcher->reads++;
        }
    }
    pawl_reader_close(reader);
    return NULL;
}

static void readers_see_what_was_committed_before_them(void **state)
{
    struct store_fixture *fixture = *state;
    pthread_t threads[THREADS];
    struct watcher watchers[THREADS];
    static struct pawl_change changes[DEVICES];
    atomic_uint done = 0;
    devices_import(fixture, 1, DEVICES, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        watchers[i] = (struct watcher){.store = fixture->store, .done = &done};
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &watchers[i]), 0);
    }
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        for (uint64_t i = 0; i < DEVICES; i++) {
            struct pawl_device device = device_read(fixture, i + 1);
            changes[i] = change_confirm(&device, 1, 0);
        }
        assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, changes, DEVICES));
        atomic_fetch_add(&done, 1);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(watchers[i].sound);
        assert_true(watchers[i].reads > 0);
    }
}

/* A second process is a second store on the same place. */
static void two_stores_share_one_database(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_store *other;
    devices_import(fixture, 1, 1, NULL);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &other));
    struct pawl_device device = device_read(fixture, 1);
    struct pawl_change mine = change_confirm(&device, 1, 0), theirs = mine;
    assert_result(PAWL_OK, pawl_store_changes_apply(other, &theirs, 1));
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &mine, 1));
    assert_result(PAWL_OK, theirs.result);
    assert_result(PAWL_STATE, mine.result);
    assert_true(device_read(fixture, 1).record.sequence == 1);
    pawl_store_close(other);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(races_have_one_winner_each_11_6),
        STORE_TEST(readers_see_what_was_committed_before_them),
        STORE_TEST(two_stores_share_one_database),
    };
    return cmocka_run_group_tests_name("store: threads", tests, NULL, NULL);
}
