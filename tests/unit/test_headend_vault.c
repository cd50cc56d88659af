/* The vault (invariants I7, I8): what wrapped rows are worth without their key, device or kind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/vault.h"
#include "host/file.h"
#include "pawl_test.h"

static const uint8_t master[PAWL_VAULT_KEY_SIZE] = {1}, secret[PAWL_VAULT_KEY_SIZE] = {2};
static const uint8_t device[PAWL_ID_SIZE] = {3}, other_device[PAWL_ID_SIZE] = {4};

struct fixture {
    struct pawl_vault *vault;
    char directory[64], path[96];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    strcpy(fixture->directory, "/tmp/pawl-vault-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/master.key", fixture->directory);
    assert_result(PAWL_OK, pawl_data_key_create(master, wrapped));
    assert_result(PAWL_OK, pawl_vault_open(master, wrapped, &fixture->vault));
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pawl_vault_close(fixture->vault);
    unlink(fixture->path);
    rmdir(fixture->directory);
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

static void another_master_key_opens_nothing_i7(void **state)
{
    (void)state;
    static const uint8_t stranger[PAWL_VAULT_KEY_SIZE] = {9};
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    struct pawl_vault *vault = NULL;
    assert_result(PAWL_OK, pawl_data_key_create(master, wrapped));
    assert_result(PAWL_UNTRUSTED, pawl_vault_open(stranger, wrapped, &vault));
    assert_null(vault);
}

static void vault_opens_again_from_the_wrapped_data_key(void **state)
{
    (void)state;
    uint8_t wrapped_data[PAWL_VAULT_WRAPPED_SIZE], wrapped[PAWL_VAULT_WRAPPED_SIZE], key[32];
    struct pawl_vault *vault;
    assert_result(PAWL_OK, pawl_data_key_create(master, wrapped_data));
    assert_result(PAWL_OK, pawl_vault_open(master, wrapped_data, &vault));
    assert_result(PAWL_OK, pawl_vault_wrap(vault, PAWL_VAULT_UNIT_SECRET, device, sizeof device,
                                           secret, wrapped));
    pawl_vault_close(vault);
    assert_result(PAWL_OK, pawl_vault_open(master, wrapped_data, &vault));
    assert_result(PAWL_OK, pawl_vault_unwrap(vault, PAWL_VAULT_UNIT_SECRET, device, sizeof device,
                                             wrapped, key));
    assert_memory_equal(key, secret, sizeof key);
    pawl_vault_close(vault);
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

static void master_key_file_is_made_once_i8(void **state)
{
    struct fixture *fixture = *state;
    uint8_t first[PAWL_VAULT_KEY_SIZE], again[PAWL_VAULT_KEY_SIZE];
    struct stat status;
    assert_result(PAWL_OK, pawl_master_key_create(fixture->path));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_result(PAWL_OK, pawl_master_key_read(fixture->path, first));
    assert_result(PAWL_STATE, pawl_master_key_create(fixture->path));
    assert_result(PAWL_OK, pawl_master_key_read(fixture->path, again));
    assert_memory_equal(first, again, sizeof first);
}

static void master_key_open_to_others_is_refused_i8(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t modes[] = {0640, 0604, 0660, 0666, 0644, 0601, 0610};
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_OK, pawl_master_key_create(fixture->path));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(fixture->path, modes[i]), 0);
        assert_result(PAWL_UNTRUSTED, pawl_master_key_read(fixture->path, key));
    }
}

static void master_key_of_wrong_length_is_refused_i9(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t bytes[33] = {1};
    uint8_t key[PAWL_VAULT_KEY_SIZE];
    assert_result(PAWL_IO, pawl_master_key_read(fixture->path, key));
    assert_int_equal(errno, ENOENT);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        assert_result(PAWL_OK, pawl_file_write(fixture->path, 0600, true, bytes, size));
        assert_result(size == 32 ? PAWL_OK : PAWL_MALFORMED,
                      pawl_master_key_read(fixture->path, key));
    }
}

int main(void)
{
#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        VAULT_TEST(wrapped_secret_comes_back),
        VAULT_TEST(swapped_rows_do_not_unwrap_i7),
        VAULT_TEST(every_flipped_bit_is_refused_i9),
        VAULT_TEST(kinds_are_apart_i7),
        VAULT_TEST(another_master_key_opens_nothing_i7),
        VAULT_TEST(vault_opens_again_from_the_wrapped_data_key),
        VAULT_TEST(fresh_keys_differ),
        VAULT_TEST(tags_tell_equal_secrets_only),
        VAULT_TEST(master_key_file_is_made_once_i8),
        VAULT_TEST(master_key_open_to_others_is_refused_i8),
        VAULT_TEST(master_key_of_wrong_length_is_refused_i9),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
