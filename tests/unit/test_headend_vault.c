/* The vault (invariants I7, I8): what wrapped rows are worth without their key, device or kind. */
#include <stdlib.h>
#include <string.h>

#include "headend/vault.h"
#include "pawl_test.h"

static const uint8_t data_key[PAWL_VAULT_KEY_SIZE] = {1}, secret[PAWL_VAULT_KEY_SIZE] = {2};
static const uint8_t device[PAWL_ID_SIZE] = {3}, other_device[PAWL_ID_SIZE] = {4};

struct fixture {
    struct pawl_vault *vault;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_result(PAWL_OK, pawl_vault_create(&fixture->vault));
    assert_result(PAWL_OK, pawl_vault_data_key_add(fixture->vault, 1, data_key));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pawl_vault_close(fixture->vault);
    free(fixture);
    return 0;
}

static void wrapped_secret_comes_back(void **state)
{
    struct fixture *fixture = *state;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                           sizeof device, secret, wrapped));
    assert_result(PAWL_OK, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                             sizeof device, wrapped, key));
    assert_memory_equal(key, secret, sizeof key);
    for (size_t i = 0; i + 8 <= sizeof wrapped; i++)
        assert_memory_not_equal(wrapped + i, secret, 8);
}

static void swapped_rows_do_not_unwrap_i7(void **state)
{
    struct fixture *fixture = *state;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE] = {0x55}, before[32];
    memcpy(before, key, sizeof key);
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                           sizeof device, secret, wrapped));
    assert_result(PAWL_UNTRUSTED, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_UNIT_SECRET,
                                                    other_device, sizeof device, wrapped, key));
    assert_memory_equal(key, before, sizeof key);
}

static void every_flipped_bit_is_refused_i9(void **state)
{
    struct fixture *fixture = *state;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                           sizeof device, secret, wrapped));
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_result(PAWL_UNTRUSTED, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_UNIT_SECRET,
                                                        device, sizeof device, wrapped, key));
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void kinds_are_apart_i7(void **state)
{
    struct fixture *fixture = *state;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                           sizeof device, secret, wrapped));
    assert_result(PAWL_UNTRUSTED, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_SERVER_KEY, device,
                                                    sizeof device, wrapped, key));
    assert_result(PAWL_STATE, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_CONTENT_KEY, device,
                                                sizeof device, wrapped, key));
    assert_result(PAWL_STATE, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device,
                                              sizeof device - 1, secret, wrapped));
}

static void another_data_key_opens_nothing_i7(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t stranger[PAWL_VAULT_KEY_SIZE] = {9};
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    struct pawl_vault *vault = NULL;
    assert_result(PAWL_OK, pawl_vault_create(&vault));
    assert_result(PAWL_STATE,
                  pawl_vault_wrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, secret, wrapped));
    assert_result(PAWL_OK, pawl_vault_data_key_add(vault, 1, stranger));
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device, 16,
                                           secret, wrapped));
    assert_result(PAWL_UNTRUSTED,
                  pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, wrapped, key));
    pawl_vault_close(vault);
}

static void vault_opens_again_with_the_same_data_key(void **state)
{
    struct fixture *fixture = *state;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    struct pawl_vault *vault;
    assert_result(PAWL_OK, pawl_vault_wrap(fixture->vault, PAWL_VAULT_UNIT_SECRET, device, 16,
                                           secret, wrapped));
    assert_result(PAWL_OK, pawl_vault_create(&vault));
    assert_result(PAWL_OK, pawl_vault_data_key_add(vault, 1, data_key));
    assert_result(PAWL_OK,
                  pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, wrapped, key));
    assert_memory_equal(key, secret, sizeof key);
    pawl_vault_close(vault);
}

/* SPEC 22: two data keys live at once, and a retired one opens nothing once it is forgotten. */
static void generations_live_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t next[PAWL_VAULT_KEY_SIZE] = {8};
    uint8_t old[PAWL_VAULT_WRAPPED_SIZE], new[PAWL_VAULT_WRAPPED_SIZE], key[32];
    struct pawl_vault *vault = fixture->vault;
    assert_result(PAWL_OK, pawl_vault_wrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, secret, old));
    assert_int_equal(pawl_vault_generation_of(old), 1);
    assert_result(PAWL_STATE, pawl_vault_data_key_add(vault, 1, next));
    assert_result(PAWL_STATE, pawl_vault_data_key_add(vault, 0, next));
    assert_result(PAWL_OK, pawl_vault_data_key_add(vault, 2, next));
    assert_int_equal(pawl_vault_generation(vault), 2);

    memcpy(new, old, sizeof new);
    assert_result(PAWL_OK, pawl_vault_rewrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, new));
    assert_int_equal(pawl_vault_generation_of(new), 2);
    assert_result(PAWL_OK, pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, old, key));
    assert_result(PAWL_OK, pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, new, key));
    assert_memory_equal(key, secret, sizeof key);

    pawl_vault_data_key_forget(vault, 2); /* the current one stays */
    pawl_vault_data_key_forget(vault, 1);
    assert_result(PAWL_UNTRUSTED,
                  pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, old, key));
    assert_result(PAWL_OK, pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, new, key));
}

/* SPEC 22: no data key goes while something wrapped under it may still be stored. */
static void pinned_generation_is_kept(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t next[PAWL_VAULT_KEY_SIZE] = {8};
    struct pawl_vault *vault = fixture->vault;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[32];
    assert_result(PAWL_OK,
                  pawl_vault_wrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, secret, wrapped));
    assert_false(pawl_vault_is_pinned(vault, 1));
    uint32_t early = pawl_vault_pin(vault);
    assert_result(PAWL_OK, pawl_vault_data_key_add(vault, 2, next));
    uint32_t late = pawl_vault_pin(vault);
    assert_true(early == 1 && late == 2);
    assert_true(pawl_vault_is_pinned(vault, 1));
    pawl_vault_data_key_forget(vault, 1);
    assert_result(PAWL_OK,
                  pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, wrapped, key));
    pawl_vault_unpin(vault, early);
    assert_false(pawl_vault_is_pinned(vault, 1));
    assert_true(pawl_vault_is_pinned(vault, 2));
    pawl_vault_unpin(vault, late);
}

static void decoy_outlives_every_data_key(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_vault *vault = fixture->vault;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE], key[32], next[PAWL_VAULT_KEY_SIZE] = {0};
    assert_result(PAWL_OK, pawl_vault_decoy_make(vault, device, wrapped));
    for (uint32_t generation = 2; generation < 9; generation++) {
        next[0] = (uint8_t)generation;
        assert_result(PAWL_OK, pawl_vault_data_key_add(vault, generation, next));
        pawl_vault_data_key_forget(vault, generation - 1);
        assert_result(PAWL_OK,
                      pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, 16, wrapped, key));
    }
}

static void fresh_keys_differ(void **state)
{
    struct fixture *fixture = *state;
    uint8_t a[PAWL_VAULT_WRAPPED_SIZE], b[PAWL_VAULT_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_OK, pawl_vault_key_create(fixture->vault, "challenge", a));
    assert_result(PAWL_OK, pawl_vault_key_create(fixture->vault, "challenge", b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_result(PAWL_OK,
                  pawl_vault_unwrap(fixture->vault, PAWL_VAULT_SERVER_KEY, "challenge", 9, a, key));
    assert_result(PAWL_UNTRUSTED, pawl_vault_unwrap(fixture->vault, PAWL_VAULT_SERVER_KEY,
                                                    "fingerprint", 11, a, key));
}

static void tags_tell_equal_secrets_only(void **state)
{
    (void)state;
    static const uint8_t key[32] = {5}, other_key[32] = {6}, other_secret[32] = {7};
    uint8_t tag[PAWL_SECRET_TAG_SIZE], again[PAWL_SECRET_TAG_SIZE];
    struct pawl_hmac fingerprint;
    pawl_hmac_init(&fingerprint, key, sizeof key);
    pawl_secret_tag_make(&fingerprint, secret, tag);
    pawl_secret_tag_make(&fingerprint, secret, again);
    assert_memory_equal(tag, again, sizeof tag);
    pawl_secret_tag_make(&fingerprint, other_secret, again);
    assert_memory_not_equal(tag, again, sizeof tag);
    pawl_hmac_init(&fingerprint, other_key, sizeof other_key);
    pawl_secret_tag_make(&fingerprint, secret, again);
    assert_memory_not_equal(tag, again, sizeof tag);
}

int main(void)
{
#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        VAULT_TEST(wrapped_secret_comes_back),
        VAULT_TEST(swapped_rows_do_not_unwrap_i7),
        VAULT_TEST(every_flipped_bit_is_refused_i9),
        VAULT_TEST(kinds_are_apart_i7),
        VAULT_TEST(another_data_key_opens_nothing_i7),
        VAULT_TEST(vault_opens_again_with_the_same_data_key),
        VAULT_TEST(generations_live_side_by_side),
        VAULT_TEST(pinned_generation_is_kept),
        VAULT_TEST(decoy_outlives_every_data_key),
        VAULT_TEST(fresh_keys_differ),
        VAULT_TEST(tags_tell_equal_secrets_only),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
