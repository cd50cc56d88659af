/* Files appear whole or not at all, are never replaced unasked, and are read within bounds (I9). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "pawl_test.h"

#define MOST 100000

static char directory[] = "/tmp/pawl-test-XXXXXX";

static int directory_make(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL || chdir(directory) != 0 ? -1 : 0;
}

static int directory_remove(void **state)
{
    (void)state;
    return chdir("/") != 0 || rmdir(directory) != 0 ? -1 : 0; /* rmdir: every test cleans up */
}

static void assert_holds(const char *path, const char *text)
{
    struct pawl_buffer read = {0};

    assert_result(PAWL_OK, pawl_file_read(path, MOST, &read));
    assert_int_equal(read.size, strlen(text));
    assert_memory_equal(read.bytes, text, read.size);
    pawl_buffer_release(&read);
    assert_null(read.bytes);
}

static void test_write_then_read(void **state)
{
    struct stat status;

    (void)state;
    assert_result(PAWL_OK, pawl_file_write("a", 0640, false, "hello", 5));
    assert_holds("a", "hello");
    assert_int_equal(0, stat("a", &status));
    assert_int_equal(0640, status.st_mode & 07777);
    assert_false(pawl_file_is_private("a"));
    assert_int_equal(0, chmod("a", 0600));
    assert_true(pawl_file_is_private("a"));
    assert_int_equal(0, unlink("a"));
}

static void test_existing_file_stays_without_force(void **state)
{
    (void)state;
    assert_result(PAWL_OK, pawl_file_write("a", 0600, false, "old", 3));
    assert_result(PAWL_STATE, pawl_file_write("a", 0600, false, "new", 3));
    assert_int_equal(EEXIST, errno);
    assert_holds("a", "old");
    assert_result(PAWL_OK, pawl_file_write("a", 0600, true, "new", 3));
    assert_holds("a", "new");
    assert_int_equal(0, unlink("a"));
}

static void test_abandoned_file_leaves_nothing(void **state)
{
    struct pawl_outfile out;

    (void)state;
    assert_result(PAWL_OK, pawl_outfile_open(&out, "a", 0600, false));
    assert_result(PAWL_OK, pawl_write_full(out.fd, "half", 4));
    assert_int_not_equal(0, access("a", F_OK));
    pawl_outfile_close(&out);
    pawl_outfile_close(&out);
    assert_int_not_equal(0, access("a", F_OK));
}

static void test_file_made_meanwhile_is_not_replaced(void **state)
{
    struct pawl_outfile out;

    (void)state;
    assert_result(PAWL_OK, pawl_outfile_open(&out, "a", 0600, false));
    assert_result(PAWL_OK, pawl_file_write("a", 0600, false, "theirs", 6));
    assert_result(PAWL_STATE, pawl_outfile_commit(&out));
    pawl_outfile_close(&out);
    assert_holds("a", "theirs");
    assert_int_equal(0, unlink("a"));
}

static void test_special_file_is_opened_as_it_is(void **state)
{
    struct stat status;

    (void)state;
    assert_result(PAWL_OK, pawl_file_write("/dev/null", 0600, false, "x", 1));
    assert_int_equal(0, stat("/dev/null", &status));
    assert_true(S_ISCHR(status.st_mode));
}

static void test_missing_directory_is_an_io_error(void **state)
{
    struct pawl_outfile out;

    (void)state;
    assert_result(PAWL_IO, pawl_outfile_open(&out, "none/a", 0600, false));
    assert_int_equal(ENOENT, errno);
}

static void test_read_is_bounded(void **state)
{
    struct pawl_buffer read = {0};

    (void)state;
    assert_result(PAWL_OK, pawl_file_write("a", 0600, false, "12345", 5));
    assert_result(PAWL_EXHAUSTED, pawl_file_read("a", 4, &read));
    assert_int_equal(EFBIG, errno);
    assert_null(read.bytes);
    assert_result(PAWL_OK, pawl_file_read("a", 5, &read));
    pawl_buffer_release(&read);
    assert_result(PAWL_EXHAUSTED, pawl_file_read("/dev/zero", MOST, &read));
    assert_int_equal(0, unlink("a"));
    assert_result(PAWL_IO, pawl_file_read("a", MOST, &read));
    assert_int_equal(ENOENT, errno);
}

/* A pipe tells no size beforehand, and this is longer than the first guess. */
static void test_pipe_is_read_to_its_end(void **state)
{
    struct pawl_buffer read = {0};
    FILE *source = popen("head -c 90000 /dev/zero", "r");

    (void)state;
    assert_non_null(source);
    assert_result(PAWL_OK, pawl_fd_read(fileno(source), MOST, &read));
    assert_int_equal(90000, read.size);
    pawl_buffer_release(&read);
    assert_int_equal(0, pclose(source));
}

static void test_key_file_has_one_length(void **state)
{
    uint8_t key[4] = {0};

    (void)state;
    assert_result(PAWL_OK, pawl_file_write("a", 0600, false, "12345", 5));
    assert_result(PAWL_MALFORMED, pawl_key_file_read("a", key, 4));
    assert_int_equal(0, truncate("a", 3));
    assert_result(PAWL_MALFORMED, pawl_key_file_read("a", key, 4));
    assert_result(PAWL_OK, pawl_file_write("a", 0600, true, "1234", 4));
    assert_result(PAWL_OK, pawl_key_file_read("a", key, 4));
    assert_memory_equal(key, "1234", 4);
    assert_int_equal(0, unlink("a"));
}

static void test_full_reads_tell_an_early_end(void **state)
{
    char bytes[8] = "";
    int fd = open("a", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_true(fd >= 0);
    assert_result(PAWL_OK, pawl_pwrite_full(fd, "abcd", 4, 2));
    assert_result(PAWL_OK, pawl_pread_full(fd, bytes, 4, 2));
    assert_memory_equal(bytes, "abcd", 4);
    assert_result(PAWL_CORRUPT, pawl_pread_full(fd, bytes, 5, 2));
    assert_result(PAWL_CORRUPT, pawl_read_full(fd, bytes, 7));
    assert_int_equal(ENODATA, errno);
    close(fd);
    assert_int_equal(0, unlink("a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_then_read),
        cmocka_unit_test(test_existing_file_stays_without_force),
        cmocka_unit_test(test_abandoned_file_leaves_nothing),
        cmocka_unit_test(test_file_made_meanwhile_is_not_replaced),
        cmocka_unit_test(test_special_file_is_opened_as_it_is),
        cmocka_unit_test(test_missing_directory_is_an_io_error),
        cmocka_unit_test(test_read_is_bounded),
        cmocka_unit_test(test_pipe_is_read_to_its_end),
        cmocka_unit_test(test_key_file_has_one_length),
        cmocka_unit_test(test_full_reads_tell_an_early_end),
    };

    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
