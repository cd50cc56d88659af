/* GET /v1/audit/export: the trail as a stream of lines, with what it takes to verify it elsewhere
 * (SPEC 21.5). Made while it is read, a batch at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/hex.h"
#include "host/log.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

#define BATCH 500u
#define MEDIA_TYPE "application/x-ndjson"

enum stage { STAGE_HEAD, STAGE_ENTRIES, STAGE_END, STAGE_DONE };

struct export
{
    struct pawl_server *server;
    enum stage stage;
    uint64_t after;                     /* the entry written last */
    uint64_t until;                     /* the newest one when it began */
    uint64_t signed_to;                 /* that of the newest checkpoint then */
    uint8_t hash[PAWL_AUDIT_HASH_SIZE]; /* of entry `after` */
    bool has_next;                      /* checkpoint to be written */
    struct pawl_checkpoint_row next;
    struct pawl_reader *reader; /* within a batch */
    FILE *lines;                /* writes the two below */
    char *bytes;
    size_t size, sent;
};

static void export_free(void *context)
{
    struct export *export = context;
    if (export->lines != NULL)
        fclose(export->lines);
    free(export->bytes);
    free(export);
}

/* Writes a value, whose reference this takes, as a line. */
static enum pawl_result line_write(struct export *export, json_t *value)
{
    bool good = value != NULL && json_dumpf(value, export->lines, JSON_COMPACT) == 0 &&
                fputc('\n', export->lines) != EOF;
    json_decref(value);
    return good ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result next_take(void *context, const struct pawl_checkpoint_row *row)
{
    struct export *export = context;
    export->next = *row;
    export->has_next = row->entry <= export->signed_to;
    return PAWL_OK;
}

static enum pawl_result next_read(struct export *export, uint64_t after)
{
    export->has_next = false;
    return pawl_store_checkpoint_list(export->reader, after, 1, next_take, export);
}

/* Writes the checkpoints up to `entry`. */
static enum pawl_result checkpoints_write(struct export *export, uint64_t entry)
{
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && export->has_next && export->next.entry <= entry) {
        char text[PAWL_HEX_SIZE(PAWL_CHECKPOINT_SIZE_MAX)];
        pawl_hex_encode(export->next.message, export->next.size, text);
        result = line_write(export, json_pack("{s:s}", "checkpoint", text));
        if (result == PAWL_OK)
            result = next_read(export, export->next.entry);
    }
    return result;
}

static enum pawl_result entry_write(void *context, const struct pawl_audit_row *row)
{
    struct export *export = context;
    char hash[PAWL_HEX_SIZE(PAWL_AUDIT_HASH_SIZE)], device[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    if (row->id > export->until)
        return PAWL_OK;
    enum pawl_result result = line_write(
        export,
        json_pack("{s:I, s:I, s:s, s:s, s:s?, s:s, s:s}", "id", (json_int_t)row->id, "time",
                  (json_int_t)row->time, "actor", row->actor, "action", row->action, "device_id",
                  row->has_device ? pawl_hex_encode(row->device_id, PAWL_ID_SIZE, device) : NULL,
                  "detail", row->detail, "hash",
                  pawl_hex_encode(row->hash, PAWL_AUDIT_HASH_SIZE, hash)));
    if (result != PAWL_OK)
        return result;
    export->after = row->id;
    memcpy(export->hash, row->hash, PAWL_AUDIT_HASH_SIZE);
    return checkpoints_write(export, row->id);
}

static enum pawl_result head_write(struct export *export)
{
    const struct pawl_checkpoints *checkpoints = &export->server->checkpoints;
    char hash[PAWL_HEX_SIZE(PAWL_AUDIT_HASH_SIZE)], server_id[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    enum pawl_result result = line_write(
        export, json_pack("{s:i, s:s, s:I, s:s, s:I, s:s}", "pawl_audit", 1, "server_id",
                          pawl_hex_encode(checkpoints->server_id, PAWL_ID_SIZE, server_id), "after",
                          (json_int_t) export->after, "previous",
                          pawl_hex_encode(export->hash, PAWL_AUDIT_HASH_SIZE, hash), "time",
                          (json_int_t)time(NULL), "key", checkpoints->public_key));
    if (result == PAWL_OK)
        result = next_read(export, export->after == 0 ? 0 : export->after - 1);
    return result == PAWL_OK ? checkpoints_write(export, export->after) : result;
}

/* Checkpoints of entries that are not there any more are the ones that matter. */
static enum pawl_result end_write(struct export *export)
{
    char hash[PAWL_HEX_SIZE(PAWL_AUDIT_HASH_SIZE)];
    enum pawl_result result = checkpoints_write(export, export->signed_to);
    pawl_hex_encode(export->hash, PAWL_AUDIT_HASH_SIZE, hash);
    return result == PAWL_OK
               ? line_write(export, json_pack("{s:I, s:s}", "end", (json_int_t) export->after,
                                              "hash", hash))
               : result;
}

static enum pawl_result stage_write(struct export *export)
{
    uint64_t before = export->after;
    enum pawl_result result;
    switch (export->stage) {
    case STAGE_HEAD:
        result = head_write(export);
        export->stage = STAGE_ENTRIES;
        break;
    case STAGE_ENTRIES:
        result = pawl_store_audit_list(export->reader, export->after, BATCH, entry_write, export);
        if (export->after == before || export->after >= export->until)
            export->stage = STAGE_END;
        break;
    default:
        result = end_write(export);
        export->stage = STAGE_DONE;
        break;
    }
    return result;
}

static enum pawl_result refill(struct export *export)
{
    struct pawl_readers *readers = &export->server->readers;
    rewind(export->lines);
    enum pawl_result result = pawl_reader_borrow(readers, &export->reader);
    if (result == PAWL_OK)
        result = stage_write(export);
    pawl_reader_return(readers, export->reader);
    export->reader = NULL;
    long end = ftell(export->lines);
    if (result == PAWL_OK && (end < 0 || fflush(export->lines) != 0))
        result = PAWL_EXHAUSTED;
    export->size = end < 0 ? 0 : (size_t)end;
    export->sent = 0;
    return result;
}

static ssize_t export_read(void *context, uint64_t offset, char *out, size_t most)
{
    struct export *export = context;
    (void)offset;
    while (export->sent == export->size) {
        if (export->stage == STAGE_DONE)
            return MHD_CONTENT_READER_END_OF_STREAM;
        enum pawl_result result = refill(export);
        if (result != PAWL_OK) {
            pawl_log(PAWL_LOG_WARNING, "event=audit-export-broken-off class=%s",
                     pawl_result_name(result));
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    }
    size_t size = export->size - export->sent;
    if (size > most)
        size = most;
    memcpy(out, export->bytes + export->sent, size);
    export->sent += size;
    return (ssize_t)size;
}

static enum pawl_result previous_take(void *context, const struct pawl_audit_row *row)
{
    struct export *export = context;
    memcpy(export->hash, row->hash, PAWL_AUDIT_HASH_SIZE);
    return row->id == export->after ? PAWL_OK : PAWL_STATE;
}

/* Finds where it begins and ends. PAWL_STATE when there is no entry `after`. */
static enum pawl_result bounds_read(struct export *export)
{
    struct pawl_readers *readers = &export->server->readers;
    uint8_t newest[PAWL_AUDIT_HASH_SIZE];
    struct pawl_checkpoint_row checkpoint = {.entry = 0};
    enum pawl_result result = pawl_reader_borrow(readers, &export->reader);
    if (result == PAWL_OK) /* first, so that an entry made meanwhile does not look as if missing */
        result = pawl_store_checkpoint_newest(export->reader, &checkpoint);
    export->signed_to = checkpoint.entry;
    if (result == PAWL_OK || result == PAWL_STATE)
        result = pawl_store_audit_head(export->reader, &export->until, newest);
    if (result == PAWL_OK && export->after > export->until)
        result = PAWL_STATE;
    if (result == PAWL_OK && export->after > 0)
        result = pawl_store_audit_list(export->reader, export->after - 1, 1, previous_take, export);
    pawl_reader_return(readers, export->reader);
    export->reader = NULL;
    return result;
}

static enum MHD_Result export_answer(struct pawl_request *request)
{
    struct export *export = calloc(1, sizeof *export);
    if (export == NULL)
        return pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
    export->server = request->server;
    if (!pawl_after_read(request, &export->after)) {
        export_free(export);
        return MHD_YES;
    }
    export->lines = open_memstream(&export->bytes, &export->size);
    enum pawl_result result = export->lines == NULL ? PAWL_EXHAUSTED : bounds_read(export);
    export->size = 0;
    struct MHD_Response *response = NULL;
    if (result == PAWL_OK)
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, export_read, export,
                                                     export_free);
    if (response == NULL) {
        export_free(export);
        if (result == PAWL_STATE)
            return pawl_request_refuse(request, result, "there is no such entry");
        return pawl_request_refuse(request, result == PAWL_OK ? PAWL_EXHAUSTED : result,
                                   "cannot read the audit trail");
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, MEDIA_TYPE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return pawl_request_answer(request, MHD_HTTP_OK, response);
}

const struct pawl_handler pawl_audit_export_handler = {.answer = export_answer};
