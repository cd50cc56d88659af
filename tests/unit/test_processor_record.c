/* Records and marks, byte by byte (SPEC 13.2). */
#include "processor_fixture.h"

#include "processor/record.h"
#include "processor/record_slot.h"

static const uint8_t content_key[PAWL_KEY_SIZE] = "content key of thirty-two bytes.";

static void record_make(const struct pawl_pud *pud, enum pawl_role role,
                        uint8_t bytes[PAWL_RECORD_SIZE], struct pawl_record *record)
{
    *record = (struct pawl_record){.role = role,
                                   .sequence = 0x0102030405060708,
                                   .package_size = 0x1112131415161718,
                                   .security_floor = 0x2122232425262728,
                                   .anchor_mask = 0x31323334,
                                   .instance = {0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48}};
    memset(record->package_id, 0x51, sizeof record->package_id);
    assert_int_equal(pawl_record_key_wrap(record, pud, content_key), PAWL_OK);
    pawl_record_write(record, pud, bytes);
}

static void spec13_2_each_field_has_its_place(void **state)
{
    static const uint8_t start[] = {
        'P',  'A',  'W',  'L',  'R',  'E',  'C',  '1',  0,    0,    0,    2,    /* magic, role */
        0x31, 0x32, 0x33, 0x34, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* mask, s */
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,                         /* size */
        0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,                         /* floor */
        0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,                         /* instance */
        0x51, 0x51, 0x51, 0x51};
    struct pawl_pud pud;
    struct pawl_record record;
    uint8_t bytes[PAWL_RECORD_SIZE];
    uint8_t branch[PAWL_KEY_SIZE], key[PAWL_KEY_SIZE], wrapped[PAWL_ENTITLEMENT_SIZE];
    uint8_t mac[PAWL_MAC_SIZE];
    struct pawl_hmac hmac;

    (void)state;
    pawl_test_pud_make(1, &pud);
    record_make(&pud, PAWL_ROLE_COMMITTED, bytes, &record);
    assert_memory_equal(bytes, start, sizeof start);
    assert_memory_equal(bytes + 48, record.package_id, PAWL_PACKAGE_ID_SIZE);
    pawl_storage_key_make(pud.unit_secret, record.sequence, record.package_id, branch);
    pawl_expand(branch, "pawl/1 record wrap", NULL, 0, key, sizeof key);
    assert_int_equal(pawl_key_wrap(key, content_key, sizeof content_key, wrapped), PAWL_OK);
    assert_memory_equal(bytes + 80, wrapped, sizeof wrapped);
    pawl_expand(branch, "pawl/1 record mac", NULL, 0, key, sizeof key);
    pawl_hmac_init(&hmac, key, sizeof key);
    pawl_hmac_make(&hmac, bytes, 120, NULL, 0, mac);
    assert_memory_equal(bytes + 120, mac, sizeof mac);
}

static void i2_a_record_reads_in_its_own_role_and_number_alone(void **state)
{
    struct pawl_pud pud;
    struct pawl_record record, read;
    uint8_t bytes[PAWL_RECORD_SIZE], key[PAWL_KEY_SIZE];

    (void)state;
    pawl_test_pud_make(1, &pud);
    record_make(&pud, PAWL_ROLE_TRIAL, bytes, &record);
    assert_int_equal(pawl_record_read(bytes, &pud, PAWL_ROLE_TRIAL, record.sequence, &read),
                     PAWL_OK);
    assert_int_equal(read.package_size, record.package_size);
    assert_int_equal(read.security_floor, record.security_floor);
    assert_int_equal(read.anchor_mask, record.anchor_mask);
    assert_memory_equal(read.instance, record.instance, sizeof read.instance);
    assert_int_equal(pawl_record_key_unwrap(&read, &pud, key), PAWL_OK);
    assert_memory_equal(key, content_key, sizeof key);

    assert_int_equal(pawl_record_read(bytes, &pud, PAWL_ROLE_TRIAL, record.sequence + 1, &read),
                     PAWL_STATE);
    assert_int_equal(pawl_record_read(bytes, &pud, PAWL_ROLE_COMMITTED, record.sequence, &read),
                     PAWL_STATE);
    bytes[11] = PAWL_ROLE_COMMITTED;
    assert_int_equal(pawl_record_read(bytes, &pud, PAWL_ROLE_COMMITTED, record.sequence, &read),
                     PAWL_UNTRUSTED);
    read.role = PAWL_ROLE_COMMITTED;
    assert_int_not_equal(pawl_record_key_unwrap(&read, &pud, key), PAWL_OK);
}

static void i1_a_record_of_another_unit_is_untrusted(void **state)
{
    struct pawl_pud pud, other;
    struct pawl_record record, read;
    uint8_t bytes[PAWL_RECORD_SIZE];

    (void)state;
    pawl_test_pud_make(1, &pud);
    pawl_test_pud_make(2, &other);
    record_make(&pud, PAWL_ROLE_COMMITTED, bytes, &record);
    assert_int_equal(pawl_record_read(bytes, &other, PAWL_ROLE_COMMITTED, record.sequence, &read),
                     PAWL_UNTRUSTED);
}

static void i2_any_flipped_bit_is_noticed(void **state)
{
    struct pawl_pud pud;
    struct pawl_record record, read;
    uint8_t bytes[PAWL_RECORD_SIZE];

    (void)state;
    pawl_test_pud_make(1, &pud);
    record_make(&pud, PAWL_ROLE_COMMITTED, bytes, &record);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(
            pawl_record_read(bytes, &pud, PAWL_ROLE_COMMITTED, record.sequence, &read), PAWL_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void marks_are(const struct pawl_port *port, unsigned slot, uint32_t attempt,
                      uint32_t outcome)
{
    uint32_t code = UINT32_MAX;

    assert_int_equal(pawl_mark_read(port, slot, PAWL_MARK_ATTEMPT, &code), PAWL_OK);
    assert_int_equal(code, attempt);
    assert_int_equal(pawl_mark_read(port, slot, PAWL_MARK_OUTCOME, &code), PAWL_OK);
    assert_int_equal(code, outcome);
}

static void spec13_2_marks_tell_how_an_attempt_went(void **state)
{
    static const uint32_t units[] = {1, 2, 8, 64, 512};

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (unsigned erased = 0; erased <= 0xff; erased += 0xff) {
            static struct pawl_ram_port ram;
            const uint8_t record[PAWL_RECORD_SIZE] = "PAWLREC1";
            uint8_t held[PAWL_RECORD_SIZE];
            pawl_ram_port_init(&ram, &(struct pawl_ram_geometry){.page_size = 1024,
                                                                 .write_size = units[i],
                                                                 .erased = (uint8_t)erased,
                                                                 .slot_size = {1024, 1024}});
            assert_int_equal(pawl_record_store(&ram.port, 1, PAWL_ROLE_TRIAL, record), PAWL_OK);
            assert_int_equal(pawl_record_store(&ram.port, 1, PAWL_ROLE_COMMITTED, record), PAWL_OK);
            marks_are(&ram.port, 1, 0, 0);
            assert_int_equal(pawl_mark_write(&ram.port, 1, PAWL_MARK_ATTEMPT, PAWL_ATTEMPT_CODE),
                             PAWL_OK);
            marks_are(&ram.port, 1, PAWL_ATTEMPT_CODE, 0);
            assert_int_equal(
                pawl_mark_write(&ram.port, 1, PAWL_MARK_OUTCOME, PAWL_FAILURE_DEADLINE), PAWL_OK);
            marks_are(&ram.port, 1, PAWL_ATTEMPT_CODE, PAWL_FAILURE_DEADLINE);
            assert_int_equal(pawl_record_fetch(&ram.port, 1, PAWL_ROLE_TRIAL, held), PAWL_OK);
            assert_memory_equal(held, record, sizeof held);
            assert_int_equal(pawl_record_erase(&ram.port, 1, PAWL_ROLE_TRIAL), PAWL_OK);
            assert_int_equal(pawl_record_fetch(&ram.port, 1, PAWL_ROLE_COMMITTED, held), PAWL_OK);
            assert_memory_equal(held, record, sizeof held);
            pawl_ram_port_release(&ram);
        }
    }
}

static void i4_a_torn_mark_counts_as_lost_power(void **state)
{
    static const uint8_t torn[][8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff},
        {0x42, 0xbd, 0x42, 0xbd, 0x42, 0xbd, 0x42, 0xff}, /* the last byte is missing */
        {0x42, 0xbd, 0x42, 0xbd, 0x43, 0xbd, 0x42, 0xbd},
        {0x42, 0xff, 0x42, 0xff, 0x42, 0xff, 0x42, 0xff},
        {0xff, 0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0xff},
        {0x00, 0xff, 0x00, 0xff, 0x00, 0xff, 0x00, 0xff}, /* no attempt ends for the reason 0 */
    };
    static struct pawl_ram_port ram;

    (void)state;
    pawl_ram_port_init(
        &ram, &(struct pawl_ram_geometry){
                  .page_size = 256, .write_size = 8, .erased = 0xff, .slot_size = {256, 256}});
    uint8_t *mark = ram.flash + ram.port.flash.records[0].offset + 152 + 8;
    for (size_t i = 0; i < sizeof torn / sizeof torn[0]; i++) {
        memcpy(mark, torn[i], sizeof torn[i]);
        marks_are(&ram.port, 0, 0, PAWL_FAILURE_POWER);
    }
    pawl_ram_port_release(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec13_2_each_field_has_its_place),
        cmocka_unit_test(i2_a_record_reads_in_its_own_role_and_number_alone),
        cmocka_unit_test(i1_a_record_of_another_unit_is_untrusted),
        cmocka_unit_test(i2_any_flipped_bit_is_noticed),
        cmocka_unit_test(spec13_2_marks_tell_how_an_attempt_went),
        cmocka_unit_test(i4_a_torn_mark_counts_as_lost_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
