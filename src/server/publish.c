/* PUT /v1/packages/ID: a package arrives (SPEC 16). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"
#include "pawl/package.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "server/package_shelf.h"

/* A package while it arrives: the preamble is gathered and judged before more is written. */
struct arrival {
    struct pawl_upload upload;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE]; /* as the path says */
    bool present;                             /* it is ready already: what comes is dropped */
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    size_t filled;
    bool judged;
    size_t size; /* bytes that the whole must have, once judged */
    struct pawl_package_row row;
};

static void publish_begin(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    if (!pawl_part_read(request, package_id, sizeof package_id))
        return;
    struct arrival *arrival = calloc(1, sizeof *arrival);
    request->state = arrival;
    if (arrival == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return;
    }
    memcpy(arrival->package_id, package_id, sizeof package_id);
    arrival->upload.fd = -1;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, package_id, &arrival->row);
    pawl_reader_return(&server->readers, reader);
    int ready_fd = pawl_shelf_open_ready(&server->data, package_id);
    arrival->present = result == PAWL_OK && arrival->row.ready && ready_fd >= 0;
    if (ready_fd >= 0)
        close(ready_fd);
    if (result != PAWL_OK && result != PAWL_STATE)
        pawl_request_refuse(request, result, "cannot read the packages");
    else if (!arrival->present && pawl_upload_open(&server->data, &arrival->upload) != PAWL_OK)
        pawl_request_refuse(request, PAWL_IO, "cannot make a file: %s", strerror(errno));
}

/* What fits of a text, without half a character at its end. */
static void text_copy(char out[PAWL_PACKAGE_TEXT_SIZE], struct pawl_text text)
{
    size_t size = text.size;
    if (size >= PAWL_PACKAGE_TEXT_SIZE) {
        size = PAWL_PACKAGE_TEXT_SIZE - 1;
        while (size > 0 && ((uint8_t)text.bytes[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(out, text.bytes, size);
    out[size] = '\0';
}

/* What the store keeps of the package. */
static void row_make(struct arrival *arrival, const struct pawl_package *package,
                     const struct pawl_manifest *manifest)
{
    struct pawl_package_row *row = &arrival->row;
    memset(row, 0, sizeof *row);
    pawl_sha256_make(package->signed_manifest.payload, package->signed_manifest.payload_size,
                     row->release_id);
    memcpy(row->package_id, package->package_id, PAWL_PACKAGE_ID_SIZE);
    memcpy(row->vendor_id, manifest->vendor_id, PAWL_ID_SIZE);
    memcpy(row->class_id, manifest->class_id, PAWL_ID_SIZE);
    text_copy(row->name, manifest->name);
    text_copy(row->version, manifest->version);
    row->security_version = manifest->security_version;
    row->has_signer = true;
    memcpy(row->signed_by, package->signed_manifest.kid, PAWL_KID_SIZE);
    row->revoked_count = manifest->revoked_count;
    memcpy(row->revoked, manifest->revoked, sizeof row->revoked);
    row->profile = manifest->profile;
    row->mode = package->mode;
    row->chunk_size = package->chunk_size;
    row->image_size = manifest->image_size;
    row->package_size = arrival->size;
    row->created = (int64_t)time(NULL);
    /* Only the one device that it was made for can open it: there is nothing to prove here. */
    row->ready = row->mode == PAWL_MODE_DIRECT;
}

/* Judges the preamble. The signature is for devices to verify: they know whom they trust. */
static void arrival_judge(struct pawl_request *request, struct arrival *arrival)
{
    struct pawl_package package;
    struct pawl_manifest manifest;
    enum pawl_result result = pawl_package_read(arrival->preamble, arrival->filled, &package);
    if (result == PAWL_OK)
        result = pawl_manifest_read(package.signed_manifest.payload,
                                    package.signed_manifest.payload_size, &manifest);
    if (result != PAWL_OK) {
        pawl_request_refuse(request, result, "the package's header cannot be read");
        return;
    }
    if (pawl_manifest_revokes(&manifest, package.signed_manifest.kid)) {
        pawl_request_refuse(request, PAWL_UNTRUSTED,
                            "it revokes the key that signed it: no device takes it");
        return;
    }
    if (memcmp(package.package_id, arrival->package_id, PAWL_PACKAGE_ID_SIZE) != 0) {
        pawl_request_refuse(request, PAWL_CORRUPT, "the package has another id than the path");
        return;
    }
    if (pawl_package_size_make(package.preamble_size, manifest.image_size, package.chunk_size,
                               &arrival->size) != PAWL_OK) {
        pawl_request_refuse(request, PAWL_CORRUPT, "the image size is impossible");
        return;
    }
    row_make(arrival, &package, &manifest);
    arrival->judged = true;
}

/* Bytes that the preamble needs in all, as far as is known. */
static size_t preamble_wanted(struct pawl_request *request, const struct arrival *arrival)
{
    uint32_t size = 0;
    if (arrival->filled < PAWL_PREFIX_SIZE)
        return PAWL_PREFIX_SIZE;
    if (pawl_preamble_size_read(arrival->preamble, &size) != PAWL_OK || size < arrival->filled)
        pawl_request_refuse(request, PAWL_MALFORMED, "not a package");
    return size;
}

/* Gathers the preamble from what came; judges it when it is whole. */
static void preamble_gather(struct pawl_request *request, struct arrival *arrival,
                            const uint8_t *bytes, size_t size)
{
    while (request->status == 0) {
        size_t wanted = preamble_wanted(request, arrival);
        if (request->status == 0 && arrival->filled == wanted) {
            arrival_judge(request, arrival);
            return;
        }
        if (request->status != 0 || size == 0)
            return;
        size_t part = wanted - arrival->filled < size ? wanted - arrival->filled : size;
        memcpy(arrival->preamble + arrival->filled, bytes, part);
        arrival->filled += part;
        bytes += part;
        size -= part;
    }
}

static void publish_take(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    struct arrival *arrival = request->state;
    if (arrival->present)
        return;
    if (!arrival->judged)
        preamble_gather(request, arrival, bytes, size);
    if (request->status != 0)
        return;
    if (arrival->judged && request->received > arrival->size) {
        pawl_request_refuse(request, PAWL_CORRUPT, "the package is longer than its image needs");
        return;
    }
    enum pawl_result result = pawl_write_full(arrival->upload.fd, bytes, size);
    if (result != PAWL_OK)
        pawl_request_refuse(request, errno == ENOSPC ? PAWL_EXHAUSTED : PAWL_IO,
                            "cannot write the package: %s", strerror(errno));
}

/* Puts the whole package on the shelf and into the store. */
static enum pawl_result arrival_shelve(struct pawl_request *request, struct arrival *arrival)
{
    struct pawl_server *server = request->server;
    const struct pawl_package_row *row = &arrival->row;
    json_t *about =
        json_pack("{s:o, s:s, s:s, s:o, s:I, s:o, s:o, s:n, s:s}", "package_id",
                  pawl_hex_json(arrival->package_id, PAWL_PACKAGE_ID_SIZE), "name", row->name,
                  "version", row->version, "class_id", pawl_hex_json(row->class_id, PAWL_ID_SIZE),
                  "security_version", (json_int_t)row->security_version, "signed_by",
                  pawl_hex_json(row->signed_by, PAWL_KID_SIZE), "revokes", pawl_revokes_json(row),
                  "before", "after", row->ready ? "ready" : "needs-key");
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "package-published", NULL, detail);
    enum pawl_result result =
        pawl_upload_shelve(&server->data, &arrival->upload, arrival->package_id, row->ready);
    if (result == PAWL_OK)
        result = pawl_store_package_add(server->store, row, &event);
    free(detail);
    return result == PAWL_STATE ? PAWL_OK : result; /* there already, still without its key */
}

static enum MHD_Result publish_answer(struct pawl_request *request)
{
    struct arrival *arrival = request->state;
    const struct pawl_package_row *row = &arrival->row;
    if (!arrival->present) {
        if (!arrival->judged || request->received != arrival->size)
            return pawl_request_refuse(request, PAWL_CORRUPT, "the package is incomplete");
        pawl_request_patience_set(request, true);
        enum pawl_result result = arrival_shelve(request, arrival);
        pawl_request_patience_set(request, false);
        if (result != PAWL_OK)
            return pawl_request_refuse(request, result, "cannot keep the package");
        pawl_log(PAWL_LOG_NOTICE, "event=package-published actor=%s package=%s size=%" PRIu64,
                 request->actor, request->part, row->package_size);
    }
    json_t *json = json_object();
    pawl_json_put(&json, "package_id", pawl_hex_json(row->package_id, PAWL_PACKAGE_ID_SIZE));
    pawl_json_put(&json, "name", json_string(row->name));
    pawl_json_put(&json, "version", json_string(row->version));
    pawl_json_put(&json, "class_id", pawl_hex_json(row->class_id, PAWL_ID_SIZE));
    pawl_json_put(&json, "state", json_string(row->ready ? "ready" : "needs-key"));
    return pawl_json_answer(request, arrival->present ? MHD_HTTP_OK : MHD_HTTP_CREATED, json);
}

static void publish_release(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = request->state;
    if (arrival == NULL)
        return;
    pawl_upload_close(&server->data, &arrival->upload);
    free(arrival);
    request->state = NULL;
}

const struct pawl_handler pawl_publish_handler = {
    .begin = publish_begin,
    .take = publish_take,
    .answer = publish_answer,
    .release = publish_release,
};
