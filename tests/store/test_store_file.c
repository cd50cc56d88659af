/* What becomes of a database file: created once and privately, told from a stranger's, damaged,
 * newer than the program, on a full disk. For stores that are a file; skipped for others. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"

static void store_shut(struct store_fixture *fixture)
{
    pawl_reader_close(fixture->reader);
    pawl_store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
}

static const char *path_or_skip(const struct store_fixture *fixture)
{
    const char *path = store_path(fixture);
    if (path == NULL)
        skip();
    return path;
}

static void bytes_write(const char *path, off_t offset, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, offset), size);
    close(fd);
}

static void files_are_private_i8(void **state)
{
    struct store_fixture *fixture = *state;
    static const char *const suffixes[] = {"", "-wal"};
    const char *path = path_or_skip(fixture);
    char name[320];
    struct stat status;
    devices_import(fixture, 1, 1, NULL);
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(stat(name, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void missing_store_is_not_made_up(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_store *store = NULL;
    char url[512];
    path_or_skip(fixture);
    snprintf(url, sizeof url, "%s.other", fixture->url);
    assert_result(PAWL_STATE, pawl_store_open(url, false, &store));
    snprintf(url, sizeof url, "sqlite:%s/none/pawl.db", fixture->directory);
    assert_result(PAWL_STORAGE, pawl_store_open(url, true, &store));
    snprintf(url, sizeof url, "sqlite:%s", fixture->directory);
    assert_result(PAWL_STORAGE, pawl_store_open(url, true, &store));
    assert_null(store);
}

static void opening_with_create_keeps_what_is_there(void **state)
{
    struct store_fixture *fixture = *state;
    devices_import(fixture, 1, 3, NULL);
    store_shut(fixture);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, true, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    assert_true(device_read(fixture, 3).number > 0);
}

static void strangers_file_is_storage(void **state)
{
    struct store_fixture *fixture = *state;
    const char *path = path_or_skip(fixture);
    uint8_t garbage[8192];
    struct pawl_store *store = NULL;
    store_shut(fixture);
    memset(garbage, 0x5a, sizeof garbage);
    bytes_write(path, 0, garbage, sizeof garbage);
    assert_result(PAWL_STORAGE, pawl_store_open(fixture->url, false, &store));
    assert_result(PAWL_STORAGE, pawl_store_open(fixture->url, true, &store));
    /* An empty file holds no store; made into one only when asked. */
    assert_int_equal(truncate(path, 0), 0);
    assert_result(PAWL_STORAGE, pawl_store_open(fixture->url, false, &store));
    assert_null(store);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, true, &store));
    pawl_store_close(store);
}

/* Fields of an SQLite file's header: numbers of 4 bytes, big-endian. */
enum { USER_VERSION_AT = 60, APPLICATION_ID_AT = 68 };

static void newer_schema_is_unsupported(void **state)
{
    struct store_fixture *fixture = *state;
    const char *path = path_or_skip(fixture);
    static const uint8_t next[] = {0, 0, 0, PAWL_STORE_SCHEMA + 1};
    static const uint8_t now[] = {0, 0, 0, PAWL_STORE_SCHEMA};
    struct pawl_store *store = NULL;
    devices_import(fixture, 1, 3, NULL);
    store_shut(fixture);
    bytes_write(path, USER_VERSION_AT, next, sizeof next);
    assert_result(PAWL_UNSUPPORTED, pawl_store_open(fixture->url, true, &store));
    /* It was left as it is. */
    bytes_write(path, USER_VERSION_AT, now, sizeof now);
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    assert_true(device_read(fixture, 3).number > 0);
}

static void database_of_another_program_is_storage(void **state)
{
    struct store_fixture *fixture = *state;
    const char *path = path_or_skip(fixture);
    static const uint8_t other[] = {1, 2, 3, 4};
    struct pawl_store *store = NULL;
    store_shut(fixture);
    bytes_write(path, APPLICATION_ID_AT, other, sizeof other);
    assert_result(PAWL_STORAGE, pawl_store_open(fixture->url, true, &store));
    assert_null(store);
}

static enum pawl_result ignore_device(void *context, const struct pawl_device *device,
                                      int64_t last_seen)
{
    (void)device;
    (void)last_seen;
    (*(unsigned *)context)++;
    return PAWL_OK;
}

static void damaged_pages_are_storage_i9(void **state)
{
    struct store_fixture *fixture = *state;
    const char *path = path_or_skip(fixture);
    static const struct pawl_device_filter all = {0};
    static uint8_t garbage[4096];
    struct stat status;
    unsigned visited = 0;
    devices_import(fixture, 1, 5000, NULL);
    store_shut(fixture); /* the log is in the file now */
    assert_int_equal(stat(path, &status), 0);
    memset(garbage, 0xa5, sizeof garbage);
    for (off_t at = status.st_size / 2 / 4096 * 4096; at + 4096 <= status.st_size; at += 2 * 4096)
        bytes_write(path, at, garbage, sizeof garbage);

    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    assert_result(PAWL_STORAGE,
                  pawl_store_device_list(fixture->reader, &all, 0, 10000, ignore_device, &visited));
    assert_true(visited < 5000);
    unsigned refused = 0;
    for (uint64_t i = 1; i <= 5000; i++) {
        struct pawl_device device;
        uint8_t id[PAWL_ID_SIZE];
        id_fill(id, sizeof id, i);
        enum pawl_result result = pawl_store_device_get(fixture->reader, id, &device);
        assert_true(result == PAWL_OK || result == PAWL_STORAGE || result == PAWL_STATE);
        refused += result == PAWL_STORAGE;
    }
    assert_true(refused > 0);
}

/* In a child, since a limit cannot be raised again: imports until the disk is full, then shows that
 * what was acknowledged is there and that reading goes on. */
static int disk_fill(const char *url)
{
    static struct pawl_import imports[1000];
    struct pawl_store *store;
    struct pawl_reader *reader;
    struct pawl_totals totals;
    uint64_t imported = 0;
    enum pawl_result result;
    struct rlimit limit = {1 << 20, 1 << 20};
    signal(SIGXFSZ, SIG_IGN);
    if (pawl_store_open(url, false, &store) != PAWL_OK ||
        pawl_reader_open(store, &reader) != PAWL_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    do {
        imports_fill(imports, 1000, 1 + imported);
        result = pawl_store_device_import(store, imports, 1000, NULL, NULL);
        imported += result == PAWL_OK ? 1000 : 0;
    } while (result == PAWL_OK && imported < 100000);
    if (result != PAWL_EXHAUSTED || imported == 0)
        return 2;
    if (pawl_store_totals_get(reader, &totals) != PAWL_OK || totals.devices != imported)
        return 3;
    pawl_reader_close(reader);
    pawl_store_close(store);
    return 0;
}

static void full_disk_is_exhausted_and_loses_nothing_i5(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_totals totals;
    int status;
    path_or_skip(fixture);
    store_shut(fixture);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(disk_fill(fixture->url));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    /* With room again, everything acknowledged is there and the store goes on. */
    assert_result(PAWL_OK, pawl_store_open(fixture->url, false, &fixture->store));
    assert_result(PAWL_OK, pawl_reader_open(fixture->store, &fixture->reader));
    assert_result(PAWL_OK, pawl_store_totals_get(fixture->reader, &totals));
    assert_true(totals.devices >= 1000);
    assert_true(device_read(fixture, totals.devices).number > 0);
    devices_import(fixture, 1 + totals.devices, 5000, NULL);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(files_are_private_i8),
        STORE_TEST(missing_store_is_not_made_up),
        STORE_TEST(opening_with_create_keeps_what_is_there),
        STORE_TEST(strangers_file_is_storage),
        STORE_TEST(newer_schema_is_unsupported),
        STORE_TEST(database_of_another_program_is_storage),
        STORE_TEST(damaged_pages_are_storage_i9),
        STORE_TEST(full_disk_is_exhausted_and_loses_nothing_i5),
    };
    return cmocka_run_group_tests_name("store: file", tests, NULL, NULL);
}
