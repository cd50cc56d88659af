/* Challenges (SPEC 11.1-11.3): what is stale, and that nothing else passes. */
#include <string.h>

#include "headend/challenge.h"
#include "pawl_test.h"

#define NOW UINT64_C(1700000000)

static const uint8_t secret_a[PAWL_CHALLENGE_SECRET_SIZE] = {1},
                     secret_b[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t device[PAWL_ID_SIZE] = {3}, other_device[PAWL_ID_SIZE] = {4};
static const struct pawl_device_record held = {
    .sequence = 0x0102030405060708, .has_instance = true, .instance = {9, 8, 7, 6, 5, 4, 3, 2}};

static const struct pawl_failure_note sound = {.present = false};

struct fixture {
    struct pawl_challenge_key key;
    uint8_t bytes[PAWL_CHALLENGE_SIZE];
};

static struct fixture fixture_make(void)
{
    struct fixture fixture;
    pawl_challenge_key_init(&fixture.key, secret_a, NULL, 300);
    pawl_challenge_make(&fixture.key, device, NOW, &held, &sound, fixture.bytes);
    return fixture;
}

static bool opens(const struct fixture *fixture, uint64_t now)
{
    struct pawl_challenge challenge;
    return pawl_challenge_open(&fixture->key, device, now, fixture->bytes, sizeof fixture->bytes,
                               &challenge);
}

static void layout_is_that_of_spec_11_1(void **state)
{
    (void)state;
    static const uint8_t expected[33] = {1, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0, 1, 2, 3, 4,
                                         5, 6, 7, 8, 9, 8,    7,    6,    5, 4, 3, 2};
    struct fixture fixture = fixture_make();
    assert_memory_equal(fixture.bytes, expected, sizeof expected);
    struct pawl_hmac hmac;
    uint8_t subject[32] = "pawl/1 challenge", mac[PAWL_MAC_SIZE];
    memcpy(subject + 16, device, sizeof device);
    pawl_hmac_init(&hmac, secret_a, sizeof secret_a);
    pawl_hmac_make(&hmac, subject, sizeof subject, expected, sizeof expected, mac);
    assert_memory_equal(fixture.bytes + sizeof expected, mac, 16);
}

static void values_come_back_11_2(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    struct pawl_challenge challenge;
    assert_true(pawl_challenge_open(&fixture.key, device, NOW, fixture.bytes, sizeof fixture.bytes,
                                    &challenge));
    assert_true(challenge.time == NOW);
    assert_true(challenge.sequence == held.sequence);
    assert_true(challenge.has_instance);
    assert_memory_equal(challenge.instance, held.instance, PAWL_INSTANCE_SIZE);
    assert_true(pawl_challenge_fits(&challenge, &held, &sound));
}

static void age_is_bounded_both_ways_11_2(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    assert_true(opens(&fixture, NOW + 300));
    assert_false(opens(&fixture, NOW + 301));
    assert_true(opens(&fixture, NOW - 30));
    assert_false(opens(&fixture, NOW - 31));
    assert_false(opens(&fixture, 0));
    assert_false(opens(&fixture, UINT64_MAX));
}

static void every_flipped_bit_is_stale_11_3(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    for (size_t bit = 0; bit < 8 * PAWL_CHALLENGE_SIZE; bit++) {
        fixture.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(opens(&fixture, NOW));
        fixture.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(opens(&fixture, NOW));
}

static void every_other_length_is_stale_11_3(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    struct pawl_challenge challenge;
    uint8_t longer[PAWL_CHALLENGE_SIZE_MAX] = {0};
    memcpy(longer, fixture.bytes, sizeof fixture.bytes);
    for (size_t size = 0; size <= sizeof longer; size++)
        assert_int_equal(pawl_challenge_open(&fixture.key, device, NOW, longer, size, &challenge),
                         size == PAWL_CHALLENGE_SIZE);
}

static void another_device_cannot_use_it_i1(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    struct pawl_challenge challenge;
    assert_false(pawl_challenge_open(&fixture.key, other_device, NOW, fixture.bytes,
                                     sizeof fixture.bytes, &challenge));
}

static void two_secrets_overlap_while_rotated_11_1(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    pawl_challenge_key_init(&fixture.key, secret_b, secret_a, 300);
    assert_true(opens(&fixture, NOW));
    pawl_challenge_make(&fixture.key, device, NOW, &held, &sound, fixture.bytes);
    assert_true(opens(&fixture, NOW));
    pawl_challenge_key_init(&fixture.key, secret_b, NULL, 300);
    assert_true(opens(&fixture, NOW));
    pawl_challenge_key_init(&fixture.key, secret_a, NULL, 300);
    assert_false(opens(&fixture, NOW));
}

static void other_records_do_not_fit_11_3(void **state)
{
    (void)state;
    struct pawl_challenge challenge = {.sequence = held.sequence, .has_instance = true};
    memcpy(challenge.instance, held.instance, sizeof challenge.instance);
    struct pawl_device_record record = held;
    record.sequence++;
    assert_false(pawl_challenge_fits(&challenge, &record, &sound));
    record = held;
    record.instance[7] ^= 1;
    assert_false(pawl_challenge_fits(&challenge, &record, &sound));
    record = held;
    record.has_instance = false;
    assert_false(pawl_challenge_fits(&challenge, &record, &sound));
    challenge.has_instance = false;
    assert_true(pawl_challenge_fits(&challenge, &record, &sound));
}

static void record_without_instance_has_zeros_11_1(void **state)
{
    (void)state;
    struct fixture fixture = fixture_make();
    struct pawl_device_record fresh = {.sequence = 0};
    struct pawl_challenge challenge;
    static const uint8_t zeros[PAWL_INSTANCE_SIZE];
    pawl_challenge_make(&fixture.key, device, NOW, &fresh, &sound, fixture.bytes);
    assert_int_equal(fixture.bytes[0], 0);
    assert_memory_equal(fixture.bytes + 17, zeros, sizeof zeros);
    assert_true(pawl_challenge_open(&fixture.key, device, NOW, fixture.bytes, sizeof fixture.bytes,
                                    &challenge));
    assert_true(pawl_challenge_fits(&challenge, &fresh, &sound));
    assert_false(pawl_challenge_fits(&challenge, &held, &sound));
}

/* I5: a report that was recorded before a failure, a retry or a release must not be played again
 * after it. */
static void other_failures_and_standings_do_not_fit_11_3(void **state)
{
    (void)state;
    struct pawl_challenge challenge;
    struct pawl_device_record record = held;
    const struct pawl_failure_note failed = {.present = true, .code = PAWL_FAILURE_POWER};
    struct pawl_failure_note others[7] = {sound, failed, failed, failed, failed, failed, failed};
    others[1].code++;
    others[2].retries++;
    others[3].attempt++;
    others[4].retry_asked = true;
    others[5].settled = true;
    others[6].package_id[31] = 1;
    struct fixture fixture = fixture_make();
    pawl_challenge_make(&fixture.key, device, NOW, &held, &failed, fixture.bytes);
    assert_true(pawl_challenge_open(&fixture.key, device, NOW, fixture.bytes, sizeof fixture.bytes,
                                    &challenge));
    assert_true(pawl_challenge_fits(&challenge, &held, &failed));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(pawl_challenge_fits(&challenge, &held, &others[i]));
    record.standing = PAWL_STANDING_RELEASED;
    assert_false(pawl_challenge_fits(&challenge, &record, &failed));
    memset(challenge.status, 0, sizeof challenge.status);
    assert_true(pawl_challenge_fits(&challenge, &held, &sound));
    assert_false(pawl_challenge_fits(&challenge, &record, &sound));
}

static void wiped_key_opens_nothing_i8(void **state)
{
    (void)state;
    static const struct pawl_challenge_key zeros;
    struct fixture fixture = fixture_make();
    pawl_challenge_key_wipe(&fixture.key);
    assert_memory_equal(&fixture.key, &zeros, sizeof zeros);
    assert_false(opens(&fixture, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_that_of_spec_11_1),
        cmocka_unit_test(values_come_back_11_2),
        cmocka_unit_test(age_is_bounded_both_ways_11_2),
        cmocka_unit_test(every_flipped_bit_is_stale_11_3),
        cmocka_unit_test(every_other_length_is_stale_11_3),
        cmocka_unit_test(another_device_cannot_use_it_i1),
        cmocka_unit_test(two_secrets_overlap_while_rotated_11_1),
        cmocka_unit_test(other_records_do_not_fit_11_3),
        cmocka_unit_test(record_without_instance_has_zeros_11_1),
        cmocka_unit_test(other_failures_and_standings_do_not_fit_11_3),
        cmocka_unit_test(wiped_key_opens_nothing_i8),
    };
    return cmocka_run_group_tests_name("challenge, SPEC 11", tests, NULL, NULL);
}
