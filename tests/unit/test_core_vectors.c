/*
 * Every file of tests/vectors: the result class exactly as it says, every output field, and every
 * artefact written back to the same bytes (SPEC 1 to 10).
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pawl/chain.h"
#include "pawl/entitlement.h"
#include "pawl/package.h"
#include "pawl/report.h"
#include "pawl/verity.h"
#include "vector_file.h"

#define DIRECTORY "../vectors"

static enum pawl_result run_identifier(struct vector *v)
{
    uint8_t vendor_id[PAWL_ID_SIZE], class_id[PAWL_ID_SIZE];

    pawl_vendor_id_make(vector_text(v, "vendor_domain_text"), vendor_id);
    pawl_class_id_make(vendor_id, vector_text(v, "class_name_text"), class_id);
    vector_expect(v, "vendor_id", vendor_id, sizeof vendor_id);
    vector_expect(v, "class_id", class_id, sizeof class_id);
    return PAWL_OK;
}

static enum pawl_result run_branch(struct vector *v)
{
    const uint8_t *secret = vector_fixed(v, "unit_secret", PAWL_UNIT_SECRET_SIZE);
    const uint8_t *package_id = vector_fixed(v, "package_id", PAWL_PACKAGE_ID_SIZE);
    const uint8_t *salt = vector_fixed(v, "salt", PAWL_SALT_SIZE);
    uint64_t sequence = vector_uint(v, "sequence_uint");
    uint8_t key[PAWL_KEY_SIZE];

    pawl_auth_key_make(secret, key);
    vector_expect(v, "auth_key", key, sizeof key);
    pawl_storage_key_make(secret, sequence, package_id, key);
    vector_expect(v, "storage_key", key, sizeof key);
    pawl_trial_key_make(secret, sequence, package_id, key);
    vector_expect(v, "trial_key", key, sizeof key);
    pawl_content_object_key_make(secret, sequence, package_id, salt, key);
    vector_expect(v, "content_key", key, sizeof key);
    return PAWL_OK;
}

static enum pawl_result run_chain(struct vector *v)
{
    const uint8_t *package_id = vector_fixed(v, "package_id", PAWL_PACKAGE_ID_SIZE);
    uint8_t key[PAWL_KEY_SIZE], direct[PAWL_KEY_SIZE];
    struct pawl_entitlement_keys keys;

    pawl_download_key_make(vector_fixed(v, "unit_secret", PAWL_UNIT_SECRET_SIZE),
                           vector_fixed(v, "device_id", PAWL_ID_SIZE),
                           (uint32_t)vector_uint(v, "chain_length_uint"),
                           vector_uint(v, "sequence_uint"), key);
    vector_expect(v, "download_key", key, sizeof key);
    pawl_entitlement_keys_make(key, package_id, &keys);
    vector_expect(v, "kek", keys.kek, sizeof keys.kek);
    vector_expect(v, "tag", keys.tag, sizeof keys.tag);
    pawl_direct_key_make(key, package_id, direct);
    vector_expect(v, "direct_cek", direct, sizeof direct);
    return PAWL_OK;
}

static enum pawl_result run_verity(struct vector *v)
{
    const uint8_t *unit = vector_fixed(v, "repeat", 32);
    size_t size = vector_uint(v, "size_uint");
    uint8_t digest[PAWL_SHA256_SIZE], *image = malloc(size);
    struct pawl_verity verity;

    assert_non_null(image);
    for (size_t i = 0; i < size; i++)
        image[i] = unit[i % 32];
    pawl_verity_init(&verity);
    pawl_verity_update(&verity, image, size);
    pawl_verity_final(&verity, digest);
    free(image);
    vector_expect(v, "digest", digest, sizeof digest);
    return PAWL_OK;
}

static enum pawl_result pud_load(struct vector *v, struct pawl_pud *pud)
{
    uint8_t again[PAWL_PUD_SIZE_MAX];
    size_t size, again_size;

    const uint8_t *bytes = vector_bytes(v, "pud", &size);
    enum pawl_result result = pawl_pud_read(bytes, size, pud);
    if (result == PAWL_OK) {
        assert_int_equal(pawl_pud_write(pud, again, sizeof again, &again_size), PAWL_OK);
        vector_expect(v, "pud", again, again_size);
    }
    return result;
}

static enum pawl_result run_pud(struct vector *v)
{
    struct pawl_pud pud;

    enum pawl_result result = pud_load(v, &pud);
    if (result == PAWL_OK && vector_has(v, "maximum_uint")) {
        assert_true(pud.has_maximum);
        assert_int_equal(pud.maximum, vector_uint(v, "maximum_uint"));
    } else if (result == PAWL_OK) {
        vector_expect(v, "device_id", pud.device_id, sizeof pud.device_id);
        vector_expect(v, "vendor_id", pud.vendor_id, sizeof pud.vendor_id);
        vector_expect(v, "class_id", pud.class_id, sizeof pud.class_id);
        vector_expect(v, "unit_secret", pud.unit_secret, sizeof pud.unit_secret);
        assert_int_equal(pud.chain_length, vector_uint(v, "chain_length_uint"));
        assert_int_equal(pud.anchor_count, 1);
        vector_expect(v, "anchor_x", pud.anchors[0].x, 32);
        vector_expect(v, "anchor_y", pud.anchors[0].y, 32);
        vector_expect(v, "anchor_kid", pud.anchors[0].kid, PAWL_KID_SIZE);
        assert_false(pud.has_maximum);
    }
    return result;
}

/* Whether a manifest's payload comes back from our writer as it was; one with extension fields or
 * an empty list of arguments doesn't. */
static bool manifest_is_ours(const struct pawl_package *package,
                             const struct pawl_manifest *manifest)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    size_t size;

    assert_int_equal(pawl_manifest_write(manifest, payload, sizeof payload, &size), PAWL_OK);
    return size == package->signed_manifest.payload_size &&
           memcmp(payload, package->signed_manifest.payload, size) == 0;
}

/* Writes the whole package again from what was read of it. */
static void package_expect_again(struct vector *v, const struct pawl_package *package,
                                 const struct pawl_manifest *manifest, const uint8_t *key,
                                 const uint8_t *image)
{
    const struct pawl_signed_manifest *outer = &package->signed_manifest;
    uint8_t signed_manifest[PAWL_MANIFEST_SIZE_MAX], chunk[PAWL_CHUNK_SIZE_MAX];
    size_t size, manifest_size;
    struct pawl_stream stream;
    uint64_t total;

    assert_int_equal(manifest_is_ours(package, manifest),
                     strcmp(v->name, "package-extension-field.txt") != 0);
    assert_int_equal(pawl_signed_manifest_write(outer->payload, outer->payload_size, outer->kid,
                                                outer->signature, signed_manifest,
                                                sizeof signed_manifest, &manifest_size),
                     PAWL_OK);
    assert_int_equal(pawl_package_size_make(package->preamble_size, manifest->image_size,
                                            package->chunk_size, &total),
                     PAWL_OK);
    uint8_t *again = malloc(total + PAWL_PREAMBLE_SIZE_MAX);
    assert_non_null(again);
    assert_int_equal(pawl_package_write(signed_manifest, manifest_size, package->chunk_size,
                                        package->mode, package->salt, again, PAWL_PREAMBLE_SIZE_MAX,
                                        &size),
                     PAWL_OK);
    assert_int_equal(pawl_stream_init(&stream, key, package->package_id, manifest->image_size,
                                      package->chunk_size),
                     PAWL_OK);
    for (uint64_t i = 0; i < pawl_chunk_count(stream.image_size, stream.chunk_size); i++) {
        uint32_t length = pawl_chunk_length(stream.image_size, stream.chunk_size, i);
        memcpy(chunk, image + i * stream.chunk_size, length);
        assert_int_equal(pawl_stream_seal(&stream, i, chunk, again + size), PAWL_OK);
        size += length + PAWL_CHUNK_OVERHEAD;
    }
    pawl_stream_release(&stream);
    assert_int_equal(size, total);
    vector_expect(v, "package", again, size);
    free(again);
}

/* Opens all chunks in reverse: nothing in the stream depends on the order of opening. */
static enum pawl_result image_open(const struct pawl_package *package,
                                   const struct pawl_manifest *manifest, const uint8_t *key,
                                   const uint8_t *bytes, uint8_t *image)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    struct pawl_stream stream;
    struct pawl_verity verity;
    enum pawl_result result = PAWL_OK;

    assert_int_equal(pawl_stream_init(&stream, key, package->package_id, manifest->image_size,
                                      package->chunk_size),
                     PAWL_OK);
    uint64_t count = pawl_chunk_count(manifest->image_size, package->chunk_size);
    for (uint64_t i = count; result == PAWL_OK && i > 0; i--) {
        uint64_t at = (i - 1) * (package->chunk_size + PAWL_CHUNK_OVERHEAD);
        result = pawl_stream_open(&stream, i - 1, bytes + package->preamble_size + at,
                                  image + (i - 1) * package->chunk_size);
    }
    pawl_stream_release(&stream);
    if (result != PAWL_OK)
        return result;
    pawl_verity_init(&verity);
    pawl_verity_update(&verity, image, manifest->image_size);
    pawl_verity_final(&verity, digest);
    return memcmp(digest, manifest->image_digest, sizeof digest) == 0 ? PAWL_OK : PAWL_CORRUPT;
}

/* The content key at the vector's sequence number, by its entitlement or in direct mode. */
static enum pawl_result content_key_open(struct vector *v, const struct pawl_package *package,
                                         const struct pawl_pud *pud, uint8_t key[PAWL_KEY_SIZE])
{
    uint64_t sequence = vector_uint(v, "sequence_uint");
    const struct pawl_unit unit = {pud->unit_secret, pud->device_id, pud->chain_length, sequence};
    uint8_t row[PAWL_ROW_SIZE];

    if (package->mode == PAWL_MODE_DIRECT) {
        pawl_download_key_make(pud->unit_secret, pud->device_id, pud->chain_length, sequence, key);
        pawl_direct_key_make(key, package->package_id, key);
        return PAWL_OK;
    }
    enum pawl_result result =
        pawl_entitlement_open(pud, sequence, package->package_id,
                              vector_fixed(v, "entitlement", PAWL_ENTITLEMENT_SIZE), key);
    if (result == PAWL_OK) {
        assert_int_equal(pawl_entitlement_row_make(&unit, package->package_id, key, row), PAWL_OK);
        vector_expect(v, "entitlement", row + PAWL_TAG_SIZE, PAWL_ENTITLEMENT_SIZE);
    }
    return result;
}

/* What a release revokes of the unit's anchors, and its profile, where a vector says so. */
static void manifest_expect(struct vector *v, const struct pawl_package *package,
                            const struct pawl_manifest *manifest, const struct pawl_pud *pud)
{
    uint32_t revoked = 0;

    assert_int_equal(pawl_revocation_make(manifest, package->signed_manifest.kid, pud, &revoked),
                     PAWL_OK);
    assert_int_equal(revoked, vector_has(v, "revoked_uint") ? vector_uint(v, "revoked_uint") : 0);
    assert_int_equal(manifest->profile,
                     vector_has(v, "profile_uint") ? vector_uint(v, "profile_uint") : 0);
}

static enum pawl_result run_package(struct vector *v)
{
    struct pawl_pud pud;
    struct pawl_package package;
    struct pawl_manifest manifest;
    uint8_t key[PAWL_KEY_SIZE];
    uint64_t total;
    size_t size;

    const uint8_t *bytes = vector_bytes(v, "package", &size);
    vector_uint(v, "sequence_uint");
    if (vector_has(v, "entitlement"))
        vector_fixed(v, "entitlement", PAWL_ENTITLEMENT_SIZE);
    assert_int_equal(pud_load(v, &pud), PAWL_OK);
    const struct pawl_acceptance acceptance = {&pud, 0xf, 7};
    enum pawl_result result = pawl_package_read(bytes, size, &package);
    if (result == PAWL_OK)
        result = pawl_package_accept(&package, &acceptance, &manifest);
    if (result == PAWL_OK)
        result = content_key_open(v, &package, &pud, key);
    if (result == PAWL_OK)
        result = pawl_package_size_make(package.preamble_size, manifest.image_size,
                                        package.chunk_size, &total);
    if (result != PAWL_OK || total != size)
        return result == PAWL_OK ? PAWL_CORRUPT : result;
    uint8_t *image = malloc(manifest.image_size);
    assert_non_null(image);
    result = image_open(&package, &manifest, key, bytes, image);
    if (result == PAWL_OK) {
        vector_expect(v, "package_id", package.package_id, sizeof package.package_id);
        vector_expect(v, "image", image, manifest.image_size);
        manifest_expect(v, &package, &manifest, &pud);
        package_expect_again(v, &package, &manifest, key, image);
    }
    free(image);
    return result;
}

struct memory {
    const uint8_t *bytes;
    size_t size;
};

static enum pawl_result memory_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    const struct memory *memory = context;

    assert_true(offset <= memory->size && size <= memory->size - offset);
    memcpy(bytes, memory->bytes + offset, size);
    return PAWL_OK;
}

static enum pawl_result run_table(struct vector *v)
{
    uint8_t key[PAWL_KEY_SIZE], preamble[PAWL_TABLE_PREAMBLE_MAX];
    struct pawl_pud pud;
    struct pawl_table table;
    struct memory memory;
    size_t size;

    memory.bytes = vector_bytes(v, "table", &memory.size);
    uint64_t sequence = vector_uint(v, "sequence_uint");
    assert_int_equal(pud_load(v, &pud), PAWL_OK);
    enum pawl_result result =
        pawl_table_preamble_read(memory.bytes, memory.size, memory.size, &table);
    if (result != PAWL_OK)
        return result;
    assert_int_equal(pawl_table_preamble_write(table.package_id, table.count, preamble, &size),
                     PAWL_OK);
    assert_int_equal(size, table.preamble_size);
    assert_memory_equal(preamble, memory.bytes, size);
    result = pawl_table_open(&table, memory_read, &memory, &pud, sequence, key);
    if (result == PAWL_OK)
        vector_expect(v, "content_key", key, sizeof key);
    return result;
}

static void expect_or_null(struct vector *v, const char *name, bool has, const uint8_t *bytes,
                           size_t size)
{
    if (has)
        vector_expect(v, name, bytes, size);
    else
        assert_string_equal(vector_text(v, name), "null");
}

static enum pawl_result run_report(struct vector *v)
{
    uint8_t auth_key[PAWL_KEY_SIZE], again[PAWL_REPORT_SIZE_MAX];
    struct pawl_pud pud;
    struct pawl_mac0 mac0;
    struct pawl_report report;
    size_t size;

    const uint8_t *bytes = vector_bytes(v, "report", &size);
    assert_int_equal(pud_load(v, &pud), PAWL_OK);
    pawl_auth_key_make(pud.unit_secret, auth_key);
    enum pawl_result result = pawl_report_split(bytes, size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_verify(&mac0, auth_key);
    if (result == PAWL_OK)
        result = pawl_report_decode(&mac0, &report);
    if (result != PAWL_OK)
        return result;
    vector_expect(v, "device_id", mac0.device_id, sizeof mac0.device_id);
    assert_int_equal(report.sequence, vector_uint(v, "sequence_uint"));
    expect_or_null(v, "instance", report.has_instance, report.instance, PAWL_INSTANCE_SIZE);
    expect_or_null(v, "running", report.has_package, report.package_id, PAWL_PACKAGE_ID_SIZE);
    vector_expect(v, "nonce", report.nonce, sizeof report.nonce);
    assert_int_equal(report.state, vector_uint(v, "state_uint"));
    assert_int_equal(
        pawl_report_write(&report, pud.device_id, auth_key, again, sizeof again, &size), PAWL_OK);
    if (strcmp(v->name, "report-extension-field.txt") != 0)
        vector_expect(v, "report", again, size);
    return PAWL_OK;
}

static enum pawl_result run_directive(struct vector *v)
{
    uint8_t auth_key[PAWL_KEY_SIZE], again[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_pud pud;
    struct pawl_directive directive;
    size_t size;

    const uint8_t *bytes = vector_bytes(v, "directive", &size);
    assert_int_equal(pud_load(v, &pud), PAWL_OK);
    pawl_auth_key_make(pud.unit_secret, auth_key);
    enum pawl_result result = pawl_directive_read(
        bytes, size, auth_key, vector_fixed(v, "nonce", PAWL_NONCE_SIZE), &directive);
    if (result != PAWL_OK)
        return result;
    assert_int_equal(directive.action, vector_uint(v, "action_uint"));
    assert_int_equal(directive.poll_after, vector_uint(v, "poll_after_uint"));
    vector_expect(v, "package_id", directive.package_id, sizeof directive.package_id);
    assert_true(directive.has_entitlement);
    vector_expect(v, "entitlement", directive.entitlement, sizeof directive.entitlement);
    assert_int_equal(pawl_directive_write(&directive, auth_key, again, sizeof again, &size),
                     PAWL_OK);
    vector_expect(v, "directive", again, size);
    return PAWL_OK;
}

static const struct runner {
    const char *prefix;
    enum pawl_result (*run)(struct vector *v);
} runners[] = {
    {"id-", run_identifier},   {"branch-", run_branch}, {"chain-", run_chain},
    {"fsverity-", run_verity}, {"pud-", run_pud},       {"package-", run_package},
    {"table-", run_table},     {"report-", run_report}, {"directive-", run_directive},
};

static void run_file(void **state)
{
    const char *name = *state;
    struct vector vector;

    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++) {
        if (strncmp(name, runners[i].prefix, strlen(runners[i].prefix)) != 0)
            continue;
        vector_load(&vector, DIRECTORY, name);
        enum pawl_result result = runners[i].run(&vector);
        assert_string_equal(pawl_result_name(result), vector_text(&vector, "expect"));
        vector_expect_all_used(&vector);
        vector_release(&vector);
        return;
    }
    fail_msg("%s: no test knows this kind of vector", name);
}

static int is_vector(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 4 && strcmp(entry->d_name + size - 4, ".txt") == 0 &&
           strcmp(entry->d_name, "CMakeLists.txt") != 0;
}

int main(void)
{
    struct dirent **entries;

    int count = scandir(DIRECTORY, &entries, is_vector, alphasort);
    if (count <= 0) {
        fprintf(stderr, "no vectors in " DIRECTORY "\n");
        return 1;
    }
    struct CMUnitTest *tests = calloc((size_t)count, sizeof *tests);
    if (tests == NULL)
        return 1;
    for (int i = 0; i < count; i++)
        tests[i] =
            (struct CMUnitTest){entries[i]->d_name, run_file, NULL, NULL, entries[i]->d_name};
    int failed = _cmocka_run_group_tests("vectors", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(tests);
    return failed;
}
