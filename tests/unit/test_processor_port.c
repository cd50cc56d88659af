/* The port's limits, and flash as the engine writes it (SPEC 13). */
#include "processor_fixture.h"

#include "processor/flash.h"
#include "processor/slot.h"

typedef void (*port_spoil_fn)(struct pawl_port *port);

static void page_not_a_power_of_two(struct pawl_port *port)
{
    port->flash.page_size = 1000;
}

static void page_too_small(struct pawl_port *port)
{
    port->flash.page_size = 128;
}

static void no_page(struct pawl_port *port)
{
    port->flash.page_size = 0;
}

static void unit_not_a_power_of_two(struct pawl_port *port)
{
    port->flash.write_size = 24;
}

static void no_unit(struct pawl_port *port)
{
    port->flash.write_size = 0;
}

static void unit_too_large(struct pawl_port *port)
{
    port->flash.write_size = 1024;
}

static void erased_to_something(struct pawl_port *port)
{
    port->flash.erased = 0x55;
}

static void slot_not_at_a_page(struct pawl_port *port)
{
    port->flash.slots[1].offset += 8;
}

static void slot_without_size(struct pawl_port *port)
{
    port->flash.slots[0].size = 0;
}

static void slot_beyond_the_end_of_numbers(struct pawl_port *port)
{
    port->flash.slots[1].offset = UINT64_MAX - 1023;
    port->flash.slots[1].size = 2048;
}

static void areas_that_overlap(struct pawl_port *port)
{
    port->flash.slots[1].offset = port->flash.slots[0].offset + 1024;
}

static void records_of_one_page(struct pawl_port *port)
{
    port->flash.records[0].size = 1024;
}

static void records_that_do_not_halve(struct pawl_port *port)
{
    port->flash.records[1].size = 3072;
}

static void records_without_room_for_marks(struct pawl_port *port)
{
    port->flash.write_size = 512;
    port->flash.records[0].size = 2048;
}

static void no_counter(struct pawl_port *port)
{
    port->protected_store.counter_increment = NULL;
}

static void no_entropy(struct pawl_port *port)
{
    port->entropy = NULL;
}

static void no_stop(struct pawl_port *port)
{
    port->executor.stop = NULL;
}

static const port_spoil_fn spoilers[] = {
    page_not_a_power_of_two,
    page_too_small,
    no_page,
    unit_not_a_power_of_two,
    no_unit,
    unit_too_large,
    erased_to_something,
    slot_not_at_a_page,
    slot_without_size,
    slot_beyond_the_end_of_numbers,
    areas_that_overlap,
    records_of_one_page,
    records_that_do_not_halve,
    records_without_room_for_marks,
    no_counter,
    no_entropy,
    no_stop,
};

static void spec13_a_port_that_makes_no_sense_is_refused(void **state)
{
    struct fixture *f = *state;
    struct pawl_test_device *device = &f->device;

    assert_int_equal(pawl_port_check(&device->ram.port), PAWL_OK);
    pawl_test_device_stop(device);
    for (size_t i = 0; i < sizeof spoilers / sizeof spoilers[0]; i++) {
        struct pawl_port port = device->ram.port;
        struct pawl_processor *engine = NULL;
        spoilers[i](&port);
        assert_int_equal(pawl_processor_init(device->memory, &port, &device->pud, device->chunk,
                                             sizeof device->chunk, &engine),
                         PAWL_STATE);
        assert_null(engine);
    }
}

static void spec13_a_chunk_buffer_that_is_too_small_is_refused(void **state)
{
    struct fixture *f = *state;
    struct pawl_test_device *device = &f->device;
    struct pawl_processor *engine = NULL;

    pawl_test_device_stop(device);
    assert_int_equal(pawl_processor_init(device->memory, &device->ram.port, &device->pud,
                                         device->chunk, 1039, &engine),
                     PAWL_STATE);
    assert_int_equal(pawl_processor_init(device->memory, &device->ram.port, &device->pud,
                                         device->chunk, 1040, &device->engine),
                     PAWL_OK);
    assert_true(pawl_processor_size() <= PAWL_PROCESSOR_SIZE);
    assert_int_equal(pawl_processor_init(device->memory + 8, &device->ram.port, &device->pud,
                                         device->chunk, sizeof device->chunk, &engine),
                     PAWL_STATE);
}

/* Writes `size` bytes in pieces and compares what the slot then holds. The RAM port asserts that
 * units are whole, aligned, and erased before. */
static void slot_fill(const struct pawl_ram_geometry *geometry, size_t piece)
{
    static struct pawl_ram_port ram;
    struct pawl_slot_cursor cursor;
    uint8_t bytes[3000];
    uint64_t base;

    pawl_ram_port_init(&ram, geometry);
    base = ram.port.flash.slots[1].offset;
    memset(ram.flash, 0x33, ram.flash_size);
    memset(ram.written, 1, ram.flash_size / geometry->write_size);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);

    pawl_slot_start(&cursor, 1, 0);
    for (size_t at = 0; at < sizeof bytes; at += piece) {
        size_t part = sizeof bytes - at < piece ? sizeof bytes - at : piece;
        assert_int_equal(pawl_slot_write(&cursor, &ram.port, bytes + at, part), PAWL_OK);
        assert_int_equal(pawl_slot_taken(&cursor), at + part);
    }
    assert_int_equal(pawl_slot_finish(&cursor, &ram.port), PAWL_OK);
    assert_memory_equal(ram.flash + base, bytes, sizeof bytes);
    /* Pages that were not entered are as they were. */
    uint64_t entered = pawl_align_up(sizeof bytes, geometry->page_size);
    assert_int_equal(ram.flash[base - 1], 0x33);
    assert_int_equal(ram.flash[base + entered], 0x33);
    pawl_ram_port_release(&ram);
}

static void spec13_3_a_slot_takes_any_pieces_in_any_geometry(void **state)
{
    static const uint32_t pages[] = {256, 1024, 4096};
    static const uint32_t units[] = {1, 2, 8, 32, 256, 512};
    static const size_t pieces[] = {1, 3, 16, 255, 256, 700, 3000};

    (void)state;
    for (size_t p = 0; p < sizeof pages / sizeof pages[0]; p++) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            if (units[u] > pages[p])
                continue;
            for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
                slot_fill(&(struct pawl_ram_geometry){.page_size = pages[p],
                                                      .write_size = units[u],
                                                      .erased = u % 2 ? 0xff : 0x00,
                                                      .slot_size = {4096, 8192}},
                          pieces[i]);
        }
    }
}

static void i9_a_slot_never_takes_more_than_it_holds(void **state)
{
    static struct pawl_ram_port ram;
    struct pawl_slot_cursor cursor;
    static const uint8_t bytes[1025];

    (void)state;
    pawl_ram_port_init(
        &ram, &(struct pawl_ram_geometry){
                  .page_size = 256, .write_size = 16, .erased = 0xff, .slot_size = {1024, 1024}});
    pawl_slot_start(&cursor, 0, 0);
    assert_int_equal(pawl_slot_write(&cursor, &ram.port, bytes, 1025), PAWL_EXHAUSTED);
    assert_int_equal(pawl_slot_write(&cursor, &ram.port, bytes, 1020), PAWL_OK);
    assert_int_equal(pawl_slot_write(&cursor, &ram.port, bytes, 5), PAWL_EXHAUSTED);
    assert_int_equal(pawl_slot_write(&cursor, &ram.port, bytes, 4), PAWL_OK);
    pawl_ram_port_release(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec13_a_port_that_makes_no_sense_is_refused),
        FIXTURE_TEST(spec13_a_chunk_buffer_that_is_too_small_is_refused),
        cmocka_unit_test(spec13_3_a_slot_takes_any_pieces_in_any_geometry),
        cmocka_unit_test(i9_a_slot_never_takes_more_than_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
