/* Packages, manifests and tables. */
#include <string.h>

#include "cli/cli.h"
#include "cli/inspect.h"
#include "cli/print.h"
#include "headend/package_file.h"
#include "headend/table_file.h"
#include "host/file.h"

#define ROWS_AT_ONCE 1024u

static const char *const kind_names[] = {
    [PAWL_KIND_EXEC] = "exec (Linux executable)",
    [PAWL_KIND_RAW] = "raw (binary loaded at an address)",
    [PAWL_KIND_OPAQUE] = "opaque (handed on)",
};
static const char *const success_names[] = {
    [PAWL_SUCCESS_EXIT] = "exit (ends with status zero)",
    [PAWL_SUCCESS_READY] = "ready (reports that it is ready)",
    [PAWL_SUCCESS_CONTACT] = "contact (a directive was received while it ran)",
};

static const char *const profile_names[] = {
    [PAWL_PROFILE_CONFINED] = "confined (no network)",
    [PAWL_PROFILE_NETWORK] = "network (reaches the machine's network)",
};

/* The word before the explanation, for programs. */
static json_t *first_word(const char *text)
{
    return json_stringn(text, strcspn(text, " "));
}

static json_t *arguments_json(const struct pawl_manifest *manifest)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < manifest->argument_count; i++)
        json_array_append_new(list, pawl_json_text(&manifest->arguments[i]));
    return list;
}

static json_t *revoked_json(const struct pawl_manifest *manifest)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < manifest->revoked_count; i++)
        json_array_append_new(list, pawl_json_hex(manifest->revoked[i], PAWL_KID_SIZE));
    return list;
}

static void manifest_json(const struct pawl_manifest *manifest, json_t *to)
{
    json_object_set_new(to, "name", pawl_json_text(&manifest->name));
    json_object_set_new(to, "version", pawl_json_text(&manifest->version));
    json_object_set_new(to, "security_version", pawl_json_number(manifest->security_version));
    json_object_set_new(to, "vendor_id", pawl_json_hex(manifest->vendor_id, PAWL_ID_SIZE));
    json_object_set_new(to, "class_id", pawl_json_hex(manifest->class_id, PAWL_ID_SIZE));
    json_object_set_new(to, "kind",
                        pawl_cli.json ? first_word(kind_names[manifest->kind])
                                      : json_string(kind_names[manifest->kind]));
    json_object_set_new(to, "image_size", pawl_json_number(manifest->image_size));
    json_object_set_new(to, "image_digest",
                        pawl_json_hex(manifest->image_digest, PAWL_SHA256_SIZE));
    if (manifest->kind == PAWL_KIND_RAW) {
        json_object_set_new(to, "load_address", pawl_json_number(manifest->load_address));
        json_object_set_new(to, "entry_address", pawl_json_number(manifest->entry_address));
    }
    if (manifest->argument_count > 0)
        json_object_set_new(to, "arguments", arguments_json(manifest));
    if (manifest->kind == PAWL_KIND_EXEC)
        json_object_set_new(to, "profile",
                            pawl_cli.json ? first_word(profile_names[manifest->profile])
                                          : json_string(profile_names[manifest->profile]));
    if (manifest->revoked_count > 0)
        json_object_set_new(to, "revokes", revoked_json(manifest));
    json_object_set_new(to, "success",
                        pawl_cli.json ? first_word(success_names[manifest->success])
                                      : json_string(success_names[manifest->success]));
    json_object_set_new(to, "deadline", pawl_json_number(manifest->deadline));
    json_object_set_new(to, "created", pawl_json_number(manifest->created));
}

static enum pawl_result signed_json(const struct pawl_artefact *artefact,
                                    const struct pawl_signed_manifest *signed_manifest, json_t *to,
                                    struct pawl_manifest *manifest)
{
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    enum pawl_result result = PAWL_OK;

    pawl_sha256_make(signed_manifest->payload, signed_manifest->payload_size, release_id);
    json_object_set_new(to, "release_id", pawl_json_hex(release_id, sizeof release_id));
    json_object_set_new(to, "signed_by", pawl_json_hex(signed_manifest->kid, PAWL_KID_SIZE));
    if (artefact->anchor != NULL)
        result = pawl_signed_manifest_verify(signed_manifest, artefact->anchor, 1, UINT32_MAX);
    json_object_set_new(to, "signature",
                        json_string(artefact->anchor == NULL ? "not checked"
                                    : result == PAWL_OK      ? "good"
                                                             : "bad"));
    if (result != PAWL_OK)
        return result;
    result = pawl_manifest_read(signed_manifest->payload, signed_manifest->payload_size, manifest);
    if (result == PAWL_OK)
        manifest_json(manifest, to);
    return result;
}

enum pawl_result pawl_manifest_describe(const struct pawl_artefact *artefact, json_t *to)
{
    struct pawl_signed_manifest signed_manifest;
    struct pawl_manifest manifest;

    if (artefact->size > artefact->head_size)
        return PAWL_MALFORMED;
    enum pawl_result result =
        pawl_signed_manifest_read(artefact->head, artefact->head_size, &signed_manifest);
    if (result != PAWL_OK)
        return result;
    json_object_set_new(to, "type", json_string("manifest"));
    return signed_json(artefact, &signed_manifest, to, &manifest);
}

/* The file must have the length that its manifest asks for. */
static enum pawl_result size_json(const struct pawl_package_file *file,
                                  const struct pawl_manifest *manifest, json_t *to)
{
    uint32_t chunk_size = file->package.chunk_size;
    size_t expected = 0;
    enum pawl_result result = pawl_package_size_make(file->package.preamble_size,
                                                     manifest->image_size, chunk_size, &expected);

    json_object_set_new(to, "chunk_size", pawl_json_number(chunk_size));
    json_object_set_new(
        to, "chunks", pawl_json_number(pawl_chunk_count((size_t)manifest->image_size, chunk_size)));
    json_object_set_new(to, "file_size", pawl_json_number(file->size));
    if (result == PAWL_OK && expected != file->size)
        result = PAWL_CORRUPT;
    if (result != PAWL_OK && expected > 0)
        json_object_set_new(to, "expected_size", pawl_json_number(expected));
    return result;
}

enum pawl_result pawl_package_describe(const struct pawl_artefact *artefact, json_t *to)
{
    struct pawl_package_file file;
    struct pawl_manifest manifest;
    enum pawl_result result = pawl_package_file_read(artefact->fd, &file);

    if (result != PAWL_OK)
        return result;
    json_object_set_new(to, "type", json_string("package"));
    json_object_set_new(to, "package_id",
                        pawl_json_hex(file.package.package_id, PAWL_PACKAGE_ID_SIZE));
    json_object_set_new(to, "mode",
                        json_string(file.package.mode == PAWL_MODE_DIRECT ? "direct" : "wrapped"));
    result = signed_json(artefact, &file.package.signed_manifest, to, &manifest);
    return result == PAWL_OK ? size_json(&file, &manifest, to) : result;
}

/* Whether all rows ascend, so that look-ups find them. */
static enum pawl_result order_check(const struct pawl_artefact *artefact,
                                    const struct pawl_table *table, bool *ascending)
{
    static uint8_t rows[ROWS_AT_ONCE * PAWL_ROW_SIZE];
    uint8_t last[PAWL_TAG_SIZE] = {0};

    *ascending = true;
    for (uint64_t row = 0; row < table->count;) {
        uint64_t left = table->count - row;
        size_t part = left < ROWS_AT_ONCE ? (size_t)left : ROWS_AT_ONCE;
        if (pawl_pread_full(artefact->fd, rows, part * PAWL_ROW_SIZE,
                            table->preamble_size + row * PAWL_ROW_SIZE) != PAWL_OK)
            return PAWL_IO;
        for (size_t i = 0; i < part; i++) {
            if (memcmp(last, rows + i * PAWL_ROW_SIZE, PAWL_TAG_SIZE) > 0)
                *ascending = false;
            memcpy(last, rows + i * PAWL_ROW_SIZE, PAWL_TAG_SIZE);
        }
        row += part;
    }
    return PAWL_OK;
}

enum pawl_result pawl_table_describe(const struct pawl_artefact *artefact, json_t *to)
{
    struct pawl_table table;
    bool ascending = false;
    enum pawl_result result = pawl_table_file_read(artefact->fd, &table);

    if (result != PAWL_OK)
        return result;
    json_object_set_new(to, "type", json_string("entitlement table"));
    json_object_set_new(to, "package_id", pawl_json_hex(table.package_id, PAWL_PACKAGE_ID_SIZE));
    json_object_set_new(to, "rows", pawl_json_number(table.count));
    result = order_check(artefact, &table, &ascending);
    if (result == PAWL_OK)
        json_object_set_new(to, "ascending", json_boolean(ascending));
    return result;
}
