/* The device's flash and counter as files: what is written is kept, what is torn loses nothing (I2,
 * I4), and what is spoilt is refused (I9). SPEC 13. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counter.h"
#include "flash_file.h"
#include "host/file.h"
#include "host/log.h"
#include "pawl_test.h"

#define PAGE 4096u
#define ENTRY_SIZE 48u

static char path[] = "/tmp/pawl-test-XXXXXX";
static int directory = -1;

static int directory_make(void **state)
{
    (void)state;
    pawl_log_init("test", PAWL_LOG_ERROR);
    if (mkdtemp(path) == NULL)
        return -1;
    directory = open(path, O_RDONLY | O_DIRECTORY);
    return directory < 0;
}

static int files_remove(void **state)
{
    (void)state;
    (void)unlinkat(directory, "flash.bin", 0);
    (void)unlinkat(directory, "counter", 0);
    (void)unlinkat(directory, "cells", 0);
    return 0;
}

static int directory_remove(void **state)
{
    (void)state;
    close(directory);
    return rmdir(path);
}

static enum pawl_result counter_open(struct pawl_counter *counter, bool fresh)
{
    const struct pawl_counter_place place = {.directory = directory, .helper = -1, .fresh = fresh};

    return pawl_counter_open(counter, &pawl_counter_file, &place);
}

static uint64_t counter_value(struct pawl_counter *counter)
{
    uint64_t value = 0;

    assert_result(PAWL_OK, counter->kind->read(counter->store, &value));
    return value;
}

static void test_counter_goes_up_and_stays(void **state)
{
    struct pawl_counter counter = {0};

    (void)state;
    assert_result(PAWL_OK, counter_open(&counter, true));
    for (uint64_t i = 0; i < 9; i++) {
        assert_int_equal(counter_value(&counter), i);
        assert_result(PAWL_OK, counter.kind->increment(counter.store));
        pawl_counter_close(&counter);
        assert_result(PAWL_OK, counter_open(&counter, i % 2 == 0));
    }
    assert_int_equal(counter_value(&counter), 9);
    pawl_counter_close(&counter);
}

/* I4: an increment that is cut at any byte leaves the old value or the new one. */
static void test_counter_torn_at_each_byte(void **state)
{
    struct pawl_counter counter = {0};
    uint8_t old[ENTRY_SIZE], new[ENTRY_SIZE];
    int fd;

    (void)state;
    assert_result(PAWL_OK, counter_open(&counter, true));
    for (int i = 0; i < 4; i++)
        assert_result(PAWL_OK, counter.kind->increment(counter.store));
    fd = openat(directory, "counter", O_RDWR);
    assert_true(fd >= 0);
    assert_result(PAWL_OK, pawl_pread_full(fd, old, sizeof old, PAGE));
    assert_result(PAWL_OK, counter.kind->increment(counter.store));
    assert_result(PAWL_OK, pawl_pread_full(fd, new, sizeof new, PAGE));
    for (size_t cut = 0; cut <= ENTRY_SIZE; cut++) {
        assert_result(PAWL_OK, pawl_pwrite_full(fd, new, cut, PAGE));
        assert_result(PAWL_OK, pawl_pwrite_full(fd, old + cut, ENTRY_SIZE - cut, PAGE + cut));
        assert_int_equal(counter_value(&counter), cut == ENTRY_SIZE ? 5 : 4);
    }
    close(fd);
    pawl_counter_close(&counter);
}

/* I2: neither a lost nor a spoilt counter begins anew, even where the flash is gone too. */
static void test_counter_never_begins_anew(void **state)
{
    struct pawl_counter counter = {0};
    const uint8_t noise[ENTRY_SIZE] = {1, 2, 3};
    int fd;

    (void)state;
    assert_result(PAWL_STORAGE, counter_open(&counter, false));
    assert_result(PAWL_OK, counter_open(&counter, true));
    pawl_counter_close(&counter);
    fd = openat(directory, "counter", O_RDWR);
    assert_result(PAWL_OK, pawl_pwrite_full(fd, noise, sizeof noise, 0));
    close(fd);
    assert_result(PAWL_STORAGE, counter_open(&counter, false));
    assert_result(PAWL_STORAGE, counter_open(&counter, true));
}

/* I2: at its end the counter neither wraps nor moves. */
static void test_counter_ends(void **state)
{
    const uint8_t last[16] = {'P',  'A',  'W',  'L',  'C',  'N',  'T',  '1',
                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct pawl_counter counter = {0};
    uint8_t digest[PAWL_SHA256_SIZE];
    struct pawl_sha256 sha;
    int fd;

    (void)state;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, last, sizeof last);
    pawl_sha256_final(&sha, digest);
    assert_result(PAWL_OK, counter_open(&counter, true));
    pawl_counter_close(&counter);
    fd = openat(directory, "counter", O_RDWR);
    assert_result(PAWL_OK, pawl_pwrite_full(fd, last, sizeof last, PAGE));
    assert_result(PAWL_OK, pawl_pwrite_full(fd, digest, sizeof digest, PAGE + sizeof last));
    close(fd);
    assert_result(PAWL_OK, counter_open(&counter, false));
    assert_int_equal(counter_value(&counter), UINT64_MAX);
    assert_result(PAWL_EXHAUSTED, counter.kind->increment(counter.store));
    assert_int_equal(counter_value(&counter), UINT64_MAX);
    pawl_counter_close(&counter);
}

/* A making that was cut short before the first value is finished later. */
static void test_counter_made_in_two_goes(void **state)
{
    struct pawl_counter counter = {0};
    int fd = openat(directory, "counter", O_RDWR | O_CREAT, 0600);

    (void)state;
    assert_true(fd >= 0);
    assert_return_code(ftruncate(fd, 2 * PAGE), 0);
    close(fd);
    assert_result(PAWL_OK, counter_open(&counter, true));
    assert_int_equal(counter_value(&counter), 0);
    pawl_counter_close(&counter);
}

static void test_cells_keep_what_is_written(void **state)
{
    struct pawl_counter counter = {0};
    uint8_t cell[PAWL_CELL_SIZE], expected[PAWL_CELL_SIZE];

    (void)state;
    assert_result(PAWL_OK, counter_open(&counter, true));
    memset(expected, 0xa5, sizeof expected);
    assert_result(PAWL_OK, counter.kind->cell_write(counter.store, 1, expected));
    assert_result(PAWL_STORAGE, counter.kind->cell_write(counter.store, 2, expected));
    pawl_counter_close(&counter);
    assert_result(PAWL_OK, counter_open(&counter, false));
    assert_result(PAWL_OK, counter.kind->cell_read(counter.store, 1, cell));
    assert_memory_equal(cell, expected, sizeof cell);
    assert_result(PAWL_OK, counter.kind->cell_read(counter.store, 0, cell));
    memset(expected, 0, sizeof expected);
    assert_memory_equal(cell, expected, sizeof cell);
    assert_result(PAWL_STORAGE, counter.kind->cell_read(counter.store, 2, cell));
    pawl_counter_close(&counter);
}

static void flash_make(struct pawl_flash_file *flash, struct pawl_flash *geometry)
{
    bool fresh = false;

    assert_result(PAWL_OK, pawl_flash_file_open(flash, directory, 100000, &fresh));
    assert_true(fresh);
    assert_result(PAWL_OK, pawl_flash_file_format(flash, directory, 100000));
    pawl_flash_file_describe(flash, geometry);
}

static void test_flash_keeps_its_geometry(void **state)
{
    struct pawl_flash_file flash;
    struct pawl_flash geometry = {0};
    bool fresh = true;

    (void)state;
    flash_make(&flash, &geometry);
    assert_int_equal(geometry.slots[0].size, 102400); /* whole pages */
    assert_int_equal(geometry.slots[1].offset, geometry.slots[0].offset + 102400);
    pawl_flash_file_close(&flash);
    assert_result(PAWL_OK, pawl_flash_file_open(&flash, directory, 0, &fresh));
    assert_false(fresh);
    assert_int_equal(flash.slot_size, 102400);
    pawl_flash_file_close(&flash);
    assert_result(PAWL_STORAGE, pawl_flash_file_open(&flash, directory, 200000, &fresh));
    pawl_flash_file_close(&flash);
}

/* Erased pages read as erased and give their room back; their neighbours stay. */
static void test_flash_program_and_erase(void **state)
{
    struct pawl_flash_file flash;
    struct pawl_flash geometry = {0};
    static uint8_t pages[3 * PAGE], read[3 * PAGE], erased[PAGE];
    struct stat before, after;

    (void)state;
    flash_make(&flash, &geometry);
    uint64_t at = geometry.slots[1].offset;
    memset(pages, 0x5a, sizeof pages);
    memset(erased, geometry.erased, sizeof erased);
    assert_result(PAWL_OK, pawl_flash_file_program(&flash, at, pages, sizeof pages));
    assert_result(PAWL_OK, pawl_flash_file_sync(&flash));
    assert_return_code(fstat(flash.fd, &before), 0);
    assert_result(PAWL_OK, pawl_flash_file_erase(&flash, at + PAGE, PAGE));
    assert_result(PAWL_OK, pawl_flash_file_sync(&flash));
    assert_return_code(fstat(flash.fd, &after), 0);
    assert_result(PAWL_OK, pawl_flash_file_read(&flash, at, read, sizeof read));
    assert_memory_equal(read, pages, PAGE);
    assert_memory_equal(read + PAGE, erased, PAGE);
    assert_memory_equal(read + 2 * PAGE, pages, PAGE);
    assert_true(after.st_blocks <= before.st_blocks);
    pawl_flash_file_close(&flash);
}

/* I4: a disk that is full later does not keep a record from being written: its room is there. */
static void test_records_have_their_room(void **state)
{
    struct pawl_flash_file flash;
    struct pawl_flash geometry = {0};
    struct stat status;

    (void)state;
    flash_make(&flash, &geometry);
    assert_return_code(fstat(flash.fd, &status), 0);
    blkcnt_t room = status.st_blocks;
    assert_true((uint64_t)room * 512 >= 2 * geometry.records[0].size);
    assert_result(PAWL_OK, pawl_flash_file_erase(&flash, geometry.records[1].offset,
                                                 geometry.records[1].size));
    assert_result(PAWL_OK, pawl_flash_file_sync(&flash));
    assert_return_code(fstat(flash.fd, &status), 0);
    assert_true(status.st_blocks >= room);
    pawl_flash_file_close(&flash);
}

/* I9: nothing beyond the end, whatever offset and size add up to. */
static void test_flash_bounds(void **state)
{
    struct pawl_flash_file flash;
    struct pawl_flash geometry = {0};
    uint8_t bytes[16] = {0};

    (void)state;
    flash_make(&flash, &geometry);
    uint64_t end = geometry.slots[1].offset + geometry.slots[1].size;
    assert_result(PAWL_OK, pawl_flash_file_program(&flash, end - 16, bytes, 16));
    assert_result(PAWL_STORAGE, pawl_flash_file_program(&flash, end - 15, bytes, 16));
    assert_result(PAWL_STORAGE, pawl_flash_file_read(&flash, UINT64_MAX - 7, bytes, 16));
    assert_result(PAWL_STORAGE, pawl_flash_file_erase(&flash, PAGE, UINT64_MAX));
    pawl_flash_file_close(&flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_counter_goes_up_and_stays, files_remove),
        cmocka_unit_test_teardown(test_counter_torn_at_each_byte, files_remove),
        cmocka_unit_test_teardown(test_counter_never_begins_anew, files_remove),
        cmocka_unit_test_teardown(test_counter_ends, files_remove),
        cmocka_unit_test_teardown(test_counter_made_in_two_goes, files_remove),
        cmocka_unit_test_teardown(test_cells_keep_what_is_written, files_remove),
        cmocka_unit_test_teardown(test_flash_keeps_its_geometry, files_remove),
        cmocka_unit_test_teardown(test_flash_program_and_erase, files_remove),
        cmocka_unit_test_teardown(test_records_have_their_room, files_remove),
        cmocka_unit_test_teardown(test_flash_bounds, files_remove),
    };

    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
