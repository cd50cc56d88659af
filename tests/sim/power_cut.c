/*
 * Power cuts (I4): a dry run counts the changes that a scenario makes to flash, cells and counter;
 * then power is cut before each of them in turn. After each cut the device must run the old or the
 * new image, never another, and undisturbed operation must bring it to the newest release.
 *
 * The last test plants an error into the device and demands that the simulator finds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/device.h"

#define ROUNDS_MAX 6u

enum image {
    OLD,
    NEW,
    NEXT,
    DIRECT, /* sealed for the unit alone, for its second download */
    IMAGE_COUNT
};

static struct pawl_test_package packages[IMAGE_COUNT];

static const struct pawl_ram_geometry geometries[] = {
    {.page_size = 256, .write_size = 1, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {8192, 12288}},
    {.page_size = 512, .write_size = 16, .erased = 0x00, .slot_size = {8192, 8192}},
    {.page_size = 4096, .write_size = 256, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 2048, .write_size = 512, .erased = 0xff, .slot_size = {16384, 8192}},
};

/* One way for a device that has committed `before` (or nothing) to change. */
struct scenario {
    const char *name;
    bool installed;   /* OLD is committed before it starts */
    enum image taken; /* what it brings */
    bool commits;     /* whether that gets committed when nothing is cut */
    enum pawl_result (*act)(struct pawl_test_device *device, const struct pawl_test_package *taken);
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
    /* Not a cut: the device is switched off, and the count of operations goes on. */
    uint64_t operations = device->ram.operations;
    uint64_t cut_at = device->ram.cut_at;
    pawl_test_device_stop(device);
    device->ram.operations = operations;
    device->ram.cut_at = cut_at;
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

static const struct scenario scenarios[] = {
    {"first install", false, NEW, true, update},
    {"update", true, NEW, true, update},
    {"direct update", true, DIRECT, true, update},
    {"failing image", true, NEW, false, update_that_crashes},
    {"failing first image", false, NEW, false, update_that_crashes},
    {"resumed download", true, NEW, true, update_in_two_parts},
    {"download given up", true, NEW, false, download_that_is_given_up},
};

/* What went wrong, for the message of the test that fails. */
struct finding {
    unsigned count;
    const char *first;
    uint64_t cut, second_cut;
};

static void expect(struct finding *finding, bool holds, const char *what, uint64_t cut,
                   uint64_t second_cut)
{
    if (holds)
        return;
    if (finding->count++ == 0) {
        finding->first = what;
        finding->cut = cut;
        finding->second_cut = second_cut;
    }
}

/* The control server and the agent, undisturbed: offers `package` until the device reports it. */
static bool drive(struct pawl_test_device *device, const struct pawl_test_package *package)
{
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

/* I2, I4: what runs is what the counter says. `sequence` was its value before the scenario. */
static bool runs_what_is_committed(const struct pawl_test_device *device,
                                   const struct scenario *scenario, uint64_t sequence)
{
    if (device->ram.counter == sequence)
        return scenario->installed ? pawl_test_device_runs(device, &packages[OLD])
                                   : !device->ram.running;
    return device->ram.counter == sequence + 1 && scenario->commits &&
           pawl_test_device_runs(device, &packages[scenario->taken]);
}

/* I2: an entitlement for an earlier sequence number opens nothing and disturbs nothing. */
static bool refuses_the_past(struct pawl_test_device *device)
{
    enum pawl_result result =
        pawl_test_device_download(device, &packages[OLD], device->ram.counter - 1);
    return result == PAWL_NOT_ENTITLED && pawl_test_device_runs(device, &packages[NEXT]);
}

static void prepare(struct pawl_test_device *device, const struct pawl_ram_geometry *geometry,
                    const struct pawl_test_device *base)
{
    pawl_test_device_init(device, 1, geometry);
    pawl_ram_port_copy(&device->ram, &base->ram);
    assert_int_equal(pawl_test_device_start(device), PAWL_OK);
}

/* Runs the scenario with power cut before change `cut` of it, and before change `second_cut` of the
 * recovery; 0 cuts nothing. Gives the number of changes that the last of them made undisturbed. */
static uint64_t cut_run(const struct scenario *scenario, const struct pawl_ram_geometry *geometry,
                        const struct pawl_test_device *base, bool cell_late, uint64_t cut,
                        uint64_t second_cut, struct finding *finding)
{
    static struct pawl_test_device device;
    uint64_t operations;

    prepare(&device, geometry, base);
    uint64_t sequence = device.ram.counter;
    device.ram.cell_late = cell_late;
    device.ram.operations = 0;
    device.ram.cut_at = cut;
    (void)scenario->act(&device, &packages[scenario->taken]);
    operations = device.ram.operations;
    expect(finding, device.ram.dead == (cut != 0), "the fault fired", cut, second_cut);
    pawl_test_device_stop(&device);

    expect(finding, pawl_test_device_start(&device) == PAWL_OK, "starts again", cut, second_cut);
    if (device.engine)
        expect(finding, runs_what_is_committed(&device, scenario, sequence),
               "runs old or new, as the counter says", cut, second_cut);
    if (device.engine && cut != 0) {
        device.ram.operations = 0;
        device.ram.cut_at = second_cut;
        (void)drive(&device, &packages[NEXT]);
        operations = device.ram.operations;
        expect(finding, device.ram.dead == (second_cut != 0), "the second fault fired", cut,
               second_cut);
        if (second_cut != 0) {
            pawl_test_device_stop(&device);
            expect(finding, pawl_test_device_start(&device) == PAWL_OK, "starts a third time", cut,
                   second_cut);
        }
    }
    if (device.engine) {
        expect(finding,
               drive(&device, &packages[NEXT]) && pawl_test_device_runs(&device, &packages[NEXT]),
               "ends on the newest release", cut, second_cut);
        expect(finding, refuses_the_past(&device), "refuses the past", cut, second_cut);
    }
    pawl_test_device_release(&device);
    return operations;
}

static void base_make(struct pawl_test_device *base, const struct pawl_ram_geometry *geometry,
                      bool installed)
{
    pawl_test_device_init(base, 1, geometry);
    assert_int_equal(pawl_test_device_start(base), PAWL_OK);
    if (installed)
        assert_int_equal(update(base, &packages[OLD]), PAWL_OK);
}

/* All cuts of a scenario; gives how many there were. */
static uint64_t sweep(const struct scenario *scenario, const struct pawl_ram_geometry *geometry,
                      bool cell_late, bool twice, struct finding *finding)
{
    static struct pawl_test_device base;
    uint64_t tried = 0;

    base_make(&base, geometry, scenario->installed);
    uint64_t count = cut_run(scenario, geometry, &base, cell_late, 0, 0, finding);
    for (uint64_t cut = 1; cut <= count; cut++) {
        uint64_t recovery = cut_run(scenario, geometry, &base, cell_late, cut, 0, finding);
        tried++;
        for (uint64_t second = 1; twice && second <= recovery; second++, tried++)
            cut_run(scenario, geometry, &base, cell_late, cut, second, finding);
    }
    pawl_test_device_release(&base);
    return tried;
}

static void report_findings(const struct scenario *scenario,
                            const struct pawl_ram_geometry *geometry, const struct finding *finding)
{
    if (finding->count > 0)
        fail_msg("%s, pages of %u, units of %u, cut before %lu and %lu: not true: %s (and %u more)",
                 scenario->name, geometry->page_size, geometry->write_size,
                 (unsigned long)finding->cut, (unsigned long)finding->second_cut, finding->first,
                 finding->count - 1);
}

static void i4_any_cut_leaves_old_or_new(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
            struct finding finding = {0};
            tried += sweep(&scenarios[i], &geometries[g], false, false, &finding);
            report_findings(&scenarios[i], &geometries[g], &finding);
        }
    }
    print_message("%lu cuts\n", (unsigned long)tried);
}

static void i4_a_second_cut_in_the_recovery(void **state)
{
    uint64_t tried = 0;

    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        struct finding finding = {0};
        tried += sweep(&scenarios[i], &geometries[3], false, true, &finding);
        report_findings(&scenarios[i], &geometries[3], &finding);
    }
    print_message("%lu pairs of cuts\n", (unsigned long)tried);
}

/* The simulator's own test: when the counter moves before the cell is written, the cut between both
 * leaves a device that runs nothing, and the sweep must say so. */
static void i4_the_simulator_finds_a_counter_that_moves_first(void **state)
{
    struct finding finding = {0};

    (void)state;
    sweep(&scenarios[1], &geometries[1], true, false, &finding);
    assert_int_not_equal(finding.count, 0);
    assert_string_equal(finding.first, "runs old or new, as the counter says");
}

static int setup(void **state)
{
    struct pawl_pud pud;

    (void)state;
    pawl_test_pud_make(1, &pud);
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        const struct pawl_test_release release = {.image_seed = (uint8_t)(i + 1),
                                                  .image_size = 4500 + 100 * i,
                                                  .mode = i == DIRECT ? PAWL_MODE_DIRECT
                                                                      : PAWL_MODE_WRAPPED,
                                                  .pud = &pud,
                                                  .sequence = 1};
        pawl_test_package_make(&release, &packages[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < IMAGE_COUNT; i++)
        pawl_test_package_free(&packages[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_any_cut_leaves_old_or_new),
        cmocka_unit_test(i4_a_second_cut_in_the_recovery),
        cmocka_unit_test(i4_the_simulator_finds_a_counter_that_moves_first),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
