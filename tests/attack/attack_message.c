/*
 * Attacks on a device by whoever carries its messages: the agent's host, or anybody between it and
 * the server. He has recorded all that ever went by, may send what he likes, in any order, and stop
 * in the middle. And attacks by an image that was signed, entitled, and does not behave.
 */
#include <string.h>

#include "attack/victim.h"
#include "core/bytes.h"
#include "core/cose.h"
#include "pawl/chain.h"
#include "pawl/link.h"
#include "sim/ram_fault.h"

#define RECORDING_SIZE (1u << 16)
#define WINDOW 16u /* bytes of a secret that are looked for */

static struct victim victim, other;

static const struct pawl_test_package *next_package(void)
{
    return victim_package(VICTIM_NEXT);
}

/* A directive as the server makes it for the newest report, in bytes. */
static size_t directive_make(const struct victim *to, enum victim_image image,
                             uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX])
{
    struct pawl_directive directive;
    uint8_t auth_key[PAWL_KEY_SIZE];
    size_t size = 0;

    pawl_test_directive_fill(&to->device, victim_package(image), to->device.ram.counter,
                             &directive);
    pawl_auth_key_make(to->device.pud.unit_secret, auth_key);
    assert_int_equal(
        pawl_directive_write(&directive, auth_key, bytes, PAWL_DIRECTIVE_SIZE_MAX, &size), PAWL_OK);
    return size;
}

static enum pawl_result direct(const uint8_t *bytes, size_t size)
{
    struct pawl_work work = {.fetch = false};
    enum pawl_result result = pawl_processor_directive(victim.device.engine, bytes, size, &work);

    if (result != PAWL_OK) {
        assert_false(work.fetch);
        assert_false(work.install);
    }
    return result;
}

/* Has: every directive that the device was ever sent, and those for others. Tries: one again: at
 * once, after a newer report, after a restart, after its download; another device's. Stopped by:
 * the nonce of the newest report, used up by the first, and a key per device (SPEC 10.1, 10.3; I2).
 */
static void attack_directive_replay_at_the_device(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];

    (void)state;
    victim_begin(&victim, 1);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    size_t size = directive_make(&victim, VICTIM_NEXT, bytes);
    assert_int_equal(direct(bytes, size), PAWL_OK); /* the control */
    assert_int_equal(direct(bytes, size), PAWL_STATE);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    assert_int_equal(direct(bytes, size), PAWL_UNTRUSTED);
    victim_restart(&victim);
    assert_int_equal(direct(bytes, size), PAWL_STATE);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    assert_int_equal(direct(bytes, size), PAWL_UNTRUSTED);
    victim_check(&victim);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    assert_int_equal(direct(bytes, size), PAWL_UNTRUSTED);
    victim_end(&victim);
}

static void attack_directive_of_another_device(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];

    (void)state;
    victim_begin(&victim, 1);
    victim_begin(&other, 0);
    pawl_test_pud_make(2, &other.device.pud);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    other.device.report = victim.device.report; /* even with the right nonce */
    size_t size = directive_make(&other, VICTIM_NEXT, bytes);
    assert_int_equal(direct(bytes, size), PAWL_UNTRUSTED);
    victim_check(&victim);
    victim_end(&victim);
    victim_end(&other);
}

/* Has: the device's own reports, which bear a MAC under the key that directives bear one under.
 * Tries: to hand one back as a directive, as it is, with any bit changed, and in a directive's
 * dress. Stopped by: the MAC covers which of the two it is (SPEC 9.1, 10.1). */
static void attack_message_role_swap(void **state)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX], swapped[PAWL_REPORT_SIZE_MAX];
    uint8_t directive[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_writer writer;
    struct pawl_cose cose;
    size_t size = 0;

    (void)state;
    victim_begin(&victim, 1);
    assert_int_equal(pawl_processor_report(victim.device.engine, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(direct(bytes, size), PAWL_UNSUPPORTED);
    for (size_t at = 0; at < size; at++) { /* whichever byte says it */
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(swapped, bytes, size);
            swapped[at] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(direct(swapped, size), PAWL_OK);
        }
    }
    assert_int_equal(pawl_cose_read(&pawl_cose_report, bytes, size, &cose), PAWL_OK);
    pawl_writer_init(&writer, swapped, sizeof swapped);
    pawl_cose_write(&writer, &pawl_cose_directive, &cose);
    assert_int_equal(pawl_writer_finish(&writer, &size), PAWL_OK);
    assert_int_equal(direct(swapped, size), PAWL_UNTRUSTED);

    /* And a directive in a report's dress, for the server. */
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    size_t directive_size = directive_make(&victim, VICTIM_NEXT, directive);
    assert_int_equal(pawl_cose_read(&pawl_cose_directive, directive, directive_size, &cose),
                     PAWL_OK);
    const struct pawl_mac0 mac0 = {
        .payload = cose.payload, .payload_size = cose.payload_size, .mac = cose.proof};
    uint8_t auth_key[PAWL_KEY_SIZE];
    pawl_auth_key_make(victim.device.pud.unit_secret, auth_key);
    assert_int_equal(pawl_report_verify(&mac0, auth_key), PAWL_UNTRUSTED);
    assert_int_equal(direct(directive, directive_size), PAWL_OK); /* the control */
    victim_check(&victim);
    victim_end(&victim);
}

/* What went by on the link. */
struct recording {
    uint8_t bytes[RECORDING_SIZE];
    size_t size;
};

static void record(struct recording *recording, const void *bytes, size_t size)
{
    assert_true(size <= RECORDING_SIZE - recording->size);
    memcpy(recording->bytes + recording->size, bytes, size);
    recording->size += size;
}

/* Whether any WINDOW bytes of a secret are in it. */
static bool holds(const struct recording *recording, const uint8_t *secret, size_t size)
{
    for (size_t at = 0; at + WINDOW <= size; at += WINDOW) {
        for (size_t i = 0; i + WINDOW <= recording->size; i++) {
            if (memcmp(recording->bytes + i, secret + at, WINDOW) == 0)
                return true;
        }
    }
    return false;
}

/* One exchange over the link, both frames recorded. */
static enum pawl_result ask(struct recording *recording, uint8_t type, const uint8_t *payload,
                            uint32_t size)
{
    uint8_t frame[8192], answer[8192];
    struct pawl_link_frame request;
    size_t written = 0, used = 0;

    assert_int_equal(pawl_link_frame_write(type, 1, payload, size, frame, sizeof frame, &written),
                     PAWL_OK);
    record(recording, frame, written);
    assert_int_equal(pawl_link_frame_read(frame, written, sizeof frame, &request, &used), PAWL_OK);
    assert_int_equal(pawl_link_serve(victim.device.engine, &victim.device.pud, 4096, &request,
                                     answer, sizeof answer, &written),
                     PAWL_OK);
    record(recording, answer, written);
    return (enum pawl_result)answer[PAWL_LINK_HEADER_SIZE];
}

/* Has: all bytes of a whole download, as they pass. Tries: to find image, content key or any key of
 * the device in them. Stopped by: nothing sent is one (SPEC 7.4, 8.1; I1, I6). */
static void attack_eavesdrop_on_the_link(void **state)
{
    static struct recording recording;
    const struct pawl_test_package *package = next_package();
    uint8_t directive[PAWL_DIRECTIVE_SIZE_MAX], write[8 + 700], key[PAWL_KEY_SIZE];

    (void)state;
    recording.size = 0;
    victim_begin(&victim, 1);
    const struct pawl_pud *pud = &victim.device.pud;
    assert_int_equal(ask(&recording, PAWL_LINK_HELLO, NULL, 0), PAWL_OK);
    assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
    size_t size = directive_make(&victim, VICTIM_NEXT, directive);
    assert_int_equal(ask(&recording, PAWL_LINK_DIRECTIVE, directive, (uint32_t)size), PAWL_OK);
    for (size_t at = 0; at < package->size; at += 700) {
        size_t part = package->size - at < 700 ? package->size - at : 700;
        pawl_u64be_put(write, at);
        memcpy(write + 8, package->bytes + at, part);
        assert_int_equal(ask(&recording, PAWL_LINK_WRITE, write, (uint32_t)(8 + part)), PAWL_OK);
    }
    assert_int_equal(ask(&recording, PAWL_LINK_INSTALL, NULL, 0), PAWL_OK);
    assert_int_equal(pawl_processor_ran(victim.device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(ask(&recording, PAWL_LINK_REPORT, NULL, 0), PAWL_OK);
    assert_int_equal(ask(&recording, PAWL_LINK_STATUS, NULL, 0), PAWL_OK);
    assert_true(pawl_test_device_runs(&victim.device, package));

    assert_true(holds(&recording, package->package_id, sizeof package->package_id)); /* control */
    assert_false(holds(&recording, package->image, package->image_size));
    assert_false(holds(&recording, package->content_key, sizeof package->content_key));
    assert_false(holds(&recording, pud->unit_secret, sizeof pud->unit_secret));
    pawl_auth_key_make(pud->unit_secret, key);
    assert_false(holds(&recording, key, sizeof key));
    for (uint64_t sequence = 0; sequence < 4; sequence++) {
        pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, sequence, key);
        assert_false(holds(&recording, key, sizeof key));
    }
    victim_end(&victim);
}

/* Has: the place of the server. Tries: to send more than the package has, from every point on, for
 * ever. Stopped by: the size in the directive; nothing beyond is looked at (SPEC 13.3; I9). */
static void attack_endless_data_at_the_device(void **state)
{
    const struct pawl_test_package *package = next_package();
    uint8_t *endless = test_malloc(3 * package->size);
    struct pawl_work work;
    uint64_t next = 0;

    (void)state;
    memset(endless, 0x5a, 3 * package->size);
    memcpy(endless, package->bytes, package->size);
    for (size_t from = 0; from < package->size; from += 777) {
        victim_begin(&victim, 1);
        assert_int_equal(pawl_test_device_exchange(&victim.device, package, 1, &work), PAWL_OK);
        if (from > 0)
            assert_int_equal(pawl_processor_write(victim.device.engine, 0, endless, from, &next),
                             PAWL_OK);
        uint64_t operations = victim.device.ram.operations;
        enum pawl_result result = pawl_processor_write(victim.device.engine, from, endless + from,
                                                       3 * package->size - from, &next);
        assert_int_equal(result, PAWL_OK);
        assert_int_equal(next, package->size);
        /* What is written is bounded by the package, however much comes. */
        assert_true(victim.device.ram.operations - operations < 64);
        operations = victim.device.ram.operations;
        for (unsigned i = 0; i < 1000; i++)
            assert_int_not_equal(pawl_processor_write(victim.device.engine, package->size + i,
                                                      endless, package->size, &next),
                                 PAWL_OK);
        assert_int_equal(victim.device.ram.operations, operations);
        victim_check(&victim);
        victim_end(&victim);
    }
    test_free(endless);
}

/* Has: the place of the server. Tries: to keep the device waiting: a byte at a time, and none any
 * more. Stopped by: what is committed runs while a download is under way, and any other offer takes
 * its place (SPEC 13.1; I4). */
static void attack_slow_retrieval_at_the_device(void **state)
{
    const struct pawl_test_package *package = victim_package(VICTIM_THIRD);
    struct pawl_work work;

    (void)state;
    for (uint64_t brought = 1; brought < package->size; brought += 311) {
        victim_begin(&victim, 1);
        assert_int_equal(pawl_test_device_exchange(&victim.device, package, 1, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_fetch(&victim.device, package, 0, 1, brought), PAWL_OK);
        assert_true(pawl_test_device_runs(&victim.device, victim_package(VICTIM_FIRST)));
        assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
        assert_int_equal(victim_download(&victim, VICTIM_NEXT, 1), PAWL_OK);
        victim_check_runs(&victim);
        victim_end(&victim);
    }
}

/* One act of a host that does as it likes; a true directive is among what it can carry. */
static void act_at_random(uint64_t *random, const uint8_t *directive, size_t directive_size)
{
    const struct pawl_test_package *package =
        victim_package((enum victim_image)(pawl_ram_draw(random) % VICTIM_IMAGE_COUNT));
    struct pawl_processor *engine = victim.device.engine;
    uint64_t next, at = pawl_ram_draw(random) % package->size;
    struct pawl_work work;
    uint8_t report[PAWL_REPORT_SIZE_MAX];
    size_t size;

    switch (pawl_ram_draw(random) % 8) {
    case 0:
        (void)pawl_processor_directive(engine, directive, directive_size, &work);
        break;
    case 1:
        (void)pawl_processor_directive(engine, package->bytes, at, &work);
        break;
    case 2:
        (void)pawl_processor_write(engine, at, package->bytes + at, package->size - at, &next);
        break;
    case 3:
        (void)pawl_processor_write(engine, 0, package->bytes, package->size, &next);
        break;
    case 4:
        (void)pawl_processor_install(engine);
        break;
    case 5:
        (void)pawl_processor_cancel(engine);
        break;
    case 6:
        (void)pawl_processor_report(engine, report, sizeof report, &size);
        break;
    default:
        (void)pawl_processor_boot(engine);
        break;
    }
}

/* Has: the agent's place. Tries: everything that can be asked, with every package, in any order.
 * Stopped by: the table of states (SPEC 13.1), and that a directive is needed for each download. */
static void attack_hostile_agent_at_the_device(void **state)
{
    uint8_t directive[PAWL_DIRECTIVE_SIZE_MAX];
    unsigned trials = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t random = seed;
        victim_begin(&victim, 1);
        assert_int_equal(pawl_test_device_report(&victim.device), PAWL_OK);
        size_t size = directive_make(&victim, VICTIM_NEXT, directive);
        uint64_t next = 0;
        if (seed % 2 == 0 && direct(directive, size) == PAWL_OK)
            (void)pawl_processor_write(victim.device.engine, 0, next_package()->bytes,
                                       next_package()->size, &next);
        for (unsigned i = 0; i < 60; i++)
            act_at_random(&random, directive, size);
        trials += pawl_test_device_state(&victim.device) == PAWL_STATE_TRIAL;
        assert_int_equal(victim.device.ram.counter, 1);
        if (pawl_test_device_state(&victim.device) == PAWL_STATE_TRIAL)
            (void)pawl_processor_ran(victim.device.engine, PAWL_RUN_CRASHED);
        victim_check(&victim);
        victim_end(&victim);
    }
    assert_in_range(trials, 10, 50); /* some carried the true one through, and some did not */
}

/* Has: an image that was signed and entitled. Tries: to be kept without what it promised: it ends
 * with an error, by a crash, never; says that it is ready where its exit counts, or the reverse.
 * Stopped by: the criterion and the deadline of its manifest (SPEC 6.5, 13.4; I2, I4). */
static void attack_hostile_image_at_the_device(void **state)
{
    static const struct {
        enum victim_image image;
        enum pawl_run_event event;
        bool ends; /* the trial does */
    } tries[] = {
        {VICTIM_NEXT, PAWL_RUN_EXITED_OTHER, true}, {VICTIM_NEXT, PAWL_RUN_CRASHED, true},
        {VICTIM_NEXT, PAWL_RUN_DEADLINE, true},     {VICTIM_NEXT, PAWL_RUN_READY, false},
        {VICTIM_READY, PAWL_RUN_EXITED_ZERO, true}, {VICTIM_READY, PAWL_RUN_EXITED_OTHER, true},
        {VICTIM_READY, PAWL_RUN_CRASHED, true},     {VICTIM_READY, PAWL_RUN_DEADLINE, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct pawl_test_device *device = &victim.device;
        victim_begin(&victim, 1);
        assert_int_equal(pawl_test_device_download(device, victim_package(tries[i].image), 1),
                         PAWL_OK);
        for (unsigned again = 0; again < 3 && !tries[i].ends; again++)
            assert_int_equal(pawl_processor_ran(device->engine, tries[i].event), PAWL_OK);
        (void)pawl_processor_ran(device->engine,
                                 tries[i].ends ? tries[i].event : PAWL_RUN_DEADLINE);
        assert_int_equal(device->ram.counter, 1);
        assert_true(pawl_test_device_runs(device, victim_package(VICTIM_FIRST)));
        /* Nor does it come again by itself, whatever is asked. */
        victim_restart(&victim);
        assert_int_equal(pawl_test_device_state(device), PAWL_STATE_FAILED);
        assert_int_not_equal(pawl_processor_install(device->engine), PAWL_OK);
        assert_true(pawl_test_device_runs(device, victim_package(VICTIM_FIRST)));
        victim_check(&victim);
        victim_end(&victim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_directive_replay_at_the_device),
        cmocka_unit_test(attack_directive_of_another_device),
        cmocka_unit_test(attack_message_role_swap),
        cmocka_unit_test(attack_eavesdrop_on_the_link),
        cmocka_unit_test(attack_endless_data_at_the_device),
        cmocka_unit_test(attack_slow_retrieval_at_the_device),
        cmocka_unit_test(attack_hostile_agent_at_the_device),
        cmocka_unit_test(attack_hostile_image_at_the_device),
    };
    return cmocka_run_group_tests(tests, victims_setup, victims_teardown);
}
