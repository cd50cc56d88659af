/* What devices go through in the simulators: releases, geometries, and ways for a device to change.
 * Each simulator disturbs them in its own way and then asks the same questions. */
#ifndef PAWL_TESTS_SCENARIO_H
#define PAWL_TESTS_SCENARIO_H

#include "sim/witness.h"

enum pawl_test_image {
    PAWL_TEST_OLD,
    PAWL_TEST_NEW,
    PAWL_TEST_DIRECT,   /* sealed for the unit alone, for its second download */
    PAWL_TEST_REVOKING, /* signed by the second vendor key, takes the first out of the mask */
    PAWL_TEST_RAISING,  /* raises the security floor */
    PAWL_TEST_NEXT,     /* the newest: what undisturbed operation brings a device to */
    PAWL_TEST_PROBE,    /* offered where it must be refused */
    PAWL_TEST_IMAGE_COUNT
};
extern struct pawl_test_issue pawl_test_issues[PAWL_TEST_IMAGE_COUNT];

#define PAWL_TEST_GEOMETRY_COUNT 10u
extern const struct pawl_ram_geometry pawl_test_geometries[PAWL_TEST_GEOMETRY_COUNT];

/* One way for a device that has committed OLD, or nothing, to change. */
struct pawl_test_scenario {
    const char *name;
    enum pawl_test_image taken; /* what it brings */
    bool installed;             /* OLD is committed before it starts */
    bool diagnostic;            /* what it brings is to run once */
    enum pawl_run_event end;    /* how that fares */
    uint64_t commits;           /* how many when nothing disturbs it */
    uint64_t maximum;           /* of the unit's sequence number; 0: none */
    enum pawl_result (*act)(struct pawl_test_device *device,
                            const struct pawl_test_scenario *scenario);
};

#define PAWL_TEST_SCENARIO_COUNT 19u
extern const struct pawl_test_scenario pawl_test_scenarios[PAWL_TEST_SCENARIO_COUNT];

/* A device with its witness. */
struct pawl_test_subject {
    struct pawl_test_device device;
    struct pawl_test_witness witness;
};

/* Make the packages and free them. */
void pawl_test_issues_make(void);
void pawl_test_issues_free(void);

/* A device as it is before the scenario, off. Release its device. */
void pawl_test_base_make(struct pawl_test_subject *base, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_scenario *scenario);
/* A copy of it, switched on. */
void pawl_test_base_copy(struct pawl_test_subject *subject,
                         const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_subject *base);

/* Carries the scenario out, as far as faults let it. */
void pawl_test_scenario_act(const struct pawl_test_scenario *scenario,
                            struct pawl_test_device *device);

/* The control server and the agent, undisturbed: offers NEXT until the device reports it. */
bool pawl_test_drive(struct pawl_test_device *device);

/* After NEXT: what must not open does not, whatever is tried, and NEXT goes on. Gives what is
 * wrong, or NULL. */
const char *pawl_test_refuses(struct pawl_test_device *device);

#endif
