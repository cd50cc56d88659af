/* I8: what the engine's memory holds in each phase. It is scanned for every secret that has no
 * business there; the unit's own secret stays in the PUD, which is the caller's. */
#include "processor_fixture.h"

#include "pawl/chain.h"
#include "processor/engine.h"

static bool memory_has(const void *memory, size_t size, const void *secret, size_t secret_size)
{
    const uint8_t *bytes = memory;

    for (size_t at = 0; at + secret_size <= size; at++) {
        if (memcmp(bytes + at, secret, secret_size) == 0)
            return true;
    }
    return false;
}

/* A stretch of plaintext that occurs once in the image. */
#define PLAIN_SIZE 32u

/* Outside a download no key schedule is kept. */
static void stream_check(const struct fixture *f)
{
    static const struct pawl_stream none;

    assert_memory_equal(&f->device.engine->stream.gcm, &none.gcm, sizeof none.gcm);
}

static void secrets_check(const struct fixture *f, const struct pawl_test_package *package,
                          uint64_t sequence)
{
    const struct pawl_test_device *device = &f->device;
    const struct pawl_pud *pud = &device->pud;
    uint8_t secrets[4][PAWL_KEY_SIZE];

    memcpy(secrets[0], pud->unit_secret, PAWL_KEY_SIZE);
    memcpy(secrets[1], package->content_key, PAWL_KEY_SIZE);
    pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, sequence,
                           secrets[2]);
    pawl_auth_key_make(pud->unit_secret, secrets[3]);
    for (unsigned i = 0; i < 4; i++)
        assert_false(memory_has(device->memory, sizeof device->memory, secrets[i], PAWL_KEY_SIZE));
    for (size_t at = 0; at + PLAIN_SIZE <= package->image_size; at += 500) {
        assert_false(
            memory_has(device->memory, sizeof device->memory, package->image + at, PLAIN_SIZE));
        assert_false(
            memory_has(device->chunk, sizeof device->chunk, package->image + at, PLAIN_SIZE));
    }
}

static void i8_no_phase_leaves_a_secret_in_memory(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    secrets_check(f, &f->first, 0);
    for (uint64_t at = 0; at < f->first.size; at += 500) {
        assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, at, 500, 500), PAWL_OK);
        secrets_check(f, &f->first, 0);
    }
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
    assert_true(memory_has(f->device.ram.image, f->device.ram.image_size, f->first.image + 500,
                           PLAIN_SIZE));
    secrets_check(f, &f->first, 0);
    stream_check(f);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    secrets_check(f, &f->first, 0);
    assert_int_equal(pawl_test_device_update(&f->device, &f->second, 1, PAWL_RUN_CRASHED), PAWL_OK);
    secrets_check(f, &f->second, 1);
    secrets_check(f, &f->first, 0);
    stream_check(f);
}

static void i8_a_refused_chunk_leaves_nothing(void **state)
{
    struct fixture *f = *state;

    f->first.bytes[f->first.size - 1] ^= 1;
    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_CORRUPT);
    secrets_check(f, &f->first, 0);
    stream_check(f);
}

static void i8_the_entitlement_does_not_outlive_its_download(void **state)
{
    struct fixture *f = *state;
    uint8_t entitlement[PAWL_ENTITLEMENT_SIZE];

    pawl_test_entitle(&f->device.pud, 0, &f->first, entitlement);
    fixture_commit(f, &f->first);
    assert_false(
        memory_has(f->device.memory, sizeof f->device.memory, entitlement, sizeof entitlement));
}

static void i8_release_wipes_everything(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;
    static const uint8_t zeros[sizeof(struct pawl_processor)];

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 3000), PAWL_OK);
    pawl_test_device_stop(&f->device);
    assert_memory_equal(f->device.memory, zeros, sizeof zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(i8_no_phase_leaves_a_secret_in_memory),
        FIXTURE_TEST(i8_a_refused_chunk_leaves_nothing),
        FIXTURE_TEST(i8_the_entitlement_does_not_outlive_its_download),
        FIXTURE_TEST(i8_release_wipes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
