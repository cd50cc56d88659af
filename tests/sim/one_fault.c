/*
 * Faults without a power cut (I4): each read, and each change, of a scenario fails once, with
 * nothing done or a part of it, while everything else goes on. The engine must go on too: it runs
 * what is committed, at the latest after a reboot, and takes the newest release.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario.h"

struct plan {
    const struct pawl_test_scenario *scenario;
    const struct pawl_ram_geometry *geometry;
    uint64_t tear; /* not 0: the change that fails is made in part, as this seed says */
    struct pawl_test_finding finding;
};

/* Counts of what a scenario, started anew, tries. */
struct tries {
    uint64_t changes, reads;
};

/* The scenario from switching on, with change `change` or read `read` failing; 0 is none. */
static void run(struct plan *plan, const struct pawl_test_device *base, const struct tries *fault,
                struct tries *tried)
{
    static struct pawl_test_device device;

    pawl_test_base_copy(&device, plan->geometry, base);
    pawl_test_device_stop(&device);
    uint64_t sequence = device.ram.counter;
    device.ram.change_fails_at = fault->changes;
    device.ram.read_fails_at = fault->reads;
    device.ram.tear = plan->tear;
    if (pawl_test_device_start(&device) == PAWL_OK)
        (void)plan->scenario->act(&device, &pawl_test_packages[plan->scenario->taken]);
    *tried = (struct tries){device.ram.operations, device.ram.reads};
    pawl_test_expect(&plan->finding, device.ram.failed == (fault->changes + fault->reads > 0),
                     "the fault fired", fault->changes, fault->reads);
    /* Without a reboot, if the engine runs at all. */
    bool arrives = !device.engine || pawl_test_drive(&device);
    pawl_test_expect(&plan->finding, arrives, "goes on without a reboot", fault->changes,
                     fault->reads);
    pawl_test_device_release(&device);

    pawl_test_base_copy(&device, plan->geometry, base);
    pawl_test_device_stop(&device);
    device.ram.change_fails_at = fault->changes;
    device.ram.read_fails_at = fault->reads;
    device.ram.tear = plan->tear;
    if (pawl_test_device_start(&device) == PAWL_OK)
        (void)plan->scenario->act(&device, &pawl_test_packages[plan->scenario->taken]);
    pawl_test_device_stop(&device);
    bool holds = pawl_test_device_start(&device) == PAWL_OK &&
                 pawl_test_runs_committed(&device, plan->scenario, sequence);
    pawl_test_expect(&plan->finding, holds, "runs old or new after a reboot", fault->changes,
                     fault->reads);
    pawl_test_expect(&plan->finding, device.engine && pawl_test_drive(&device),
                     "ends on the newest release", fault->changes, fault->reads);
    pawl_test_device_release(&device);
}

static uint64_t sweep(struct plan *plan)
{
    static struct pawl_test_device base;
    struct tries fault = {0}, count, ignored;

    pawl_test_base_make(&base, plan->geometry, plan->scenario);
    run(plan, &base, &fault, &count);
    for (fault.changes = 1; fault.changes <= count.changes; fault.changes++)
        run(plan, &base, &fault, &ignored);
    fault.changes = 0;
    for (fault.reads = 1; fault.reads <= count.reads; fault.reads++)
        run(plan, &base, &fault, &ignored);
    pawl_test_device_release(&base);
    return count.changes + count.reads;
}

static void i4_any_single_fault_is_survived(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t i = 0; i < 2u * PAWL_TEST_SCENARIO_COUNT; i++) {
        struct plan plan = {.scenario = &pawl_test_scenarios[i / 2],
                            .geometry = &pawl_test_geometries[3],
                            .tear = i % 2};
        tried += sweep(&plan);
        pawl_test_finding_check(&plan.finding, plan.scenario, plan.geometry);
    }
    print_message("%lu faults\n", (unsigned long)tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_any_single_fault_is_survived),
    };
    return cmocka_run_group_tests(tests, pawl_test_scenarios_setup, pawl_test_scenarios_teardown);
}
