/* Taking packages: what is accepted, what is refused and how, what flash sees of it (SPEC 13.3). */
#include "processor_fixture.h"

#include "pawl/chain.h"

/* A copy of all that persists, to show that something changed nothing. */
struct remains {
    uint8_t flash[65536];
    uint64_t operations;
};

static void remains_take(const struct fixture *f, struct remains *remains)
{
    assert_true(f->device.ram.flash_size <= sizeof remains->flash);
    memcpy(remains->flash, f->device.ram.flash, f->device.ram.flash_size);
    remains->operations = f->device.ram.operations;
}

static void remains_check(const struct fixture *f, const struct remains *remains)
{
    assert_int_equal(f->device.ram.operations, remains->operations);
    assert_memory_equal(f->device.ram.flash, remains->flash, f->device.ram.flash_size);
}

static void spec13_bytes_may_come_in_pieces_of_any_size(void **state)
{
    static const size_t pieces[] = {1, 7, 100, 1040, 4096, 100000};
    struct fixture *f = *state;
    struct pawl_work work;

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, i, &work), PAWL_OK);
        assert_true(work.fetch);
        assert_int_equal(work.offset, 0);
        assert_int_equal(work.package_size, f->first.size);
        assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, pieces[i], UINT64_MAX),
                         PAWL_OK);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_CANDIDATE);
        assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
        assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
    }
}

static void spec13_images_of_every_shape(void **state)
{
    static const struct {
        uint64_t image_size;
        uint32_t chunk_size;
    } shapes[] = {{1, 1024},    {1023, 1024}, {1024, 1024}, {1025, 1024}, {4096, 2048},
                  {4097, 1024}, {9000, 4096}, {8192, 4096}, {12000, 2048}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct pawl_test_release release = {.image_seed = (uint8_t)(10 + i),
                                                  .image_size = shapes[i].image_size,
                                                  .chunk_size = shapes[i].chunk_size};
        struct pawl_test_package package;
        pawl_test_package_make(&release, &package);
        fixture_commit(f, &package);
        assert_true(pawl_test_device_runs(&f->device, &package));
        assert_int_equal(fixture_reboot(f), PAWL_OK);
        assert_true(pawl_test_device_runs(&f->device, &package));
        pawl_test_package_free(&package);
    }
}

/* Releases that a device refuses when it sees the preamble. */
struct refusal {
    struct pawl_test_release release;
    enum pawl_result expected;
};
static const struct refusal refusals[] = {
    {{.signer = 1}, PAWL_UNTRUSTED},
    {{.vendor_name = "other.example"}, PAWL_WRONG_CLASS},
    {{.class_name = "gateway-b"}, PAWL_WRONG_CLASS},
    {{.chunk_size = 8192}, PAWL_EXHAUSTED},
    {{.kind = PAWL_KIND_RAW, .load_address = 0x1fffff00, .entry_address = 0x20000000},
     PAWL_UNSUPPORTED},
    {{.kind = PAWL_KIND_RAW, .load_address = 0x2003ff00, .entry_address = 0x2003ff00},
     PAWL_UNSUPPORTED},
    {{.kind = PAWL_KIND_RAW, .load_address = 0x20000000, .entry_address = 0x20010000},
     PAWL_UNSUPPORTED},
    {{.kind = PAWL_KIND_RAW, .load_address = 0x20000000, .entry_address = 0x1fffffff},
     PAWL_UNSUPPORTED},
    {{.kind = PAWL_KIND_RAW, .load_address = UINT64_MAX - 10, .entry_address = UINT64_MAX},
     PAWL_UNSUPPORTED},
};

static void i3_a_package_that_may_not_run_leaves_no_trace(void **state)
{
    struct fixture *f = *state;
    static struct remains remains;

    fixture_commit(f, &f->first);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct pawl_test_package package;
        pawl_test_package_make(&refusals[i].release, &package);
        remains_take(f, &remains);
        assert_int_equal(pawl_test_device_download(&f->device, &package, 1), refusals[i].expected);
        remains_check(f, &remains);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
        assert_int_equal(fixture_failure_get(f, &package), refusals[i].expected);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        pawl_test_package_free(&package);
    }
}

static void spec6_a_raw_image_inside_the_window_runs(void **state)
{
    const struct pawl_test_release release = {
        .kind = PAWL_KIND_RAW, .load_address = 0x20000000, .entry_address = 0x20000100};
    struct fixture *f = *state;
    struct pawl_test_package package;

    pawl_test_package_make(&release, &package);
    fixture_commit(f, &package);
    assert_true(pawl_test_device_runs(&f->device, &package));
    pawl_test_package_free(&package);
}

static void spec13_a_kind_that_the_port_cannot_run_is_unsupported(void **state)
{
    struct fixture *f = *state;

    f->device.ram.port.executor.kinds[PAWL_KIND_EXEC] = false;
    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_UNSUPPORTED);
    f->device.ram.port.executor.kinds[PAWL_KIND_EXEC] = true;
    f->device.ram.port.executor.image_size_max = f->first.image_size - 1;
    assert_int_equal(pawl_test_device_download(&f->device, &f->first, 0), PAWL_EXHAUSTED);
}

static void i1_the_entitlement_of_another_unit_opens_nothing(void **state)
{
    struct fixture *f = *state;
    static struct remains remains;
    struct pawl_directive directive;
    struct pawl_work work;
    struct pawl_pud other;

    pawl_test_pud_make(2, &other);
    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, &f->first, 0, &directive);
    pawl_test_entitle(&other, 0, &f->first, directive.entitlement);
    remains_take(f, &remains);
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, UINT64_MAX),
                     PAWL_NOT_ENTITLED);
    remains_check(f, &remains);
}

static void i2_entitlements_of_other_numbers_open_nothing(void **state)
{
    static const uint64_t sequences[] = {0, 1, 3, 4, 10, UINT64_MAX};
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    fixture_commit(f, &f->first);
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        assert_int_equal(pawl_test_device_download(&f->device, &f->second, sequences[i]),
                         PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 2), PAWL_OK);
}

/* Whoever has K(1) walks the chain to keys of earlier downloads; none of them opens the next. */
static void i6_a_leaked_download_key_opens_no_later_download(void **state)
{
    struct fixture *f = *state;
    const struct pawl_pud *pud = &f->device.pud;
    uint8_t leaked[PAWL_KEY_SIZE];

    fixture_commit(f, &f->first);
    fixture_commit(f, &f->first);
    pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, 1, leaked);
    for (uint32_t step = 0; step <= pud->chain_length; step++) {
        struct pawl_entitlement_keys keys;
        struct pawl_directive directive;
        struct pawl_work work;
        assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
        pawl_test_directive_fill(&f->device, &f->second, 2, &directive);
        pawl_entitlement_keys_make(leaked, f->second.package_id, &keys);
        assert_int_equal(
            pawl_key_wrap(keys.kek, f->second.content_key, PAWL_KEY_SIZE, directive.entitlement),
            PAWL_OK);
        assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
        assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 700, UINT64_MAX),
                         PAWL_NOT_ENTITLED);
        pawl_chain_walk(pud->device_id, leaked, 1);
    }
}

static void i7_without_an_entitlement_nothing_opens(void **state)
{
    struct fixture *f = *state;
    struct pawl_directive directive;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
    pawl_test_directive_fill(&f->device, &f->first, 0, &directive);
    directive.has_entitlement = false;
    assert_int_equal(pawl_test_device_direct(&f->device, &directive, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, UINT64_MAX),
                     PAWL_NOT_ENTITLED);
}

static void i3_a_flipped_bit_anywhere_never_becomes_a_candidate(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    for (size_t at = 0; at < f->second.size; at += at < f->second.preamble_size ? 5 : 97) {
        f->second.bytes[at] ^= 0x10;
        assert_int_not_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
        f->second.bytes[at] ^= 0x10;
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
        assert_true(pawl_test_device_runs(&f->device, &f->first));
        assert_int_equal(f->device.ram.runs, 1);
    }
    assert_int_equal(f->device.ram.counter, 1);
    fixture_commit(f, &f->second);
}

static void i3_a_corrupt_chunk_is_named_also_after_a_reboot(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    f->second.bytes[f->second.preamble_size + 1100] ^= 1;
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_CORRUPT);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_CORRUPT);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_CORRUPT);
}

static void i3_another_image_than_the_signed_one_does_not_run(void **state)
{
    const struct pawl_test_release release = {.image_seed = 8, .other_image = true};
    struct fixture *f = *state;
    struct pawl_test_package package;

    pawl_test_package_make(&release, &package);
    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_download(&f->device, &package, 1), PAWL_CORRUPT);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    assert_int_equal(fixture_failure_get(f, &package), PAWL_CORRUPT);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
    assert_false(f->device.ram.trial);
    pawl_test_package_free(&package);
}

static void i3_another_package_than_the_offered_one_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(f->first.size, f->second.size);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->second, 0, 700, UINT64_MAX),
                     PAWL_CORRUPT);
    assert_int_equal(fixture_failure_get(f, &f->first), PAWL_CORRUPT);
}

/* The size in the directive is not the package's: shorter, longer, absurd. */
static void i9_a_wrong_package_size_is_refused(void **state)
{
    static const uint64_t sizes[] = {0, 1, 12, 13, 100, 2000, 6000, 16384, 16385, UINT64_MAX};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pawl_directive directive;
        struct pawl_work work;
        assert_int_equal(pawl_test_device_report(&f->device), PAWL_OK);
        pawl_test_directive_fill(&f->device, &f->first, 0, &directive);
        directive.package_size = sizes[i];
        enum pawl_result result = pawl_test_device_direct(&f->device, &directive, &work);
        if (result == PAWL_OK)
            result = pawl_test_device_fetch(&f->device, &f->first, 0, 700, UINT64_MAX);
        assert_int_not_equal(result, PAWL_OK);
        assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    }
}

static void spec5_the_maximum_sequence_number_ends_downloads(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    f->device.pud.has_maximum = true;
    f->device.pud.maximum = 1;
    fixture_commit(f, &f->first);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->second, 1, &work), PAWL_EXHAUSTED);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_EXHAUSTED);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

static void spec5_the_chain_goes_on_in_the_next_epoch(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 2 * f->device.pud.chain_length + 1; i++)
        fixture_commit(f, i % 2 ? &f->first : &f->second);
    assert_int_equal(f->device.ram.counter, 2 * f->device.pud.chain_length + 1);
}

static void spec8_the_committed_package_may_come_again(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    fixture_commit(f, &f->first);
    assert_int_equal(f->device.ram.counter, 2);
    assert_true(pawl_test_device_runs(&f->device, &f->first));
}

static void direct_make(struct fixture *f, uint64_t sequence, struct pawl_test_package *package)
{
    const struct pawl_test_release release = {
        .image_seed = 6, .mode = PAWL_MODE_DIRECT, .pud = &f->device.pud, .sequence = sequence};
    pawl_test_package_make(&release, package);
}

static void spec8_a_direct_package_opens_at_its_number_alone(void **state)
{
    struct fixture *f = *state;
    static struct remains remains;
    struct pawl_test_package package;

    fixture_commit(f, &f->first);
    for (uint64_t sequence = 0; sequence < 3; sequence++) {
        direct_make(f, sequence, &package);
        remains_take(f, &remains);
        enum pawl_result result = pawl_test_device_download(&f->device, &package, 1);
        assert_int_equal(result, sequence == 1 ? PAWL_OK : PAWL_NOT_ENTITLED);
        if (result == PAWL_OK)
            assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_CRASHED), PAWL_OK);
        else
            remains_check(f, &remains);
        pawl_test_package_free(&package);
    }
}

static void spec8_chunk_0_of_a_direct_package_is_asked_for_twice(void **state)
{
    struct fixture *f = *state;
    static struct remains remains;
    struct pawl_test_package package;
    struct pawl_work work;
    uint64_t next = 0;
    size_t chunk = PAWL_CHUNK_SIZE_MIN + PAWL_CHUNK_OVERHEAD;

    direct_make(f, 0, &package);
    assert_int_equal(pawl_test_device_exchange(&f->device, &package, 0, &work), PAWL_OK);
    remains_take(f, &remains);
    assert_int_equal(pawl_processor_write(f->device.engine, 0, package.bytes,
                                          package.preamble_size + chunk - 1, &next),
                     PAWL_OK);
    assert_int_equal(next, package.preamble_size + chunk - 1);
    remains_check(f, &remains);
    assert_int_equal(pawl_processor_write(f->device.engine, next, package.bytes + next, 500, &next),
                     PAWL_OK);
    assert_int_equal(next, package.preamble_size);
    assert_int_equal(pawl_test_device_fetch(&f->device, &package, next, 700, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_processor_install(f->device.engine), PAWL_OK);
    assert_true(pawl_test_device_runs(&f->device, &package));
    pawl_test_package_free(&package);
}

static void spec13_bytes_at_another_offset_are_ignored(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;
    uint64_t next = 0;

    assert_int_equal(pawl_processor_write(f->device.engine, 0, f->first.bytes, 10, &next),
                     PAWL_STATE);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_processor_write(f->device.engine, 0, f->first.bytes, 100, &next),
                     PAWL_OK);
    assert_int_equal(pawl_processor_write(f->device.engine, 0, f->first.bytes, 100, &next),
                     PAWL_STATE);
    assert_int_equal(next, 100);
    assert_int_equal(pawl_processor_write(f->device.engine, 101, f->first.bytes, 100, &next),
                     PAWL_STATE);
    assert_int_equal(pawl_processor_write(f->device.engine, 100, f->first.bytes, 0, &next),
                     PAWL_OK);
    assert_int_equal(next, 100);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 100, 999, UINT64_MAX), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_CANDIDATE);
    assert_int_equal(
        pawl_processor_write(f->device.engine, f->first.size, f->first.bytes, 1, &next),
        PAWL_STATE);
    assert_int_equal(next, f->first.size);
}

static void i4_flash_that_does_not_keep_what_is_written(void **state)
{
    struct fixture *f = *state;

    fixture_commit(f, &f->first);
    f->device.ram.drop_programs = true;
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_STORAGE);
    f->device.ram.drop_programs = false;
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_REJECTED);
    assert_int_equal(fixture_failure_get(f, &f->second), PAWL_STORAGE);
    fixture_commit(f, &f->second);
}

static void spec13_a_download_given_up_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct pawl_work work;

    assert_int_equal(pawl_processor_cancel(f->device.engine), PAWL_OK);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(pawl_test_device_fetch(&f->device, &f->first, 0, 700, 4000), PAWL_OK);
    assert_int_equal(pawl_processor_cancel(f->device.engine), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_READY);
    assert_int_equal(pawl_test_device_exchange(&f->device, &f->first, 0, &work), PAWL_OK);
    assert_int_equal(work.offset, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec13_bytes_may_come_in_pieces_of_any_size),
        FIXTURE_TEST(spec13_images_of_every_shape),
        FIXTURE_TEST(i3_a_package_that_may_not_run_leaves_no_trace),
        FIXTURE_TEST(spec6_a_raw_image_inside_the_window_runs),
        FIXTURE_TEST(spec13_a_kind_that_the_port_cannot_run_is_unsupported),
        FIXTURE_TEST(i1_the_entitlement_of_another_unit_opens_nothing),
        FIXTURE_TEST(i2_entitlements_of_other_numbers_open_nothing),
        FIXTURE_TEST(i6_a_leaked_download_key_opens_no_later_download),
        FIXTURE_TEST(i7_without_an_entitlement_nothing_opens),
        FIXTURE_TEST(i3_a_flipped_bit_anywhere_never_becomes_a_candidate),
        FIXTURE_TEST(i3_a_corrupt_chunk_is_named_also_after_a_reboot),
        FIXTURE_TEST(i3_another_image_than_the_signed_one_does_not_run),
        FIXTURE_TEST(i3_another_package_than_the_offered_one_is_corrupt),
        FIXTURE_TEST(i9_a_wrong_package_size_is_refused),
        FIXTURE_TEST(spec5_the_maximum_sequence_number_ends_downloads),
        FIXTURE_TEST(spec5_the_chain_goes_on_in_the_next_epoch),
        FIXTURE_TEST(spec8_the_committed_package_may_come_again),
        FIXTURE_TEST(spec8_a_direct_package_opens_at_its_number_alone),
        FIXTURE_TEST(spec8_chunk_0_of_a_direct_package_is_asked_for_twice),
        FIXTURE_TEST(spec13_bytes_at_another_offset_are_ignored),
        FIXTURE_TEST(i4_flash_that_does_not_keep_what_is_written),
        FIXTURE_TEST(spec13_a_download_given_up_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
