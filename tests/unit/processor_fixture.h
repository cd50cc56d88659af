/* What the tests of the engine start from: a fresh device, switched on, and three releases. */
#ifndef PAWL_TESTS_PROCESSOR_FIXTURE_H
#define PAWL_TESTS_PROCESSOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/device.h"

struct fixture {
    struct pawl_test_device device;
    struct pawl_test_package first, second, third;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A test with the fixture as its state. */
#define FIXTURE_TEST(function) \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* Commits `package` at the device's present sequence number. */
void fixture_commit(struct fixture *fixture, const struct pawl_test_package *package);

/* Power off and on; the result of start. */
enum pawl_result fixture_reboot(struct fixture *fixture);

/* The failure of the newest report: its code, 0 for none; `package` must be the one that failed. */
uint64_t fixture_failure_get(struct fixture *fixture, const struct pawl_test_package *package);

/* The next of a row of releases that are all different. */
struct pawl_test_release fixture_release(unsigned signer, unsigned revoked);

/* What comes of a release that is offered and would succeed. A refused one must be reported so and
 * leave the sequence number as it is. */
enum pawl_result fixture_outcome(struct fixture *fixture, const struct pawl_test_release *release);

/* That, of such a release by `signer` that revokes these vendor keys (bits). */
void fixture_expect(struct fixture *fixture, unsigned signer, unsigned revoked,
                    enum pawl_result expected);

/* Spoils the committed record of a slot, or mends it again. */
void fixture_record_flip(struct fixture *fixture, unsigned slot);

#endif
