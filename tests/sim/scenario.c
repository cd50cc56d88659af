#include "sim/scenario.h"

#include <assert.h>
#include <string.h>

#define ROUNDS_MAX 3u /* exchanges */
#define DIAGNOSTIC 7u /* number of a command */
#define PARTIAL 3500u /* bytes of a download that is interrupted */

/* Three vendor keys are trusted. NEXT and PROBE stand where every other release allows them. */
struct pawl_test_issue pawl_test_issues[PAWL_TEST_IMAGE_COUNT] = {
    [PAWL_TEST_OLD] = {.release = {.security_version = 1}},
    [PAWL_TEST_NEW] = {.release = {.security_version = 1}},
    [PAWL_TEST_DIRECT] = {.release = {.security_version = 1, .mode = PAWL_MODE_DIRECT}},
    [PAWL_TEST_REVOKING] = {.release = {.security_version = 1, .signer = 1, .revoked = 1}},
    [PAWL_TEST_RAISING] = {.release = {.security_version = 2}},
    [PAWL_TEST_NEXT] = {.release = {.security_version = 2, .signer = 2, .revoked = 1}},
    [PAWL_TEST_PROBE] = {.release = {.security_version = 2, .signer = 2}},
};

/* NOR of microcontrollers, with the smallest and larger units; NOR whose erased bits read as zero;
 * NAND, with large pages that are programmed in order; a file behind a cache. The last two keep
 * counter and cells in a log in the same flash. */
const struct pawl_ram_geometry pawl_test_geometries[PAWL_TEST_GEOMETRY_COUNT] = {
    {.page_size = 256, .write_size = 1, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {8192, 12288}},
    {.page_size = 512, .write_size = 16, .erased = 0x00, .slot_size = {8192, 8192}},
    {.page_size = 4096, .write_size = 256, .erased = 0xff, .slot_size = {8192, 8192}},
    {.page_size = 2048, .write_size = 512, .erased = 0xff, .slot_size = {16384, 8192}},
    {.page_size = 16384,
     .write_size = 512,
     .erased = 0xff,
     .slot_size = {16384, 32768},
     .ascending = true},
    {.page_size = 8192,
     .write_size = 64,
     .erased = 0x00,
     .slot_size = {8192, 8192},
     .ascending = true},
    {.page_size = 1024, .write_size = 4, .erased = 0x00, .slot_size = {8192, 8192}, .cached = true},
    {.page_size = 512,
     .write_size = 16,
     .erased = 0xff,
     .slot_size = {8192, 8192},
     .log_sectors = 2,
     .log_sector_size = 512},
    {.page_size = 1024,
     .write_size = 256,
     .erased = 0x00,
     .slot_size = {8192, 8192},
     .cached = true,
     .log_sectors = 3,
     .log_sector_size = 2048},
};

/* Off and on without a fault: what was planned stays planned. */
static enum pawl_result restart(struct pawl_test_device *device)
{
    if (device->engine)
        pawl_processor_release(device->engine);
    device->engine = NULL;
    pawl_ram_port_reset(&device->ram);
    return pawl_test_device_start(device);
}

static enum pawl_result taken_end(struct pawl_test_device *device,
                                  const struct pawl_test_package *package,
                                  enum pawl_run_event event)
{
    return pawl_test_device_update(device, package, device->ram.counter, event);
}

static const struct pawl_test_package *taken_of(const struct pawl_test_scenario *scenario)
{
    return &pawl_test_issues[scenario->taken].package;
}

static enum pawl_result update(struct pawl_test_device *device,
                               const struct pawl_test_scenario *scenario)
{
    return taken_end(device, taken_of(scenario), scenario->end);
}

static enum pawl_result ten_updates(struct pawl_test_device *device,
                                    const struct pawl_test_scenario *scenario)
{
    enum pawl_result result = PAWL_OK;

    for (unsigned i = 0; i < 10 && result == PAWL_OK; i++)
        result = taken_end(
            device, i % 2 == 0 ? taken_of(scenario) : &pawl_test_issues[PAWL_TEST_OLD].package,
            scenario->end);
    return result;
}

static enum pawl_result part(struct pawl_test_device *device,
                             const struct pawl_test_scenario *scenario)
{
    const struct pawl_test_package *taken = taken_of(scenario);
    struct pawl_work work;

    enum pawl_result result = pawl_test_device_exchange(device, taken, device->ram.counter, &work);
    if (result == PAWL_OK)
        result = pawl_test_device_fetch(device, taken, work.offset, 500, PARTIAL);
    return result;
}

static enum pawl_result resumed_update(struct pawl_test_device *device,
                                       const struct pawl_test_scenario *scenario)
{
    enum pawl_result result = part(device, scenario);
    if (result == PAWL_OK)
        result = restart(device);
    return result == PAWL_OK ? update(device, scenario) : result;
}

static enum pawl_result download_given_up(struct pawl_test_device *device,
                                          const struct pawl_test_scenario *scenario)
{
    enum pawl_result result = part(device, scenario);
    return result == PAWL_OK ? pawl_processor_cancel(device->engine) : result;
}

static enum pawl_result reset_in_trial(struct pawl_test_device *device,
                                       const struct pawl_test_scenario *scenario)
{
    enum pawl_result result =
        pawl_test_device_download(device, taken_of(scenario), device->ram.counter);
    return result == PAWL_OK ? restart(device) : result;
}

/* The report that would tell of the commit is lost, and the one after the restart too. */
static enum pawl_result confirmation_lost(struct pawl_test_device *device,
                                          const struct pawl_test_scenario *scenario)
{
    struct pawl_work work;

    enum pawl_result result = update(device, scenario);
    if (result == PAWL_OK)
        result = pawl_test_device_report(device);
    if (result == PAWL_OK)
        result = restart(device);
    if (result == PAWL_OK)
        result = pawl_test_device_report(device);
    return result == PAWL_OK ? pawl_test_device_exchange(device, NULL, 0, &work) : result;
}

const struct pawl_test_scenario pawl_test_scenarios[PAWL_TEST_SCENARIO_COUNT] = {
    {"first install", .taken = PAWL_TEST_NEW, .commits = 1, .act = update},
    {"update", .taken = PAWL_TEST_NEW, .installed = true, .commits = 1, .act = update},
    {"direct update", .taken = PAWL_TEST_DIRECT, .installed = true, .commits = 1, .act = update},
    {"ten updates in a row", .taken = PAWL_TEST_NEW, .installed = true, .commits = 10,
     .act = ten_updates},
    {"resumed download", .taken = PAWL_TEST_NEW, .installed = true, .commits = 1,
     .act = resumed_update},
    {"download given up", .taken = PAWL_TEST_NEW, .installed = true, .act = download_given_up},
    {"failing image", .taken = PAWL_TEST_NEW, .installed = true, .end = PAWL_RUN_EXITED_OTHER,
     .act = update},
    {"failing first image", .taken = PAWL_TEST_NEW, .end = PAWL_RUN_EXITED_OTHER, .act = update},
    {"crash in trial", .taken = PAWL_TEST_NEW, .installed = true, .end = PAWL_RUN_CRASHED,
     .act = update},
    {"deadline in trial", .taken = PAWL_TEST_NEW, .installed = true, .end = PAWL_RUN_DEADLINE,
     .act = update},
    {"reset in trial", .taken = PAWL_TEST_NEW, .installed = true, .act = reset_in_trial},
    {"confirmation lost", .taken = PAWL_TEST_NEW, .installed = true, .commits = 1,
     .act = confirmation_lost},
    {"vendor key revoked", .taken = PAWL_TEST_REVOKING, .installed = true, .commits = 1,
     .act = update},
    {"revoking image fails", .taken = PAWL_TEST_REVOKING, .installed = true,
     .end = PAWL_RUN_EXITED_OTHER, .act = update},
    {"security floor raised", .taken = PAWL_TEST_RAISING, .installed = true, .commits = 1,
     .act = update},
    {"near the maximum", .taken = PAWL_TEST_NEW, .installed = true, .commits = 1, .maximum = 3,
     .act = update},
    {"diagnostic", .taken = PAWL_TEST_NEW, .installed = true, .diagnostic = true, .act = update},
    {"direct diagnostic", .taken = PAWL_TEST_DIRECT, .installed = true, .diagnostic = true,
     .act = update},
    {"failing diagnostic", .taken = PAWL_TEST_NEW, .installed = true, .end = PAWL_RUN_CRASHED,
     .diagnostic = true, .act = update},
};

void pawl_test_scenario_act(const struct pawl_test_scenario *scenario,
                            struct pawl_test_device *device)
{
    device->diagnostic = scenario->diagnostic ? DIAGNOSTIC : 0;
    (void)scenario->act(device, scenario);
    device->diagnostic = 0;
}

bool pawl_test_drive(struct pawl_test_device *device)
{
    const struct pawl_test_package *package = &pawl_test_issues[PAWL_TEST_NEXT].package;

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

/* A package that is offered, made for a unit at a sequence number: how it is answered. */
static enum pawl_result offer(struct pawl_test_device *device, enum pawl_test_image image,
                              uint32_t unit, uint64_t sequence)
{
    const struct pawl_test_package *package = &pawl_test_issues[image].package;
    struct pawl_directive directive;
    struct pawl_work work;
    struct pawl_pud pud;

    if (pawl_test_device_report(device) != PAWL_OK)
        return PAWL_IO;
    pawl_test_directive_fill(device, package, sequence, &directive);
    pawl_test_pud_make(unit, &pud);
    pawl_test_entitle(&pud, sequence, package, directive.entitlement);
    enum pawl_result result = pawl_test_device_direct(device, &directive, &work);
    if (result == PAWL_OK && work.fetch)
        result = pawl_test_device_fetch(device, package, work.offset, 4096, UINT64_MAX);
    return result;
}

const char *pawl_test_refuses(struct pawl_test_device *device)
{
    uint64_t now = device->ram.counter;
    bool ends = device->pud.has_maximum && now >= device->pud.maximum;

    if (offer(device, PAWL_TEST_PROBE, 1, now - 1) != (ends ? PAWL_EXHAUSTED : PAWL_NOT_ENTITLED))
        return "it refuses what was entitled before";
    if (offer(device, PAWL_TEST_PROBE, 2, now) != (ends ? PAWL_EXHAUSTED : PAWL_NOT_ENTITLED))
        return "it refuses what another device was entitled to";
    if (offer(device, PAWL_TEST_REVOKING, 1, now) != (ends ? PAWL_EXHAUSTED : PAWL_ROLLBACK))
        return "it refuses what is below its floor";
    if (offer(device, PAWL_TEST_RAISING, 1, now) != (ends ? PAWL_EXHAUSTED : PAWL_UNTRUSTED))
        return "it refuses what a revoked key signed";
    if (device->ram.counter != now ||
        !pawl_test_device_runs(device, &pawl_test_issues[PAWL_TEST_NEXT].package))
        return "it goes on with the newest release";
    return NULL;
}

static void device_make(struct pawl_test_device *device, const struct pawl_ram_geometry *geometry,
                        uint64_t maximum)
{
    pawl_test_device_init(device, 1, geometry);
    pawl_test_pud_trust(&device->pud, 3);
    device->pud.has_maximum = maximum != 0;
    device->pud.maximum = maximum;
}

void pawl_test_base_make(struct pawl_test_subject *base, const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_scenario *scenario)
{
    device_make(&base->device, geometry, scenario->maximum);
    pawl_test_witness_init(&base->witness, &base->device, pawl_test_issues, PAWL_TEST_IMAGE_COUNT);
    enum pawl_result result = pawl_test_device_start(&base->device);
    if (result == PAWL_OK && scenario->installed)
        result = taken_end(&base->device, &pawl_test_issues[PAWL_TEST_OLD].package,
                           PAWL_RUN_EXITED_ZERO);
    assert(result == PAWL_OK && base->witness.wrong == NULL);
    pawl_test_device_stop(&base->device);
}

void pawl_test_base_copy(struct pawl_test_subject *subject,
                         const struct pawl_ram_geometry *geometry,
                         const struct pawl_test_subject *base)
{
    const struct pawl_pud *pud = &base->device.pud;

    device_make(&subject->device, geometry, pud->has_maximum ? pud->maximum : 0);
    pawl_ram_port_copy(&subject->device.ram, &base->device.ram);
    pawl_test_witness_copy(&subject->witness, &base->witness, &subject->device);
    enum pawl_result result = pawl_test_device_start(&subject->device);
    assert(result == PAWL_OK);
}

void pawl_test_issues_make(void)
{
    struct pawl_pud pud;

    pawl_test_pud_make(1, &pud);
    for (unsigned i = 0; i < PAWL_TEST_IMAGE_COUNT; i++) {
        struct pawl_test_issue *issue = &pawl_test_issues[i];
        issue->release.image_seed = (uint8_t)(i + 1);
        issue->release.image_size = 4500 + 100 * i;
        issue->release.pud = &pud;
        issue->release.sequence = 1;
        pawl_test_package_make(&issue->release, &issue->package);
        issue->release.pud = NULL;
    }
}

void pawl_test_issues_free(void)
{
    for (unsigned i = 0; i < PAWL_TEST_IMAGE_COUNT; i++)
        pawl_test_package_free(&pawl_test_issues[i].package);
}
