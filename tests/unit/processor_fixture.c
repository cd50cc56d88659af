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

struct pawl_test_release fixture_release(unsigned signer, unsigned revoked)
{
    static uint8_t seed = 100;

    return (struct pawl_test_release){.signer = signer, .revoked = revoked, .image_seed = seed++};
}

enum pawl_result fixture_outcome(struct fixture *f, const struct pawl_test_release *release)
{
    uint64_t sequence = f->device.ram.counter;
    struct pawl_test_package package;

    pawl_test_package_make(release, &package);
    enum pawl_result result =
        pawl_test_device_update(&f->device, &package, sequence, PAWL_RUN_EXITED_ZERO);
    if (result == PAWL_OK)
        assert_true(pawl_test_device_runs(&f->device, &package));
    else
        assert_int_equal(fixture_failure_get(f, &package), result);
    assert_int_equal(f->device.ram.counter, sequence + (result == PAWL_OK));
    pawl_test_package_free(&package);
    return result;
}

void fixture_expect(struct fixture *f, unsigned signer, unsigned revoked, enum pawl_result expected)
{
    const struct pawl_test_release release = fixture_release(signer, revoked);

    assert_int_equal(fixture_outcome(f, &release), expected);
}

void fixture_record_flip(struct fixture *f, unsigned slot)
{
    const struct pawl_area *area = &f->device.ram.port.flash.records[slot];

    f->device.ram.flash[area->offset + area->size / 2 + 12] ^= 0x80;
}
