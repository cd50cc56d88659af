/* Going on with an interrupted download (SPEC 13.3). */
#include "processor_fixture.h"

#define CHUNK (PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD)

static const struct pawl_ram_geometry geometries[] = {
    {.page_size = 256, .write_size = 1, .erased = 0xff, .slot_size = {16384, 16384}},
    {.page_size = 1024, .write_size = 8, .erased = 0x00, .slot_size = {16384, 16384}},
    {.page_size = 4096, .write_size = 512, .erased = 0xff, .slot_size = {16384, 16384}},
    {.page_size = 16384, .write_size = 4, .erased = 0xff, .slot_size = {16384, 16384}},
};

/* Bytes that come twice: a page, the chunk that was not whole, what waited for a write unit and so
 * cost another chunk; or a preamble that has to come again. */
static uint64_t twice_max(const struct pawl_ram_geometry *geometry,
                          const struct pawl_test_package *package)
{
    uint64_t chunks = geometry->write_size > 1 ? 2 * CHUNK : CHUNK;

    return chunks + geometry->page_size + package->preamble_size;
}

static void interrupt_and_resume(const struct pawl_ram_geometry *geometry,
                                 const struct pawl_test_package *package, uint64_t limit,
                                 bool reboot)
{
    static struct pawl_test_device device;
    struct pawl_work work;

    pawl_test_device_init(&device, 1, geometry);
    assert_int_equal(pawl_test_device_start(&device), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&device, package, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&device, package, work.offset, 300, limit), PAWL_OK);
    if (reboot) {
        pawl_test_device_stop(&device);
        assert_int_equal(pawl_test_device_start(&device), PAWL_OK);
    }
    assert_int_equal(pawl_test_device_exchange(&device, package, 0, &work), PAWL_OK);
    if (work.fetch) {
        assert_true(work.offset <= limit);
        if (!reboot)
            assert_int_equal(work.offset, limit);
        assert_int_equal(pawl_test_device_fetch(&device, package, work.offset, 300, UINT64_MAX),
                         PAWL_OK);
    } else {
        assert_true(work.install);
    }
    assert_true(device.fetched <= package->size + twice_max(geometry, package));
    assert_int_equal(pawl_processor_install(device.engine), PAWL_OK);
    assert_true(pawl_test_device_runs(&device, package));
    pawl_test_device_release(&device);
}

static void i4_a_download_goes_on_from_any_byte(void **state)
{
    struct fixture *f = *state;

    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        for (uint64_t limit = 1; limit <= f->first.size; limit += 149) {
            interrupt_and_resume(&geometries[g], &f->first, limit, false);
            interrupt_and_resume(&geometries[g], &f->first, limit, true);
        }
        interrupt_and_resume(&geometries[g], &f->first, f->first.size, true);
    }
}

static void i4_a_direct_download_goes_on_too(void **state)
{
    struct fixture *f = *state;
    const struct pawl_test_release release = {
        .image_seed = 6, .mode = PAWL_MODE_DIRECT, .pud = &f->device.pud};
    struct pawl_test_package package;
    struct pawl_work work;

    pawl_test_package_make(&release, &package);
    for (uint64_t limit = 100; limit < package.size; limit += 631) {
        assert_int_equal(pawl_test_device_exchange(&f->device, &package, 0, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_fetch(&f->device, &package, work.offset, 300, limit),
                         PAWL_OK);
        assert_int_equal(fixture_reboot(f), PAWL_OK);
    }
    assert_int_equal(pawl_test_device_download(&f->device, &package, 0), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &package));
    pawl_test_package_free(&package);
}

/* A directive that comes again leaves what is in memory of a direct package alone. */
static void spec8_a_direct_download_survives_directives(void **state)
{
    struct fixture *f = *state;
    const struct pawl_test_release release = {
        .image_seed = 6, .mode = PAWL_MODE_DIRECT, .pud = &f->device.pud};
    struct pawl_test_package package;
    struct pawl_work work;

    pawl_test_package_make(&release, &package);
    for (uint64_t limit = 50; limit < package.size; limit += 150) {
        assert_int_equal(pawl_test_device_exchange(&f->device, &package, 0, &work), PAWL_OK);
        if (work.install)
            break;
        assert_int_equal(pawl_test_device_fetch(&f->device, &package, work.offset, 300, 150),
                         PAWL_OK);
    }
    assert_int_equal(pawl_test_device_download(&f->device, &package, 0), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &package));
    assert_true(f->device.fetched < package.size + 2 * CHUNK);
    pawl_test_package_free(&package);
}

static void spec13_bytes_without_a_new_directive_resume_too(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;
    uint64_t next = 0;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 3000), PAWL_OK);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_WRITING);
    assert_int_equal(pawl_processor_write(f->device.engine, 3000, f->first.bytes + 3000, 10, &next),
                     PAWL_STATE);
    assert_true(next > 1024 && next < 3000);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, next, 700, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
}

static void spec13_the_running_image_may_restart_in_between(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    fixture_commit(f, &f->first);
    for (uint64_t limit = 200; limit < f->second.size; limit += 977) {
        assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
        assert_true(work.fetch);
        assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, work.offset, 300, limit),
                         PAWL_OK);
        if (pawl_test_device_state(&f->device) == PAWL_STATE_CANDIDATE)
            break;
        assert_int_equal(pawl_processor_boot(f->device.engine), PAWL_OK);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_WRITING);
    }
    fixture_commit(f, &f->second);
}

static void i4_a_candidate_survives_a_reboot(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_processor_boot(f->device.engine), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_CANDIDATE);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    f->device.fetched = 0;
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_true(work.install);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
    assert_int_equal(f->device.fetched, 0);
}

static void i3_a_chunk_that_changed_in_flash_is_fetched_again(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 4500), PAWL_OK);
    f->device.ram.flash[f->device.ram.port.flash.slots[0].offset + 2000] ^= 1;
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_true(work.offset <= 2000);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, work.offset, 700, UINT64_MAX),
                     PAWL_OK);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

/* Time of check to time of use: every byte of the slot is checked again when it is installed. */
static void i3_a_candidate_that_changed_in_flash_does_not_run(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    for (size_t at = 0; at < f->second.size; at += 411) {
        struct pawl_work work;
        assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 700, UINT64_MAX),
                         PAWL_OK);
        f->device.ram.flash[f->device.ram.port.flash.slots[1].offset + at] ^= 4;
        assert_int_not_equal(pawl_processor_install(f->device.engine), PAWL_OK);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        assert_false(f->device.ram.trial);
    }
}

static void spec10_another_offer_takes_the_place_of_a_download(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 4500), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 0, &work), PAWL_OK);
    assert_true(work.fetch);
    assert_int_equal(work.offset, 0);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 700, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->third, 0, &work), PAWL_OK);
    assert_true(work.fetch);
    assert_int_equal(pawl_test_device_download(&f->device, &f->third, 0), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &f->third));
}

static void spec10_an_idle_directive_leaves_a_download_alone(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 4500), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, NULL, 0, &work), PAWL_OK);
    assert_false(work.fetch);
    assert_int_equal(f->device.report.state, PAWL_STATE_WRITING);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(work.offset, 4500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(i4_a_download_goes_on_from_any_byte),
        FIXTURE_TEST(i4_a_direct_download_goes_on_too),
        FIXTURE_TEST(spec8_a_direct_download_survives_directives),
        FIXTURE_TEST(spec13_bytes_without_a_new_directive_resume_too),
        FIXTURE_TEST(spec13_the_running_image_may_restart_in_between),
        FIXTURE_TEST(i4_a_candidate_survives_a_reboot),
        FIXTURE_TEST(i3_a_chunk_that_changed_in_flash_is_fetched_again),
        FIXTURE_TEST(i3_a_candidate_that_changed_in_flash_does_not_run),
        FIXTURE_TEST(spec10_another_offer_takes_the_place_of_a_download),
        FIXTURE_TEST(spec10_an_idle_directive_leaves_a_download_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
