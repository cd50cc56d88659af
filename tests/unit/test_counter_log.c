/* The counter log: what makes it, what spoils it, what it refuses (SPEC 13.11; I2). Power cuts and
 * single failures are tried by sim_counter_log. */
#include "processor_fixture.h"

#define PLACES 4u /* of a sector: 512 bytes, entries of 112 and seals of 16 */
#define STRIDE 128u

static const struct pawl_ram_geometry geometry = {.page_size = 512,
                                                  .write_size = 16,
                                                  .erased = 0xff,
                                                  .slot_size = {16384, 16384},
                                                  .log_sectors = 2,
                                                  .log_sector_size = 512};

static int setup(void **state)
{
    static struct pawl_ram_port ram;

    pawl_ram_port_init(&ram, &geometry);
    *state = &ram;
    return 0;
}

static int teardown(void **state)
{
    pawl_ram_port_release(*state);
    return 0;
}

static uint8_t *place(struct pawl_ram_port *ram, unsigned sector, unsigned index)
{
    return ram->flash + ram->log.area.offset + sector * ram->log.sector_size + index * STRIDE;
}

/* As after a restart. */
static enum pawl_result reopen(struct pawl_ram_port *ram, uint64_t *value)
{
    enum pawl_result result = pawl_counter_log_open(&ram->log);
    return result == PAWL_OK ? pawl_counter_log_read(&ram->log, value) : result;
}

static void increment(struct pawl_ram_port *ram, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        assert_int_equal(pawl_counter_log_increment(&ram->log), PAWL_OK);
}

static void i2_it_counts_and_keeps_cells_through_all_sectors(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint8_t cell[PAWL_CELL_SIZE], held[PAWL_CELL_SIZE];
    uint64_t value;

    for (uint64_t i = 0; i < 5 * PLACES; i++) {
        assert_int_equal(pawl_counter_log_read(&ram->log, &value), PAWL_OK);
        assert_int_equal(value, i);
        memset(cell, (int)i + 1, sizeof cell);
        assert_int_equal(pawl_counter_log_cell_write(&ram->log, i % 2, cell), PAWL_OK);
        increment(ram, 1);
        assert_int_equal(reopen(ram, &value), PAWL_OK);
        assert_int_equal(value, i + 1);
        assert_int_equal(pawl_counter_log_cell_read(&ram->log, i % 2, held), PAWL_OK);
        assert_memory_equal(held, cell, sizeof cell);
    }
}

/* Opening reads only, unless a cut left a doubt: a device that is switched on often wears nothing.
 */
static void it_does_not_write_when_it_is_opened(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    for (unsigned i = 0; i < 3 * PLACES; i++) {
        increment(ram, 1);
        uint64_t operations = ram->operations;
        assert_int_equal(reopen(ram, &value), PAWL_OK);
        assert_int_equal(ram->operations, operations);
    }
}

/* Erased flash is no counter at zero, and a log is not made anew over another. */
static void i2_only_the_factory_makes_one(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    increment(ram, 2);
    assert_int_equal(pawl_counter_log_format(&ram->log), PAWL_STATE);
    assert_int_equal(reopen(ram, &value), PAWL_OK);
    assert_int_equal(value, 2);

    memset(place(ram, 0, 0), 0xff, ram->log.area.size);
    assert_int_equal(reopen(ram, &value), PAWL_STORAGE);
    assert_int_equal(pawl_counter_log_read(&ram->log, &value), PAWL_STATE);
    assert_int_equal(pawl_counter_log_increment(&ram->log), PAWL_STATE);
    memset(place(ram, 0, 0), 0x5a, ram->log.area.size);
    assert_int_equal(reopen(ram, &value), PAWL_STORAGE);
    assert_int_equal(pawl_counter_log_format(&ram->log), PAWL_OK);
    assert_int_equal(reopen(ram, &value), PAWL_OK);
    assert_int_equal(value, 0);
}

/* An entry that was whole once and is not any more is no reason to take the one before. */
static void i2_a_spoilt_entry_is_an_error_and_not_an_older_value(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    increment(ram, 1); /* the third place of the first sector */
    for (unsigned at = 0; at < 104; at += 13) {
        place(ram, 0, 2)[at] ^= 0x04;
        assert_int_equal(pawl_counter_log_read(&ram->log, &value),
                         ram->log.open ? PAWL_STORAGE : PAWL_STATE);
        assert_int_equal(reopen(ram, &value), PAWL_STORAGE);
        place(ram, 0, 2)[at] ^= 0x04;
    }
    assert_int_equal(reopen(ram, &value), PAWL_OK);
    assert_int_equal(value, 1);

    increment(ram, 2); /* enters the second sector: the first entry is there twice */
    place(ram, 1, 0)[20] ^= 0x04;
    assert_int_equal(reopen(ram, &value), PAWL_OK);
    assert_int_equal(value, 3);
    place(ram, 1, 0)[20] ^= 0x04;
    place(ram, 1, 1)[20] ^= 0x04;
    assert_int_equal(reopen(ram, &value), PAWL_STORAGE);
}

/* I4: what is behind the log does not stop it, whatever becomes of it. */
static void an_old_entry_may_decay(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    increment(ram, 3); /* into the second sector */
    for (unsigned at = 0; at < 104; at++) {
        place(ram, 0, 3)[at] ^= 0x80;
        assert_int_equal(reopen(ram, &value), PAWL_OK);
        assert_int_equal(value, 3);
        pawl_ram_port_release(ram);
        pawl_ram_port_init(ram, &geometry);
        increment(ram, 3);
    }
}

/* An entry is one for its place only. */
static void i2_an_old_entry_copied_behind_the_newest_does_not_count(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    increment(ram, 1);
    memcpy(place(ram, 0, 3), place(ram, 0, 1), STRIDE);
    assert_int_equal(reopen(ram, &value), PAWL_STORAGE);
}

static void i2_it_ends_at_its_end(void **state)
{
    struct pawl_ram_port *ram = *state;
    uint64_t value;

    ram->log.value = UINT64_MAX - 1;
    increment(ram, 1);
    assert_int_equal(pawl_counter_log_increment(&ram->log), PAWL_EXHAUSTED);
    assert_int_equal(reopen(ram, &value), PAWL_OK);
    assert_true(value == UINT64_MAX);

    ram->log.generation = UINT32_MAX; /* four thousand million erases: no flash comes here */
    ram->log.next = PLACES;
    ram->log.value = 7;
    assert_int_equal(pawl_counter_log_increment(&ram->log), PAWL_EXHAUSTED);
}

static void it_refuses_what_is_no_place_for_a_log(void **state)
{
    struct pawl_ram_port *ram = *state;
    const struct pawl_counter_log sound = ram->log;
    const struct pawl_area slot = ram->port.flash.slots[1];
    const struct {
        uint64_t offset, size;
        uint32_t sector_size;
    } bad[] = {
        {sound.area.offset, 512, 512},                  /* one sector */
        {sound.area.offset, 1024, 0},                   /* none */
        {sound.area.offset, 1024, 256},                 /* less than a page */
        {sound.area.offset + 16, 1024, 512},            /* between pages */
        {sound.area.offset, 1280, 512},                 /* not whole sectors */
        {slot.offset + slot.size - 512, 1024, 512},     /* in a slot */
        {ram->port.flash.records[0].offset, 1024, 512}, /* in records */
        {UINT64_MAX - 511, 1024, 512},                  /* beyond all flash */
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ram->log.area = (struct pawl_area){bad[i].offset, bad[i].size};
        ram->log.sector_size = bad[i].sector_size;
        assert_int_equal(pawl_counter_log_open(&ram->log), PAWL_STATE);
        assert_int_equal(pawl_counter_log_format(&ram->log), PAWL_STATE);
    }
    ram->log = sound;
}

/* Flash that can't be written any more: the commit fails, and the old software goes on. */
static void i4_a_log_that_is_worn_out_costs_the_update_only(void **state)
{
    static struct pawl_test_device device;
    struct pawl_test_package first, second;

    (void)state;
    pawl_test_device_init(&device, 1, &geometry);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 1}, &first);
    pawl_test_package_make(&(struct pawl_test_release){.image_seed = 2}, &second);
    assert_int_equal(pawl_test_device_start(&device), PAWL_OK);
    assert_int_equal(pawl_test_device_update(&device, &first, 0, PAWL_RUN_EXITED_ZERO), PAWL_OK);
    assert_int_equal(pawl_test_device_download(&device, &second, 1), PAWL_OK);
    device.ram.drop_programs = true;
    assert_int_equal(pawl_processor_ran(device.engine, PAWL_RUN_EXITED_ZERO), PAWL_STORAGE);
    assert_true(pawl_test_device_runs(&device, &first));
    assert_int_equal(pawl_test_device_sequence(&device), 1);
    /* A torn entry, which can't be followed by a whole one. */
    device.ram.flash[device.ram.log.area.offset + device.ram.log.next * STRIDE +
                     device.ram.log.sector * 512] = 0;
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        pawl_test_device_stop(&device);
        assert_int_equal(pawl_test_device_start(&device), PAWL_OK);
        assert_true(pawl_test_device_runs(&device, &first));
    }
    pawl_test_device_stop(&device);

    /* And one that is gone: nothing starts, and nothing is taken for a fresh device. */
    memset(device.ram.flash + device.ram.log.area.offset, 0xff, device.ram.log.area.size);
    assert_int_equal(pawl_test_device_start(&device), PAWL_STORAGE);
    assert_false(device.ram.running);
    pawl_test_device_release(&device);
    pawl_test_package_free(&first);
    pawl_test_package_free(&second);
}

#define LOG_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(i2_it_counts_and_keeps_cells_through_all_sectors),
        LOG_TEST(it_does_not_write_when_it_is_opened),
        LOG_TEST(i2_only_the_factory_makes_one),
        LOG_TEST(i2_a_spoilt_entry_is_an_error_and_not_an_older_value),
        LOG_TEST(an_old_entry_may_decay),
        LOG_TEST(i2_an_old_entry_copied_behind_the_newest_does_not_count),
        LOG_TEST(i2_it_ends_at_its_end),
        LOG_TEST(it_refuses_what_is_no_place_for_a_log),
        cmocka_unit_test(i4_a_log_that_is_worn_out_costs_the_update_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
