/*
 * Attacks on a device by whoever chooses which packages and entitlements it is given: a mirror, a
 * hostile host, a server that was taken over, somebody with a stolen key. He speaks for the true
 * server wherever it says so, so that what refuses is the device. Every test ends with an honest
 * download.
 */
#include <string.h>

#include "attack/victim.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"

static struct victim victim;

/* What is brought to the device, and how. Without a word of it, the honest thing for `image`. */
struct bait {
    enum victim_image image;
    uint64_t sequence;          /* that the entitlement is for */
    uint32_t unit;              /* that it is for; 0: this one */
    const uint8_t *entitled;    /* the package that it is for, by id; NULL: this one */
    const uint8_t *bytes;       /* what is sent as the package; NULL: the package */
    const uint8_t *entitlement; /* this one instead of any of the above */
};

/* A directive with it, as the server makes them, then the bytes, then all that the host can ask
 * for. The result is the first that is not PAWL_OK. */
static enum pawl_result bring(const struct bait *bait)
{
    struct pawl_test_device *device = &victim.device;
    struct pawl_test_package sent = *victim_package(bait->image);
    struct pawl_directive directive;
    struct pawl_test_package entitled = sent;
    struct pawl_work work;
    struct pawl_pud pud;

    if (bait->entitled != NULL)
        memcpy(entitled.package_id, bait->entitled, sizeof entitled.package_id);
    if (bait->bytes != NULL)
        sent.bytes = (uint8_t *)(uintptr_t)bait->bytes;
    assert_int_equal(pawl_test_device_report(device), PAWL_OK);
    pawl_test_directive_fill(device, &sent, bait->sequence, &directive);
    pawl_test_pud_make(bait->unit != 0 ? bait->unit : 1, &pud);
    pawl_test_entitle(&pud, bait->sequence, &entitled, directive.entitlement);
    if (bait->entitlement != NULL)
        memcpy(directive.entitlement, bait->entitlement, sizeof directive.entitlement);
    enum pawl_result result = pawl_test_device_direct(device, &directive, &work);
    if (result == PAWL_OK && work.fetch)
        result = pawl_test_device_fetch(device, &sent, work.offset, 700, UINT64_MAX);
    if (result == PAWL_OK)
        result = pawl_processor_install(device->engine);
    else
        assert_int_not_equal(pawl_processor_install(device->engine), PAWL_OK);
    return result == PAWL_OK ? pawl_processor_ran(device->engine, PAWL_RUN_EXITED_ZERO) : result;
}

/* It is refused with this class; what ran runs on, nothing was counted, and honest service goes on
 * (I2, I4). */
static void refused(const struct bait *bait, enum pawl_result expected)
{
    uint64_t counter = victim.device.ram.counter;
    const struct pawl_test_commit *commit = &victim.witness.commits[counter];

    assert_int_equal(bring(bait), expected);
    assert_int_equal(victim.device.ram.counter, counter);
    assert_true(pawl_test_device_runs(&victim.device, &commit->issue->package));
    victim_check(&victim);
}

/* Has: everything that was ever sent to the device, also for downloads that it took. Tries: to have
 * it take one again. Stopped by: an entitlement is for one number (SPEC 5.2, 8.1; I2). */
static void attack_replayed_download(void **state)
{
    (void)state;
    for (unsigned taken = 0; taken < 3; taken++) {
        victim_begin(&victim, 3);
        refused(&(struct bait){.image = (enum victim_image)taken, .sequence = taken},
                PAWL_NOT_ENTITLED);
        victim_end(&victim);
    }
    victim_begin(&victim, 2); /* the control: at its number it is taken */
    assert_int_equal(bring(&(struct bait){.image = VICTIM_THIRD, .sequence = 2}), PAWL_OK);
    victim_check(&victim);
    victim_end(&victim);
}

/* Has: a release that was signed once, and a server that entitles for it now. Tries: to bring the
 * device back to it. Stopped by: the security floor, which is the device's (SPEC 13.6; I2). */
static void attack_rollback(void **state)
{
    (void)state;
    victim_begin(&victim, 2);
    refused(&(struct bait){.image = VICTIM_OLD, .sequence = 2}, PAWL_ROLLBACK);
    victim_end(&victim);
    victim_begin(&victim, 0); /* before any floor it is an honest release */
    assert_int_equal(bring(&(struct bait){.image = VICTIM_OLD}), PAWL_OK);
    victim_end(&victim);
}

/* Has: two releases of the same sizes under way to the device. Tries: a package made of parts of
 * both, at every border of preamble and chunks. Stopped by: keys and tags are of one package, and
 * the digest of its image is signed (SPEC 6.4, 7.4; I3). */
static void attack_mix_and_match_at_the_device(void **state)
{
    const struct pawl_test_package *one = victim_package(VICTIM_NEXT);
    const struct pawl_test_package *two = victim_package(VICTIM_LIKE_NEXT);
    size_t step = PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD;
    uint8_t *mixed = test_malloc(one->size);
    unsigned tried = 0;

    (void)state;
    assert_int_equal(one->size, two->size);
    assert_int_equal(one->preamble_size, two->preamble_size);
    for (size_t border = one->preamble_size; border < one->size; border += step) {
        for (unsigned way = 0; way < 2; way++) {
            const struct pawl_test_package *head = way ? two : one, *tail = way ? one : two;
            memcpy(mixed, head->bytes, border);
            memcpy(mixed + border, tail->bytes + border, one->size - border);
            victim_begin(&victim, 1);
            refused(&(struct bait){.image = way ? VICTIM_LIKE_NEXT : VICTIM_NEXT,
                                   .sequence = 1,
                                   .bytes = mixed},
                    PAWL_CORRUPT);
            victim_end(&victim);
            tried++;
        }
    }
    assert_true(tried >= 4);
    test_free(mixed);
}

/* Has: a chunk of the package at another place of it. Tries: to have chunks change places, or one
 * come twice. Stopped by: the tag covers the position (SPEC 7.4; I3). */
static void attack_chunks_that_changed_places(void **state)
{
    const struct pawl_test_package *package = victim_package(VICTIM_NEXT);
    size_t step = PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD;
    uint8_t *mixed = test_malloc(package->size);
    uint8_t *chunks = mixed + package->preamble_size;

    (void)state;
    assert_true(package->size >= package->preamble_size + 2 * step);
    for (unsigned twice = 0; twice < 2; twice++) {
        memcpy(mixed, package->bytes, package->size);
        memcpy(chunks + step, package->bytes + package->preamble_size, step);
        if (!twice)
            memcpy(chunks, package->bytes + package->preamble_size + step, step);
        victim_begin(&victim, 1);
        refused(&(struct bait){.image = VICTIM_NEXT, .sequence = 1, .bytes = mixed}, PAWL_CORRUPT);
        victim_end(&victim);
    }
    test_free(mixed);
}

/* Has: a signed release of another class of devices. Stopped by: the signed class against the PUD's
 * (SPEC 1.8). */
static void attack_wrong_class_at_the_device(void **state)
{
    (void)state;
    victim_begin(&victim, 1);
    refused(&(struct bait){.image = VICTIM_OTHER_CLASS, .sequence = 1}, PAWL_WRONG_CLASS);
    victim_end(&victim);
    victim_begin(&victim, 1); /* the control: the same key and floor, and this class */
    assert_int_equal(bring(&(struct bait){.image = VICTIM_THIRD, .sequence = 1}), PAWL_OK);
    victim_end(&victim);
}

/* Has: a release of another vendor for a class of the same name, signed with a key that this device
 * trusts too. Stopped by: the signed vendor, which is in the class's id as well (SPEC 1.8). */
static void attack_release_of_another_vendor(void **state)
{
    (void)state;
    victim_begin(&victim, 1);
    refused(&(struct bait){.image = VICTIM_OTHER_VENDOR, .sequence = 1}, PAWL_WRONG_CLASS);
    victim_end(&victim);
}

/* Has: the way to the device. Tries: to have a part of a package installed, cut at every chunk and
 * beside. Stopped by: the size in the directive, and no way from a part to a trial (SPEC 13.1; I3).
 */
static void attack_partial_update_at_the_device(void **state)
{
    const struct pawl_test_package *package = victim_package(VICTIM_NEXT);
    struct pawl_work work;

    (void)state;
    for (size_t part = 0; part < package->size; part += 500) {
        victim_begin(&victim, 1);
        assert_int_equal(pawl_test_device_exchange(&victim.device, package, 1, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_fetch(&victim.device, package, 0, 500, part), PAWL_OK);
        assert_int_equal(pawl_processor_install(victim.device.engine), PAWL_STATE);
        victim_restart(&victim);
        assert_int_equal(pawl_processor_install(victim.device.engine), PAWL_STATE);
        assert_true(pawl_test_device_runs(&victim.device, victim_package(VICTIM_FIRST)));
        victim_check(&victim);
        victim_end(&victim);
    }
}

/* Has: what is entitled for a later download. Tries: to have the device take it now, without those
 * between. Stopped by: an entitlement is for one number (SPEC 5.2; I2). An image is whole, so there
 * is no release that would need the one before. */
static void attack_skip_intermediate(void **state)
{
    (void)state;
    for (uint64_t ahead = 1; ahead < 12; ahead++) { /* beyond the epoch of 8, too */
        victim_begin(&victim, 1);
        refused(&(struct bait){.image = VICTIM_THIRD, .sequence = 1 + ahead}, PAWL_NOT_ENTITLED);
        victim_end(&victim);
    }
}

static void attack_entitlement_of_another_package(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VICTIM_IMAGE_COUNT; i++) {
        if (i == VICTIM_NEXT)
            continue;
        victim_begin(&victim, 1);
        refused(&(struct bait){.image = VICTIM_NEXT,
                               .sequence = 1,
                               .entitled = victim_package((enum victim_image)i)->package_id},
                PAWL_NOT_ENTITLED);
        victim_end(&victim);
    }
}

/* Has: the secret of another unit, and can make entitlements for it (SPEC 8.1; I1). */
static void attack_entitlement_of_another_device(void **state)
{
    (void)state;
    for (uint64_t sequence = 0; sequence < 4; sequence++) {
        victim_begin(&victim, 1);
        refused(&(struct bait){.image = VICTIM_NEXT, .sequence = sequence, .unit = 2},
                PAWL_NOT_ENTITLED);
        victim_end(&victim);
    }
}

/* Has: K(s) of the next download, which leaked. Tries: to make entitlements for others with it, as
 * far as the chain goes. Stopped by: the one-way function (SPEC 5.2, 5.3; I6). */
static void attack_leaked_download_key(void **state)
{
    const struct pawl_test_package *package = victim_package(VICTIM_NEXT);
    uint8_t entitlement[PAWL_ENTITLEMENT_SIZE], leaked[PAWL_KEY_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_entitlement_keys keys;

    (void)state;
    for (uint32_t steps = 0; steps < 10; steps++) {
        victim_begin(&victim, 2);
        const struct pawl_pud *pud = &victim.device.pud;
        /* Of a download before this one, of this one, of the one after. */
        for (uint64_t sequence = 1; sequence <= 3; sequence++) {
            pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, sequence,
                                   leaked);
            memcpy(key, leaked, sizeof key);
            pawl_chain_walk(pud->device_id, key, steps);
            pawl_entitlement_keys_make(key, package->package_id, &keys);
            assert_int_equal(
                pawl_key_wrap(keys.kek, package->content_key, PAWL_KEY_SIZE, entitlement), PAWL_OK);
            const struct bait bait = {
                .image = VICTIM_NEXT, .sequence = 2, .entitlement = entitlement};
            /* From one's own and from later ones' it is reached by walking down. */
            if (sequence >= 2 && steps == sequence - 2) {
                assert_int_equal(bring(&bait), PAWL_OK);
                victim_end(&victim);
                victim_begin(&victim, 2);
                pud = &victim.device.pud;
            } else {
                assert_int_equal(bring(&bait), PAWL_NOT_ENTITLED);
            }
        }
        victim_check(&victim);
        victim_end(&victim);
    }
}

/* Has: the vendor's signing key. Tries: an image of his own, with entitlements of every unit that
 * he owns; and, where the server was deceived too, after the vendor revoked the key. Stopped by:
 * two keys (I7), then by the mask (SPEC 6.8, 13.6). */
static void attack_stolen_signing_key_at_the_device(void **state)
{
    (void)state;
    victim_begin(&victim, 1);
    refused(&(struct bait){.image = VICTIM_STOLEN_KEY, .sequence = 1, .unit = 2},
            PAWL_NOT_ENTITLED);
    victim_end(&victim);

    victim_begin(&victim, 1);
    assert_int_equal(bring(&(struct bait){.image = VICTIM_ROTATION, .sequence = 1}), PAWL_OK);
    refused(&(struct bait){.image = VICTIM_REVOKED_KEY, .sequence = 2}, PAWL_UNTRUSTED);
    refused(&(struct bait){.image = VICTIM_STOLEN_KEY, .sequence = 3}, PAWL_UNTRUSTED);
    victim_end(&victim);

    victim_begin(&victim, 1); /* the control: not revoked, it is the vendor's power */
    assert_int_equal(bring(&(struct bait){.image = VICTIM_STOLEN_KEY, .sequence = 1}), PAWL_OK);
    victim_end(&victim);
}

/* The same, and he tries to be first: his release revokes the key that is to revoke his, or his own
 * to end it for its owner. Stopped by: keys revoke those before them only (SPEC 6.8). */
static void attack_lock_out_by_a_stolen_key(void **state)
{
    (void)state;
    victim_begin(&victim, 1);
    refused(&(struct bait){.image = VICTIM_LOCK_OUT, .sequence = 1}, PAWL_UNTRUSTED);
    refused(&(struct bait){.image = VICTIM_REVOKES_ITSELF, .sequence = 2}, PAWL_UNTRUSTED);
    assert_int_equal(bring(&(struct bait){.image = VICTIM_ROTATION, .sequence = 3}), PAWL_OK);
    victim_end(&victim);
}

/* Has: the server, but no signing key. Tries: a signed manifest around an image of his own. Stopped
 * by: the digest of the image is signed and compared before it runs (SPEC 7.6; I3). */
static void attack_signed_manifest_around_another_image(void **state)
{
    (void)state;
    victim_begin(&victim, 1);
    refused(&(struct bait){.image = VICTIM_WRONG_IMAGE, .sequence = 1}, PAWL_CORRUPT);
    victim_end(&victim);
}

/* A table in memory that counts what is read of it. */
struct counted {
    const uint8_t *bytes;
    unsigned reads;
};

static enum pawl_result counted_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    struct counted *counted = context;

    counted->reads++;
    memcpy(bytes, counted->bytes + offset, size);
    return PAWL_OK;
}

#define TABLE_ROWS 4096u

/* Has: the place where tables are fetched from, and sees the tag that a device looks for. Tries: to
 * keep it busy with rows that all bear this tag, or to slip in another key. Stopped by: at most
 * four are tried (SPEC 8.3; I9), and the wrap proves each (SPEC 8.1). */
static void attack_duplicated_tags_in_a_table(void **state)
{
    const struct pawl_test_package *package = victim_package(VICTIM_NEXT);
    uint8_t *bytes = test_malloc(TABLE_ROWS * PAWL_ROW_SIZE), row[PAWL_ROW_SIZE];
    uint8_t key[PAWL_KEY_SIZE];
    struct pawl_table table = {.count = TABLE_ROWS};
    struct counted counted = {.bytes = bytes};
    struct pawl_pud pud;

    (void)state;
    pawl_test_pud_make(1, &pud);
    const struct pawl_unit unit = {pud.unit_secret, pud.device_id, pud.chain_length, 5};
    memcpy(table.package_id, package->package_id, sizeof table.package_id);
    assert_int_equal(
        pawl_entitlement_row_make(&unit, package->package_id, package->content_key, row), PAWL_OK);
    for (unsigned honest = 0; honest <= PAWL_EQUAL_TAGS_MAX; honest++) {
        for (unsigned i = 0; i < TABLE_ROWS; i++) {
            memcpy(bytes + i * PAWL_ROW_SIZE, row, PAWL_ROW_SIZE);
            if (i != honest)
                bytes[i * PAWL_ROW_SIZE + PAWL_ROW_SIZE - 1 - i % 40] ^= 0x40;
        }
        counted.reads = 0;
        enum pawl_result result = pawl_table_open(&table, counted_read, &counted, &pud, 5, key);
        assert_true(counted.reads <= 64);
        assert_int_equal(result, honest < PAWL_EQUAL_TAGS_MAX ? PAWL_OK : PAWL_NOT_ENTITLED);
        if (result == PAWL_OK)
            assert_memory_equal(key, package->content_key, sizeof key);
    }
    test_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_replayed_download),
        cmocka_unit_test(attack_rollback),
        cmocka_unit_test(attack_mix_and_match_at_the_device),
        cmocka_unit_test(attack_chunks_that_changed_places),
        cmocka_unit_test(attack_wrong_class_at_the_device),
        cmocka_unit_test(attack_release_of_another_vendor),
        cmocka_unit_test(attack_partial_update_at_the_device),
        cmocka_unit_test(attack_skip_intermediate),
        cmocka_unit_test(attack_entitlement_of_another_package),
        cmocka_unit_test(attack_entitlement_of_another_device),
        cmocka_unit_test(attack_leaked_download_key),
        cmocka_unit_test(attack_stolen_signing_key_at_the_device),
        cmocka_unit_test(attack_lock_out_by_a_stolen_key),
        cmocka_unit_test(attack_signed_manifest_around_another_image),
        cmocka_unit_test(attack_duplicated_tags_in_a_table),
    };
    return cmocka_run_group_tests(tests, victims_setup, victims_teardown);
}
