/*
 * The store: devices imported, looked up and confirmed a second. The reference is what SQLite
 * itself does on a plain table of as many rows: one insert, point select or update of a 70-byte row
 * each, in batches of the same size. The two take turns batch by batch, so that what else the
 * machine does slows both.
 *
 * usage: bench_store [DEVICES [DIRECTORY]]
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"
#include "store/store.h"

#define IMPORT_BATCH 65536u
#define CONFIRM_BATCH 1000u
#define CONFIRM_PASSES 3u /* downloads of each device */
#define LOOKUP_BATCH 5000u
#define LOOKUPS 500000u

/* splitmix64: ids that look random, the same in every run. */
static uint64_t mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

static void id_make(uint64_t number, uint8_t id[PAWL_ID_SIZE])
{
    uint64_t halves[2] = {mix(2 * number), mix(2 * number + 1)};
    memcpy(id, halves, sizeof halves);
}

/* A visiting order that touches pages at random: a full cycle through 0..count-1. */
static uint64_t shuffle(uint64_t i, uint64_t count)
{
    return (i * 0x9e3779b1u + 12345u) % count;
}

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "bench_store: storage: %s failed\n", what);
    exit(1);
}

/* Plain SQLite. */

static sqlite3 *raw_open(const char *directory)
{
    char path[512];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/raw.db", directory);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -32768;"
                     "CREATE TABLE plain (id BLOB PRIMARY KEY, value BLOB)",
                     NULL, NULL, NULL) != SQLITE_OK)
        fail("opening plain SQLite");
    return db;
}

static void raw_step(sqlite3 *db, sqlite3_stmt *statement, int expected)
{
    if (sqlite3_step(statement) != expected)
        fail(sqlite3_errmsg(db));
    sqlite3_reset(statement);
}

static int id_compare(const void *a, const void *b)
{
    return memcmp(a, b, PAWL_ID_SIZE);
}

static void raw_insert(sqlite3 *db, uint64_t first, uint64_t count)
{
    static uint8_t ids[IMPORT_BATCH][PAWL_ID_SIZE];
    static const uint8_t value[54] = {1};
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, "INSERT INTO plain VALUES (?, ?)", -1, &statement, NULL);
    for (uint64_t i = 0; i < count; i++)
        id_make(first + i, ids[i]);
    qsort(ids, count, sizeof *ids, id_compare);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (uint64_t i = 0; i < count; i++) {
        sqlite3_bind_blob(statement, 1, ids[i], PAWL_ID_SIZE, SQLITE_STATIC);
        sqlite3_bind_blob(statement, 2, value, sizeof value, SQLITE_STATIC);
        raw_step(db, statement, SQLITE_DONE);
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_finalize(statement);
}

static void raw_select(sqlite3 *db, uint64_t first, uint64_t count, uint64_t devices)
{
    uint8_t id[PAWL_ID_SIZE], value[54];
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, "SELECT value FROM plain WHERE id = ?", -1, &statement, NULL);
    for (uint64_t i = first; i < first + count; i++) {
        id_make(shuffle(i, devices), id);
        sqlite3_bind_blob(statement, 1, id, PAWL_ID_SIZE, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_ROW)
            fail("a plain select");
        memcpy(value, sqlite3_column_blob(statement, 0), sizeof value);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

static void raw_update(sqlite3 *db, uint64_t first, uint64_t count, uint64_t devices)
{
    /* Another value in each pass: SQLite writes no page that stays as it is. */
    const uint8_t value[54] = {(uint8_t)(2 + first / devices)};
    uint8_t id[PAWL_ID_SIZE];
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(db, "UPDATE plain SET value = ? WHERE id = ?", -1, &statement, NULL);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (uint64_t i = first; i < first + count; i++) {
        id_make(shuffle(i, devices), id);
        sqlite3_bind_blob(statement, 1, value, sizeof value, SQLITE_STATIC);
        sqlite3_bind_blob(statement, 2, id, PAWL_ID_SIZE, SQLITE_STATIC);
        raw_step(db, statement, SQLITE_DONE);
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_finalize(statement);
}

/* The store. */

static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {7};
static const uint8_t class_id[PAWL_ID_SIZE] = {8};

static uint64_t package_assign(struct pawl_store *store)
{
    static const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE] = {9};
    struct pawl_package_row package = {.name = "app", .version = "1", .package_size = 1};
    struct pawl_target target = {.kind = PAWL_TARGET_CLASS};
    uint64_t id = 0;
    memcpy(package.package_id, package_id, sizeof package_id);
    memcpy(package.class_id, class_id, sizeof class_id);
    memcpy(target.id, class_id, sizeof class_id);
    if (pawl_store_package_add(store, &package, NULL) != PAWL_OK ||
        pawl_store_package_key_set(store, package_id, wrapped, NULL) != PAWL_OK ||
        pawl_store_assignment_add(store, &target, package_id, 1, NULL, &id) != PAWL_OK)
        fail("assigning a package");
    return id;
}

/* Runs of both, in seconds. */
struct spent {
    double store, raw;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void spent_print(const char *name, const char *unit, const char *against, uint64_t count,
                        const struct spent *spent)
{
    bench_line_print(name, (double)count / spent->store, unit, against, (double)count / spent->raw);
}

static void import_run(struct pawl_store *store, sqlite3 *raw, uint64_t devices)
{
    static struct pawl_import imports[IMPORT_BATCH];
    struct spent spent = {0, 0};
    for (uint64_t done = 0; done < devices; done += IMPORT_BATCH) {
        uint64_t size = least(devices - done, IMPORT_BATCH);
        memset(imports, 0, sizeof imports);
        for (uint64_t i = 0; i < size; i++) {
            id_make(done + i, imports[i].device_id);
            id_make(~(done + i), imports[i].secret_tag);
            memcpy(imports[i].class_id, class_id, PAWL_ID_SIZE);
            imports[i].chain_length = 1024;
        }
        double start = bench_wall_now();
        if (pawl_store_device_import(store, imports, size, NULL, NULL) != PAWL_OK)
            fail("an import");
        double middle = bench_wall_now();
        raw_insert(raw, done, size);
        spent.store += middle - start;
        spent.raw += bench_wall_now() - middle;
    }
    spent_print("store-import", "devices/s", "SQLite, plain sorted inserts", devices, &spent);
}

static void get_run(struct pawl_reader *reader, sqlite3 *raw, uint64_t devices)
{
    struct spent spent = {0, 0};
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE];
    for (uint64_t done = 0; done < LOOKUPS; done += LOOKUP_BATCH) {
        double start = bench_wall_now();
        for (uint64_t i = 0; i < LOOKUP_BATCH; i++) {
            id_make(shuffle(done + i, devices), id);
            if (pawl_store_device_get(reader, id, &device) != PAWL_OK)
                fail("a look-up");
        }
        double middle = bench_wall_now();
        raw_select(raw, done, LOOKUP_BATCH, devices);
        spent.store += middle - start;
        spent.raw += bench_wall_now() - middle;
    }
    spent_print("store-get", "devices/s", "SQLite, plain point selects", LOOKUPS, &spent);
}

static void confirm_run(struct pawl_store *store, sqlite3 *raw, uint64_t devices,
                        uint64_t assignment)
{
    static struct pawl_change changes[CONFIRM_BATCH];
    struct spent spent = {0, 0};
    for (uint64_t done = 0; done < CONFIRM_PASSES * devices; done += CONFIRM_BATCH) {
        uint64_t pass = done / devices;
        uint64_t size = least((pass + 1) * devices - done, CONFIRM_BATCH);
        memset(changes, 0, sizeof changes);
        for (uint64_t i = 0; i < size; i++)
            changes[i] = (struct pawl_change){
                .number = 1 + shuffle(done + i, devices),
                .before = {.sequence = pass, .has_instance = pass > 0},
                .after = {.sequence = pass + 1, .has_instance = true, .has_package = true},
                .credit = {.assignment = assignment},
                .time = 1700000000,
            };
        double start = bench_wall_now();
        if (pawl_store_changes_apply(store, changes, size) != PAWL_OK)
            fail("a confirmation");
        double middle = bench_wall_now();
        raw_update(raw, done, size, devices);
        spent.store += middle - start;
        spent.raw += bench_wall_now() - middle;
        if (changes[0].result != PAWL_OK || changes[size - 1].result != PAWL_OK)
            fail("a confirmation");
    }
    spent_print("store-confirm", "confirmations/s", "SQLite, plain updates, 1000 a transaction",
                CONFIRM_PASSES * devices, &spent);
}

static void run(uint64_t devices, const char *directory)
{
    char url[512];
    struct pawl_store *store = NULL;
    struct pawl_reader *reader = NULL;
    snprintf(url, sizeof url, "sqlite:%s/pawl.db", directory);
    if (pawl_store_open(url, true, &store) != PAWL_OK ||
        pawl_reader_open(store, &reader) != PAWL_OK)
        fail("opening the store");
    sqlite3 *raw = raw_open(directory);
    uint64_t assignment = package_assign(store);
    import_run(store, raw, devices);
    get_run(reader, raw, devices);
    confirm_run(store, raw, devices, assignment);
    sqlite3_close(raw);
    pawl_reader_close(reader);
    pawl_store_close(store);
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"raw.db",  "raw.db-wal",  "raw.db-shm",
                                        "pawl.db", "pawl.db-wal", "pawl.db-shm"};
    uint64_t devices = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    char directory[256], path[512];
    snprintf(directory, sizeof directory, "%s/pawl-bench-XXXXXX", argc > 2 ? argv[2] : "/var/tmp");
    if (devices == 0 || mkdtemp(directory) == NULL)
        fail("making a directory");
    run(devices, directory);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    return rmdir(directory) != 0;
}
