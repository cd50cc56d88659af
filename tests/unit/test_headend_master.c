/* The master key in a file (SPEC 22.1; invariants I7, I8, I9). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headend/master.h"
#include "host/file.h"
#include "pawl_test.h"

static const uint8_t data_key[PAWL_VAULT_KEY_SIZE] = {1};

struct fixture {
    char directory[64], path[96];
    struct pawl_trouble trouble;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    strcpy(fixture->directory, "/tmp/pawl-master-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/master.key", fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static enum pawl_result master_open(struct fixture *fixture, struct pawl_master **master)
{
    const struct pawl_hsm_access none = {NULL, NULL, false};
    *master = NULL;
    return pawl_master_open(fixture->path, &none, master, &fixture->trouble);
}

static void master_key_file_is_made_once_i8(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_buffer first, again;
    struct stat status;
    assert_result(PAWL_OK, pawl_master_create(fixture->path, NULL, NULL, &fixture->trouble));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_result(PAWL_OK, pawl_file_read(fixture->path, 100, &first));
    assert_result(PAWL_STATE, pawl_master_create(fixture->path, NULL, NULL, &fixture->trouble));
    assert_result(PAWL_OK, pawl_file_read(fixture->path, 100, &again));
    assert_int_equal(first.size, 32);
    assert_memory_equal(first.bytes, again.bytes, first.size);
    pawl_buffer_release(&first);
    pawl_buffer_release(&again);
}

static void wrapped_data_key_opens_with_its_master_alone_i7(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_master *master;
    uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE], key[PAWL_VAULT_KEY_SIZE] = {0x55};
    assert_result(PAWL_OK, pawl_master_create(fixture->path, NULL, NULL, &fixture->trouble));
    assert_result(PAWL_OK, master_open(fixture, &master));
    assert_string_equal(pawl_master_place(master), "file");
    assert_result(PAWL_OK, pawl_master_wrap(master, data_key, wrapped, &fixture->trouble));
    assert_result(PAWL_OK, pawl_master_unwrap(master, wrapped, key, &fixture->trouble));
    assert_memory_equal(key, data_key, sizeof key);
    pawl_master_close(master);

    unlink(fixture->path);
    memset(key, 0x55, sizeof key);
    assert_result(PAWL_OK, pawl_master_create(fixture->path, NULL, NULL, &fixture->trouble));
    assert_result(PAWL_OK, master_open(fixture, &master));
    assert_result(PAWL_UNTRUSTED, pawl_master_unwrap(master, wrapped, key, &fixture->trouble));
    assert_int_equal(key[0], 0x55);
    pawl_master_close(master);
}

static void master_key_open_to_others_is_refused_i8(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t modes[] = {0640, 0604, 0660, 0666, 0644, 0601, 0610};
    struct pawl_master *master;
    assert_result(PAWL_OK, pawl_master_create(fixture->path, NULL, NULL, &fixture->trouble));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(fixture->path, modes[i]), 0);
        assert_result(PAWL_UNTRUSTED, master_open(fixture, &master));
        assert_null(master);
    }
}

static void master_key_of_wrong_length_is_refused_i9(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t bytes[600] = {1};
    struct pawl_master *master;
    assert_result(PAWL_IO, master_open(fixture, &master));
    assert_non_null(strstr(fixture->trouble.text, "No such file"));
    for (size_t size = 0; size <= sizeof bytes; size += size < 40 ? 1 : 40) {
        assert_result(PAWL_OK, pawl_file_write(fixture->path, 0600, true, bytes, size));
        assert_result(size == 32 ? PAWL_OK : PAWL_MALFORMED, master_open(fixture, &master));
        pawl_master_close(master);
    }
}

int main(void)
{
#define MASTER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        MASTER_TEST(master_key_file_is_made_once_i8),
        MASTER_TEST(wrapped_data_key_opens_with_its_master_alone_i7),
        MASTER_TEST(master_key_open_to_others_is_refused_i8),
        MASTER_TEST(master_key_of_wrong_length_is_refused_i9),
    };
    return cmocka_run_group_tests_name("master", tests, NULL, NULL);
}
