/*
 * Lets another implementation of SPEC.md drive the core: one command per line on standard input,
 * `VERB ARGUMENT...`, byte strings in hex ("-" for an empty one), numbers as =N in decimal. The
 * answer is a line with the result class and, when it is ok, the outputs in hex.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cbor.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"
#include "pawl/package.h"
#include "pawl/report.h"
#include "pawl/verity.h"

#define ARGUMENT_MAX 8
#define OUTPUT_MAX (4u * 1024 * 1024)

struct bytes {
    uint8_t *bytes;
    size_t size;
};

struct call {
    const char *text[ARGUMENT_MAX];
    struct bytes arguments[ARGUMENT_MAX];
    size_t count;
};

static uint8_t *output; /* of the command under way */
static size_t output_size;

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "vector_tool: %s\n", what);
        exit(2);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex as bytes in memory of exactly that size, so that ASan sees what goes beyond. */
static struct bytes decode(const char *text)
{
    size_t length = text[0] == '=' || strcmp(text, "-") == 0 ? 0 : strlen(text);
    struct bytes bytes = {malloc(length / 2 + (length == 0)), length / 2};

    require(bytes.bytes != NULL && length % 2 == 0, "hex of odd length");
    for (size_t i = 0; i < bytes.size; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        require(high >= 0 && low >= 0, "not hex");
        bytes.bytes[i] = (uint8_t)(high << 4 | low);
    }
    return bytes;
}

static const uint8_t *fixed(const struct call *call, size_t index, size_t size)
{
    require(index < call->count && call->arguments[index].size == size, "argument of wrong size");
    return call->arguments[index].bytes;
}

static uint64_t number(const struct call *call, size_t index)
{
    require(index < call->count && call->text[index][0] == '=', "argument is no number");
    return strtoull(call->text[index] + 1, NULL, 10);
}

static void put(const void *bytes, size_t size)
{
    require(size <= OUTPUT_MAX - output_size, "output too large");
    memcpy(output + output_size, bytes, size);
    output_size += size;
}

static enum pawl_result pud_load(const struct call *call, size_t index, struct pawl_pud *pud)
{
    return pawl_pud_read(call->arguments[index].bytes, call->arguments[index].size, pud);
}

/* cbor ITEM */
static enum pawl_result run_cbor(const struct call *call)
{
    return pawl_cbor_check(call->arguments[0].bytes, call->arguments[0].size);
}

/* pud PUD: the PUD written again */
static enum pawl_result run_pud(const struct call *call)
{
    uint8_t again[PAWL_PUD_SIZE_MAX];
    struct pawl_pud pud;
    size_t size = 0;

    enum pawl_result result = pud_load(call, 0, &pud);
    if (result == PAWL_OK)
        result = pawl_pud_write(&pud, again, sizeof again, &size);
    put(again, size);
    return result;
}

/* digest IMAGE */
static enum pawl_result run_digest(const struct call *call)
{
    uint8_t digest[PAWL_SHA256_SIZE];
    struct pawl_verity verity;

    pawl_verity_init(&verity);
    pawl_verity_update(&verity, call->arguments[0].bytes, call->arguments[0].size);
    pawl_verity_final(&verity, digest);
    put(digest, sizeof digest);
    return PAWL_OK;
}

/* keys PUD SEQUENCE PACKAGE_ID SALT: every key there is */
static enum pawl_result run_keys(const struct call *call)
{
    const uint8_t *id = fixed(call, 2, PAWL_PACKAGE_ID_SIZE);
    uint64_t sequence = number(call, 1);
    uint8_t key[PAWL_KEY_SIZE], download_key[PAWL_KEY_SIZE];
    struct pawl_entitlement_keys keys;
    struct pawl_pud pud;

    enum pawl_result result = pud_load(call, 0, &pud);
    if (result != PAWL_OK)
        return result;
    pawl_auth_key_make(pud.unit_secret, key);
    put(key, sizeof key);
    pawl_storage_key_make(pud.unit_secret, sequence, id, key);
    put(key, sizeof key);
    pawl_trial_key_make(pud.unit_secret, sequence, id, key);
    put(key, sizeof key);
    pawl_content_object_key_make(pud.unit_secret, sequence, id, fixed(call, 3, PAWL_SALT_SIZE),
                                 key);
    put(key, sizeof key);
    pawl_download_key_make(pud.unit_secret, pud.device_id, pud.chain_length, sequence,
                           download_key);
    put(download_key, sizeof download_key);
    pawl_entitlement_keys_make(download_key, id, &keys);
    put(keys.kek, sizeof keys.kek);
    put(keys.tag, sizeof keys.tag);
    pawl_direct_key_make(download_key, id, key);
    put(key, sizeof key);
    return PAWL_OK;
}

static enum pawl_result accept(const struct call *call, struct pawl_pud *pud,
                               struct pawl_package *package, struct pawl_manifest *manifest)
{
    enum pawl_result result = pud_load(call, 1, pud);
    if (result == PAWL_OK)
        result = pawl_package_read(call->arguments[0].bytes, call->arguments[0].size, package);
    if (result != PAWL_OK)
        return result;
    const struct pawl_acceptance acceptance = {pud, (uint32_t)number(call, 2), number(call, 3)};
    return pawl_package_accept(package, &acceptance, manifest);
}

/* accept PACKAGE PUD MASK FLOOR: package_id, the anchors that it revokes as a byte, the manifest's
 * payload written again */
static enum pawl_result run_accept(const struct call *call)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_package package;
    struct pawl_manifest manifest;
    struct pawl_pud pud;
    size_t size = 0;

    enum pawl_result result = accept(call, &pud, &package, &manifest);
    if (result != PAWL_OK)
        return result;
    put(package.package_id, sizeof package.package_id);
    uint32_t revoked = 0;
    result = pawl_revocation_make(&manifest, package.signed_manifest.kid, &pud, &revoked);
    put(&(uint8_t){(uint8_t)revoked}, 1);
    if (result != PAWL_OK)
        return result;
    result = pawl_manifest_write(&manifest, payload, sizeof payload, &size);
    put(payload, size);
    return result;
}

static enum pawl_result image_open(const struct pawl_package *package, uint64_t image_size,
                                   const uint8_t *key, const uint8_t *bytes,
                                   uint8_t digest[PAWL_SHA256_SIZE])
{
    uint8_t *chunk = malloc(package->chunk_size);
    enum pawl_result result = PAWL_OK;
    struct pawl_stream stream;
    struct pawl_verity verity;

    require(chunk != NULL && pawl_stream_init(&stream, key, package->package_id, image_size,
                                              package->chunk_size) == PAWL_OK,
            "no memory");
    pawl_verity_init(&verity);
    bytes += package->preamble_size;
    for (uint64_t i = 0; result == PAWL_OK && i < pawl_chunk_count(image_size, package->chunk_size);
         i++) {
        uint32_t length = pawl_chunk_length(image_size, package->chunk_size, i);
        result = pawl_stream_open(&stream, i, bytes, chunk);
        bytes += length + PAWL_CHUNK_OVERHEAD;
        pawl_verity_update(&verity, chunk, length);
        put(chunk, result == PAWL_OK ? length : 0);
    }
    pawl_verity_final(&verity, digest);
    pawl_stream_release(&stream);
    free(chunk);
    return result;
}

/* open PACKAGE PUD MASK FLOOR SEQUENCE ENTITLEMENT: the image; wrapped mode */
static enum pawl_result run_open(const struct call *call)
{
    uint8_t key[PAWL_KEY_SIZE], digest[PAWL_SHA256_SIZE];
    struct pawl_package package;
    struct pawl_manifest manifest;
    struct pawl_pud pud;
    uint64_t size;

    enum pawl_result result = accept(call, &pud, &package, &manifest);
    if (result == PAWL_OK)
        result = pawl_entitlement_open(&pud, number(call, 4), package.package_id,
                                       fixed(call, 5, PAWL_ENTITLEMENT_SIZE), key);
    if (result == PAWL_OK)
        result = pawl_package_size_make(package.preamble_size, manifest.image_size,
                                        package.chunk_size, &size);
    if (result != PAWL_OK)
        return result;
    if (size != call->arguments[0].size)
        return PAWL_CORRUPT;
    result = image_open(&package, manifest.image_size, key, call->arguments[0].bytes, digest);
    if (result == PAWL_OK && memcmp(digest, manifest.image_digest, sizeof digest) != 0)
        result = PAWL_CORRUPT;
    return result;
}

/* seal SIGNED_MANIFEST CHUNK_SIZE MODE SALT KEY IMAGE: the package */
static enum pawl_result run_seal(const struct call *call)
{
    const struct bytes *image = &call->arguments[5];
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX], *sealed;
    uint32_t chunk_size = (uint32_t)number(call, 1);
    struct pawl_package package;
    struct pawl_stream stream;
    size_t size = 0;

    enum pawl_result result =
        pawl_package_write(call->arguments[0].bytes, call->arguments[0].size, chunk_size,
                           (enum pawl_mode)number(call, 2), fixed(call, 3, PAWL_SALT_SIZE),
                           preamble, sizeof preamble, &size);
    if (result == PAWL_OK)
        result = pawl_package_read(preamble, size, &package);
    if (result != PAWL_OK)
        return result;
    put(preamble, size);
    sealed = malloc(chunk_size + PAWL_CHUNK_OVERHEAD);
    require(sealed != NULL &&
                pawl_stream_init(&stream, fixed(call, 4, PAWL_KEY_SIZE), package.package_id,
                                 image->size, chunk_size) == PAWL_OK,
            "no memory");
    for (uint64_t i = 0; result == PAWL_OK && i < pawl_chunk_count(image->size, chunk_size); i++) {
        result = pawl_stream_seal(&stream, i, image->bytes + i * chunk_size, sealed);
        put(sealed, pawl_chunk_length(image->size, chunk_size, i) + PAWL_CHUNK_OVERHEAD);
    }
    pawl_stream_release(&stream);
    free(sealed);
    return result;
}

/* row PUD SEQUENCE PACKAGE_ID KEY: a table's row */
static enum pawl_result run_row(const struct call *call)
{
    uint8_t row[PAWL_ROW_SIZE];
    struct pawl_pud pud;

    enum pawl_result result = pud_load(call, 0, &pud);
    if (result != PAWL_OK)
        return result;
    const struct pawl_unit unit = {pud.unit_secret, pud.device_id, pud.chain_length,
                                   number(call, 1)};
    result = pawl_entitlement_row_make(&unit, fixed(call, 2, PAWL_PACKAGE_ID_SIZE),
                                       fixed(call, 3, PAWL_KEY_SIZE), row);
    put(row, sizeof row);
    return result;
}

static enum pawl_result table_bytes_read(void *context, uint64_t offset, uint8_t *bytes,
                                         size_t size)
{
    const struct bytes *table = context;

    require(offset <= table->size && size <= table->size - offset, "read outside the table");
    memcpy(bytes, table->bytes + offset, size);
    return PAWL_OK;
}

/* table TABLE PUD SEQUENCE: preamble written again, content key */
static enum pawl_result run_table(const struct call *call)
{
    struct bytes bytes = call->arguments[0];
    uint8_t preamble[PAWL_TABLE_PREAMBLE_MAX], key[PAWL_KEY_SIZE];
    struct pawl_table table;
    struct pawl_pud pud;
    size_t size = 0;

    enum pawl_result result = pud_load(call, 1, &pud);
    if (result == PAWL_OK)
        result = pawl_table_preamble_read(bytes.bytes, bytes.size, bytes.size, &table);
    if (result == PAWL_OK)
        result = pawl_table_preamble_write(table.package_id, table.count, preamble, &size);
    if (result == PAWL_OK)
        result = pawl_table_open(&table, table_bytes_read, &bytes, &pud, number(call, 2), key);
    put(preamble, size);
    put(key, sizeof key);
    return result;
}

/* report REPORT PUD: device_id, the report written again */
static enum pawl_result run_report(const struct call *call)
{
    uint8_t auth_key[PAWL_KEY_SIZE], again[PAWL_REPORT_SIZE_MAX];
    struct pawl_report report;
    struct pawl_mac0 mac0;
    struct pawl_pud pud;
    size_t size = 0;

    enum pawl_result result = pud_load(call, 1, &pud);
    if (result == PAWL_OK)
        result = pawl_report_split(call->arguments[0].bytes, call->arguments[0].size, &mac0);
    if (result != PAWL_OK)
        return result;
    pawl_auth_key_make(pud.unit_secret, auth_key);
    result = pawl_report_verify(&mac0, auth_key);
    if (result == PAWL_OK)
        result = pawl_report_decode(&mac0, &report);
    if (result == PAWL_OK)
        result = pawl_report_write(&report, mac0.device_id, auth_key, again, sizeof again, &size);
    put(mac0.device_id, sizeof mac0.device_id);
    put(again, size);
    return result;
}

/* directive DIRECTIVE PUD NONCE: the directive written again */
static enum pawl_result run_directive(const struct call *call)
{
    uint8_t auth_key[PAWL_KEY_SIZE], again[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_directive directive;
    struct pawl_pud pud;
    size_t size = 0;

    enum pawl_result result = pud_load(call, 1, &pud);
    if (result != PAWL_OK)
        return result;
    pawl_auth_key_make(pud.unit_secret, auth_key);
    result = pawl_directive_read(call->arguments[0].bytes, call->arguments[0].size, auth_key,
                                 fixed(call, 2, PAWL_NONCE_SIZE), &directive);
    if (result == PAWL_OK)
        result = pawl_directive_write(&directive, auth_key, again, sizeof again, &size);
    put(again, size);
    return result;
}

static const struct verb {
    const char *name;
    size_t count;
    enum pawl_result (*run)(const struct call *call);
} verbs[] = {
    {"cbor", 1, run_cbor},           {"pud", 1, run_pud},
    {"digest", 1, run_digest},       {"keys", 4, run_keys},
    {"accept", 4, run_accept},       {"open", 6, run_open},
    {"seal", 6, run_seal},           {"row", 4, run_row},
    {"table", 3, run_table},         {"report", 2, run_report},
    {"directive", 3, run_directive},
};

static void answer(enum pawl_result result)
{
    printf("%s", pawl_result_name(result));
    if (result == PAWL_OK) {
        putchar(' ');
        for (size_t i = 0; i < output_size; i++)
            printf("%02x", output[i]);
    }
    putchar('\n');
    fflush(stdout);
}

static void run(const char *name, const struct call *call)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(name, verbs[i].name) != 0)
            continue;
        require(call->count == verbs[i].count, "wrong number of arguments");
        output_size = 0;
        answer(verbs[i].run(call));
        return;
    }
    require(false, "unknown verb");
}

int main(void)
{
    char *line = NULL, *rest;
    size_t capacity = 0;

    output = malloc(OUTPUT_MAX);
    require(output != NULL, "no memory");
    while (getline(&line, &capacity, stdin) > 0) {
        const char *name = strtok_r(line, " \n", &rest);
        struct call call = {.count = 0};
        for (char *word; (word = strtok_r(NULL, " \n", &rest)) != NULL; call.count++) {
            require(call.count < ARGUMENT_MAX, "too many arguments");
            call.text[call.count] = word;
            call.arguments[call.count] = decode(word);
        }
        require(name != NULL, "empty line");
        run(name, &call);
        for (size_t i = 0; i < call.count; i++)
            free(call.arguments[i].bytes);
    }
    free(line);
    free(output);
    return 0;
}
