#include "engine_world.h"

#include <string.h>

#include "processor/engine.h"

struct pawl_test_issue issues[PACKAGE_COUNT] = {
    [OLD] = {.release = {.security_version = 1}},
    [CONTACT] = {.release = {.security_version = 1, .success = PAWL_SUCCESS_CONTACT}},
    [DIRECT] = {.release = {.security_version = 1, .mode = PAWL_MODE_DIRECT, .sequence = 1}},
    [REVOKING] = {.release = {.security_version = 1, .signer = 1, .revoked = 1}},
    [RAISING] = {.release = {.security_version = 2, .signer = 1}},
    [NEXT] = {.release = {.security_version = 2, .signer = 2}},
    [BAD_SIGNER] = {.release = {.security_version = 2, .signer = 3}},
    [BAD_CLASS] = {.release = {.security_version = 2, .class_name = "other"}},
    [BAD_IMAGE] = {.release = {.security_version = 2, .other_image = true}},
    [TOO_LARGE] = {.release = {.security_version = 2, .image_size = 9000}},
};

struct pawl_test_device device;
struct pawl_test_witness witness;
struct pawl_ram_port kept;

void reboot_act(const struct story_part *part)
{
    (void)part;
    pawl_test_device_stop(&device);
    (void)pawl_test_device_start(&device);
    FUZZ_EXPECT(device.engine != NULL);
}

void keep_act(const struct story_part *part)
{
    (void)part;
    pawl_ram_port_copy(&kept, &device.ram);
}

/* Floor and mask that belong to each sequence number (SPEC 13.6). Those of a commit are known once
 * its record was read; until then, what they may be at most. */
static struct ratchet {
    bool known;
    uint64_t floor_least, floor;
    uint32_t mask_most, mask;
} ratchets[PAWL_TEST_COMMITS_MAX];

static void commit_note(uint64_t floor_before, uint32_t mask_before)
{
    const struct pawl_test_issue *issue = witness.commits[device.ram.counter].issue;
    uint64_t version = issue->release.security_version;

    ratchets[device.ram.counter] =
        (struct ratchet){.floor_least = version > floor_before ? version : floor_before,
                         .mask_most = mask_before & ~issue->release.revoked};
}

static void ratchet_check(const struct pawl_processor *engine)
{
    struct ratchet *ratchet = &ratchets[device.ram.counter];

    if (!engine->has_committed) { /* no record is honoured: those of the factory */
        FUZZ_EXPECT(engine->security_floor == 0 && engine->anchor_mask == 7);
        return;
    }
    if (!ratchet->known) {
        FUZZ_EXPECT(engine->security_floor >= ratchet->floor_least);
        FUZZ_EXPECT((engine->anchor_mask & ~ratchet->mask_most) == 0);
        ratchet->known = true;
        ratchet->floor = engine->security_floor;
        ratchet->mask = engine->anchor_mask;
    }
    FUZZ_EXPECT(engine->security_floor == ratchet->floor && engine->anchor_mask == ratchet->mask);
}

static void witness_check(void)
{
    if (witness.wrong != NULL)
        fprintf(stderr, "%s\n", witness.wrong);
    FUZZ_EXPECT(witness.wrong == NULL);
}

static void invariants_check(void)
{
    const struct pawl_processor *engine = device.engine;

    witness_check();
    if (!engine->settled)
        return;
    FUZZ_EXPECT(engine->sequence == device.ram.counter);
    FUZZ_EXPECT(!device.pud.has_maximum || engine->sequence <= device.pud.maximum);
    FUZZ_EXPECT(!engine->has_committed || witness.commits[device.ram.counter].issue != NULL);
    ratchet_check(engine);
}

void world_act(void (*act)(const struct story_part *part), const struct story_part *part)
{
    uint64_t counter = device.ram.counter, floor = device.engine->security_floor;
    uint32_t mask = device.engine->anchor_mask;

    /* A diagnostic is not committed: the witness must know one. */
    device.diagnostic = device.engine->download.diagnostic;
    act(part);
    FUZZ_EXPECT(device.ram.counter == counter || device.ram.counter == counter + 1);
    witness_check(); /* before it counts for the ratchets */
    if (device.ram.counter != counter)
        commit_note(floor, mask);
    if (device.ram.dead || device.engine == NULL)
        reboot_act(NULL);
    invariants_check();
}

static void update_act(const struct story_part *part)
{
    (void)pawl_test_device_update(&device, &issues[part->arguments[0]].package, device.ram.counter,
                                  (enum pawl_run_event)part->arguments[1]);
}

static void update(uint8_t package, enum pawl_run_event event)
{
    const struct story_part part = {.arguments = {package, (uint8_t)event}};

    world_act(update_act, &part);
}

/* Where stories begin. */
static void start_make(uint8_t start)
{
    struct pawl_work work;

    switch (start % 12) {
    case 0: /* fresh */
        return;
    case 1: /* updated */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        return;
    case 2: /* writing */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        (void)pawl_test_device_exchange(&device, &issues[NEXT].package, 1, &work);
        (void)pawl_test_device_fetch(&device, &issues[NEXT].package, 0, 500, 1500);
        return;
    case 3: /* a candidate */
        (void)pawl_test_device_exchange(&device, &issues[NEXT].package, 0, &work);
        (void)pawl_test_device_fetch(&device, &issues[NEXT].package, 0, 900, UINT64_MAX);
        return;
    case 4: /* on trial, for contact */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        (void)pawl_test_device_download(&device, &issues[CONTACT].package, 1);
        return;
    case 5: /* failed */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        update(NEXT, PAWL_RUN_CRASHED);
        return;
    case 6: /* rejected */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        update(BAD_IMAGE, PAWL_RUN_EXITED_ZERO);
        return;
    case 7: /* a diagnostic on trial */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        device.diagnostic = DIAGNOSTIC;
        (void)pawl_test_device_download(&device, &issues[NEXT].package, 1);
        device.diagnostic = 0;
        return;
    case 8: /* at its maximum */
        device.pud.has_maximum = true;
        device.pud.maximum = 1;
        update(OLD, PAWL_RUN_EXITED_ZERO);
        return;
    case 9: /* a key revoked, the floor raised */
        update(REVOKING, PAWL_RUN_EXITED_ZERO);
        update(RAISING, PAWL_RUN_EXITED_ZERO);
        return;
    case 10: /* with old flash at somebody's hand */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        keep_act(NULL);
        update(NEXT, PAWL_RUN_EXITED_ZERO);
        return;
    default: /* which was put back */
        update(OLD, PAWL_RUN_EXITED_ZERO);
        keep_act(NULL);
        update(NEXT, PAWL_RUN_EXITED_ZERO);
        memcpy(device.ram.flash, kept.flash, device.ram.flash_size);
        reboot_act(NULL);
    }
}

void world_end(void)
{
    const struct pawl_test_package *package = &issues[NEXT].package;
    uint64_t maximum = device.pud.has_maximum ? device.pud.maximum : UINT64_MAX;

    memset(device.ram.written, 0, device.ram.flash_size / device.ram.port.flash.write_size);
    world_act(reboot_act, NULL);
    uint64_t counter = device.ram.counter;
    bool ends = counter >= maximum;
    for (unsigned i = 0; i < 3 && !ends && device.ram.counter == counter; i++)
        update(NEXT, PAWL_RUN_EXITED_ZERO);
    FUZZ_EXPECT(ends ||
                (device.ram.counter == counter + 1 && pawl_test_device_runs(&device, package)));
    pawl_test_device_release(&device);
}

static void packages_make(void)
{
    struct pawl_pud pud;

    pawl_test_pud_make(1, &pud);
    for (unsigned i = 0; i < PACKAGE_COUNT; i++) {
        struct pawl_test_release *release = &issues[i].release;
        release->image_seed = (uint8_t)(i + 1);
        release->image_size = release->image_size != 0 ? release->image_size : 1500 + 200 * i;
        release->pud = &pud;
        pawl_test_package_make(release, &issues[i].package);
        release->pud = NULL;
    }
}

void world_begin(uint8_t start)
{
    static const struct pawl_ram_geometry geometry = {
        .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {8192, 8192}};

    if (!issues[0].package.bytes) {
        packages_make();
        pawl_ram_port_init(&kept, &geometry);
    }
    pawl_test_device_init(&device, 1, &geometry);
    pawl_test_pud_trust(&device.pud, 3);
    pawl_ram_port_copy(&kept, &device.ram);
    pawl_test_witness_init(&witness, &device, issues, GOOD_COUNT);
    memset(ratchets, 0, sizeof ratchets);
    FUZZ_EXPECT(pawl_test_device_start(&device) == PAWL_OK);
    start_make(start);
}
