/* PUT /v1/campaigns/N/devices: the list of a campaign, an id a line, of any length (SPEC 18.11). */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/hex.h"
#include "host/options.h"
#include "server/campaign_json.h"
#include "server/operator_api.h"
#include "store/store_campaign.h"

#define LINE_MAX_SIZE 256u
#define UNKNOWN_TOLD 100u
#define LIST_BODY_MAX ((size_t)1 << 30)

/* A list while it arrives. */
struct arrival {
    struct pawl_reader *reader;
    struct pawl_campaign campaign;
    char line[LINE_MAX_SIZE];
    size_t used;       /* bytes of the line */
    uint64_t lines;    /* that ended */
    uint8_t *bits;     /* by device number */
    size_t size, room; /* bytes */
    uint64_t listed, unknown;
    json_t *unknown_ids; /* the first of them */
};

static void devices_begin(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = calloc(1, sizeof *arrival);
    uint64_t id;
    request->state = arrival;
    if (arrival == NULL || (arrival->unknown_ids = json_array()) == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return;
    }
    if (pawl_number_parse(request->part, &id) != PAWL_OK || id > INT64_MAX) {
        pawl_request_refuse(request, PAWL_MALFORMED, "a campaign has a number");
        return;
    }
    enum pawl_result result = pawl_reader_borrow(&server->readers, &arrival->reader);
    if (result == PAWL_OK)
        result = pawl_store_campaign_get(arrival->reader, id, &arrival->campaign);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such campaign");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the campaign");
    else if (arrival->campaign.state != PAWL_CAMPAIGN_CREATING)
        pawl_request_refuse(request, PAWL_STATE, "campaign %" PRIu64 " waits for no list", id);
}

static bool bit_add(struct arrival *arrival, uint64_t number)
{
    size_t byte = (size_t)(number / 8);
    uint8_t mask = (uint8_t)(1u << number % 8);
    if (byte >= arrival->room) {
        size_t room = 2 * byte + 4096;
        uint8_t *bits = realloc(arrival->bits, room);
        if (bits == NULL)
            return false;
        memset(bits + arrival->room, 0, room - arrival->room);
        arrival->bits = bits;
        arrival->room = room;
    }
    if (byte >= arrival->size)
        arrival->size = byte + 1;
    arrival->listed += (arrival->bits[byte] & mask) == 0;
    arrival->bits[byte] |= mask;
    return true;
}

/* The number of a device, if there is one. */
static enum pawl_result device_add(struct arrival *arrival, const char *text,
                                   const uint8_t device_id[PAWL_ID_SIZE])
{
    struct pawl_device device;
    enum pawl_result result = pawl_store_device_get(arrival->reader, device_id, &device);
    if (result == PAWL_OK)
        return bit_add(arrival, device.number) ? PAWL_OK : PAWL_EXHAUSTED;
    if (result != PAWL_STATE)
        return result;
    if (arrival->unknown++ < UNKNOWN_TOLD)
        json_array_append_new(arrival->unknown_ids, json_string(text));
    return PAWL_OK;
}

/* A line: an id, or nothing, or a comment. */
static void line_take(struct pawl_request *request, struct arrival *arrival)
{
    uint8_t device_id[PAWL_ID_SIZE];
    char *text = arrival->line;
    arrival->line[arrival->used] = '\0';
    arrival->used = 0;
    arrival->lines++;
    text[strcspn(text, "#")] = '\0';
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    if (size == 0)
        return;
    if (pawl_hex_decode(text, device_id, sizeof device_id) != PAWL_OK) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "line %" PRIu64 " is no device id of 32 hex digits", arrival->lines);
        return;
    }
    enum pawl_result result = device_add(arrival, text, device_id);
    if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot look the devices up");
}

static void devices_take(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    struct arrival *arrival = request->state;
    for (size_t i = 0; i < size && request->status == 0; i++) {
        if (bytes[i] == '\n')
            line_take(request, arrival);
        else if (arrival->used + 1 < sizeof arrival->line)
            arrival->line[arrival->used++] = (char)bytes[i];
        else
            pawl_request_refuse(request, PAWL_MALFORMED, "line %" PRIu64 " is too long",
                                arrival->lines + 1);
    }
}

/* Whether ids that are not known here are passed over. */
static bool unknown_are_skipped(struct pawl_request *request, const struct arrival *arrival)
{
    const char *skip = pawl_request_argument(request, "skip_unknown");
    if (arrival->unknown == 0 || (skip != NULL && strcmp(skip, "true") == 0))
        return true;
    pawl_request_refuse(request, PAWL_STATE,
                        "%" PRIu64 " of the devices are not known here, %s "
                        "first",
                        arrival->unknown,
                        json_string_value(json_array_get(arrival->unknown_ids, 0)));
    return false;
}

static enum pawl_result list_write(struct pawl_request *request, struct arrival *arrival)
{
    struct pawl_server *server = request->server;
    struct pawl_campaign *campaign = &arrival->campaign;
    campaign->listed = arrival->listed;
    campaign->state = pawl_campaign_first_state(campaign);
    campaign->since = (int64_t)time(NULL);
    json_t *about = json_pack("{s:I, s:I}", "listed", (json_int_t)arrival->listed, "unknown",
                              (json_int_t)arrival->unknown);
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "campaign-listed", NULL, detail);
    enum pawl_result result = pawl_store_campaign_devices_set(server->store, campaign,
                                                              arrival->bits, arrival->size, &event);
    free(detail);
    return result;
}

static enum MHD_Result devices_answer(struct pawl_request *request)
{
    struct arrival *arrival = request->state;
    if (arrival->used > 0)
        line_take(request, arrival);
    if (request->status != 0 || !unknown_are_skipped(request, arrival))
        return MHD_YES;
    if (arrival->listed == 0)
        return pawl_request_refuse(request, PAWL_MALFORMED, "there are no devices in the list");
    pawl_request_patience_set(request, true);
    enum pawl_result result = list_write(request, arrival);
    pawl_request_patience_set(request, false);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result, "the campaign was changed meanwhile");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the list");
    return pawl_json_answer(request, MHD_HTTP_OK,
                            json_pack("{s:I, s:I, s:O, s:s}", "listed", (json_int_t)arrival->listed,
                                      "unknown", (json_int_t)arrival->unknown, "unknown_ids",
                                      arrival->unknown_ids, "state",
                                      pawl_campaign_state_name(arrival->campaign.state)));
}

static void devices_release(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct arrival *arrival = request->state;
    if (arrival == NULL)
        return;
    pawl_reader_return(&server->readers, arrival->reader);
    json_decref(arrival->unknown_ids);
    free(arrival->bits);
    free(arrival);
    request->state = NULL;
}

const struct pawl_handler pawl_campaign_devices_handler = {
    .body_max = LIST_BODY_MAX,
    .begin = devices_begin,
    .take = devices_take,
    .answer = devices_answer,
    .release = devices_release,
};
