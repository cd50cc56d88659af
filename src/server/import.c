/* POST /v1/units: a stream of units, as CMS objects or as a plain CBOR sequence (SPEC 15, 16). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "headend/cms.h"
#include "host/log.h"
#include "pawl/secret.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "server/unit_import.h"

#define DER_SEQUENCE 0x30
#define CMS_HEAD 16u                             /* bytes that tell an object's length */
#define OBJECT_MAX (PAWL_CMS_PLAIN_MAX + 65536u) /* bytes of a CMS object */
#define PLAIN_ROOM (256u * 1024u)                /* bytes of a plain stream that wait */

/* One stream while it arrives. What waits may be plaintext of units: it is wiped. */
struct stream {
    struct pawl_unit_import import;
    uint8_t *waiting; /* bytes not yet used */
    size_t size, room;
    bool decided, is_cms;
};

/* ?report=all: every refusal is told, as lines of JSON. */
static void report_begin(struct pawl_request *request, struct stream *stream)
{
    const char *report = pawl_request_argument(request, "report");
    if (report == NULL)
        return;
    if (strcmp(report, "all") != 0) {
        pawl_request_refuse(request, PAWL_MALFORMED, "report must be all");
        return;
    }
    stream->import.report = pawl_refusal_report_open(request->server);
    if (stream->import.report == NULL)
        pawl_request_refuse(request, PAWL_EXHAUSTED, "no room for a report");
}

static void import_begin(struct pawl_request *request)
{
    const char *name = pawl_request_argument(request, "group");
    char group[PAWL_GROUP_SIZE] = "";
    if (name != NULL && !pawl_group_read(request, name, group))
        return;
    struct stream *stream = calloc(1, sizeof *stream);
    request->state = stream;
    if (stream == NULL ||
        pawl_unit_import_init(&stream->import, request->server, request->actor, group) != PAWL_OK)
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
    else
        report_begin(request, stream);
}

/* Fails the request, telling what had been imported by then. */
static void stream_fail(struct pawl_request *request, enum pawl_result class, const char *what)
{
    struct stream *stream = request->state;
    uint64_t at = stream->import.taken + 1;
    if (pawl_unit_import_finish(&stream->import) != PAWL_OK)
        class = PAWL_STORAGE;
    if (class == PAWL_IO) /* the server's key is in an HSM, and that is away */
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, class,
                          "unit %" PRIu64 ": %s; %" PRIu64 " before it were imported", at, what,
                          stream->import.imported);
    pawl_request_refuse(request, class, "unit %" PRIu64 ": %s; %" PRIu64 " before it were imported",
                        at, what, stream->import.imported);
}

/* Makes room for `more` bytes. A new block is taken and the old one wiped. */
static bool stream_grow(struct stream *stream, size_t more)
{
    if (stream->size + more <= stream->room)
        return true;
    size_t room = stream->room == 0 ? PLAIN_ROOM : stream->room;
    while (room < stream->size + more)
        room *= 2;
    uint8_t *waiting = malloc(room);
    if (waiting == NULL)
        return false;
    if (stream->size > 0)
        memcpy(waiting, stream->waiting, stream->size);
    if (stream->room > 0)
        pawl_wipe(stream->waiting, stream->room);
    free(stream->waiting);
    stream->waiting = waiting;
    stream->room = room;
    return true;
}

/* Takes `used` bytes away from the front. */
static void stream_advance(struct stream *stream, size_t used)
{
    stream->size -= used;
    memmove(stream->waiting, stream->waiting + used, stream->size);
    pawl_wipe(stream->waiting + stream->size, used);
}

static void object_import(struct pawl_request *request, const uint8_t *der, size_t der_size)
{
    struct stream *stream = request->state;
    struct pawl_server *server = request->server;
    uint8_t *plain = NULL;
    size_t size = 0, used;
    enum pawl_result result =
        pawl_cms_open(pawl_server_identity_acquire(server), der, der_size, &plain, &size);
    pawl_server_identity_release(server);
    if (result != PAWL_OK) {
        stream_fail(request, result,
                    result == PAWL_UNTRUSTED ? "not encrypted to this server, or altered"
                    : result == PAWL_MALFORMED || result == PAWL_UNSUPPORTED
                        ? "the CMS object cannot be opened"
                        : pawl_identity_words());
        return;
    }
    result = pawl_unit_import_take(&stream->import, plain, size, true, &used);
    pawl_cms_plain_free(plain, size);
    if (result != PAWL_OK)
        stream_fail(request, result, "the unit cannot be taken");
}

/* Imports all objects that are complete. */
static void cms_process(struct pawl_request *request)
{
    struct stream *stream = request->state;
    size_t at = 0, length;
    while (request->status == 0 && stream->size - at >= CMS_HEAD) {
        if (pawl_cms_length_read(stream->waiting + at, stream->size - at, &length) != PAWL_OK ||
            length > OBJECT_MAX) {
            stream_fail(request, PAWL_MALFORMED, "not a CMS object of bounded length");
            return;
        }
        if (length > stream->size - at)
            break;
        object_import(request, stream->waiting + at, length);
        at += length;
    }
    stream_advance(stream, at);
}

static void plain_process(struct pawl_request *request, bool last)
{
    struct stream *stream = request->state;
    size_t used;
    enum pawl_result result =
        pawl_unit_import_take(&stream->import, stream->waiting, stream->size, last, &used);
    stream_advance(stream, used);
    if (result != PAWL_OK)
        stream_fail(request, result, "the unit cannot be taken");
}

static void import_take(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    struct stream *stream = request->state;
    if (!stream_grow(stream, size)) {
        stream_fail(request, PAWL_EXHAUSTED, "no memory");
        return;
    }
    memcpy(stream->waiting + stream->size, bytes, size);
    stream->size += size;
    if (!stream->decided) {
        stream->decided = true;
        stream->is_cms = bytes[0] == DER_SEQUENCE;
    }
    pawl_request_patience_set(request, true);
    if (stream->is_cms)
        cms_process(request);
    else
        plain_process(request, false);
    pawl_request_patience_set(request, false);
}

static enum MHD_Result import_answer(struct pawl_request *request)
{
    struct stream *stream = request->state;
    struct pawl_unit_import *import = &stream->import;
    if (!stream->decided)
        return pawl_request_refuse(request, PAWL_MALFORMED, "there are no units");
    pawl_request_patience_set(request, true);
    if (!stream->is_cms)
        plain_process(request, true);
    else if (stream->size > 0)
        stream_fail(request, PAWL_MALFORMED, "the last CMS object is incomplete");
    enum pawl_result result = PAWL_OK;
    if (request->status == 0)
        result = pawl_unit_import_finish(import);
    pawl_request_patience_set(request, false);
    if (request->status != 0)
        return MHD_YES;
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the units");
    pawl_log(PAWL_LOG_NOTICE, "event=units-imported actor=%s imported=%" PRIu64 " refused=%" PRIu64,
             request->actor, import->imported, import->refused);
    if (import->report != NULL)
        return pawl_refusal_report_answer(request, import->report,
                                          json_pack("{s:I, s:I}", "imported",
                                                    (json_int_t)import->imported, "refused_count",
                                                    (json_int_t)import->refused));
    return pawl_json_answer(request, MHD_HTTP_OK,
                            json_pack("{s:I, s:O, s:I}", "imported", (json_int_t)import->imported,
                                      "refused", import->refusals, "refused_count",
                                      (json_int_t)import->refused));
}

static void import_release(struct pawl_request *request)
{
    struct stream *stream = request->state;
    if (stream == NULL)
        return;
    pawl_unit_import_release(&stream->import);
    if (stream->room > 0)
        pawl_wipe(stream->waiting, stream->room);
    free(stream->waiting);
    free(stream);
    request->state = NULL;
}

const struct pawl_handler pawl_import_handler = {
    .is_secret = true,
    .begin = import_begin,
    .take = import_take,
    .answer = import_answer,
    .release = import_release,
};
