/* From a directive to a commit or a fallback (SPEC 13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/device.h"

static const struct pawl_ram_geometry geometry = {
    .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {16384, 16384}};

struct fixture {
    struct pawl_test_device device;
    struct pawl_test_package first, second;
};

static struct fixture fixture;

static int setup(void **state)
{
    pawl_test_device_init(&fixture.device, 1, &geometry);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 1}, &fixture.first);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 2, .version = "2.0"},
                           &fixture.second);
    assert_int_equal(pawl_test_device_start(&fixture.device), PAWL_OK);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pawl_test_device_release(&f->device);
    pawl_test_package_free(&f->first);
    pawl_test_package_free(&f->second);
    return 0;
}

static void i2_success_commits_and_the_next_report_confirms(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_TRIAL);
    assert_true(f->device.ram.trial);
    assert_int_equal(f->device.ram.counter, 0);
    assert_true(pawl_test_device_runs(&f->device, &f->first));

    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(f->device.ram.counter, 1);
    assert_int_equal(pawl_test_device_exchange(&f->device, NULL, 0, &work), PAWL_OK);
    assert_int_equal(f->device.report.state, PAWL_STATE_UPDATED);
    assert_int_equal(f->device.report.sequence, 1);
    assert_true(f->device.report.has_instance);
    assert_memory_equal(f->device.report.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
}

static void i2_each_download_needs_its_own_entitlement(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(pawl_test_device_update(&f->device, &f->first, 0, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 0), PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_EXITED_ZERO),
                     PAWL_OK);
    assert_int_equal(pawl_test_device_sequence(&f->device), 2);
    pawl_test_device_stop(&f->device);
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->second));
    assert_false(f->device.ram.trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(i2_success_commits_and_the_next_report_confirms, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(i2_each_download_needs_its_own_entitlement, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
