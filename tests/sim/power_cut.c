/*
 * Power cuts (I4): a dry run counts the changes that a scenario makes to flash, cells and counter;
 * then power is cut before each of them in turn. After each cut the device must run the old or the
 * new image, never another, and undisturbed operation must bring it to the newest release.
 *
 * The last test plants an error into the device and demands that the simulator finds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario.h"

#define TEARS 2u /* ways to tear each change */

/* Where power is cut: before change `cut` of the scenario, and before change `second` of the
 * recovery; 0 cuts nothing. */
struct plan {
    const struct pawl_test_scenario *scenario;
    const struct pawl_ram_geometry *geometry;
    bool cell_late; /* the planted error */
    uint64_t tear;  /* not 0: the change at the cut is made in part, as this seed says */
    uint64_t cut, second;
    struct pawl_test_finding *finding;
};

static void expect(const struct plan *plan, bool holds, const char *what)
{
    pawl_test_expect(plan->finding, holds, what, plan->cut, plan->second);
}

static bool power_returns(struct pawl_test_device *device, const struct plan *plan, uint64_t cut)
{
    expect(plan, device->ram.dead == (cut != 0), "the fault fired");
    pawl_test_device_stop(device);
    bool starts = pawl_test_device_start(device) == PAWL_OK;
    expect(plan, starts, "starts again");
    return starts;
}

/* Undisturbed operation but for the second cut, and where it must end. */
static void recover(struct pawl_test_device *device, const struct plan *plan, uint64_t *changes)
{
    device->ram.operations = 0;
    device->ram.cut_at = plan->second;
    device->ram.tear = plan->tear;
    bool arrives = pawl_test_drive(device);
    *changes = device->ram.operations;
    if (plan->second != 0) {
        if (!power_returns(device, plan, plan->second))
            return;
        arrives = pawl_test_drive(device);
    }
    expect(plan,
           arrives && pawl_test_device_runs(device, &pawl_test_packages[PAWL_TEST_NEXT]) &&
               pawl_test_refuses_past(device),
           "ends on the newest release and refuses the past");
}

/* Gives the number of changes that the scenario made, and those of the recovery. */
static void run(const struct plan *plan, const struct pawl_test_device *base, uint64_t *changes,
                uint64_t *recovery)
{
    static struct pawl_test_device device;

    pawl_test_base_copy(&device, plan->geometry, base);
    uint64_t sequence = device.ram.counter;
    device.ram.cell_late = plan->cell_late;
    device.ram.operations = 0;
    device.ram.cut_at = plan->cut;
    device.ram.tear = plan->tear;
    (void)plan->scenario->act(&device, &pawl_test_packages[plan->scenario->taken]);
    *changes = device.ram.operations;
    if (power_returns(&device, plan, plan->cut)) {
        expect(plan, pawl_test_runs_committed(&device, plan->scenario, sequence),
               "runs old or new, as the counter says");
        recover(&device, plan, recovery);
    }
    pawl_test_device_release(&device);
}

/* All cuts of a scenario, each with all second cuts if `twice`; gives how many there were. */
static uint64_t sweep(struct plan *plan, bool twice)
{
    static struct pawl_test_device base;
    uint64_t changes = 0, recovery = 0, ignored = 0, tried = 0;

    pawl_test_base_make(&base, plan->geometry, plan->scenario);
    plan->cut = 0;
    plan->second = 0;
    run(plan, &base, &changes, &recovery);
    for (uint64_t cut = 1; cut <= changes; cut++) {
        plan->cut = cut;
        plan->second = 0;
        run(plan, &base, &ignored, &recovery);
        tried++;
        for (uint64_t second = 1; twice && second <= recovery; second++, tried++) {
            plan->second = second;
            run(plan, &base, &ignored, &ignored);
        }
    }
    pawl_test_device_release(&base);
    return tried;
}

static uint64_t scenarios_sweep(const struct pawl_ram_geometry *geometry, uint64_t tear, bool twice)
{
    uint64_t tried = 0;

    for (size_t i = 0; i < PAWL_TEST_SCENARIO_COUNT; i++) {
        struct pawl_test_finding finding = {0};
        struct plan plan = {.scenario = &pawl_test_scenarios[i],
                            .geometry = geometry,
                            .tear = tear,
                            .finding = &finding};
        tried += sweep(&plan, twice);
        pawl_test_finding_check(&finding, plan.scenario, geometry);
    }
    return tried;
}

static void i4_any_cut_leaves_old_or_new(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t i = 0; i < PAWL_TEST_GEOMETRY_COUNT; i++)
        tried += scenarios_sweep(&pawl_test_geometries[i], 0, false);
    print_message("%lu cuts\n", (unsigned long)tried);
}

/* The change at the cut is not whole: some units are programmed, one of them in part; some pages
 * are erased, one of them in part; a cell is half one, half the other. */
static void i4_a_change_torn_by_the_cut_does_no_more_harm(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (uint64_t tear = 1; tear <= TEARS; tear++) {
        for (size_t i = 0; i < PAWL_TEST_GEOMETRY_COUNT; i++)
            tried += scenarios_sweep(&pawl_test_geometries[i], tear, false);
    }
    print_message("%lu torn changes\n", (unsigned long)tried);
}

static void i4_a_second_cut_in_the_recovery(void **state)
{
    (void)state;
    print_message("%lu cuts and pairs of cuts\n",
                  (unsigned long)scenarios_sweep(&pawl_test_geometries[3], 0, true));
}

/* The simulator's own test: when the counter moves before the cell is written, the cut between both
 * leaves a device that runs nothing, and the sweep must say so. */
static void i4_the_simulator_finds_a_counter_that_moves_first(void **state)
{
    struct pawl_test_finding finding = {0};
    struct plan plan = {.scenario = &pawl_test_scenarios[1],
                        .geometry = &pawl_test_geometries[1],
                        .cell_late = true,
                        .finding = &finding};

    (void)state;
    sweep(&plan, false);
    assert_int_not_equal(finding.count, 0);
    assert_string_equal(finding.first, "runs old or new, as the counter says");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_any_cut_leaves_old_or_new),
        cmocka_unit_test(i4_a_change_torn_by_the_cut_does_no_more_harm),
        cmocka_unit_test(i4_a_second_cut_in_the_recovery),
        cmocka_unit_test(i4_the_simulator_finds_a_counter_that_moves_first),
    };
    return cmocka_run_group_tests(tests, pawl_test_scenarios_setup, pawl_test_scenarios_teardown);
}
