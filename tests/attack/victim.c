#include "attack/victim.h"

#include <string.h>

struct pawl_test_issue victim_issues[VICTIM_IMAGE_COUNT] = {
    [VICTIM_FIRST] = {.release = {.security_version = 2}},
    [VICTIM_SECOND] = {.release = {.security_version = 2}},
    [VICTIM_THIRD] = {.release = {.security_version = 2}},
    [VICTIM_NEXT] = {.release = {.security_version = 2, .signer = 1, .image_size = 4000}},
    [VICTIM_OLD] = {.release = {.security_version = 1}},
    [VICTIM_LIKE_NEXT] = {.release = {.security_version = 2, .signer = 1, .image_size = 4000}},
    [VICTIM_OTHER_CLASS] = {.release = {.security_version = 2, .class_name = "other"}},
    [VICTIM_OTHER_VENDOR] = {.release = {.security_version = 2, .vendor_name = "other.example"}},
    [VICTIM_STOLEN_KEY] = {.release = {.security_version = 9}},
    [VICTIM_REVOKED_KEY] = {.release = {.security_version = 9}},
    [VICTIM_ROTATION] = {.release = {.security_version = 2, .signer = 1, .revoked = 1}},
    [VICTIM_LOCK_OUT] = {.release = {.security_version = 2, .revoked = 2}},
    [VICTIM_REVOKES_ITSELF] = {.release = {.security_version = 2, .revoked = 1}},
    [VICTIM_WRONG_IMAGE] = {.release = {.security_version = 2, .other_image = true}},
    [VICTIM_READY] = {.release = {.security_version = 2, .success = PAWL_SUCCESS_READY}},
};

static const struct pawl_ram_geometry geometry = {
    .page_size = 512, .write_size = 8, .erased = 0xff, .slot_size = {8192, 8192}};

int victims_setup(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VICTIM_IMAGE_COUNT; i++) {
        struct pawl_test_release *release = &victim_issues[i].release;
        release->image_seed = (uint8_t)(i + 1);
        if (release->image_size == 0)
            release->image_size = 2500 + 100 * i;
        pawl_test_package_make(release, &victim_issues[i].package);
    }
    return 0;
}

int victims_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VICTIM_IMAGE_COUNT; i++)
        pawl_test_package_free(&victim_issues[i].package);
    return 0;
}

const struct pawl_test_package *victim_package(enum victim_image image)
{
    return &victim_issues[image].package;
}

enum pawl_result victim_download(struct victim *victim, enum victim_image image, uint64_t sequence)
{
    return pawl_test_device_update(&victim->device, victim_package(image), sequence,
                                   PAWL_RUN_EXITED_ZERO);
}

void victim_begin(struct victim *victim, unsigned commits)
{
    pawl_test_device_init(&victim->device, 1, &geometry);
    pawl_test_pud_trust(&victim->device.pud, 3);
    pawl_test_witness_init(&victim->witness, &victim->device, victim_issues, VICTIM_IMAGE_COUNT);
    assert_int_equal(pawl_test_device_start(&victim->device), PAWL_OK);
    for (unsigned i = 0; i < commits; i++)
        assert_int_equal(victim_download(victim, (enum victim_image)i, i), PAWL_OK);
}

void victim_end(struct victim *victim)
{
    pawl_test_device_release(&victim->device);
}

void victim_restart(struct victim *victim)
{
    pawl_test_device_stop(&victim->device);
    /* What the attacker wrote to flash obeys no contract of programming. */
    memset(victim->device.ram.written, 0,
           victim->device.ram.flash_size / victim->device.ram.port.flash.write_size);
    (void)pawl_test_device_start(&victim->device);
    assert_non_null(victim->device.engine);
}

void victim_check_runs(struct victim *victim)
{
    if (victim->witness.wrong != NULL)
        fail_msg("%s", victim->witness.wrong);
}

void victim_check_takes_next(struct victim *victim)
{
    struct pawl_test_device *device = &victim->device;
    uint64_t counter = device->ram.counter;

    victim_restart(victim);
    victim_check_runs(victim);
    assert_int_equal(device->ram.counter, counter);
    enum pawl_result result = victim_download(victim, VICTIM_NEXT, counter);
    if (result == PAWL_CORRUPT) /* what was under way of it, and not its own, is thrown away */
        result = victim_download(victim, VICTIM_NEXT, counter);
    assert_int_equal(result, PAWL_OK);
    assert_int_equal(device->ram.counter, counter + 1);
    victim_check_runs(victim);
    assert_true(pawl_test_device_runs(device, victim_package(VICTIM_NEXT)));
}

void victim_check(struct victim *victim)
{
    const struct pawl_test_commit *commit = &victim->witness.commits[victim->device.ram.counter];

    victim_check_runs(victim);
    victim_restart(victim);
    if (commit->issue != NULL)
        assert_true(pawl_test_device_runs(&victim->device, &commit->issue->package));
    victim_check_takes_next(victim);
}
