/* Entitlement in bulk (SPEC 8): rows are those that the core makes one by one, tables ascend
 * however their rows came and however many runs they took, and every device finds its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "headend/entitle.h"
#include "headend/row_merge.h"
#include "headend/row_sort.h"
#include "headend/table_file.h"
#include "host/file.h"

#define UNITS 3000u

struct fleet {
    struct pawl_pud puds[UNITS];
    struct pawl_unit units[UNITS];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t content_key[PAWL_KEY_SIZE];
    uint8_t rows[UNITS * PAWL_ROW_SIZE];
};

static struct fleet fleet;

static int set_up(void **state)
{
    (void)state;
    memset(fleet.package_id, 0x5a, sizeof fleet.package_id);
    memset(fleet.content_key, 0xa5, sizeof fleet.content_key);
    for (uint32_t i = 0; i < UNITS; i++) {
        struct pawl_pud *pud = &fleet.puds[i];
        *pud = (struct pawl_pud){.chain_length = 1 + i % 7};
        memcpy(pud->device_id, &i, sizeof i);
        memcpy(pud->unit_secret, &i, sizeof i);
        fleet.units[i] =
            (struct pawl_unit){pud->unit_secret, pud->device_id, pud->chain_length, i % 5};
    }
    const struct pawl_entitling entitling = {fleet.package_id, fleet.content_key, 1};
    return pawl_rows_make(&entitling, fleet.units, UNITS, fleet.rows) == PAWL_OK ? 0 : -1;
}

static void threads_make_the_same_rows(void **state)
{
    static uint8_t rows[UNITS * PAWL_ROW_SIZE];

    (void)state;
    for (unsigned threads = 2; threads <= 8; threads += 3) {
        const struct pawl_entitling entitling = {fleet.package_id, fleet.content_key, threads};
        memset(rows, 0, sizeof rows);
        assert_int_equal(pawl_rows_make(&entitling, fleet.units, UNITS, rows), PAWL_OK);
        assert_memory_equal(rows, fleet.rows, sizeof rows);
    }
    for (uint32_t i = 0; i < UNITS; i += 97) {
        uint8_t row[PAWL_ROW_SIZE];
        assert_int_equal(
            pawl_entitlement_row_make(&fleet.units[i], fleet.package_id, fleet.content_key, row),
            PAWL_OK);
        assert_memory_equal(row, fleet.rows + i * PAWL_ROW_SIZE, PAWL_ROW_SIZE);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, PAWL_ROW_SIZE);
}

/* A generator that repeats itself, so that a failure does too. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Against qsort: random rows, few different ones, rows alike up to their end, ascending and
 * descending ones. */
static void sorting_agrees_with_qsort(void **state)
{
    static uint8_t rows[2000 * PAWL_ROW_SIZE], expected[2000 * PAWL_ROW_SIZE];
    uint32_t seed = 1;

    (void)state;
    for (unsigned shape = 0; shape < 5; shape++) {
        for (size_t count = 0; count <= 2000; count = count * 2 + 1) {
            for (size_t i = 0; i < count * PAWL_ROW_SIZE; i++) {
                size_t row = i / PAWL_ROW_SIZE, at = i % PAWL_ROW_SIZE;
                uint8_t value = (uint8_t)next_random(&seed);
                if (shape == 1)
                    value &= 1;
                if (shape == 2 && at < PAWL_ROW_SIZE - 1)
                    value = 7;
                if (shape >= 3)
                    value = (uint8_t)(at == 6 ? row >> 8 : at == 7 ? row : 0);
                if (shape == 4)
                    value = (uint8_t)~value;
                rows[i] = value;
            }
            memcpy(expected, rows, count * PAWL_ROW_SIZE);
            qsort(expected, count, PAWL_ROW_SIZE, compare);
            pawl_rows_sort(rows, count);
            assert_memory_equal(rows, expected, count * PAWL_ROW_SIZE);
        }
    }
}

/* Writes the fleet's rows with runs of `run_rows`, in parts of odd sizes; every row twice when
 * asked. */
static FILE *table_make(size_t run_rows, bool twice, uint64_t *written)
{
    struct pawl_table_writer writer;
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(pawl_table_writer_init(&writer, fleet.package_id, "/tmp", run_rows), PAWL_OK);
    for (unsigned pass = 0; pass < (twice ? 2u : 1u); pass++)
        for (size_t at = 0; at < UNITS; at += 37) {
            size_t part = UNITS - at < 37 ? UNITS - at : 37;
            assert_int_equal(pawl_table_writer_add(&writer, fleet.rows + at * PAWL_ROW_SIZE, part),
                             PAWL_OK);
        }
    assert_int_equal(pawl_table_writer_finish(&writer, fileno(file), written), PAWL_OK);
    pawl_table_writer_release(&writer);
    return file;
}

static void every_run_length_gives_the_same_table(void **state)
{
    static const size_t run_rows[] = {0, UNITS, UNITS - 1, 1000, 64, 7};
    struct pawl_buffer first = {0};

    (void)state;
    for (size_t i = 0; i < sizeof run_rows / sizeof *run_rows; i++) {
        for (unsigned twice = 0; twice < 2; twice++) {
            struct pawl_buffer bytes = {0};
            uint64_t written = 0;
            FILE *file = table_make(run_rows[i], twice, &written);
            assert_int_equal(written, UNITS);
            assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
            assert_int_equal(pawl_fd_read(fileno(file), 1u << 20, &bytes), PAWL_OK);
            if (first.bytes == NULL) {
                first = bytes;
            } else {
                assert_int_equal(bytes.size, first.size);
                assert_memory_equal(bytes.bytes, first.bytes, first.size);
                pawl_buffer_release(&bytes);
            }
            fclose(file);
        }
    }
    pawl_buffer_release(&first);
}

static void every_device_finds_its_row(void **state)
{
    struct pawl_table table;
    uint64_t written = 0;
    FILE *file = table_make(500, false, &written);
    int fd = fileno(file);

    (void)state;
    assert_int_equal(pawl_table_file_read(fd, &table), PAWL_OK);
    assert_int_equal(table.count, UNITS);
    for (uint32_t i = 0; i < UNITS; i++) {
        uint8_t key[PAWL_KEY_SIZE] = {0};
        assert_int_equal(
            pawl_table_open(&table, pawl_table_file_read_at, &fd, &fleet.puds[i], i % 5, key),
            PAWL_OK);
        assert_memory_equal(key, fleet.content_key, sizeof key);
        assert_int_equal(
            pawl_table_open(&table, pawl_table_file_read_at, &fd, &fleet.puds[i], i % 5 + 1, key),
            PAWL_NOT_ENTITLED);
    }
    fclose(file);
}

static void an_empty_table_is_one(void **state)
{
    struct pawl_table_writer writer;
    struct pawl_table table;
    uint64_t written = 9;
    FILE *file = tmpfile();

    (void)state;
    assert_int_equal(pawl_table_writer_init(&writer, fleet.package_id, "/tmp", 4), PAWL_OK);
    assert_int_equal(pawl_table_writer_finish(&writer, fileno(file), &written), PAWL_OK);
    pawl_table_writer_release(&writer);
    assert_int_equal(written, 0);
    assert_int_equal(pawl_table_file_read(fileno(file), &table), PAWL_OK);
    assert_int_equal(table.count, 0);
    fclose(file);
}

static void failures_are_told(void **state)
{
    struct pawl_table_writer writer;
    uint64_t written = 9;

    (void)state;
    assert_int_equal(pawl_table_writer_init(&writer, fleet.package_id, "/nonexistent", 10),
                     PAWL_OK);
    assert_int_equal(pawl_table_writer_add(&writer, fleet.rows, 11),
                     PAWL_IO); /* no place for runs */
    pawl_table_writer_release(&writer);
    assert_int_equal(pawl_table_writer_init(&writer, fleet.package_id, "/tmp", 10), PAWL_OK);
    assert_int_equal(pawl_table_writer_add(&writer, fleet.rows, 25), PAWL_OK);
    assert_int_equal(pawl_table_writer_finish(&writer, -1, &written), PAWL_IO);
    assert_int_equal(written, 9);
    pawl_table_writer_release(&writer);
}

static enum pawl_result refuse_third(void *context, const uint8_t *row)
{
    unsigned *taken = context;

    (void)row;
    return ++*taken == 3 ? PAWL_STATE : PAWL_OK;
}

static void a_refused_row_ends_the_merge(void **state)
{
    FILE *file = tmpfile();
    unsigned taken = 0;
    const struct pawl_row_runs runs = {fileno(file), 10, 4};

    (void)state;
    assert_int_equal(pawl_write_full(fileno(file), fleet.rows, 10 * PAWL_ROW_SIZE), PAWL_OK);
    assert_int_equal(pawl_rows_merge(&runs, refuse_third, &taken), PAWL_STATE);
    assert_int_equal(taken, 3);
    const struct pawl_row_runs short_file = {fileno(file), 12, 4};
    taken = 10;
    assert_int_equal(pawl_rows_merge(&short_file, refuse_third, &taken), PAWL_IO);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_make_the_same_rows),
        cmocka_unit_test(sorting_agrees_with_qsort),
        cmocka_unit_test(every_run_length_gives_the_same_table),
        cmocka_unit_test(every_device_finds_its_row),
        cmocka_unit_test(an_empty_table_is_one),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(a_refused_row_ends_the_merge),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
