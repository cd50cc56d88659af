/*
 * POST /v1/entitlements: rows of an entitlement table for many devices, each at the sequence number
 * that is held (SPEC 16). They are made while they are sent, in bounded memory.
 *
 * Devices that may not have one get none: those in quarantine, of another class than the package,
 * or at their maximum.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headend/entitle.h"
#include "host/hex.h"
#include "host/log.h"
#include "host/secret.h"
#include "pawl/package.h"
#include "pawl/secret.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

#define BATCH_UNITS 2048u
#define COUNT_SIZE 8u /* bytes that tell the number of rows */

/* Which devices: those of a target, or a list of ids. */
struct selection {
    struct pawl_target target;
    uint8_t (*ids)[PAWL_ID_SIZE]; /* NULL: the target holds */
    size_t id_count;
};

/* Where a walk over the selected devices is. */
struct walk {
    uint64_t after; /* number of the last device of the target */
    size_t at;      /* of the list */
    bool ended;
};

/* Secrets, in locked memory. */
struct secrets {
    uint8_t content_key[PAWL_KEY_SIZE];
    uint8_t unit_secrets[BATCH_UNITS][PAWL_UNIT_SECRET_SIZE];
};

struct entitling {
    struct pawl_server *server;
    struct selection selection;
    struct pawl_package_row package;
    struct walk walk;
    uint64_t count; /* rows promised */
    uint64_t made;  /* rows made so far */
    struct secrets *secrets;
    struct pawl_device devices[BATCH_UNITS];
    size_t batch; /* devices in it */
    struct pawl_unit units[BATCH_UNITS];
    uint8_t bytes[COUNT_SIZE + BATCH_UNITS * PAWL_ROW_SIZE]; /* to be sent */
    size_t size, sent;
};

static bool device_qualifies(const struct entitling *entitling, const struct pawl_device *device)
{
    const struct pawl_record *record = &device->record;
    return record->standing != PAWL_STANDING_QUARANTINED &&
           !(record->has_maximum && record->sequence >= record->maximum) &&
           memcmp(device->class_id, entitling->package.class_id, PAWL_ID_SIZE) == 0;
}

static enum pawl_result device_take(void *context, const struct pawl_device *device,
                                    int64_t last_seen)
{
    struct entitling *entitling = context;
    (void)last_seen;
    entitling->walk.after = device->number;
    if (device_qualifies(entitling, device))
        entitling->devices[entitling->batch++] = *device;
    return PAWL_OK;
}

/* Reads the next devices of a class or group into the batch. */
static enum pawl_result target_read(struct entitling *entitling, struct pawl_reader *reader)
{
    const struct pawl_target *target = &entitling->selection.target;
    struct pawl_device_filter filter = {.class_id = NULL};
    if (target->kind == PAWL_TARGET_CLASS)
        filter.class_id = target->id;
    else
        filter.group = target->group;
    uint64_t before = entitling->walk.after;
    enum pawl_result result =
        pawl_store_device_list(reader, &filter, before, BATCH_UNITS, device_take, entitling);
    entitling->walk.ended = entitling->walk.after == before;
    return result;
}

/* Reads the next devices of the list into the batch. PAWL_STATE for one that is not known. */
static enum pawl_result ids_read(struct entitling *entitling, struct pawl_reader *reader)
{
    const struct selection *selection = &entitling->selection;
    struct walk *walk = &entitling->walk;
    while (walk->at < selection->id_count && entitling->batch < BATCH_UNITS) {
        struct pawl_device device;
        enum pawl_result result = pawl_store_device_get(reader, selection->ids[walk->at], &device);
        if (result != PAWL_OK)
            return result;
        walk->at++;
        if (device_qualifies(entitling, &device))
            entitling->devices[entitling->batch++] = device;
    }
    walk->ended = walk->at == selection->id_count;
    return PAWL_OK;
}

/* Reads the next batch; it may be empty before the end. */
static enum pawl_result batch_read(struct entitling *entitling)
{
    struct pawl_reader *reader = NULL;
    entitling->batch = 0;
    enum pawl_result result = pawl_reader_borrow(&entitling->server->readers, &reader);
    if (result != PAWL_OK)
        return result;
    result = entitling->selection.ids != NULL ? ids_read(entitling, reader)
                                              : target_read(entitling, reader);
    pawl_reader_return(&entitling->server->readers, reader);
    return result;
}

/* How many rows there will be. */
static enum pawl_result rows_count(struct entitling *entitling)
{
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && !entitling->walk.ended) {
        result = batch_read(entitling);
        entitling->count += entitling->batch;
    }
    return result;
}

/* Makes the rows of the batch at entitling->bytes + entitling->size. */
static enum pawl_result rows_make(struct entitling *entitling)
{
    struct secrets *secrets = entitling->secrets;
    const struct pawl_entitling common = {
        .package_id = entitling->package.package_id,
        .content_key = secrets->content_key,
        .threads = 1,
    };
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; i < entitling->batch && result == PAWL_OK; i++) {
        const struct pawl_device *device = &entitling->devices[i];
        result =
            pawl_vault_unwrap(entitling->server->vault, PAWL_VAULT_UNIT_SECRET, device->device_id,
                              PAWL_ID_SIZE, device->wrapped_secret, secrets->unit_secrets[i]);
        entitling->units[i] = (struct pawl_unit){
            .unit_secret = secrets->unit_secrets[i],
            .device_id = device->device_id,
            .chain_length = device->chain_length,
            .sequence = device->record.sequence,
        };
    }
    if (result == PAWL_OK)
        result = pawl_rows_make(&common, entitling->units, entitling->batch,
                                entitling->bytes + entitling->size);
    pawl_wipe(secrets->unit_secrets, sizeof secrets->unit_secrets);
    return result;
}

/* Fills the buffer with the next rows. Devices that joined since they were counted are left out;
 * when some left, the promise cannot be kept and the answer breaks off. */
static enum pawl_result bytes_refill(struct entitling *entitling)
{
    entitling->size = 0;
    entitling->sent = 0;
    do {
        if (entitling->walk.ended)
            return PAWL_STATE;
        enum pawl_result result = batch_read(entitling);
        if (result != PAWL_OK)
            return result;
    } while (entitling->batch == 0);
    if (entitling->batch > entitling->count - entitling->made)
        entitling->batch = (size_t)(entitling->count - entitling->made);
    enum pawl_result result = rows_make(entitling);
    entitling->size = entitling->batch * PAWL_ROW_SIZE;
    entitling->made += entitling->batch;
    return result;
}

static ssize_t bytes_send(void *context, uint64_t offset, char *out, size_t most)
{
    struct entitling *entitling = context;
    (void)offset;
    if (entitling->sent == entitling->size) {
        enum pawl_result result = bytes_refill(entitling);
        if (result != PAWL_OK) {
            pawl_log(PAWL_LOG_WARNING, "event=entitlements-broken-off class=%s",
                     pawl_result_name(result));
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    size_t size = entitling->size - entitling->sent;
    if (size > most)
        size = most;
    memcpy(out, entitling->bytes + entitling->sent, size);
    entitling->sent += size;
    return (ssize_t)size;
}

static void entitling_free(void *context)
{
    struct entitling *entitling = context;
    if (entitling == NULL)
        return;
    pawl_secret_free(entitling->secrets, sizeof *entitling->secrets);
    free(entitling->selection.ids);
    free(entitling);
}

static bool ids_take(struct pawl_request *request, const json_t *list, struct selection *selection)
{
    size_t count = json_array_size(list);
    if (count == 0) {
        pawl_request_refuse(request, PAWL_MALFORMED, "devices must be a list of ids");
        return false;
    }
    selection->ids = calloc(count, sizeof *selection->ids);
    if (selection->ids == NULL) {
        pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
        return false;
    }
    selection->id_count = count;
    for (size_t i = 0; i < count; i++)
        if (!pawl_member_id_read(request, json_array_get(list, i), "each of devices",
                                 selection->ids[i], PAWL_ID_SIZE))
            return false;
    return true;
}

/* Reads what is asked for. False: the request was failed. */
static bool order_read(struct pawl_request *request, struct entitling *entitling)
{
    static const char *const members[] = {"package_id", "target", "devices", NULL};
    struct selection *selection = &entitling->selection;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return false;
    const json_t *devices = json_object_get(body, "devices");
    const json_t *target = json_object_get(body, "target");
    if (devices == NULL)
        devices = json_object_get(target, "devices");
    bool good = pawl_member_id_read(request, json_object_get(body, "package_id"), "package_id",
                                    entitling->package.package_id, PAWL_PACKAGE_ID_SIZE);
    if (good && devices != NULL)
        good = ids_take(request, devices, selection);
    else if (good)
        good = pawl_target_read(request, target, &selection->target);
    json_decref(body);
    if (!good || selection->ids != NULL || selection->target.kind != PAWL_TARGET_DEVICE)
        return good;
    selection->ids = malloc(PAWL_ID_SIZE); /* one device is a list of one */
    if (selection->ids == NULL) {
        pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
        return false;
    }
    memcpy(selection->ids[0], selection->target.id, PAWL_ID_SIZE);
    selection->id_count = 1;
    return true;
}

/* Reads the package and opens its content key. False: the request was failed. */
static bool package_prepare(struct pawl_request *request, struct entitling *entitling)
{
    struct pawl_server *server = entitling->server;
    struct pawl_package_row *package = &entitling->package;
    struct pawl_reader *reader = NULL;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    memcpy(package_id, package->package_id, sizeof package_id);
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, package_id, package);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_STATE) {
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such package");
    } else if (result == PAWL_OK && !package->ready) {
        pawl_request_refuse(request, PAWL_STATE, "the package has no content key yet");
    } else if (result == PAWL_OK && package->mode != PAWL_MODE_WRAPPED) {
        pawl_request_refuse(request, PAWL_UNSUPPORTED,
                            "a package of direct mode needs no entitlement");
    } else if (result == PAWL_OK) {
        result = pawl_vault_unwrap(server->vault, PAWL_VAULT_CONTENT_KEY, package_id,
                                   PAWL_PACKAGE_ID_SIZE, package->wrapped_content_key,
                                   entitling->secrets->content_key);
    }
    if (request->status == 0 && result != PAWL_OK)
        pawl_request_refuse(request, PAWL_STORAGE, "cannot open the package's content key");
    return request->status == 0;
}

static enum pawl_result issue_audit(struct pawl_request *request, const struct entitling *entitling)
{
    char package[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)], detail[160];
    pawl_hex_encode(entitling->package.package_id, PAWL_PACKAGE_ID_SIZE, package);
    snprintf(detail, sizeof detail, "{\"package_id\":\"%s\",\"rows\":%" PRIu64 "}", package,
             entitling->count);
    const struct pawl_event event = pawl_operator_event(request, "entitlements-made", NULL, detail);
    return pawl_store_audit_append(entitling->server->store, &event, 1);
}

/* Counts, audits and begins to send. False: the request was failed. */
static bool issue_prepare(struct pawl_request *request, struct entitling *entitling)
{
    enum pawl_result result = rows_count(entitling);
    if (result == PAWL_STATE) {
        char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
        pawl_hex_encode(entitling->selection.ids[entitling->walk.at], PAWL_ID_SIZE, name);
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device: %s", name);
        return false;
    }
    if (result == PAWL_OK)
        result = issue_audit(request, entitling);
    if (result != PAWL_OK) {
        pawl_request_refuse(request, result, "cannot read the devices");
        return false;
    }
    entitling->walk = (struct walk){.ended = false};
    for (unsigned i = 0; i < COUNT_SIZE; i++)
        entitling->bytes[i] = (uint8_t)(entitling->count >> (8 * (COUNT_SIZE - 1 - i)));
    entitling->size = COUNT_SIZE;
    return true;
}

static enum MHD_Result entitle_answer(struct pawl_request *request)
{
    struct entitling *entitling = calloc(1, sizeof *entitling);
    if (entitling != NULL)
        entitling->secrets = pawl_secret_alloc(sizeof *entitling->secrets);
    if (entitling == NULL || entitling->secrets == NULL) {
        free(entitling);
        return pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
    }
    entitling->server = request->server;
    pawl_request_patience_set(request, true);
    bool good = order_read(request, entitling) && package_prepare(request, entitling) &&
                issue_prepare(request, entitling);
    pawl_request_patience_set(request, false);
    struct MHD_Response *response = NULL;
    if (good)
        response = MHD_create_response_from_callback(COUNT_SIZE + entitling->count * PAWL_ROW_SIZE,
                                                     sizeof entitling->bytes, bytes_send, entitling,
                                                     entitling_free);
    if (response == NULL) {
        entitling_free(entitling);
        return good ? MHD_NO : MHD_YES;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

const struct pawl_handler pawl_entitle_handler = {
    .body_max = PAWL_JSON_BODY_MAX,
    .answer = entitle_answer,
};
