/* PUT /v1/packages/ID/content-key: the key arrives, and the package is proven with it (SPEC 16). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headend/cms.h"
#include "headend/package_file.h"
#include "host/log.h"
#include "pawl/secret.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "server/package_shelf.h"

#define KEY_BODY_MAX 16384u /* a raw key, or a CMS object around one */

/* Whether the package was published here. PAWL_STATE when it was not. */
static enum pawl_result package_known(struct pawl_server *server,
                                      const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_reader *reader = NULL;
    struct pawl_package_row row;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, package_id, &row);
    pawl_reader_return(&server->readers, reader);
    return result;
}

/* Opens every chunk of the package with the key, and compares the image's digest. */
static enum pawl_result package_prove(int fd, const uint8_t content_key[PAWL_KEY_SIZE])
{
    static const struct pawl_package_job job = {.threads = 1}; /* the other ones serve devices */
    struct pawl_manifest manifest;
    struct pawl_package_file *file = malloc(sizeof *file);
    if (file == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_package_file_read(fd, file);
    if (result == PAWL_OK)
        result = pawl_manifest_read(file->package.signed_manifest.payload,
                                    file->package.signed_manifest.payload_size, &manifest);
    if (result == PAWL_OK)
        result = pawl_package_open(&job, file, &manifest, content_key, -1);
    free(file);
    return result;
}

/* Makes a proven package ready: first its file, then its row, so that a row that says so is true.
 */
static enum pawl_result package_make_ready(struct pawl_request *request,
                                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE], int fd,
                                           bool ready, const uint8_t content_key[PAWL_KEY_SIZE])
{
    struct pawl_server *server = request->server;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
    enum pawl_result result = pawl_vault_wrap(server->vault, PAWL_VAULT_CONTENT_KEY, package_id,
                                              PAWL_PACKAGE_ID_SIZE, content_key, wrapped);
    if (result == PAWL_OK && !ready)
        result = pawl_shelf_release(&server->data, package_id, fd);
    if (result != PAWL_OK)
        return result;
    json_t *about =
        json_pack("{s:o, s:s, s:s}", "package_id", pawl_hex_json(package_id, PAWL_PACKAGE_ID_SIZE),
                  "before", ready ? "ready" : "needs-key", "after", "ready");
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "content-key-set", NULL, detail);
    result = pawl_store_package_key_set(server->store, package_id, wrapped, &event);
    free(detail);
    return result;
}

static enum MHD_Result refuse(struct pawl_request *request, enum pawl_result result)
{
    if (result == PAWL_CORRUPT)
        return pawl_request_refuse(request, result,
                                   "the package does not open with this key, or is damaged");
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result,
                                   "the package was published anew meanwhile; send the key again");
    return pawl_request_refuse(request, result, "cannot make the package ready");
}

static enum MHD_Result key_refuse(struct pawl_request *request, enum pawl_result result)
{
    const char *what = pawl_identity_words();
    if (result == PAWL_UNTRUSTED)
        what = "the key is not encrypted to this server";
    else if (result == PAWL_MALFORMED || result == PAWL_UNSUPPORTED)
        what = "neither 32 bytes nor a CMS object that holds them";
    if (result == PAWL_IO) /* the server's key is in an HSM, and that is away */
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, result, "%s", what);
    return pawl_request_refuse(request, result, "%s", what);
}

static enum MHD_Result content_key_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE], content_key[PAWL_KEY_SIZE];
    bool ready;
    if (!pawl_part_read(request, package_id, sizeof package_id))
        return MHD_YES;
    enum pawl_result result = package_known(server, package_id);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such package");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot read the packages");
    result = pawl_content_key_read(request->body, (size_t)request->received,
                                   pawl_server_identity_acquire(server), content_key);
    pawl_server_identity_release(server);
    if (result != PAWL_OK)
        return key_refuse(request, result);
    int fd = pawl_shelf_open(&server->data, package_id, &ready);
    if (fd < 0) {
        pawl_wipe(content_key, sizeof content_key);
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such package");
        return MHD_YES;
    }
    pawl_request_patience_set(request, true);
    result = package_prove(fd, content_key);
    uint32_t pin = pawl_vault_pin(server->vault);
    if (result == PAWL_OK)
        result = package_make_ready(request, package_id, fd, ready, content_key);
    pawl_vault_unpin(server->vault, pin);
    pawl_request_patience_set(request, false);
    pawl_wipe(content_key, sizeof content_key);
    close(fd);
    if (result != PAWL_OK)
        return refuse(request, result);
    pawl_log(PAWL_LOG_NOTICE, "event=package-ready actor=%s package=%s", request->actor,
             request->part);
    return pawl_json_answer(request, MHD_HTTP_OK, json_pack("{s:s}", "state", "ready"));
}

const struct pawl_handler pawl_content_key_handler = {
    .body_max = KEY_BODY_MAX,
    .is_secret = true,
    .answer = content_key_answer,
};
