/*
 * Faults without a power cut (I4): each read, and each change, of a scenario fails once, while
 * everything else goes on: a change with nothing done, or a part of it, or all of it, and told as
 * an error or as done. The engine must go on too: it runs what is committed, at the latest after a
 * reboot, and takes the newest release.
 *
 * Then read disturb: bits of flash flip as it is read. Nothing runs that is not whole, and once
 * reading is quiet again the device takes the newest release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario.h"

/* Of scenario.c: counter and cells in hardware; in a log, which has many more reads to fail. */
#define HARDWARE 3u
#define LOG 8u
#define LOG_SCENARIOS 2u
#define DISTURB_PERIODS 40u

struct plan {
    const struct pawl_ram_geometry *geometry;
    const struct pawl_test_scenario *scenario;
    uint64_t change, read; /* the one that fails; 0: none */
    uint64_t tear;         /* not 0: the change that fails is made in part, as this seed says */
    bool done;             /* it is made, and fails all the same */
    bool lies;             /* it is not made, or in part, and says that it is */
};

static void check(const struct plan *plan, const char *wrong)
{
    if (wrong != NULL)
        fail_msg("%s, change %lu, read %lu, tear %lu%s%s: not as it should be: %s",
                 plan->scenario->name, (unsigned long)plan->change, (unsigned long)plan->read,
                 (unsigned long)plan->tear, plan->done ? ", done" : "", plan->lies ? ", lies" : "",
                 wrong);
}

/* The scenario from switching on, with the fault. */
static void act(const struct plan *plan, const struct pawl_test_subject *base,
                struct pawl_test_subject *subject)
{
    struct pawl_ram_port *ram = &subject->device.ram;

    pawl_test_base_copy(subject, plan->geometry, base);
    pawl_test_device_stop(&subject->device);
    ram->change_fails_at = plan->change;
    ram->read_fails_at = plan->read;
    ram->tear = plan->tear;
    ram->cut_after = plan->done;
    ram->change_lies = plan->lies;
    if (pawl_test_device_start(&subject->device) == PAWL_OK)
        pawl_test_scenario_act(plan->scenario, &subject->device);
}

/* Gives how many changes and reads the scenario tries. */
static void run(const struct plan *plan, const struct pawl_test_subject *base, uint64_t *changes,
                uint64_t *reads)
{
    static struct pawl_test_subject subject;
    struct pawl_test_device *device = &subject.device;

    act(plan, base, &subject);
    *changes = device->ram.operations;
    *reads = device->ram.reads;
    if (device->ram.failed != (plan->change + plan->read > 0))
        check(plan, "the fault fired");
    /* SPEC 13.4: an increment is tried once more. */
    if (plan->change != 0 && device->ram.failed_operation == PAWL_RAM_COUNTER &&
        device->ram.counter != (plan->scenario->installed ? 1 : 0) + plan->scenario->commits)
        check(plan, "one failed increment costs no commit");
    /* Without a reboot, if the engine runs at all. */
    if (device->engine && !pawl_test_drive(device))
        check(plan, "it goes on without a reboot");
    check(plan, subject.witness.wrong);
    pawl_test_device_release(device);

    act(plan, base, &subject);
    pawl_test_device_stop(device);
    (void)pawl_test_device_start(device);
    /* With nothing committed, a record that could not be read once sends a download to the other
     * slot, where nobody looks once it can be read: the attempt is made again. */
    if (plan->read != 0 && !plan->scenario->installed)
        subject.witness.attempted = NULL;
    check(plan, pawl_test_witness_judge(&subject.witness));
    check(plan, pawl_test_drive(device) ? NULL : "it comes to the newest release");
    check(plan, pawl_test_refuses(device));
    pawl_test_device_release(device);
}

static uint64_t sweep(struct plan *plan, bool with_reads)
{
    static struct pawl_test_subject base;
    uint64_t changes = 0, reads = 0, ignored = 0;

    pawl_test_base_make(&base, plan->geometry, plan->scenario);
    run(plan, &base, &changes, &reads);
    for (plan->change = 1; plan->change <= changes; plan->change++)
        run(plan, &base, &ignored, &ignored);
    plan->change = 0;
    reads = with_reads ? reads : 0;
    for (plan->read = 1; plan->read <= reads; plan->read++)
        run(plan, &base, &ignored, &ignored);
    pawl_test_device_release(&base.device);
    return changes + reads;
}

static uint64_t ways_sweep(const struct pawl_ram_geometry *geometry,
                           const struct pawl_test_scenario *scenario)
{
    const struct plan ways[] = {
        {.tear = 0}, {.tear = 1}, {.done = true}, {.lies = true}, {.lies = true, .tear = 1}};
    uint64_t tried = 0;

    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        struct plan plan = ways[way];
        plan.geometry = geometry;
        plan.scenario = scenario;
        tried += sweep(&plan, way == 0);
    }
    return tried;
}

static void i4_any_single_fault_is_survived(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t i = 0; i < PAWL_TEST_SCENARIO_COUNT; i++)
        tried += ways_sweep(&pawl_test_geometries[HARDWARE], &pawl_test_scenarios[i]);
    print_message("%lu faults\n", (unsigned long)tried);
}

/* The same where counter and cells are a log in flash (SPEC 13.11). */
static void i4_any_single_fault_of_a_counter_log_is_survived(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t i = 0; i < LOG_SCENARIOS; i++)
        tried += ways_sweep(&pawl_test_geometries[LOG], &pawl_test_scenarios[i]);
    print_message("%lu faults\n", (unsigned long)tried);
}

static void i3_i4_read_disturb_runs_nothing_that_is_not_whole(void **state)
{
    static struct pawl_test_subject base, subject;
    const struct plan plan = {.geometry = &pawl_test_geometries[HARDWARE],
                              .scenario = &pawl_test_scenarios[1]};
    struct pawl_test_device *device = &subject.device;
    uint64_t flips = 0;

    (void)state;
    pawl_test_base_make(&base, plan.geometry, plan.scenario);
    for (uint64_t period = 1; period <= DISTURB_PERIODS; period++) {
        pawl_test_base_copy(&subject, plan.geometry, &base);
        device->ram.random = period;
        device->ram.disturb_period = period;
        pawl_test_scenario_act(plan.scenario, device);
        flips += device->ram.disturbed;
        check(&plan, subject.witness.wrong);
        pawl_test_device_stop(device);
        (void)pawl_test_device_start(device);
        check(&plan, subject.witness.wrong);
        check(&plan, pawl_test_drive(device) ? NULL : "it comes to the newest release");
        check(&plan, subject.witness.wrong);
        pawl_test_device_release(device);
    }
    pawl_test_device_release(&base.device);
    assert_true(flips > DISTURB_PERIODS);
    print_message("%lu bits flipped\n", (unsigned long)flips);
}

static int issues_make(void **state)
{
    (void)state;
    pawl_test_issues_make();
    return 0;
}

static int issues_free(void **state)
{
    (void)state;
    pawl_test_issues_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_any_single_fault_is_survived),
        cmocka_unit_test(i4_any_single_fault_of_a_counter_log_is_survived),
        cmocka_unit_test(i3_i4_read_disturb_runs_nothing_that_is_not_whole),
    };
    return cmocka_run_group_tests(tests, issues_make, issues_free);
}
