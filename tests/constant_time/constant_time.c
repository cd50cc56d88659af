/*
 * I8: work with secrets takes the same time whatever they are. Run under valgrind's memcheck, to
 * which secrets are memory that was never written: a branch or an address that depends on one is
 * reported. What is not secret is declared: what goes over a line or into flash, and the verdict of
 * pawl_equal, which is all that anybody may learn of a comparison.
 *
 * usage: constant_time check      everything below; must be silent
 *        constant_time LEAK       one of the leaks below; must be reported
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "core/bytes.h"
#include "pawl/chain.h"
#include "pawl/content.h"
#include "pawl/secret.h"
#include "processor/record.h"
#include "sim/device.h"

static void secret(void *bytes, size_t size)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, size);
}

static void told(const void *bytes, size_t size)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, size);
}

/* Linked in place of pawl_equal (--wrap): the same, and its verdict is no secret. */
bool __real_pawl_equal(const void *a, const void *b, size_t size);
bool __wrap_pawl_equal(const void *a, const void *b, size_t size);
bool __wrap_pawl_equal(const void *a, const void *b, size_t size)
{
    bool equal = __real_pawl_equal(a, b, size);
    told(&equal, sizeof equal);
    return equal;
}

static const struct pawl_ram_geometry geometry = {
    .page_size = 512, .write_size = 8, .erased = 0xff, .slot_size = {8192, 8192}};
static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {7};

static void pud_make(struct pawl_pud *pud)
{
    pawl_test_pud_make(1, pud);
    secret(pud->unit_secret, sizeof pud->unit_secret);
}

/* SPEC 4, 5: every branch, and the chain from its root. */
static void keys_check(void)
{
    uint8_t key[PAWL_KEY_SIZE], other[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    pud_make(&pud);
    pawl_auth_key_make(pud.unit_secret, key);
    pawl_storage_key_make(pud.unit_secret, 5, package_id, key);
    pawl_trial_key_make(pud.unit_secret, 5, package_id, key);
    pawl_chain_root_make(pud.unit_secret, 1, key);
    pawl_chain_walk(pud.device_id, key, 100);
    pawl_download_key_make(pud.unit_secret, pud.device_id, 1024, 1027, key);
    pawl_direct_key_make(key, package_id, other);
    /* Neither equal nor different early: all is looked at. */
    for (size_t i = 0; i < sizeof key; i++) {
        other[i] = key[i] ^ 1;
        assert(!pawl_equal(key, other, sizeof key));
        other[i] = key[i];
    }
    pawl_wipe(key, sizeof key);
}

/* SPEC 8: an entitlement is made, opened, and refused. */
static void entitlement_check(void)
{
    uint8_t content_key[PAWL_KEY_SIZE] = {1}, row[PAWL_ROW_SIZE], key[PAWL_KEY_SIZE];
    struct pawl_pud pud;

    pud_make(&pud);
    secret(content_key, sizeof content_key);
    const struct pawl_unit unit = {pud.unit_secret, pud.device_id, pud.chain_length, 3};
    assert(pawl_entitlement_row_make(&unit, package_id, content_key, row) == PAWL_OK);
    told(row, sizeof row);
    assert(pawl_entitlement_open(&pud, 3, package_id, row + PAWL_TAG_SIZE, key) == PAWL_OK);
    row[PAWL_TAG_SIZE] ^= 1;
    assert(pawl_entitlement_open(&pud, 3, package_id, row + PAWL_TAG_SIZE, key) ==
           PAWL_NOT_ENTITLED);
}

/* SPEC 13.2, 20.5: records and grants. */
static void record_check(void)
{
    uint8_t content_key[PAWL_KEY_SIZE] = {2}, bytes[PAWL_RECORD_SIZE], key[PAWL_KEY_SIZE];
    uint8_t object_key[PAWL_CONTENT_KEY_SIZE] = {3}, opened[PAWL_CONTENT_KEY_SIZE];
    struct pawl_record record = {.role = PAWL_ROLE_COMMITTED, .sequence = 4}, read;
    struct pawl_grant grant = {.salt = {4}};
    struct pawl_pud pud;

    pud_make(&pud);
    secret(content_key, sizeof content_key);
    assert(pawl_record_key_wrap(&record, &pud, content_key) == PAWL_OK);
    pawl_record_write(&record, &pud, bytes);
    told(bytes, sizeof bytes);
    assert(pawl_record_read(bytes, &pud, PAWL_ROLE_COMMITTED, 4, &read) == PAWL_OK);
    assert(pawl_record_key_unwrap(&read, &pud, key) == PAWL_OK);
    bytes[PAWL_RECORD_SIZE - 1] ^= 1;
    assert(pawl_record_read(bytes, &pud, PAWL_ROLE_COMMITTED, 4, &read) == PAWL_UNTRUSTED);

    secret(object_key, sizeof object_key);
    assert(pawl_grant_wrap(pud.unit_secret, 4, package_id, object_key, &grant) == PAWL_OK);
    told(grant.wrapped, sizeof grant.wrapped);
    assert(pawl_grant_unwrap(pud.unit_secret, 4, package_id, grant.salt, grant.wrapped, opened) ==
           PAWL_OK);
    assert(pawl_grant_unwrap(pud.unit_secret, 5, package_id, grant.salt, grant.wrapped, opened) ==
           PAWL_NOT_ENTITLED);
}

/* SPEC 3: secret bytes of a PUD are read and written like any others. */
static void pud_check(void)
{
    uint8_t bytes[PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud, read;
    size_t size = 0;

    pud_make(&pud);
    assert(pawl_pud_write(&pud, bytes, sizeof bytes, &size) == PAWL_OK);
    assert(pawl_pud_read(bytes, size, &read) == PAWL_OK);
}

static enum pawl_result exchange(struct pawl_test_device *device,
                                 const struct pawl_test_package *package, struct pawl_work *work)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], auth_key[PAWL_KEY_SIZE];
    struct pawl_directive directive;
    struct pawl_mac0 mac0;
    size_t size = 0;

    assert(pawl_processor_report(device->engine, bytes, sizeof bytes, &size) == PAWL_OK);
    told(bytes, size);
    pawl_auth_key_make(device->pud.unit_secret, auth_key);
    assert(pawl_report_split(bytes, size, &mac0) == PAWL_OK);
    assert(pawl_report_verify(&mac0, auth_key) == PAWL_OK);
    assert(pawl_report_decode(&mac0, &device->report) == PAWL_OK);
    pawl_test_directive_fill(device, package, device->ram.counter, &directive);
    told(&directive, sizeof directive);
    assert(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size) == PAWL_OK);
    told(bytes, size);
    return pawl_processor_directive(device->engine, bytes, size, work);
}

/* Flash is no secret, and what goes there isn't from then on. */
static enum pawl_result (*program)(void *context, uint64_t offset, const void *bytes, size_t size);

static enum pawl_result told_program(void *context, uint64_t offset, const void *bytes, size_t size)
{
    told(bytes, size);
    return program(context, offset, bytes, size);
}

/* The whole engine with a unit secret and a content key that memcheck never saw written: two
 * downloads, a restart between, a directive and a chunk that are refused. The image is secret until
 * it runs. */
static void engine_check(void)
{
    static struct pawl_test_device device;
    struct pawl_test_package packages[2];
    struct pawl_work work;

    pawl_test_device_init(&device, 1, &geometry);
    program = device.ram.port.flash.program;
    device.ram.port.flash.program = told_program;
    secret(device.pud.unit_secret, sizeof device.pud.unit_secret);
    assert(pawl_test_device_start(&device) == PAWL_OK);
    for (unsigned i = 0; i < 2; i++) {
        const struct pawl_test_release release = {.image_seed = (uint8_t)(i + 1),
                                                  .image_size = 3000};
        pawl_test_package_make(&release, &packages[i]);
        secret(packages[i].content_key, sizeof packages[i].content_key);
        assert(exchange(&device, &packages[i], &work) == PAWL_OK && work.fetch);
        if (i == 1) { /* a damaged chunk first */
            packages[i].bytes[packages[i].size - 1] ^= 1;
            assert(pawl_test_device_fetch(&device, &packages[i], work.offset, 700, UINT64_MAX) ==
                   PAWL_CORRUPT);
            packages[i].bytes[packages[i].size - 1] ^= 1;
            assert(exchange(&device, &packages[i], &work) == PAWL_OK && work.fetch);
        }
        assert(pawl_test_device_fetch(&device, &packages[i], work.offset, 700, UINT64_MAX) ==
               PAWL_OK);
        assert(pawl_processor_install(device.engine) == PAWL_OK);
        assert(pawl_processor_ran(device.engine, PAWL_RUN_EXITED_ZERO) == PAWL_OK);
        told(device.ram.cells, sizeof device.ram.cells);
        pawl_test_device_stop(&device);
        assert(pawl_test_device_start(&device) == PAWL_OK && device.ram.running);
    }
    assert(device.ram.counter == 2);
    for (unsigned i = 0; i < 2; i++)
        pawl_test_package_free(&packages[i]);
    pawl_test_device_release(&device);
}

/* What must be found, or silence means nothing. */
static volatile int sink;

static void leak_compare(uint8_t key[PAWL_KEY_SIZE])
{
    for (size_t i = 0; i < PAWL_KEY_SIZE; i++) {
        if (key[i] != 0) {
            sink = 1;
            return;
        }
    }
}

static void leak_table(uint8_t key[PAWL_KEY_SIZE])
{
    static const uint8_t table[256] = {1, 2, 3};

    sink = table[key[0]];
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    uint8_t key[PAWL_KEY_SIZE] = {0};

    if (RUNNING_ON_VALGRIND == 0) {
        fprintf(stderr, "constant_time: to be run under valgrind\n");
        return 2;
    }
    secret(key, sizeof key);
    if (strcmp(what, "compare") == 0) {
        leak_compare(key);
    } else if (strcmp(what, "table") == 0) {
        leak_table(key);
    } else if (strcmp(what, "check") == 0) {
        keys_check();
        entitlement_check();
        record_check();
        pud_check();
        engine_check();
    } else {
        fprintf(stderr, "usage: constant_time check|compare|table\n");
        return 2;
    }
    return 0;
}
