/* The store contract: backups (SPEC 21.7), and what is learnt after one was put back (21.10). For
 * stores that are a file; skipped for others. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

/* An empty file beside the store. */
static void target_make(const struct store_fixture *fixture, char *path, size_t size)
{
    snprintf(path, size, "%s.backup.XXXXXX", store_path(fixture));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void backup_open(const char *path, struct pawl_store **store, struct pawl_reader **reader)
{
    char url[512];
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_result(PAWL_OK, pawl_store_open(url, false, store));
    assert_result(PAWL_OK, pawl_reader_open(*store, reader));
    assert_result(PAWL_OK, pawl_store_check(*reader));
}

static void backup_is_the_store_as_it_was(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_backup_mark mark;
    struct pawl_store *store;
    struct pawl_reader *reader;
    struct pawl_totals totals;
    uint8_t here[PAWL_ID_SIZE], there[PAWL_ID_SIZE];
    char path[400];
    if (store_path(fixture) == NULL)
        skip();
    devices_import(fixture, 1, 3000, "pilots");
    package_publish(fixture, 1, 1);
    const struct pawl_event event = {.time = 1, .actor = "uid:0", .action = "backup-made"};
    assert_result(PAWL_OK, pawl_store_audit_append(fixture->store, &event, 1));
    target_make(fixture, path, sizeof path);
    assert_result(PAWL_OK, pawl_store_backup(fixture->reader, path, 1234));
    assert_result(PAWL_STATE, pawl_store_backup_mark_get(fixture->reader, &mark));
    devices_import(fixture, 3001, 100, NULL); /* the store itself goes on */

    backup_open(path, &store, &reader);
    assert_result(PAWL_OK, pawl_store_totals_get(reader, &totals));
    assert_int_equal(totals.devices, 3000);
    assert_result(PAWL_OK, pawl_store_backup_mark_get(reader, &mark));
    assert_int_equal(mark.time, 1234);
    assert_int_equal(mark.entry, 1);
    assert_result(PAWL_OK, pawl_store_server_id_get(fixture->reader, here));
    assert_result(PAWL_OK, pawl_store_server_id_get(reader, there));
    assert_memory_equal(here, there, sizeof here);
    pawl_reader_close(reader);
    pawl_store_close(store);
    unlink(path);
}

/* Confirms one device after another, as fast as the store takes them. */
struct work {
    struct store_fixture *fixture;
    atomic_bool stop;
    uint64_t done;
    bool failed;
};

static void *work_run(void *context)
{
    struct work *work = context;
    struct pawl_reader *reader;
    work->failed = pawl_reader_open(work->fixture->store, &reader) != PAWL_OK;
    while (!work->failed && !atomic_load(&work->stop) && work->done < 3000) {
        struct pawl_device device;
        uint8_t id[PAWL_ID_SIZE];
        id_fill(id, sizeof id, work->done + 1);
        work->failed = pawl_store_device_get(reader, id, &device) != PAWL_OK;
        struct pawl_change change = change_confirm(&device, 1, 0);
        const struct pawl_event event = {.time = 5, .actor = "device", .action = "x"};
        change.event = &event;
        if (!work->failed)
            work->failed = pawl_store_changes_apply(work->fixture->store, &change, 1) != PAWL_OK ||
                           change.result != PAWL_OK;
        work->done++;
    }
    pawl_reader_close(reader);
    return NULL;
}

/* I5: whatever is written meanwhile, a backup is the state between two transactions: as many
 * confirmations as entries that tell of them. */
static void backup_under_writers_is_of_one_moment_i5(void **state)
{
    struct store_fixture *fixture = *state;
    struct work work = {.fixture = fixture};
    pthread_t thread;
    unsigned between = 0;
    if (store_path(fixture) == NULL)
        skip();
    devices_import(fixture, 1, 3000, NULL);
    package_publish(fixture, 1, 1);
    assert_int_equal(pthread_create(&thread, NULL, work_run, &work), 0);
    for (int i = 0; i < 8; i++) {
        struct pawl_store *store;
        struct pawl_reader *reader;
        struct pawl_totals totals;
        uint64_t newest;
        uint8_t hash[PAWL_AUDIT_HASH_SIZE];
        char path[400];
        target_make(fixture, path, sizeof path);
        assert_result(PAWL_OK, pawl_store_backup(fixture->reader, path, 1));
        backup_open(path, &store, &reader);
        assert_result(PAWL_OK, pawl_store_totals_get(reader, &totals));
        assert_result(PAWL_OK, pawl_store_audit_head(reader, &newest, hash));
        assert_int_equal(totals.confirmations, newest);
        between += totals.confirmations > 0 && totals.confirmations < 3000;
        pawl_reader_close(reader);
        pawl_store_close(store);
        unlink(path);
    }
    atomic_store(&work.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(work.failed);
    assert_true(between > 0); /* some were made while it wrote */
}

static void failures_of_a_backup_are_told(void **state)
{
    struct store_fixture *fixture = *state;
    char path[400];
    if (store_path(fixture) == NULL)
        skip();
    snprintf(path, sizeof path, "%s/none/backup", fixture->directory);
    assert_result(PAWL_STORAGE, pawl_store_backup(fixture->reader, path, 1));
    /* The reader can be used as before. */
    target_make(fixture, path, sizeof path);
    assert_result(PAWL_OK, pawl_store_backup(fixture->reader, path, 1));
    unlink(path);
}

/* Brings a device to another sequence number. */
static void device_move(struct store_fixture *fixture, uint64_t number, uint64_t ahead,
                        uint64_t assignment)
{
    struct pawl_device device = device_read(fixture, number);
    struct pawl_change change = change_confirm(&device, 1, assignment);
    change.after.sequence = device.record.sequence + ahead;
    assert_result(PAWL_OK, pawl_store_changes_apply(fixture->store, &change, 1));
    assert_result(PAWL_OK, change.result);
}

static void what_is_learnt_after_a_restore_is_counted(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_restoration told;
    const struct pawl_event restored = {.time = 100, .actor = "pawld", .action = "restored"};
    const struct pawl_event settled = {.time = 200, .actor = "pawld", .action = "restore-settled"};
    devices_import(fixture, 1, 10, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    device_move(fixture, 1, 1, 0);
    device_move(fixture, 2, 7, 0);
    assert_result(PAWL_STATE, pawl_store_restoration_get(fixture->reader, &told));
    assert_result(PAWL_OK, pawl_store_restoration_begin(fixture->store, 50, &restored));
    device_move(fixture, 1, 3, 0);          /* caught up */
    device_move(fixture, 3, 65536, 0);      /* caught up */
    device_move(fixture, 4, 1, assignment); /* a confirmation like any */
    device_move(fixture, 5, 1, 0);          /* one that counts for nothing */
    for (int i = 0; i < 2; i++) {
        assert_result(PAWL_OK, pawl_store_restoration_get(fixture->reader, &told));
        assert_int_equal(told.time, 100);
        assert_int_equal(told.backup_time, 50);
        assert_int_equal(told.caught_up, 2);
        assert_int_equal(told.learnt, 65539);
        assert_int_equal(told.unattributed, 1);
        assert_int_equal(told.settled, i == 0 ? 0 : 200);
        assert_result(i == 0 ? PAWL_OK : PAWL_STATE,
                      pawl_store_restoration_settle(fixture->store, told.entry, &settled));
        device_move(fixture, 6, 2, 0); /* what is settled stays */
    }
    assert_result(PAWL_OK, pawl_store_restoration_begin(fixture->store, 0, &restored));
    assert_result(PAWL_OK, pawl_store_restoration_get(fixture->reader, &told));
    assert_int_equal(told.caught_up + told.learnt + told.unattributed, 0);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(backup_is_the_store_as_it_was),
        STORE_TEST(backup_under_writers_is_of_one_moment_i5),
        STORE_TEST(failures_of_a_backup_are_told),
        STORE_TEST(what_is_learnt_after_a_restore_is_counted),
    };
    return cmocka_run_group_tests_name("store: backup", tests, NULL, NULL);
}
