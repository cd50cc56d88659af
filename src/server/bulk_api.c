/* POST /v1/bulk/ACT: the same to many devices, named by a JSON list or by lines of JSON. A request
 * takes as many as its bounded body holds; a longer list is so many requests, and since each may be
 * repeated without harm, a client that broke off begins anew. */
#include <stdlib.h>
#include <string.h>

#include "host/hex.h"
#include "server/device_act.h"
#include "server/operator_api.h"

/* What a request names, and what came of it. */
struct bulk {
    json_t *names;             /* what was sent: texts */
    struct pawl_act_row *rows; /* of the names that are ids */
    size_t count;
};

/* The text of an item: an id, or an object that has one as "device_id". */
static json_t *name_of(json_t *item)
{
    return json_is_object(item) ? json_object_get(item, "device_id") : item;
}

static bool name_add(struct pawl_request *request, struct bulk *bulk, json_t *item)
{
    json_t *name = name_of(item);
    if (json_is_string(name) && json_array_append(bulk->names, name) == 0)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "item %zu is no device: an id is a string",
                        json_array_size(bulk->names) + 1);
    return false;
}

static bool list_read(struct pawl_request *request, struct bulk *bulk)
{
    json_error_t error;
    json_t *list = json_loadb((const char *)request->body, (size_t)request->received, 0, &error);
    size_t index;
    json_t *item;
    bool good = json_is_array(list);
    if (!good)
        pawl_request_refuse(request, PAWL_MALFORMED, "not a JSON list: %s", error.text);
    json_array_foreach(list, index, item)
    {
        good = good && name_add(request, bulk, item);
    }
    json_decref(list);
    return good;
}

static bool lines_read(struct pawl_request *request, struct bulk *bulk)
{
    const char *at = (const char *)request->body, *end = at + request->received;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop != NULL ? stop : end) - at);
        json_error_t error;
        json_t *item = json_loadb(at, size, JSON_DECODE_ANY, &error);
        at += size + 1;
        if (item == NULL && size == 0)
            continue; /* an empty line */
        if (item == NULL) {
            pawl_request_refuse(request, PAWL_MALFORMED, "line %zu is no JSON: %s",
                                json_array_size(bulk->names) + 1, error.text);
            return false;
        }
        bool good = name_add(request, bulk, item);
        json_decref(item);
        if (!good)
            return false;
    }
    return true;
}

static bool names_read(struct pawl_request *request, struct bulk *bulk)
{
    const char *at = (const char *)request->body;
    size_t skip = 0, size = (size_t)request->received;
    while (skip < size &&
           (at[skip] == ' ' || at[skip] == '\t' || at[skip] == '\r' || at[skip] == '\n'))
        skip++;
    bulk->names = json_array();
    bool good =
        skip < size && at[skip] == '[' ? list_read(request, bulk) : lines_read(request, bulk);
    if (good && json_array_size(bulk->names) == 0) {
        pawl_request_refuse(request, PAWL_MALFORMED, "there are no devices");
        return false;
    }
    return good;
}

/* Rows of the names that are ids; the others are refused in the end. */
static bool rows_make(struct pawl_request *request, struct bulk *bulk)
{
    size_t index;
    json_t *name;
    bulk->rows = calloc(json_array_size(bulk->names), sizeof *bulk->rows);
    if (bulk->rows == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return false;
    }
    json_array_foreach(bulk->names, index, name)
    {
        if (pawl_hex_decode(json_string_value(name), bulk->rows[bulk->count].device_id,
                            PAWL_ID_SIZE) == PAWL_OK)
            bulk->count++;
    }
    return true;
}

static json_t *refusal_json(size_t index, json_t *name, const struct pawl_act_row *row)
{
    enum pawl_result class = row == NULL ? PAWL_MALFORMED : PAWL_STATE;
    const char *words =
        row == NULL ? "no device id of 32 hex digits" : pawl_act_outcome_words(row->outcome);
    return json_pack("{s:I, s:O, s:s, s:s}", "index", (json_int_t)index, "device_id", name, "class",
                     pawl_result_name(class), "message", words);
}

/* Counts, and every refusal: there are no more than the body had room for. */
static enum MHD_Result outcome_answer(struct pawl_request *request, const struct bulk *bulk,
                                      bool dry_run)
{
    json_t *refused = json_array(), *name;
    json_int_t changed = 0, unchanged = 0;
    size_t index, at = 0;
    json_array_foreach(bulk->names, index, name)
    {
        uint8_t id[PAWL_ID_SIZE];
        bool is_id = pawl_hex_decode(json_string_value(name), id, sizeof id) == PAWL_OK;
        const struct pawl_act_row *row = is_id ? &bulk->rows[at++] : NULL;
        changed += row != NULL && row->outcome == PAWL_ACT_CHANGED;
        unchanged += row != NULL && row->outcome == PAWL_ACT_UNCHANGED;
        if (row == NULL || pawl_act_outcome_words(row->outcome) != NULL)
            json_array_append_new(refused, refusal_json(index, name, row));
    }
    return pawl_json_answer(request, MHD_HTTP_OK,
                            json_pack("{s:I, s:I, s:I, s:o, s:b}", "changed", changed, "unchanged",
                                      unchanged, "refused_count",
                                      (json_int_t)json_array_size(refused), "refused", refused,
                                      "dry_run", dry_run));
}

/* ?dry_run=true */
static bool dry_run_read(struct pawl_request *request, bool *dry_run)
{
    const char *text = pawl_request_argument(request, "dry_run");
    *dry_run = text != NULL && strcmp(text, "true") == 0;
    if (text == NULL || *dry_run || strcmp(text, "false") == 0)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "dry_run must be true or false");
    return false;
}

static enum MHD_Result bulk_answer(struct pawl_request *request, struct pawl_act *act,
                                   bool needs_reason)
{
    struct bulk bulk = {NULL, NULL, 0};
    enum pawl_result result = PAWL_OK;
    bool dry_run = false;
    enum MHD_Result answered = MHD_YES;
    if (pawl_reason_text_read(request, pawl_request_argument(request, "reason"), needs_reason,
                              act) &&
        dry_run_read(request, &dry_run) && names_read(request, &bulk) &&
        rows_make(request, &bulk)) {
        pawl_request_patience_set(request, true);
        result = pawl_devices_act(request->server, act, bulk.rows, bulk.count, dry_run);
        pawl_request_patience_set(request, false);
        answered = result == PAWL_OK ? outcome_answer(request, &bulk, dry_run)
                                     : pawl_request_refuse(request, result, "cannot write");
    }
    json_decref(bulk.names);
    free(bulk.rows);
    return answered;
}

/* ?group=G, or ?none=true. */
static enum MHD_Result group_answer(struct pawl_request *request)
{
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_GROUP);
    const char *name = pawl_request_argument(request, "group");
    const char *none = pawl_request_argument(request, "none");
    char group[PAWL_GROUP_SIZE];
    if (none != NULL && (name != NULL || strcmp(none, "true") != 0))
        return pawl_request_refuse(request, PAWL_MALFORMED, "give group, or none=true");
    if (none == NULL && !pawl_group_read(request, name, group))
        return MHD_YES;
    act.group = none == NULL ? group : NULL;
    return bulk_answer(request, &act, false);
}

/* ?key=K&value=V; without a value the key is taken away. */
static enum MHD_Result label_answer(struct pawl_request *request)
{
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_LABEL);
    const char *value = pawl_request_argument(request, "value");
    if (value != NULL && value[0] == '\0')
        return pawl_request_refuse(request, PAWL_MALFORMED, "leave value out to take a key away");
    if (!pawl_label_read(request, pawl_request_argument(request, "key"), value != NULL ? value : "",
                         &act.label))
        return MHD_YES;
    return bulk_answer(request, &act, false);
}

static enum MHD_Result release_answer(struct pawl_request *request)
{
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_RELEASE);
    return bulk_answer(request, &act, true);
}

static enum MHD_Result retry_answer(struct pawl_request *request)
{
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_RETRY);
    return bulk_answer(request, &act, false);
}

static enum MHD_Result decommission_answer(struct pawl_request *request)
{
    struct pawl_act act = pawl_act_begin(request, PAWL_ACT_DECOMMISSION);
    return bulk_answer(request, &act, true);
}

#define BULK_HANDLER(name)                                                                  \
    const struct pawl_handler pawl_bulk_##name##_handler = {.body_max = PAWL_JSON_BODY_MAX, \
                                                            .answer = name##_answer}

BULK_HANDLER(group);
BULK_HANDLER(label);
BULK_HANDLER(release);
BULK_HANDLER(retry);
BULK_HANDLER(decommission);
