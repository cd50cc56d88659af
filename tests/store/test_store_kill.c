/* Durability (invariant I5): a process that confirms in batches is killed at random moments. What
 * it was told to be done is there afterwards, once; what it was not told is there whole or not at
 * all. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_fixture.h"

#define DEVICES 300
#define KILLS 25

/* Confirms all devices batch by batch and says so on `out` after each: never returns. */
static void confirm_forever(const char *url, uint64_t assignment, int out)
{
    static struct pawl_change changes[DEVICES];
    struct pawl_store *store;
    struct pawl_reader *reader;
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE];
    if (pawl_store_open(url, false, &store) != PAWL_OK ||
        pawl_reader_open(store, &reader) != PAWL_OK)
        _exit(1);
    for (;;) {
        for (uint64_t i = 0; i < DEVICES; i++) {
            id_fill(id, sizeof id, i + 1);
            if (pawl_store_device_get(reader, id, &device) != PAWL_OK)
                _exit(2);
            changes[i] = change_confirm(&device, 1, assignment);
        }
        if (pawl_store_changes_apply(store, changes, DEVICES) != PAWL_OK)
            _exit(3);
        uint64_t told = changes[0].after.sequence;
        if (write(out, &told, sizeof told) != sizeof told)
            _exit(4);
    }
}

/* Runs the child for up to `microseconds` after its first word; returns the last it said. */
static uint64_t child_kill(struct store_fixture *fixture, uint64_t assignment, long microseconds)
{
    int ends[2], status;
    uint64_t told = 0, last = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        confirm_forever(fixture->url, assignment, ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
    last = told;
    const struct timespec pause = {0, microseconds * 1000};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    while (read(ends[0], &told, sizeof told) == (ssize_t)sizeof told)
        last = told;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* the fault took place */
    return last;
}

static void killed_writer_loses_and_doubles_nothing_i5(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    devices_import(fixture, 1, DEVICES, NULL);
    package_publish(fixture, 1, 1);
    uint64_t assignment = class_assign(fixture, 1);
    srandom(20240229);
    for (unsigned i = 0; i < KILLS; i++) {
        /* No connection of this process is open while the child works. */
        pawl_reader_close(fixture->reader);
        pawl_store_close(fixture->store);
        fixture->reader = NULL;
        fixture->store = NULL;
        uint64_t told = child_kill(fixture, assignment, random() % 20000);
        assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
        assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));

        uint64_t held = device_read(fixture, 1).record.sequence;
        assert_true(held == told || held == told + 1);
        for (uint64_t k = 2; k <= DEVICES; k++)
            assert_true(device_read(fixture, k).record.sequence == held);
        assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
        assert_true(totals.confirmations == held * DEVICES);
        assert_true(totals.sequence_total == held * DEVICES);
        assert_int_equal(confirmed_count(fixture, assignment), DEVICES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_writer_loses_and_doubles_nothing_i5, store_setup,
                                        store_teardown),
    };
    return cmocka_run_group_tests_name("store: kill -9", tests, NULL, NULL);
}
