/* The server's cache of devices: nothing older than the last write is ever found (I5, SPEC 11.6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/device_cache.h"

static const uint8_t key[PAWL_KEY_SIZE] = {7};

static struct pawl_device device_make(uint32_t number)
{
    struct pawl_device device = {.number = number, .record = {.sequence = 1}};
    memcpy(device.device_id, &number, sizeof number);
    return device;
}

static bool find(struct pawl_device_cache *cache, uint32_t number, struct pawl_device *found,
                 uint32_t *ticket)
{
    struct pawl_device wanted = device_make(number);
    uint8_t found_key[PAWL_KEY_SIZE];
    if (!pawl_device_cache_find(cache, wanted.device_id, found, found_key, ticket))
        return false;
    assert_int_equal(found->number, number);
    assert_memory_equal(found_key, key, sizeof key);
    return true;
}

static void add(struct pawl_device_cache *cache, uint32_t number)
{
    struct pawl_device device = device_make(number), found;
    uint32_t ticket;
    if (!find(cache, number, &found, &ticket))
        pawl_device_cache_add(cache, &device, key, ticket);
}

static int setup(void **state)
{
    return pawl_device_cache_create((struct pawl_device_cache **)state) == PAWL_OK ? 0 : 1;
}

static int teardown(void **state)
{
    pawl_device_cache_free(*state);
    return 0;
}

static void test_found_after_add(void **state)
{
    struct pawl_device found;
    uint32_t ticket;
    assert_false(find(*state, 1, &found, &ticket));
    add(*state, 1);
    assert_true(find(*state, 1, &found, &ticket));
    assert_false(find(*state, 2, &found, &ticket));
}

/* Read before a write, offered after it: not kept. */
static void test_old_read_is_not_kept(void **state)
{
    struct pawl_device device = device_make(1), found;
    uint32_t ticket;
    assert_false(find(*state, 1, &found, &ticket));
    pawl_device_cache_drop(*state, device.device_id);
    pawl_device_cache_add(*state, &device, key, ticket);
    assert_false(find(*state, 1, &found, &ticket));

    struct pawl_change change = {.before = device.record, .after = device.record};
    assert_false(find(*state, 1, &found, &ticket));
    pawl_device_cache_change(*state, device.device_id, &change);
    pawl_device_cache_add(*state, &device, key, ticket);
    assert_false(find(*state, 1, &found, &ticket));
}

/* SPEC 22.4: a secret that is wrapped anew is taken over, and what was read before is not kept. */
static void test_rewrapped_secret_is_taken_over(void **state)
{
    const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE] = {0, 0, 0, 2, 9};
    struct pawl_device device = device_make(1), found;
    uint32_t ticket;
    assert_false(find(*state, 1, &found, &ticket));
    pawl_device_cache_rewrap(*state, device.device_id, wrapped);
    pawl_device_cache_add(*state, &device, key, ticket);
    assert_false(find(*state, 1, &found, &ticket));

    add(*state, 1);
    pawl_device_cache_rewrap(*state, device.device_id, wrapped);
    assert_true(find(*state, 1, &found, &ticket));
    assert_memory_equal(found.wrapped_secret, wrapped, sizeof wrapped);
    assert_int_equal(found.record.sequence, 1);
}

static void test_change_is_taken_over(void **state)
{
    struct pawl_device device = device_make(1), found;
    uint32_t ticket;
    add(*state, 1);
    struct pawl_change change = {.before = device.record, .after = device.record};
    change.after.sequence = 2;
    change.after.has_instance = true;
    pawl_device_cache_change(*state, device.device_id, &change);
    assert_true(find(*state, 1, &found, &ticket));
    assert_int_equal(found.record.sequence, 2);

    /* The same change again is of a record that is not here any more. */
    pawl_device_cache_change(*state, device.device_id, &change);
    assert_false(find(*state, 1, &found, &ticket));
}

static void test_drop_forgets(void **state)
{
    struct pawl_device device = device_make(1), found;
    uint32_t ticket;
    add(*state, 1);
    pawl_device_cache_drop(*state, device.device_id);
    assert_false(find(*state, 1, &found, &ticket));
    add(*state, 1);
    assert_true(find(*state, 1, &found, &ticket));
}

/* Far more devices than there is room for: each that is found is itself. */
static void test_bounded(void **state)
{
    struct pawl_device found;
    uint32_t ticket, present = 0;
    for (uint32_t number = 1; number <= 100000; number++)
        add(*state, number);
    for (uint32_t number = 1; number <= 100000; number++)
        present += find(*state, number, &found, &ticket);
    assert_in_range(present, 20000, 40000);
    assert_true(find(*state, 100000, &found, &ticket));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_after_add, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_read_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_change_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rewrapped_secret_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drop_forgets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
