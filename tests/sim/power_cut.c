/*
 * Power cuts (I1 to I4). A dry run counts the changes that a scenario makes to flash, cells and
 * counter, and their parts. Then power is cut at each of them: before it, in each of its parts,
 * after it; and once more at changes of the recovery. After each cut the device must run what its
 * counter stands for, as a witness of all trials and commits knows it, take the newest release when
 * nothing disturbs it any more, and refuse the past, other devices' downloads, what is below its
 * floor and what a revoked key signed.
 *
 * usage: sim_power_cut GEOMETRY|all [complete [SCENARIO]]
 *        sim_power_cut GEOMETRY SCENARIO FAULT [FAULT]     one run again; FAULT as in a finding
 *
 * Sampled by default: of the parts of a change the first, the last and one between, and one second
 * cut for each first one. `complete` tries every part, and all second cuts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ram_fault.h"
#include "sim/scenario.h"

#define OPERATIONS_MAX 1024u

/* How a change is cut, as it is written in a finding: 3b, 3t17, 3a, 3r. */
enum cut { CUT_BEFORE = 'b', CUT_TORN = 't', CUT_AFTER = 'a', CUT_RESET = 'r' };

struct fault {
    uint64_t at; /* the change; 0: none */
    enum cut cut;
    uint64_t part; /* CUT_TORN: the first part that is not whole, from 1 */
};

/* The changes of a run, and how many parts each has. */
struct changes {
    uint64_t count;
    uint32_t parts[OPERATIONS_MAX];
};

struct plan {
    unsigned geometry, scenario;
    bool complete;
    struct fault first, second;
    const char *wrong; /* what was found, or NULL */
    uint64_t points, pairs;
};

static void wrong_set(struct plan *plan, const char *wrong)
{
    if (plan->wrong == NULL)
        plan->wrong = wrong;
}

static void fault_plan(struct pawl_ram_port *ram, const struct fault *fault,
                       struct changes *changes)
{
    ram->operations = 0;
    ram->parts = changes->parts;
    ram->parts_count = OPERATIONS_MAX;
    ram->cut_at = fault->at;
    ram->cut_after = fault->cut == CUT_AFTER || fault->cut == CUT_RESET;
    ram->cut_resets = fault->cut == CUT_RESET;
    ram->tear = fault->cut == CUT_TORN ? 1 + 131 * fault->at + fault->part : 0;
    ram->tear_part = fault->part;
}

/* Without a fault: the device is as it should be before it is switched off, and knows afterwards
 * what it knew of a failure. */
static void undisturbed_check(struct plan *plan, struct pawl_test_subject *subject)
{
    const struct pawl_test_scenario *scenario = &pawl_test_scenarios[plan->scenario];
    struct pawl_test_device *device = &subject->device;
    struct pawl_processor_status before, after;

    wrong_set(plan, pawl_test_witness_judge(&subject->witness));
    if (plan->wrong != NULL)
        return;
    if (device->ram.counter != (scenario->installed ? 1 : 0) + scenario->commits)
        wrong_set(plan, "it commits as often as it should");
    pawl_processor_status_get(device->engine, &before);
    pawl_test_device_stop(device);
    if (pawl_test_device_start(device) != PAWL_OK)
        wrong_set(plan, "it starts again");
    else
        pawl_processor_status_get(device->engine, &after);
    if (plan->wrong == NULL && before.state != PAWL_STATE_UPDATED &&
        (before.has_failure != after.has_failure || before.failure != after.failure))
        wrong_set(plan, "it knows after a restart why an attempt failed");
}

/* Switches the device off and on, and judges it. */
static bool power_returns(struct plan *plan, struct pawl_test_subject *subject,
                          const struct fault *fault)
{
    if (subject->device.ram.dead != (fault->at != 0))
        wrong_set(plan, "the fault fired");
    pawl_test_device_stop(&subject->device);
    (void)pawl_test_device_start(&subject->device);
    wrong_set(plan, pawl_test_witness_judge(&subject->witness));
    return plan->wrong == NULL;
}

static void recover(struct plan *plan, struct pawl_test_subject *subject, struct changes *changes)
{
    fault_plan(&subject->device.ram, &plan->second, changes);
    bool arrives = pawl_test_drive(&subject->device);
    changes->count = subject->device.ram.operations;
    if (plan->second.at != 0) {
        if (!power_returns(plan, subject, &plan->second))
            return;
        arrives = pawl_test_drive(&subject->device);
    }
    if (!arrives)
        wrong_set(plan, "it does not come to the newest release");
    else
        wrong_set(plan, pawl_test_refuses(&subject->device));
    wrong_set(plan, subject->witness.wrong);
}

/* One run. Gives the changes of the scenario, and of the recovery. */
static void run(struct plan *plan, const struct pawl_test_subject *base, struct changes *changes,
                struct changes *recovery)
{
    static struct pawl_test_subject subject;

    pawl_test_base_copy(&subject, &pawl_test_geometries[plan->geometry], base);
    fault_plan(&subject.device.ram, &plan->first, changes);
    pawl_test_scenario_act(&pawl_test_scenarios[plan->scenario], &subject.device);
    changes->count = subject.device.ram.operations;
    if (plan->first.at == 0)
        undisturbed_check(plan, &subject);
    if (power_returns(plan, &subject, &plan->first))
        recover(plan, &subject, recovery);
    pawl_test_device_release(&subject.device);
}

static void finding_print(const struct plan *plan)
{
    const struct fault *faults[] = {&plan->first, &plan->second};

    printf("%s: not as it should be: %s\n    again: sim_power_cut %u %u",
           pawl_test_scenarios[plan->scenario].name, plan->wrong, plan->geometry, plan->scenario);
    for (unsigned i = 0; i < 2 && faults[i]->at != 0; i++) {
        printf(" %lu%c", (unsigned long)faults[i]->at, faults[i]->cut);
        if (faults[i]->cut == CUT_TORN)
            printf("%lu", (unsigned long)faults[i]->part);
    }
    printf("\n");
}

static bool fault_is_sampled(const struct changes *changes, const struct fault *fault)
{
    return fault->cut != CUT_TORN ||
           pawl_ram_part_is_sampled(fault->at, changes->parts[fault->at - 1], fault->part);
}

/* The next fault at one change, of which the first is CUT_BEFORE; false when there is none. */
static bool fault_follow(const struct plan *plan, const struct changes *changes,
                         struct fault *fault)
{
    bool torn = changes->parts[fault->at - 1] > fault->part;

    switch (fault->cut) {
    case CUT_BEFORE:
    case CUT_TORN:
        fault->cut = torn ? CUT_TORN : CUT_AFTER;
        fault->part = torn ? fault->part + 1 : 0;
        return true;
    case CUT_AFTER:
        fault->cut = CUT_RESET;
        return pawl_test_geometries[plan->geometry].cached;
    case CUT_RESET:
        break;
    }
    return false;
}

/* The same, but for those that are left out where not all are tried. */
static bool fault_next(const struct plan *plan, const struct changes *changes, bool all,
                       struct fault *fault)
{
    bool is_one;

    do
        is_one = fault_follow(plan, changes, fault);
    while (is_one && !all && !fault_is_sampled(changes, fault));
    return is_one;
}

static void second_try(struct plan *plan, const struct pawl_test_subject *base,
                       const struct fault *fault)
{
    static struct changes ignored, again;

    plan->second = *fault;
    run(plan, base, &ignored, &again);
    plan->pairs++;
    if (plan->wrong == NULL)
        plan->second = (struct fault){.at = 0};
}

/* Second cuts: all of the recovery's, or one that differs from first to first. */
static void seconds_sweep(struct plan *plan, const struct pawl_test_subject *base,
                          const struct changes *recovery)
{
    if (recovery->count == 0)
        return;
    if (!plan->complete) {
        struct fault fault = {.at = 1 + plan->points % recovery->count, .cut = CUT_BEFORE};
        for (uint64_t i = plan->points % (PAWL_RAM_PARTS_SAMPLED + 2); i > 0; i--)
            (void)fault_next(plan, recovery, false, &fault);
        second_try(plan, base, &fault);
        return;
    }
    for (uint64_t at = 1; at <= recovery->count; at++) {
        struct fault fault = {.at = at, .cut = CUT_BEFORE};
        do {
            second_try(plan, base, &fault);
        } while (plan->wrong == NULL && fault_next(plan, recovery, false, &fault));
        if (plan->wrong != NULL)
            return;
    }
}

/* All faults of a scenario. */
static void sweep(struct plan *plan)
{
    static struct pawl_test_subject base;
    static struct changes changes, recovery, ignored;

    pawl_test_base_make(&base, &pawl_test_geometries[plan->geometry],
                        &pawl_test_scenarios[plan->scenario]);
    run(plan, &base, &changes, &recovery);
    if (plan->wrong == NULL && (changes.count == 0 || changes.count > OPERATIONS_MAX))
        wrong_set(plan, "its changes can be counted");
    for (uint64_t at = 1; at <= changes.count && plan->wrong == NULL; at++) {
        struct fault fault = {.at = at, .cut = CUT_BEFORE};
        do {
            plan->first = fault;
            run(plan, &base, &ignored, &recovery);
            plan->points++;
            if (plan->wrong == NULL && fault_is_sampled(&changes, &fault))
                seconds_sweep(plan, &base, &recovery);
        } while (plan->wrong == NULL && fault_next(plan, &changes, plan->complete, &fault));
    }
    pawl_test_device_release(&base.device);
}

/* All scenarios, or one. */
static bool geometry_sweep(unsigned geometry, bool complete, const char *only)
{
    const struct pawl_ram_geometry *shape = &pawl_test_geometries[geometry];
    uint64_t points = 0, pairs = 0;
    bool holds = true;

    unsigned from = only ? (unsigned)atoi(only) % PAWL_TEST_SCENARIO_COUNT : 0;
    unsigned to = only ? from + 1 : PAWL_TEST_SCENARIO_COUNT;

    for (unsigned i = from; i < to && holds; i++) {
        struct plan plan = {.geometry = geometry, .scenario = i, .complete = complete};
        sweep(&plan);
        if (plan.wrong != NULL)
            finding_print(&plan);
        else
            printf("  %-22s %8lu cuts %9lu pairs\n", pawl_test_scenarios[i].name,
                   (unsigned long)plan.points, (unsigned long)plan.pairs);
        points += plan.points;
        pairs += plan.pairs;
        holds = plan.wrong == NULL;
    }
    printf("geometry %u: pages of %u, units of %u, erased %02x, slots %lu and %lu%s%s: "
           "%lu cuts, %lu pairs\n",
           geometry, shape->page_size, shape->write_size, shape->erased,
           (unsigned long)shape->slot_size[0], (unsigned long)shape->slot_size[1],
           shape->ascending ? ", ascending" : "", shape->cached ? ", cached" : "",
           (unsigned long)points, (unsigned long)pairs);
    return holds;
}

static bool fault_parse(const char *text, struct fault *fault)
{
    char *end = NULL;

    fault->at = strtoull(text, &end, 10);
    fault->cut = (enum cut) * end;
    if (fault->at == 0 || *end == '\0' || strchr("btar", *end) == NULL)
        return false;
    fault->part = strtoull(end + 1, NULL, 10);
    return true;
}

static int again(unsigned geometry, int count, char **arguments)
{
    static struct changes changes, recovery;
    static struct pawl_test_subject base;
    struct plan plan = {.geometry = geometry, .scenario = (unsigned)atoi(arguments[0])};

    if (plan.scenario >= PAWL_TEST_SCENARIO_COUNT || !fault_parse(arguments[1], &plan.first) ||
        (count > 2 && !fault_parse(arguments[2], &plan.second)))
        return 2;
    pawl_test_base_make(&base, &pawl_test_geometries[geometry],
                        &pawl_test_scenarios[plan.scenario]);
    run(&plan, &base, &changes, &recovery);
    pawl_test_device_release(&base.device);
    if (plan.wrong != NULL)
        finding_print(&plan);
    else
        printf("%s: holds\n", pawl_test_scenarios[plan.scenario].name);
    return plan.wrong != NULL;
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "all") == 0;
    bool complete = argc > 2 && strcmp(argv[2], "complete") == 0;
    unsigned geometry = argc > 1 && !all ? (unsigned)atoi(argv[1]) : 0;
    bool holds = true;

    if (argc < 2 || (argc == 3 && !complete) || (complete && argc > 4) || argc > 5 ||
        geometry >= PAWL_TEST_GEOMETRY_COUNT) {
        fprintf(stderr, "usage: sim_power_cut GEOMETRY|all [complete [SCENARIO]]\n"
                        "       sim_power_cut GEOMETRY SCENARIO FAULT [FAULT]\n");
        return 2;
    }
    pawl_test_issues_make();
    if (argc > 3 && !complete) {
        holds = again(geometry, argc - 2, argv + 2) == 0;
    } else {
        for (unsigned i = geometry; i < (all ? PAWL_TEST_GEOMETRY_COUNT : geometry + 1); i++)
            holds = geometry_sweep(i, complete, argc > 3 ? argv[3] : NULL) && holds;
    }
    pawl_test_issues_free();
    return holds ? 0 : 1;
}
