/* A batch of files appears whole or not at all (SPEC 17.3), also when it meets an obstacle at the
 * very end. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/batch.h"
#include "cli/cli.h"

/* The messages of the command are not looked at here. */
enum pawl_result pawl_file_error(enum pawl_result result, const char *path, const char *expected)
{
    (void)path;
    (void)expected;
    return result;
}

static char scratch[64];
static char target[96];

static int set_up(void **state)
{
    (void)state;
    strcpy(scratch, "/tmp/pawl-batch-XXXXXX");
    assert_non_null(mkdtemp(scratch));
    snprintf(target, sizeof target, "%s/target", scratch);
    return 0;
}

static void remove_all(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    rmdir(path);
}

static int tear_down(void **state)
{
    (void)state;
    remove_all(target);
    remove_all(scratch);
    return 0;
}

/* Names in a directory beside "." and "..", 0 when it does not exist. */
static unsigned names_count(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    unsigned count = 0;

    if (directory == NULL)
        return 0;
    while ((entry = readdir(directory)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void batch_fill(struct pawl_batch *batch, const char *path)
{
    assert_int_equal(pawl_batch_open(batch, path), PAWL_OK);
    assert_int_equal(pawl_batch_write(batch, "a", (const uint8_t *)"1", 1), PAWL_OK);
    assert_int_equal(pawl_batch_write(batch, "b", (const uint8_t *)"2", 1), PAWL_OK);
    assert_int_equal(pawl_batch_write(batch, "last", (const uint8_t *)"3", 1), PAWL_OK);
}

static void appears_whole_as_a_new_directory(void **state)
{
    struct pawl_batch batch;
    struct stat status;

    (void)state;
    batch_fill(&batch, target);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(pawl_batch_commit(&batch, "last"), PAWL_OK);
    pawl_batch_close(&batch);
    assert_int_equal(names_count(target), 3);
    assert_int_equal(names_count(scratch), 1);
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void appears_whole_in_a_directory_that_exists(void **state)
{
    char path[128];
    struct pawl_batch batch;

    (void)state;
    assert_int_equal(mkdir(target, 0700), 0);
    snprintf(path, sizeof path, "%s//", target); /* slashes at the end do no harm */
    batch_fill(&batch, path);
    assert_int_equal(pawl_batch_commit(&batch, "last"), PAWL_OK);
    pawl_batch_close(&batch);
    assert_int_equal(names_count(target), 3);
}

static void vanishes_without_a_commit(void **state)
{
    struct pawl_batch batch;

    (void)state;
    batch_fill(&batch, target);
    pawl_batch_close(&batch);
    assert_int_equal(names_count(scratch), 0);
}

/* `name` comes into the target's way after everything was written. */
static void refused_by(const char *name)
{
    char path[128];
    struct pawl_batch batch;

    assert_int_equal(mkdir(target, 0700), 0);
    batch_fill(&batch, target);
    snprintf(path, sizeof path, "%s/%s", target, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(pawl_batch_commit(&batch, "last"), PAWL_STATE);
    pawl_batch_close(&batch);
    assert_int_equal(names_count(target), 1); /* the obstacle, untouched */
    assert_int_equal(access(path, F_OK), 0);
}

static void takes_everything_back_when_the_last_name_is_taken(void **state)
{
    (void)state;
    refused_by("last");
}

static void takes_everything_back_when_any_name_is_taken(void **state)
{
    (void)state;
    refused_by("b");
}

static void does_not_replace_a_directory_that_came_meanwhile(void **state)
{
    struct pawl_batch batch;

    (void)state;
    batch_fill(&batch, target);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(pawl_batch_commit(&batch, "last"), PAWL_STATE);
    pawl_batch_close(&batch);
    assert_int_equal(names_count(target), 0);
    assert_int_equal(names_count(scratch), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appears_whole_as_a_new_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(appears_whole_in_a_directory_that_exists, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(vanishes_without_a_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_everything_back_when_the_last_name_is_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(takes_everything_back_when_any_name_is_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(does_not_replace_a_directory_that_came_meanwhile, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
