/* docs/porting.md: the conformance program passes a port that does what include/pawl/port.h asks,
 * and names what one does not. */
#include <string.h>

#include "common/conformance.h"
#include "pawl_test.h"
#include "sim/ram_port.h"

static const struct pawl_ram_geometry geometry = {
    .page_size = 256, .write_size = 8, .erased = 0xff, .slot_size = {4096, 4096}};

static struct pawl_ram_port ram;
static char refused[64]; /* the first check that did not hold */
static unsigned checks;

static void tell(const char *check, bool holds)
{
    checks++;
    if (!holds && refused[0] == '\0')
        strncpy(refused, check, sizeof refused - 1);
}

static unsigned conformance_run(void)
{
    const struct pawl_conformance conformance = {
        .port = &ram.port, .scratch = {ram.port.flash.slots[1].offset, 512}, .tell = tell};

    memset(refused, 0, sizeof refused);
    checks = 0;
    return pawl_conformance_run(&conformance);
}

static int ram_make(void **state)
{
    (void)state;
    pawl_ram_port_init(&ram, &geometry);
    return 0;
}

static int ram_release(void **state)
{
    (void)state;
    pawl_ram_port_release(&ram);
    return 0;
}

static void test_a_sound_port_passes(void **state)
{
    (void)state;
    assert_int_equal(0, conformance_run());
    assert_string_equal("", refused);
    assert_int_equal(14, checks);
    assert_int_equal(1, ram.counter);
}

static void test_a_counter_that_is_none_is_named(void **state)
{
    static const enum pawl_ram_counter_fault faults[] = {
        PAWL_RAM_COUNTER_STUCK, PAWL_RAM_COUNTER_REFUSES, PAWL_RAM_COUNTER_JUMPS,
        PAWL_RAM_COUNTER_VANISHES};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        pawl_ram_port_restart(&ram);
        ram.counter_fault = faults[i];
        assert_int_not_equal(0, conformance_run());
        assert_string_equal("the counter counts by one", refused);
    }
}

static void test_flash_that_forgets_is_named(void **state)
{
    (void)state;
    ram.drop_programs = true;
    assert_int_not_equal(0, conformance_run());
    assert_string_equal("a unit is programmed alone", refused);
}

static void test_entropy_that_fails_is_named(void **state)
{
    (void)state;
    ram.entropy_fails = true;
    assert_int_equal(1, conformance_run());
    assert_string_equal("entropy never repeats", refused);
}

static enum pawl_result constant(void *context, void *bytes, size_t size)
{
    (void)context;
    memset(bytes, 7, size);
    return PAWL_OK;
}

static void test_entropy_that_repeats_is_named(void **state)
{
    (void)state;
    ram.port.entropy = constant;
    assert_int_equal(1, conformance_run());
    assert_string_equal("entropy never repeats", refused);
}

static void test_limits_without_sense_end_it(void **state)
{
    (void)state;
    ram.port.flash.page_size = 300;
    assert_int_equal(1, conformance_run());
    assert_string_equal("limits make sense", refused);
    assert_int_equal(7, checks);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ram_make, ram_release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_sound_port_passes),           TEST(test_a_counter_that_is_none_is_named),
        TEST(test_flash_that_forgets_is_named),   TEST(test_entropy_that_fails_is_named),
        TEST(test_entropy_that_repeats_is_named), TEST(test_limits_without_sense_end_it),
    };

    return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
