#include "server/row_stream.h"

#include <microhttpd.h>

#include <stdlib.h>
#include <string.h>

#include "headend/entitle.h"
#include "host/log.h"
#include "host/secret.h"
#include "pawl/secret.h"

#define BATCH_UNITS 2048u
#define COUNT_SIZE 8u /* bytes that tell the number of rows */

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

struct pawl_row_stream {
    struct pawl_server *server;
    struct pawl_row_selection selection;
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

static bool device_qualifies(const struct pawl_row_stream *stream, const struct pawl_device *device)
{
    const struct pawl_device_record *record = &device->record;
    return record->standing != PAWL_STANDING_QUARANTINED &&
           record->standing != PAWL_STANDING_DECOMMISSIONED &&
           !(record->has_maximum && record->sequence >= record->maximum) &&
           memcmp(device->class_id, stream->package.class_id, PAWL_ID_SIZE) == 0;
}

static enum pawl_result device_take(void *context, const struct pawl_device *device,
                                    int64_t last_seen)
{
    struct pawl_row_stream *stream = context;
    (void)last_seen;
    stream->walk.after = device->number;
    if (device_qualifies(stream, device))
        stream->devices[stream->batch++] = *device;
    return PAWL_OK;
}

/* Reads the next devices of a class or group into the batch. */
static enum pawl_result target_read(struct pawl_row_stream *stream, struct pawl_reader *reader)
{
    const struct pawl_target *target = &stream->selection.target;
    struct pawl_device_filter filter = {.class_id = NULL};
    if (target->kind == PAWL_TARGET_CLASS)
        filter.class_id = target->id;
    else
        filter.group = target->group;
    uint64_t before = stream->walk.after;
    enum pawl_result result =
        pawl_store_device_list(reader, &filter, before, BATCH_UNITS, device_take, stream);
    stream->walk.ended = stream->walk.after == before;
    return result;
}

/* Reads the next devices of the list into the batch. PAWL_STATE for one that is not known. */
static enum pawl_result ids_read(struct pawl_row_stream *stream, struct pawl_reader *reader)
{
    const struct pawl_row_selection *selection = &stream->selection;
    struct walk *walk = &stream->walk;
    while (walk->at < selection->id_count && stream->batch < BATCH_UNITS) {
        struct pawl_device device;
        enum pawl_result result = pawl_store_device_get(reader, selection->ids[walk->at], &device);
        if (result != PAWL_OK)
            return result;
        walk->at++;
        if (device_qualifies(stream, &device))
            stream->devices[stream->batch++] = device;
    }
    walk->ended = walk->at == selection->id_count;
    return PAWL_OK;
}

/* Reads the next batch; it may be empty before the end. */
static enum pawl_result batch_read(struct pawl_row_stream *stream)
{
    struct pawl_reader *reader = NULL;
    stream->batch = 0;
    enum pawl_result result = pawl_reader_borrow(&stream->server->readers, &reader);
    if (result != PAWL_OK)
        return result;
    result = stream->selection.ids != NULL ? ids_read(stream, reader) : target_read(stream, reader);
    pawl_reader_return(&stream->server->readers, reader);
    return result;
}

enum pawl_result pawl_row_stream_count(struct pawl_row_stream *stream, uint64_t *count,
                                       uint8_t missing[PAWL_ID_SIZE])
{
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && !stream->walk.ended) {
        result = batch_read(stream);
        stream->count += stream->batch;
    }
    if (result == PAWL_STATE)
        memcpy(missing, stream->selection.ids[stream->walk.at], PAWL_ID_SIZE);
    if (result != PAWL_OK)
        return result;
    stream->walk = (struct walk){.ended = false};
    for (unsigned i = 0; i < COUNT_SIZE; i++)
        stream->bytes[i] = (uint8_t)(stream->count >> (8 * (COUNT_SIZE - 1 - i)));
    stream->size = COUNT_SIZE;
    *count = stream->count;
    return PAWL_OK;
}

uint64_t pawl_row_stream_size(uint64_t count)
{
    return COUNT_SIZE + count * PAWL_ROW_SIZE;
}

/* Makes the rows of the batch at stream->bytes + stream->size. */
static enum pawl_result rows_make(struct pawl_row_stream *stream)
{
    struct secrets *secrets = stream->secrets;
    const struct pawl_entitling common = {
        .package_id = stream->package.package_id,
        .content_key = secrets->content_key,
        .threads = 1,
    };
    enum pawl_result result = PAWL_OK;
    for (size_t i = 0; i < stream->batch && result == PAWL_OK; i++) {
        const struct pawl_device *device = &stream->devices[i];
        result = pawl_vault_unwrap(stream->server->vault, PAWL_VAULT_UNIT_SECRET, device->device_id,
                                   PAWL_ID_SIZE, device->wrapped_secret, secrets->unit_secrets[i]);
        stream->units[i] = (struct pawl_unit){
            .unit_secret = secrets->unit_secrets[i],
            .device_id = device->device_id,
            .chain_length = device->chain_length,
            .sequence = device->record.sequence,
        };
    }
    if (result == PAWL_OK)
        result =
            pawl_rows_make(&common, stream->units, stream->batch, stream->bytes + stream->size);
    pawl_wipe(secrets->unit_secrets, sizeof secrets->unit_secrets);
    return result;
}

/* Fills the buffer with the next rows. Devices that joined since they were counted are left out;
 * when some left, the promise cannot be kept and the answer breaks off. */
static enum pawl_result bytes_refill(struct pawl_row_stream *stream)
{
    stream->size = 0;
    stream->sent = 0;
    do {
        if (stream->walk.ended)
            return PAWL_STATE;
        enum pawl_result result = batch_read(stream);
        if (result != PAWL_OK)
            return result;
    } while (stream->batch == 0);
    if (stream->batch > stream->count - stream->made)
        stream->batch = (size_t)(stream->count - stream->made);
    enum pawl_result result = rows_make(stream);
    stream->size = stream->batch * PAWL_ROW_SIZE;
    stream->made += stream->batch;
    return result;
}

ssize_t pawl_row_stream_read(void *context, uint64_t offset, char *out, size_t most)
{
    struct pawl_row_stream *stream = context;
    (void)offset;
    if (stream->sent == stream->size) {
        enum pawl_result result = bytes_refill(stream);
        if (result != PAWL_OK) {
            pawl_log(PAWL_LOG_WARNING, "event=entitlements-broken-off class=%s",
                     pawl_result_name(result));
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    size_t size = stream->size - stream->sent;
    if (size > most)
        size = most;
    memcpy(out, stream->bytes + stream->sent, size);
    stream->sent += size;
    return (ssize_t)size;
}

enum pawl_result pawl_row_stream_open(struct pawl_server *server,
                                      const struct pawl_package_row *package,
                                      const struct pawl_row_selection *selection,
                                      struct pawl_row_stream **out)
{
    struct pawl_row_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        free(selection->ids);
        return PAWL_EXHAUSTED;
    }
    stream->server = server;
    stream->package = *package;
    stream->selection = *selection;
    stream->secrets = pawl_secret_alloc(sizeof *stream->secrets);
    enum pawl_result result = PAWL_EXHAUSTED;
    if (stream->secrets != NULL)
        result = pawl_vault_unwrap(server->vault, PAWL_VAULT_CONTENT_KEY, package->package_id,
                                   PAWL_PACKAGE_ID_SIZE, package->wrapped_content_key,
                                   stream->secrets->content_key);
    if (result != PAWL_OK) {
        pawl_row_stream_free(stream);
        return result == PAWL_EXHAUSTED ? result : PAWL_STORAGE;
    }
    *out = stream;
    return PAWL_OK;
}

void pawl_row_stream_free(void *context)
{
    struct pawl_row_stream *stream = context;
    if (stream == NULL)
        return;
    pawl_secret_free(stream->secrets, sizeof *stream->secrets);
    free(stream->selection.ids);
    free(stream);
}
