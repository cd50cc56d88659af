/* pawl publish: hands a package and its content key to the control server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/load.h"
#include "cli/name.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "host/file.h"
#include "host/hex.h"

#define KEY_FILE_MAX 8192u

static const char *content_key_path;

static const struct pawl_option options[] = {
    {"content-key", 0, "FILE", "its content key (PACKAGE with .key, when that exists)",
     .text = &content_key_path},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    PAWL_OPTION_QUIET,
    {.name = NULL},
};

/* The key that belongs to a package when none is named: the one that 'pawl package' put beside it.
 * `*path` is NULL when there is none. */
static enum pawl_result key_path_find(const char *package_path, const struct pawl_package *package,
                                      char **path)
{
    *path = NULL;
    if (package->mode == PAWL_MODE_DIRECT)
        return PAWL_OK;
    char *found = content_key_path != NULL ? strdup(content_key_path)
                                           : pawl_name_derive(package_path, ".pawl", ".key");
    if (found == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    if (content_key_path == NULL && access(found, F_OK) != 0) {
        free(found);
        return PAWL_OK;
    }
    *path = found;
    return PAWL_OK;
}

static enum pawl_result key_send(struct pawl_client *client, const char *resource,
                                 const char *key_path, json_t **answer)
{
    struct pawl_buffer key = {0};
    char path[160];
    enum pawl_result result = pawl_file_read(key_path, KEY_FILE_MAX, &key);

    if (result != PAWL_OK)
        return pawl_file_error(result == PAWL_EXHAUSTED ? PAWL_MALFORMED : result, key_path,
                               "a content key");
    snprintf(path, sizeof path, "%s/content-key", resource);
    result = pawl_client_send(client, "PUT", path, key.bytes, key.size, answer);
    if (result == PAWL_CORRUPT)
        pawl_hint("is %s the content key of this very package?", key_path);
    pawl_buffer_release(&key);
    return result;
}

/* A package that is not whole is not worth sending. */
static enum pawl_result whole_check(const char *path, const struct pawl_package_file *file)
{
    const struct pawl_signed_manifest *signed_manifest = &file->package.signed_manifest;
    struct pawl_manifest manifest;
    size_t expected = 0;
    enum pawl_result result =
        pawl_manifest_read(signed_manifest->payload, signed_manifest->payload_size, &manifest);

    if (result != PAWL_OK)
        return pawl_file_error(result, path, "a package whose manifest can be read");
    result = pawl_package_size_make(file->package.preamble_size, manifest.image_size,
                                    file->package.chunk_size, &expected);
    if (result == PAWL_OK && file->size == expected)
        return PAWL_OK;
    pawl_error(PAWL_CORRUPT, "%s has not the length that its manifest asks for", path);
    pawl_hint("fetch or make it again");
    return PAWL_CORRUPT;
}

static bool is_ready(const json_t *answer)
{
    const char *state = json_string_value(json_object_get(answer, "state"));

    return state != NULL && strcmp(state, "ready") == 0;
}

/* Whether a listed package revokes the key with this id. */
static bool revokes(const json_t *package, const char *kid)
{
    const json_t *named = NULL;
    size_t index;

    json_array_foreach(json_object_get(package, "revokes"), index, named)
    {
        if (json_is_string(named) && strcmp(json_string_value(named), kid) == 0)
            return true;
    }
    return false;
}

/* Warns when another release for the class revokes this one's key: devices that run it will refuse
 * this one, or do already (SPEC 6.8). */
static enum pawl_result signer_check(struct pawl_client *client,
                                     const struct pawl_package_file *file, const json_t *answer)
{
    const char *class = json_string_value(json_object_get(answer, "class_id"));
    const char *const query[] = {"class", class, NULL};
    const struct pawl_pages pages = {"/v1/packages", query, NULL, UINT64_MAX};
    char kid[PAWL_HEX_SIZE(PAWL_KID_SIZE)];
    json_t *list = NULL;
    const json_t *package = NULL;
    size_t index;

    pawl_hex_encode(file->package.signed_manifest.kid, PAWL_KID_SIZE, kid);
    enum pawl_result result = pawl_pages_gather(client, &pages, &list);
    if (result != PAWL_OK)
        return result;
    json_array_foreach(json_object_get(list, "items"), index, package)
    {
        if (!revokes(package, kid))
            continue;
        pawl_warning("another release for its class revokes its key %s: devices that ran that one "
                     "refuse this",
                     kid);
        break;
    }
    json_decref(list);
    return PAWL_OK;
}

static int publish(struct pawl_client *client, const struct pawl_package_file *file,
                   const char *key_path)
{
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)], resource[128];
    json_t *answer = NULL, *key_answer = NULL;
    bool created = false;

    snprintf(resource, sizeof resource, "/v1/packages/%s",
             pawl_hex_encode(file->package.package_id, PAWL_PACKAGE_ID_SIZE, id));
    enum pawl_result result = pawl_client_upload(client, "PUT", resource, file->fd, file->size,
                                                 "publishing", &answer, &created);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    bool nothing = !created && is_ready(answer);
    if (!nothing && key_path != NULL)
        result = key_send(client, resource, key_path, &key_answer);
    if (result == PAWL_OK && key_answer != NULL)
        json_object_update(answer, key_answer);
    json_decref(key_answer);
    if (result != PAWL_OK) {
        json_decref(answer);
        return pawl_exit_code(result);
    }
    bool ready = is_ready(answer);
    result = signer_check(client, file, answer);
    if (result == PAWL_OK)
        result = pawl_print(answer);
    else
        json_decref(answer);
    if (result == PAWL_OK && !ready)
        pawl_warning("the server has no content key yet: publish it with --content-key");
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    return nothing ? pawl_nothing("the server has this package and its key") : PAWL_EXIT_DONE;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_package_file file;
    struct pawl_client *client = NULL;
    char *key_path = NULL;
    int code = PAWL_EXIT_DONE;
    enum pawl_result result = pawl_package_load(operands->items[0], &file);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = whole_check(operands->items[0], &file);
    if (result == PAWL_OK)
        result = key_path_find(operands->items[0], &file.package, &key_path);
    if (result == PAWL_OK)
        result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        code = publish(client, &file, key_path);
        pawl_client_close(client);
    }
    free(key_path);
    pawl_package_close(&file);
    return result == PAWL_OK ? code : pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_publish = {
    .name = "publish",
    .usage = {.command = "pawl publish",
              .operands = "PACKAGE",
              .summary = "hand a package and its content key to the control server",
              .details = "The server opens the whole package with the key before it takes it. "
                         "Publishing what is\nthere already is nothing to do (exit code 3).",
              .least = 1,
              .most = 1},
    .options = options,
    .run = run,
};
