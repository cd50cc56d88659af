#include "processor_fixture.h"

static const struct pawl_ram_geometry geometry = {
    .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {16384, 16384}};

static struct fixture fixture;

int fixture_setup(void **state)
{
    struct fixture *f = &fixture;

    pawl_test_device_init(&f->device, 1, &geometry);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 1}, &f->first);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 2, .version = "2.0"},
                           &f->second);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 3, .version = "3.0"},
                           &f->third);
    assert_int_equal(pawl_test_device_start(&f->device), PAWL_OK);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    pawl_test_device_release(&f->device);
    pawl_test_package_free(&f->first);
    pawl_test_package_free(&f->second);
    pawl_test_package_free(&f->third);
    return 0;
}

void fixture_commit(struct fixture *f, const struct pawl_test_package *package)
{
    assert_int_equal(
        pawl_test_device_update(&f->device, package, f->device.ram.counter, PAWL_RUN_EXITED_ZERO),
        PAWL_OK);
}

enum pawl_result fixture_reboot(struct fixture *f)
{
    pawl_test_device_stop(&f->device);
    return pawl_test_device_start(&f->device);
}

uint64_t fixture_failure_get(struct fixture *f, const struct pawl_test_package *package)
{
    const struct pawl_report *report = &f->device.report;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    if (!report->has_failure)
        return 0;
    assert_memory_equal(report->failed_package_id, package->package_id, PAWL_PACKAGE_ID_SIZE);
    return report->failure;
}
