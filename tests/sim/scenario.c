#include "sim/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS_MAX 6u

struct pawl_test_package pawl_test_packages[PAWL_TEST_IMAGE_COUNT];

const struct pawl_ram_geometry pawl_test_geometries[PAWL_TEST_GEOMETRY_COUNT] = {
    {.page_size = 256, .write_size = 1, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {8192, 12288}},
    {.page_size = 512, .write_size = 16, .erased = 0x00, .slot_size = {8192, 8192}},
    {.page_size = 4096, .write_size = 256, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 2048, .write_size = 512, .erased = 0xff, .slot_size = {16384, 8192}},
};

static enum pawl_result update(struct pawl_test_device *device,
                               const struct pawl_test_package *taken)
{
    return pawl_test_device_update(device, taken, device->ram.counter, PAWL_RUN_EXITED_ZERO);
}

static enum pawl_result update_that_crashes(struct pawl_test_device *device,
                                            const struct pawl_test_package *taken)
{
    return pawl_test_device_update(device, taken, device->ram.counter, PAWL_RUN_CRASHED);
}

static enum pawl_result update_in_two_parts(struct pawl_test_device *device,
                                            const struct pawl_test_package *taken)
{
    struct pawl_work work;

    enum pawl_result result = pawl_test_device_exchange(device, taken, device->ram.counter, &work);
    if (result == PAWL_OK)
        result = pawl_test_device_fetch(device, taken, work.offset, 500, 3500);
    if (result != PAWL_OK)
        return result;
    /* Not a cut: the device is switched off and on. */
    pawl_processor_release(device->engine);
    device->engine = NULL;
    pawl_ram_port_reset(&device->ram);
    result = pawl_test_device_start(device);
    return result == PAWL_OK ? update(device, taken) : result;
}

static enum pawl_result download_that_is_given_up(struct pawl_test_device *device,
                                                  const struct pawl_test_package *taken)
{
    struct pawl_work work;

    enum pawl_result result = pawl_test_device_exchange(device, taken, device->ram.counter, &work);
    if (result == PAWL_OK)
        result = pawl_test_device_fetch(device, taken, work.offset, 500, 3500);
    return result == PAWL_OK ? pawl_processor_cancel(device->engine) : result;
}

static enum pawl_result diagnostic(struct pawl_test_device *device,
                                   const struct pawl_test_package *taken)
{
    device->diagnostic = 7;
    enum pawl_result result = update(device, taken);
    device->diagnostic = 0;
    return result;
}

static enum pawl_result diagnostic_that_crashes(struct pawl_test_device *device,
                                                const struct pawl_test_package *taken)
{
    device->diagnostic = 7;
    enum pawl_result result = update_that_crashes(device, taken);
    device->diagnostic = 0;
    return result;
}

const struct pawl_test_scenario pawl_test_scenarios[PAWL_TEST_SCENARIO_COUNT] = {
    {"first install", false, PAWL_TEST_NEW, true, update},
    {"update", true, PAWL_TEST_NEW, true, update},
    {"direct update", true, PAWL_TEST_DIRECT, true, update},
    {"failing image", true, PAWL_TEST_NEW, false, update_that_crashes},
    {"failing first image", false, PAWL_TEST_NEW, false, update_that_crashes},
    {"resumed download", true, PAWL_TEST_NEW, true, update_in_two_parts},
    {"download given up", true, PAWL_TEST_NEW, false, download_that_is_given_up},
    {"diagnostic", true, PAWL_TEST_NEW, false, diagnostic},
    {"direct diagnostic", true, PAWL_TEST_DIRECT, false, diagnostic},
    {"failing diagnostic", true, PAWL_TEST_NEW, false, diagnostic_that_crashes},
};

bool pawl_test_drive(struct pawl_test_device *device)
{
    const struct pawl_test_package *package = &pawl_test_packages[PAWL_TEST_NEXT];

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        struct pawl_directive directive;
        struct pawl_work work;

        if (pawl_test_device_report(device) != PAWL_OK)
            return false;
        if (device->report.has_package &&
            memcmp(device->report.package_id, package->package_id, PAWL_PACKAGE_ID_SIZE) == 0)
            return true;
        pawl_test_directive_fill(device, package, device->report.sequence, &directive);
        if (pawl_test_device_direct(device, &directive, &work) != PAWL_OK)
            continue;
        if (work.fetch &&
            pawl_test_device_fetch(device, package, work.offset, 900, UINT64_MAX) != PAWL_OK)
            continue;
        if (pawl_test_device_state(device) == PAWL_STATE_CANDIDATE &&
            pawl_processor_install(device->engine) == PAWL_OK)
            (void)pawl_processor_ran(device->engine, PAWL_RUN_EXITED_ZERO);
    }
    return false;
}

bool pawl_test_runs_committed(const struct pawl_test_device *device,
                              const struct pawl_test_scenario *scenario, uint64_t sequence)
{
    if (device->ram.counter == sequence)
        return scenario->installed
                   ? pawl_test_device_runs(device, &pawl_test_packages[PAWL_TEST_OLD])
                   : !device->ram.running;
    return device->ram.counter == sequence + 1 && scenario->commits &&
           pawl_test_device_runs(device, &pawl_test_packages[scenario->taken]);
}

bool pawl_test_refuses_past(struct pawl_test_device *device)
{
    enum pawl_result result = pawl_test_device_download(device, &pawl_test_packages[PAWL_TEST_OLD],
                                                        device->ram.counter - 1);
    return result == PAWL_NOT_ENTITLED &&
           pawl_test_device_runs(device, &pawl_test_packages[PAWL_TEST_NEXT]);
}

void pawl_test_base_make(struct pawl_test_device *base, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_scenario *scenario)
{
    pawl_test_device_init(base, 1, geometry);
    assert_int_equal(pawl_test_device_start(base), PAWL_OK);
    if (scenario->installed)
        assert_int_equal(update(base, &pawl_test_packages[PAWL_TEST_OLD]), PAWL_OK);
    pawl_test_device_stop(base);
}

void pawl_test_base_copy(struct pawl_test_device *device, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_device *base)
{
    pawl_test_device_init(device, 1, geometry);
    pawl_ram_port_copy(&device->ram, &base->ram);
    assert_int_equal(pawl_test_device_start(device), PAWL_OK);
}

void pawl_test_expect(struct pawl_test_finding *finding, bool holds, const char *what, uint64_t at,
                      uint64_t then)
{
    if (holds)
        return;
    if (finding->count++ == 0) {
        finding->first = what;
        finding->at = at;
        finding->then = then;
    }
}

void pawl_test_finding_check(const struct pawl_test_finding *finding,
                             const struct pawl_test_scenario *scenario,
                             const struct pawl_ram_geometry *geometry)
{
    if (finding->count > 0)
        fail_msg(
            "%s, pages of %u, units of %u, disturbed at %lu and %lu: not true: %s (and %u more)",
            scenario->name, geometry->page_size, geometry->write_size, (unsigned long)finding->at,
            (unsigned long)finding->then, finding->first, finding->count - 1);
}

int pawl_test_scenarios_setup(void **state)
{
    struct pawl_pud pud;

    (void)state;
    pawl_test_pud_make(1, &pud);
    for (unsigned i = 0; i < PAWL_TEST_IMAGE_COUNT; i++) {
        const struct pawl_test_release release = {.image_seed = (uint8_t)(i + 1),
                                                  .image_size = 4500 + 100 * i,
                                                  .mode = i == PAWL_TEST_DIRECT ? PAWL_MODE_DIRECT
                                                                                : PAWL_MODE_WRAPPED,
                                                  .pud = &pud,
                                                  .sequence = 1};
        pawl_test_package_make(&release, &pawl_test_packages[i]);
    }
    return 0;
}

int pawl_test_scenarios_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PAWL_TEST_IMAGE_COUNT; i++)
        pawl_test_package_free(&pawl_test_packages[i]);
    return 0;
}
