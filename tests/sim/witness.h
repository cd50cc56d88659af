/*
 * Watches a device and knows, by the counter alone, what may run: a commit makes the image that was
 * on trial the one of that number, and without a trial there is no commit. Whatever the engine
 * believes, an image that starts must be that one, or on trial (I2, I3); floor and anchor mask are
 * what the committed releases make them (SPEC 13.6).
 */
#ifndef PAWL_TESTS_WITNESS_H
#define PAWL_TESTS_WITNESS_H

#include "sim/device.h"

#define PAWL_TEST_COMMITS_MAX 64u

/* A package, and what its release says. */
struct pawl_test_issue {
    struct pawl_test_release release;
    struct pawl_test_package package;
};

/* What was committed at a number. */
struct pawl_test_commit {
    const struct pawl_test_issue *issue; /* NULL: nothing was */
    uint64_t security_floor;
    uint32_t anchor_mask;
};

struct pawl_test_witness {
    struct pawl_test_device *device;
    const struct pawl_test_issue *issues; /* all that there are */
    size_t issue_count;
    struct pawl_test_commit commits[PAWL_TEST_COMMITS_MAX]; /* by sequence number */
    const struct pawl_test_issue *tried; /* on trial, or was last; NULL when it is to run once */
    const struct pawl_test_issue *attempted; /* started since it was judged, not committed */
    const char *wrong;                       /* the first thing that must not be, or NULL */
};

/* Begins to watch a device that committed nothing yet. */
void pawl_test_witness_init(struct pawl_test_witness *witness, struct pawl_test_device *device,
                            const struct pawl_test_issue *issues, size_t issue_count);
/* Goes on with a copy of the device that `source` watched. */
void pawl_test_witness_copy(struct pawl_test_witness *witness,
                            const struct pawl_test_witness *source,
                            struct pawl_test_device *device);

/* What is wrong with a device that is in no trial, or was at any time before; NULL if nothing is.
 * An attempt since the last judgement must be known to have failed. */
const char *pawl_test_witness_judge(struct pawl_test_witness *witness);

#endif
