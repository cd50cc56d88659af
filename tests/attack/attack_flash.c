/*
 * Attacks by whoever reads and writes a device's flash, now or while it runs, and may have stolen
 * content keys and a signing key beside. The protected store (counter, cells) is not his.
 */
#include <string.h>

#include "attack/victim.h"
#include "core/bytes.h"
#include "processor/record.h"

#define AREAS 6u
#define SNAPSHOTS 4u

static struct victim victim, other;

/* A piece of flash that can be put back by itself. */
static struct pawl_area area_of(const struct pawl_flash *flash, unsigned index)
{
    unsigned slot = index & 1;
    struct pawl_area half = {flash->records[slot].offset, flash->records[slot].size / 2};

    if (index < 2)
        return flash->slots[slot];
    half.offset += index < 4 ? 0 : half.size; /* trial, committed */
    return half;
}

static void area_copy(struct pawl_ram_port *ram, unsigned index, const uint8_t *from)
{
    struct pawl_area area = area_of(&ram->port.flash, index);

    memcpy(ram->flash + area.offset, from + area.offset, area.size);
}

static uint8_t *flash_copy(const struct pawl_ram_port *ram)
{
    uint8_t *copy = test_malloc(ram->flash_size);

    memcpy(copy, ram->flash, ram->flash_size);
    return copy;
}

/* Has: the flash of another device of the class, whole, with the same software committed at the
 * same number. Tries: to run it here. Stopped by: records under the unit's own keys, and cells
 * (SPEC 4.1, 13.2; I1). */
static void attack_flash_of_another_device(void **state)
{
    (void)state;
    for (unsigned areas = 1; areas < 1u << AREAS; areas++) {
        victim_begin(&victim, 2);
        victim_begin(&other, 0);
        pawl_test_pud_make(2, &other.device.pud);
        pawl_test_pud_trust(&other.device.pud, 3);
        victim_restart(&other);
        assert_int_equal(victim_download(&other, VICTIM_THIRD, 0), PAWL_OK);
        assert_int_equal(victim_download(&other, VICTIM_THIRD, 1), PAWL_OK);
        victim_restart(&other); /* there it runs */
        assert_true(pawl_test_device_runs(&other.device, victim_package(VICTIM_THIRD)));
        for (unsigned i = 0; i < AREAS; i++) {
            if (areas >> i & 1)
                area_copy(&victim.device.ram, i, other.device.ram.flash);
        }
        victim_restart(&victim);
        victim_check_runs(&victim);
        assert_false(pawl_test_device_runs(&victim.device, victim_package(VICTIM_THIRD)));
        victim_check_takes_next(&victim);
        victim_end(&victim);
        victim_end(&other);
    }
}

/* Has: copies of the flash after each of three commits. Tries: every mixture of slots, trial
 * records and committed records from any of them, at the counter of now. Stopped by: the digest in
 * the cell, and numbers in the keys (SPEC 13.4, 13.5; I2). */
static void attack_records_of_two_slots_mixed_and_restored(void **state)
{
    uint8_t *snapshots[SNAPSHOTS];
    unsigned ran = 0;

    (void)state;
    victim_begin(&victim, 0);
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        snapshots[i] = flash_copy(&victim.device.ram);
        if (i + 1 < SNAPSHOTS)
            assert_int_equal(victim_download(&victim, (enum victim_image)i, i), PAWL_OK);
    }
    for (unsigned mixture = 0; mixture < 1u << (2 * AREAS); mixture++) {
        for (unsigned i = 0; i < AREAS; i++)
            area_copy(&victim.device.ram, i, snapshots[mixture >> 2 * i & 3]);
        victim_restart(&victim);
        victim_check_runs(&victim);
        ran += victim.device.ram.running;
    }
    /* The mixtures that leave the committed slot and its record as they are run on. */
    assert_int_equal(ran, 1u << (2 * (AREAS - 2)));
    victim_check_takes_next(&victim);
    for (unsigned i = 0; i < SNAPSHOTS; i++)
        test_free(snapshots[i]);
    victim_end(&victim);
}

/* Has: the flash of before the last commit, or of before the last two. Tries: to run the older
 * software, that it had then, under the newer counter. Stopped by: SPEC 13.5 (I2). */
static void attack_old_flash_with_a_newer_counter(void **state)
{
    (void)state;
    for (unsigned age = 1; age <= 2; age++) {
        victim_begin(&victim, 3 - age);
        uint8_t *old = flash_copy(&victim.device.ram);
        for (unsigned i = 3 - age; i < 3; i++)
            assert_int_equal(victim_download(&victim, (enum victim_image)i, i), PAWL_OK);
        memcpy(victim.device.ram.flash, old, victim.device.ram.flash_size);
        victim_restart(&victim);
        victim_check_runs(&victim);
        assert_false(victim.device.ram.running);
        victim_check_takes_next(&victim);
        test_free(old);
        victim_end(&victim);
    }
}

/* Brings a device to a trial that has not ended, and gives the place of its trial record. */
static uint64_t trial_begin(enum victim_image image)
{
    const struct pawl_flash *flash = &victim.device.ram.port.flash;

    victim_begin(&victim, 1);
    assert_int_equal(
        pawl_test_device_download(&victim.device, victim_package(image), victim.device.ram.counter),
        PAWL_OK);
    return flash->records[1].offset;
}

/* Has: a device in trial, whose record he can read and write. Tries: to make it the committed
 * record, at this number or the next, by its fields, without the keys. Stopped by: trial and
 * storage keys of other branches, and the cell (SPEC 4.1, 13.2; I2). */
static void attack_trial_record_relabelled_as_committed(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 12; variant++) {
        uint8_t record[PAWL_RECORD_SIZE];
        uint64_t place = trial_begin(VICTIM_SECOND);
        uint64_t half = victim.device.ram.port.flash.records[1].size / 2;

        memcpy(record, victim.device.ram.flash + place, sizeof record);
        assert_int_equal(pawl_u32be_get(record + 8), PAWL_ROLE_TRIAL);
        if (variant % 3 > 0)
            record[11] = variant % 3 == 1 ? PAWL_ROLE_COMMITTED : PAWL_ROLE_DIAGNOSTIC;
        pawl_u64be_put(record + 16, 1 + (uint64_t)(variant / 3 % 2));
        memcpy(victim.device.ram.flash + place + half, record, sizeof record);
        if (variant / 6) /* and destroys the one in force */
            memset(victim.device.ram.flash + victim.device.ram.port.flash.records[0].offset + half,
                   0xff, half);
        victim_restart(&victim);
        victim_check_runs(&victim);
        assert_int_equal(victim.device.ram.counter, 1);
        victim_check_takes_next(&victim);
        victim_end(&victim);
    }
}

/* Makes a record as an attacker can: the right form, keys of his own. */
static void record_forge(const struct pawl_test_package *package, enum pawl_role role,
                         uint64_t sequence, uint32_t unit, uint8_t bytes[PAWL_RECORD_SIZE])
{
    struct pawl_record record = {
        .role = role, .anchor_mask = 7, .sequence = sequence, .package_size = package->size};
    struct pawl_pud pud;

    pawl_test_pud_make(unit, &pud);
    memcpy(record.package_id, package->package_id, sizeof record.package_id);
    assert_int_equal(pawl_record_key_wrap(&record, &pud, package->content_key), PAWL_OK);
    pawl_record_write(&record, &pud, bytes);
}

static void slot_overwrite(unsigned slot, const struct pawl_test_package *package,
                           const uint8_t *trial, const uint8_t *committed)
{
    struct pawl_ram_port *ram = &victim.device.ram;
    const struct pawl_flash *flash = &ram->port.flash;

    memcpy(ram->flash + flash->slots[slot].offset, package->bytes, package->size);
    if (trial)
        memcpy(ram->flash + flash->records[slot].offset, trial, PAWL_RECORD_SIZE);
    if (committed)
        memcpy(ram->flash + flash->records[slot].offset + flash->records[slot].size / 2, committed,
               PAWL_RECORD_SIZE);
}

/* Has: an older release that the vendor signed once, a content key that he knows and sealed it
 * under; writes both into a slot, with records of every role and number that he can make without
 * the unit's secret. Stopped by: records under the unit's keys, and the cell (SPEC 13.2; I2,
 * I3). */
static void attack_older_signed_image_under_a_known_key(void **state)
{
    static const enum victim_image images[] = {VICTIM_OLD, VICTIM_STOLEN_KEY};

    (void)state;
    for (unsigned variant = 0; variant < 24; variant++) {
        const struct pawl_test_package *package = victim_package(images[variant % 2]);
        uint64_t sequence = 1 + variant / 2 % 3;
        uint8_t trial[PAWL_RECORD_SIZE], committed[PAWL_RECORD_SIZE];

        victim_begin(&victim, 2);
        record_forge(package, PAWL_ROLE_TRIAL, sequence, 2, trial);
        record_forge(package, PAWL_ROLE_COMMITTED, sequence, 2, committed);
        slot_overwrite(variant / 6 % 2, package, trial, committed);
        if (variant / 12)
            slot_overwrite(1 - variant / 6 % 2, package, trial, committed);
        victim_restart(&victim);
        victim_check_runs(&victim);
        assert_false(pawl_test_device_runs(&victim.device, package));
        /* Nor is it a download that could be gone on with and installed. */
        assert_int_not_equal(pawl_processor_install(victim.device.engine), PAWL_OK);
        victim_check_takes_next(&victim);
        victim_end(&victim);
    }
}

/* Has: the same content key that the record in force wraps, as one who owned such a device may, and
 * a signed release sealed under it. Tries: to swap the bytes of the slot under its own record.
 * Stopped by: the record names one ciphertext (package_id), and the signed digest (SPEC 7.4, 13.2;
 * I3). */
static void attack_slot_swapped_under_its_record(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VICTIM_IMAGE_COUNT; i++) {
        const struct pawl_test_package *package = victim_package((enum victim_image)i);

        if (i == VICTIM_SECOND)
            continue;
        victim_begin(&victim, 2);
        slot_overwrite(1, package, NULL, NULL);
        victim_restart(&victim);
        victim_check_runs(&victim);
        assert_false(victim.device.ram.running);
        victim_check_takes_next(&victim);
        victim_end(&victim);
    }
}

/* What the attacker writes, and before which read. */
static struct swap {
    const uint8_t *flash;
    uint64_t at;
    bool done;
} swap;

static void swap_before_read(void *context)
{
    struct pawl_ram_port *ram = context;

    /* Counter and cells are read in between, and are not his. */
    if (ram->reads < swap.at || swap.done)
        return;
    memcpy(ram->flash, swap.flash, ram->flash_size);
    swap.done = true;
}

/* Swaps flash before each read in turn while the device does `act`; nothing but what was verified
 * may run. */
static void swap_at_each_read(void (*act)(void), unsigned commits, const uint8_t *evil)
{
    uint64_t reads = 1;

    for (uint64_t at = 1; at <= reads; at++) {
        victim_begin(&victim, commits);
        if (act != NULL)
            assert_int_equal(pawl_test_device_exchange(&victim.device, victim_package(VICTIM_NEXT),
                                                       victim.device.ram.counter,
                                                       &(struct pawl_work){0}),
                             PAWL_OK);
        if (act != NULL)
            assert_int_equal(pawl_test_device_fetch(&victim.device, victim_package(VICTIM_NEXT), 0,
                                                    4096, UINT64_MAX),
                             PAWL_OK);
        else
            pawl_test_device_stop(&victim.device);
        victim.device.ram.reads = 0;
        swap = (struct swap){.flash = evil, .at = at};
        victim.device.ram.witness.reads = swap_before_read;
        if (act != NULL)
            act();
        else
            (void)pawl_test_device_start(&victim.device);
        reads = victim.device.ram.reads;
        assert_true(swap.done || at == reads);
        victim.device.ram.witness.reads = NULL;
        victim_check_runs(&victim);
        victim_check_takes_next(&victim);
        victim_end(&victim);
    }
    assert_true(reads > 4);
}

static void install_act(void)
{
    (void)pawl_processor_install(victim.device.engine);
}

/* Has: control of the flash while the device installs or starts, a content key, and a package of
 * his own sealed under it: each chunk would open. Tries: to show the honest bytes to the check and
 * others to what runs, changing flash before every single read. Stopped by: the preamble is read
 * once and used from memory, and what is hashed is what is loaded (SPEC 7.6, 13.3; I3). */
static void attack_time_of_check_to_time_of_use(void **state)
{
    struct pawl_test_package evil = *victim_package(VICTIM_NEXT);
    uint8_t chunk[PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD];
    struct pawl_stream stream;

    (void)state;
    /* The honest preamble, chunks of his own under the honest stream key. */
    evil.bytes = test_malloc(evil.size);
    memcpy(evil.bytes, victim_package(VICTIM_NEXT)->bytes, evil.size);
    assert_int_equal(pawl_stream_init(&stream, evil.content_key, evil.package_id, evil.image_size,
                                      PAWL_CHUNK_SIZE_MIN),
                     PAWL_OK);
    for (uint64_t i = 0; i < pawl_chunk_count(evil.image_size, PAWL_CHUNK_SIZE_MIN); i++) {
        size_t length = pawl_chunk_length(evil.image_size, PAWL_CHUNK_SIZE_MIN, i);
        memset(chunk, 0xcc, length);
        assert_int_equal(pawl_stream_seal(&stream, i, chunk, chunk), PAWL_OK);
        memcpy(evil.bytes + evil.preamble_size + i * sizeof chunk, chunk,
               length + PAWL_CHUNK_OVERHEAD);
    }
    pawl_stream_release(&stream);

    /* Into the slot of the candidate while it is installed. */
    victim_begin(&victim, 1);
    assert_int_equal(victim_download(&victim, VICTIM_NEXT, 1), PAWL_OK);
    slot_overwrite(1, &evil, NULL, NULL);
    uint8_t *flash = flash_copy(&victim.device.ram);
    victim_restart(&victim);
    victim_check_runs(&victim); /* standing there all the time it does not run */
    assert_false(victim.device.ram.running);
    victim_end(&victim);
    swap_at_each_read(install_act, 1, flash);
    test_free(flash);
    test_free(evil.bytes);
}

/* The same while it starts, with flash of another time, other slots and other records. */
static void attack_flash_changed_while_it_starts(void **state)
{
    (void)state;
    for (unsigned age = 0; age < 2; age++) {
        victim_begin(&victim, age);
        uint8_t *old = flash_copy(&victim.device.ram);
        victim_end(&victim);
        swap_at_each_read(NULL, 2, old);
        test_free(old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_flash_of_another_device),
        cmocka_unit_test(attack_records_of_two_slots_mixed_and_restored),
        cmocka_unit_test(attack_old_flash_with_a_newer_counter),
        cmocka_unit_test(attack_trial_record_relabelled_as_committed),
        cmocka_unit_test(attack_older_signed_image_under_a_known_key),
        cmocka_unit_test(attack_slot_swapped_under_its_record),
        cmocka_unit_test(attack_flash_changed_while_it_starts),
        cmocka_unit_test(attack_time_of_check_to_time_of_use),
    };
    return cmocka_run_group_tests(tests, victims_setup, victims_teardown);
}
