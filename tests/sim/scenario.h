/* What devices go through in the simulators: releases, geometries, and ways for a device to change.
 * Each simulator disturbs them in its own way and then asks the same questions. */
#ifndef PAWL_TESTS_SCENARIO_H
#define PAWL_TESTS_SCENARIO_H

#include "sim/device.h"

enum pawl_test_image {
    PAWL_TEST_OLD,
    PAWL_TEST_NEW,
    PAWL_TEST_NEXT,
    PAWL_TEST_DIRECT, /* sealed for the unit alone, for its second download */
    PAWL_TEST_IMAGE_COUNT
};
extern struct pawl_test_package pawl_test_packages[PAWL_TEST_IMAGE_COUNT];

#define PAWL_TEST_GEOMETRY_COUNT 5u
extern const struct pawl_ram_geometry pawl_test_geometries[PAWL_TEST_GEOMETRY_COUNT];

/* One way for a device that has committed OLD, or nothing, to change. */
struct pawl_test_scenario {
    const char *name;
    bool installed;             /* OLD is committed before it starts */
    enum pawl_test_image taken; /* what it brings */
    bool commits;               /* whether that is committed when nothing disturbs it */
    enum pawl_result (*act)(struct pawl_test_device *device, const struct pawl_test_package *taken);
};

#define PAWL_TEST_SCENARIO_COUNT 10u
extern const struct pawl_test_scenario pawl_test_scenarios[PAWL_TEST_SCENARIO_COUNT];

/* cmocka's group functions: make the packages and free them. */
int pawl_test_scenarios_setup(void **state);
int pawl_test_scenarios_teardown(void **state);

/* A device as it is before the scenario, off. */
void pawl_test_base_make(struct pawl_test_device *base, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_scenario *scenario);
/* A copy of it, switched on. */
void pawl_test_base_copy(struct pawl_test_device *device, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_device *base);

/* The control server and the agent, undisturbed: offers NEXT until the device reports it. */
bool pawl_test_drive(struct pawl_test_device *device);

/* I2, I4: what runs is what the counter says. `sequence` was its value before the scenario. */
bool pawl_test_runs_committed(const struct pawl_test_device *device,
                              const struct pawl_test_scenario *scenario, uint64_t sequence);

/* I2: after NEXT, an entitlement for an earlier sequence number opens and disturbs nothing. */
bool pawl_test_refuses_past(struct pawl_test_device *device);

/* What went wrong in a sweep: the first thing, and where. */
struct pawl_test_finding {
    unsigned count;
    const char *first;
    uint64_t at, then;
};

void pawl_test_expect(struct pawl_test_finding *finding, bool holds, const char *what, uint64_t at,
                      uint64_t then);
/* Fails the test when there is one. */
void pawl_test_finding_check(const struct pawl_test_finding *finding,
                             const struct pawl_test_scenario *scenario,
                             const struct pawl_ram_geometry *geometry);

#endif
