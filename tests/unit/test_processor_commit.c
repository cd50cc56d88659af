/* The commit and what vouches for it: counter, cells, records (SPEC 13.2, 13.4). */
#include "processor_fixture.h"

#include "processor/engine.h"

static uint8_t *record_half(struct fixture *f, unsigned slot, unsigned half)
{
    const struct pawl_area *area = &f->device.ram.port.flash.records[slot];

    return f->device.ram.flash + area->offset + half * area->size / 2;
}

static size_t half_size(const struct fixture *f)
{
    return (size_t)f->device.ram.port.flash.records[0].size / 2;
}

/* What happens when the counter fails in a commit. */
struct counter_case {
    enum pawl_ram_counter_fault fault;
    enum pawl_result result;
    uint64_t counter; /* afterwards */
    bool old_runs;    /* the old image runs again at once */
};
static const struct counter_case counter_cases[] = {
    {PAWL_RAM_COUNTER_STUCK, PAWL_STORAGE, 1, true},
    {PAWL_RAM_COUNTER_REFUSES, PAWL_STORAGE, 1, true},
    {PAWL_RAM_COUNTER_LIES, PAWL_OK, 2, false},
    {PAWL_RAM_COUNTER_JUMPS, PAWL_STORAGE, 3, false},
    {PAWL_RAM_COUNTER_VANISHES, PAWL_STORAGE, 2, false},
    {PAWL_RAM_COUNTER_UNREADABLE, PAWL_STORAGE, 1, true},
};

static void i2_a_counter_that_fails_never_leaves_two_truths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof counter_cases / sizeof counter_cases[0]; i++) {
        const struct counter_case *c = &counter_cases[i];
        void *fresh = NULL;
        fixture_setup(&fresh);
        struct fixture *f = fresh;

        fixture_commit(f, &f->first);
        assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
        f->device.ram.counter_fault = c->fault;
        assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), c->result);
        assert_int_equal(f->device.ram.counter, c->counter);
        assert_int_equal(pawl_test_device_runs(&f->device, &f->first), c->old_runs);
        assert_int_equal(pawl_test_device_runs(&f->device, &f->second), c->result == PAWL_OK);

        f->device.ram.counter_fault = PAWL_RAM_COUNTER_SOUND;
        (void)fixture_reboot(f);
        assert_int_equal(pawl_test_device_sequence(&f->device), c->counter);
        assert_int_equal(pawl_test_device_runs(&f->device, &f->second), c->counter == 2);
        fixture_commit(f, &f->third);
        assert_true(pawl_test_device_runs(&f->device, &f->third));
        fixture_teardown(&fresh);
    }
}

static void i2_a_doubtful_counter_is_settled_when_it_can_be_read(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_VANISHES;
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STORAGE);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_STORAGE);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_SOUND;
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_int_equal(f->device.report.sequence, 2);
    assert_true(pawl_test_device_runs(&f->device, &f->second));
}

static void i4_nothing_starts_without_the_counter(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    pawl_test_device_stop(&f->device);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_UNREADABLE;
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_STORAGE);
    assert_false(f->device.ram.running);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_SOUND;
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

/* A counter that moved behind the engine's back: the free slot might be the committed one now. */
static void i2_nothing_is_written_when_the_counter_moved(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
    f->device.ram.counter = 7;
    uint64_t operations = f->device.ram.operations;
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 700, UINT64_MAX),
                     PAWL_STORAGE);
    assert_int_equal(f->device.ram.operations, operations);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_int_equal(f->device.report.sequence, 7);
}

static void i2_only_the_record_in_the_cell_runs(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    f->device.ram.cells[1][31] ^= 1;
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_false(f->device.report.has_instance);
    assert_false(f->device.report.has_package);
    assert_int_equal(f->device.report.sequence, 1);
    fixture_commit(f, &f->second);
    assert_int_equal(f->device.ram.counter, 2);
}

/* A commit of the same number that was cut leaves a record with a good MAC; it is not the one. */
static void i2_a_record_of_a_cut_commit_does_not_run(void **state)
{
    struct fixture *f = *state;
    static struct pawl_ram_port before;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_STUCK;
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STORAGE);
    f->device.ram.counter_fault = PAWL_RAM_COUNTER_SOUND;
    pawl_ram_port_init(&before, &(struct pawl_ram_geometry){.page_size = 1024,
                                                            .write_size = 8,
                                                            .erased = 0xff,
                                                            .slot_size = {16384, 16384}});
    pawl_ram_port_copy(&before, &f->device.ram);

    fixture_commit(f, &f->third);
    assert_int_equal(f->device.ram.counter, 2);
    memcpy(f->device.ram.flash, before.flash, before.flash_size);
    (void)fixture_reboot(f);
    assert_false(f->device.ram.running);
    pawl_ram_port_release(&before);
}

static void i2_flash_of_an_earlier_commit_does_not_run(void **state)
{
    struct fixture *f = *state;
    static struct pawl_ram_port before;

    fixture_commit(f, &f->first);
    pawl_ram_port_init(&before, &(struct pawl_ram_geometry){.page_size = 1024,
                                                            .write_size = 8,
                                                            .erased = 0xff,
                                                            .slot_size = {16384, 16384}});
    pawl_ram_port_copy(&before, &f->device.ram);
    fixture_commit(f, &f->second);
    fixture_commit(f, &f->third);
    memcpy(f->device.ram.flash, before.flash, before.flash_size);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_false(f->device.ram.running);
    pawl_ram_port_release(&before);
}

static void i2_a_trial_record_does_not_pass_for_a_committed_one(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    pawl_test_device_stop(&f->device);
    uint8_t *trial = record_half(f, 1, 0);
    uint8_t *committed = record_half(f, 0, 1);
    memcpy(committed, trial, half_size(f));
    committed[11] = PAWL_ROLE_COMMITTED;
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
    assert_false(f->device.ram.running);
}

static void i1_flash_of_another_unit_does_not_run(void **state)
{
    static struct pawl_test_device clone;
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    pawl_test_device_init(
        &clone, 2,
        &(struct pawl_ram_geometry){
            .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {16384, 16384}});
    pawl_ram_port_copy(&clone.ram, &f->device.ram);
    assert_int_equal(pawl_test_device_start(&clone), PAWL_OK);
    assert_false(clone.ram.running);
    pawl_test_device_release(&clone);
}

/* Somebody knows the content key and seals an older image of the same vendor under it, in the place
 * of the committed package; its record is not theirs to write. */
static void i2_another_package_in_the_committed_slot_does_not_run(void **state)
{
    struct fixture *f = *state;
    uint8_t *slot = f->device.ram.flash + f->device.ram.port.flash.slots[0].offset;

    fixture_commit(f, &f->first);
    assert_int_equal(f->first.size, f->second.size);
    memcpy(slot, f->second.bytes, f->second.size);
    assert_int_equal(fixture_reboot(f), PAWL_CORRUPT);
    assert_false(f->device.ram.running);
    /* The same with the committed header before it. */
    memcpy(slot, f->first.bytes, f->first.preamble_size);
    assert_int_equal(fixture_reboot(f), PAWL_CORRUPT);
    assert_false(f->device.ram.running);
}

/* Records and packages of three commits, put back in every combination: none but the last runs. */
static void i2_no_mixture_of_three_commits_runs_the_past(void **state)
{
    static uint8_t kept[3][65536];
    struct fixture *f = *state;
    const struct pawl_flash *flash = &f->device.ram.port.flash;
    const struct pawl_area *areas[4] = {&flash->slots[0], &flash->slots[1], &flash->records[0],
                                        &flash->records[1]};
    const struct pawl_test_package *packages[3] = {&f->first, &f->second, &f->third};

    for (unsigned i = 0; i < 3; i++) {
        fixture_commit(f, packages[i]);
        assert_true(f->device.ram.flash_size <= sizeof kept[i]);
        memcpy(kept[i], f->device.ram.flash, f->device.ram.flash_size);
    }
    for (unsigned mixture = 0; mixture < 81; mixture++) {
        unsigned rest = mixture;
        for (unsigned i = 0; i < 4; i++, rest /= 3)
            memcpy(f->device.ram.flash + areas[i]->offset, kept[rest % 3] + areas[i]->offset,
                   areas[i]->size);
        (void)fixture_reboot(f);
        assert_int_equal(f->device.ram.running, pawl_test_device_runs(&f->device, &f->third));
        assert_int_equal(pawl_test_device_sequence(&f->device), 3);
    }
}

static void spec13_each_commit_draws_a_new_instance(void **state)
{
    struct fixture *f = *state;
    uint8_t instance[PAWL_INSTANCE_SIZE];

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    memcpy(instance, f->device.report.instance, sizeof instance);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_memory_equal(f->device.report.instance, instance, sizeof instance);
    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_memory_not_equal(f->device.report.instance, instance, sizeof instance);
}

static void i4_a_commit_without_entropy_falls_back(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    f->device.ram.entropy_fails = true;
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STORAGE);
    f->device.ram.entropy_fails = false;
    assert_int_equal(f->device.ram.counter, 1);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

static void i4_a_record_that_flash_did_not_keep_is_not_committed(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    f->device.ram.drop_programs = true;
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STORAGE);
    f->device.ram.drop_programs = false;
    assert_int_equal(f->device.ram.counter, 1);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    fixture_commit(f, &f->second);
}

static void i4_an_unreadable_committed_image_does_not_stop_the_next(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    f->device.ram.flash[f->device.ram.port.flash.slots[0].offset + 2000] ^= 1;
    assert_int_equal(fixture_reboot(f), PAWL_CORRUPT);
    assert_false(f->device.ram.running);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    assert_true(f->device.report.has_instance);
    fixture_commit(f, &f->second);
    assert_true(pawl_test_device_runs(&f->device, &f->second));
}

/* A read that fails once, at start, must not make the committed slot the free one. */
static void i4_a_record_that_cannot_be_read_is_not_overwritten(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    for (uint64_t read = 1; read <= 6; read++) {
        pawl_test_device_stop(&f->device);
        f->device.ram.read_fails_at = read;
        (void)pawl_test_device_start(&f->device);
        if (f->device.engine) {
            assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
            assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, work.offset, 700, 4000),
                             PAWL_OK);
        }
        assert_true(f->device.ram.failed);
        assert_int_equal(fixture_reboot(f), PAWL_OK);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
    }
}

static void spec13_the_floor_rises_with_commits_only(void **state)
{
    struct fixture *f = *state;
    struct pawl_test_package high, low;

    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 5, .security_version = 5},
                           &high);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 4, .security_version = 4},
                           &low);
    assert_int_equal(pawl_test_device_update(&f->device, &high, 0, PAWL_RUN_CRASHED), PAWL_OK);
    fixture_commit(f, &low);
    fixture_commit(f, &high);
    assert_int_equal(pawl_test_device_download(&f->device, &low, 2), PAWL_ROLLBACK);
    assert_int_equal(fixture_failure_get(f, &low), PAWL_ROLLBACK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &low, 2), PAWL_ROLLBACK);
    assert_true(pawl_test_device_runs(&f->device, &high));
    pawl_test_package_free(&high);
    pawl_test_package_free(&low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i2_a_counter_that_fails_never_leaves_two_truths),
        FIXTURE_TEST(i2_a_doubtful_counter_is_settled_when_it_can_be_read),
        FIXTURE_TEST(i4_nothing_starts_without_the_counter),
        FIXTURE_TEST(i2_nothing_is_written_when_the_counter_moved),
        FIXTURE_TEST(i2_only_the_record_in_the_cell_runs),
        FIXTURE_TEST(i2_a_record_of_a_cut_commit_does_not_run),
        FIXTURE_TEST(i2_flash_of_an_earlier_commit_does_not_run),
        FIXTURE_TEST(i2_a_trial_record_does_not_pass_for_a_committed_one),
        FIXTURE_TEST(i1_flash_of_another_unit_does_not_run),
        FIXTURE_TEST(i2_another_package_in_the_committed_slot_does_not_run),
        FIXTURE_TEST(i2_no_mixture_of_three_commits_runs_the_past),
        FIXTURE_TEST(spec13_each_commit_draws_a_new_instance),
        FIXTURE_TEST(i4_a_commit_without_entropy_falls_back),
        FIXTURE_TEST(i4_a_record_that_flash_did_not_keep_is_not_committed),
        FIXTURE_TEST(i4_an_unreadable_committed_image_does_not_stop_the_next),
        FIXTURE_TEST(i4_a_record_that_cannot_be_read_is_not_overwritten),
        FIXTURE_TEST(spec13_the_floor_rises_with_commits_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
