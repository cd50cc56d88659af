#include "server/operator_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "headend/label.h"
#include "host/hex.h"
#include "host/options.h"
#include "server/media.h"
#include "server/once.h"

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX 10000u

char *pawl_json_dump(json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    return text;
}

struct MHD_Response *pawl_json_response(char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, PAWL_MEDIA_JSON);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

enum MHD_Result pawl_json_answer(struct pawl_request *request, unsigned status, json_t *value)
{
    char *text = pawl_json_dump(value);
    if (text == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return MHD_YES;
    }
    pawl_once_note(request, status, text);
    struct MHD_Response *response = pawl_json_response(text);
    return response != NULL ? pawl_request_answer(request, status, response) : MHD_NO;
}

enum MHD_Result pawl_list_answer(struct pawl_request *request, json_t *items, json_t *next)
{
    return pawl_json_answer(
        request, MHD_HTTP_OK,
        json_pack("{s:o, s:o}", "items", items, "next", next != NULL ? next : json_null()));
}

enum MHD_Result pawl_page_answer(struct pawl_request *request, enum pawl_result result,
                                 json_t *items, size_t limit, json_t *last, const char *failure)
{
    if (result == PAWL_OK && json_array_size(items) == limit)
        return pawl_list_answer(request, items, last);
    json_decref(last);
    if (result == PAWL_OK)
        return pawl_list_answer(request, items, NULL);
    json_decref(items);
    return pawl_request_refuse(request, result, "%s", failure);
}

enum MHD_Result pawl_numbered_list_answer(struct pawl_request *request, pawl_list_gather_fn gather,
                                          const char *failure)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_numbered_list list = {NULL, 0};
    uint64_t after;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after))
        return MHD_YES;
    list.items = json_array();
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = gather(reader, after, limit, &list);
    pawl_reader_return(&server->readers, reader);
    return pawl_page_answer(request, result, list.items, limit, pawl_number_json(list.last),
                            failure);
}

void pawl_json_put(json_t **object, const char *name, json_t *value)
{
    if (json_object_set_new(*object, name, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

json_t *pawl_number_json(uint64_t number)
{
    return json_integer((json_int_t)number);
}

json_t *pawl_time_json(int64_t time)
{
    return time != 0 ? json_integer((json_int_t)time) : json_null();
}

json_t *pawl_hex_json(const uint8_t *bytes, size_t size)
{
    char text[PAWL_HEX_SIZE(64)];
    return size > 64 ? NULL : json_string(pawl_hex_encode(bytes, size, text));
}

json_t *pawl_json_body_read(struct pawl_request *request, const char *const *members)
{
    json_error_t error;
    json_t *body = json_loadb((const char *)request->body, (size_t)request->received,
                              JSON_REJECT_DUPLICATES, &error);
    if (body == NULL) {
        pawl_request_refuse(request, PAWL_MALFORMED, "not JSON: %s", error.text);
        return NULL;
    }
    if (!json_is_object(body)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "the body must be a JSON object");
        json_decref(body);
        return NULL;
    }
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        const char *const *known = members;
        while (*known != NULL && strcmp(*known, name) != 0)
            known++;
        if (*known == NULL) {
            pawl_request_refuse(request, PAWL_UNSUPPORTED, "unknown member \"%.64s\"", name);
            json_decref(body);
            return NULL;
        }
    }
    return body;
}

bool pawl_limit_read(struct pawl_request *request, size_t *limit)
{
    const char *text = pawl_request_argument(request, "limit");
    uint64_t number = LIMIT_DEFAULT;
    if (text != NULL &&
        (pawl_number_parse(text, &number) != PAWL_OK || number < 1 || number > LIMIT_MAX)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "limit must be 1 to %u", LIMIT_MAX);
        return false;
    }
    *limit = (size_t)number;
    return true;
}

bool pawl_after_read(struct pawl_request *request, uint64_t *after)
{
    const char *text = pawl_request_argument(request, "after");
    uint64_t number = 0;
    if (text != NULL && (pawl_number_parse(text, &number) != PAWL_OK || number > INT64_MAX)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "after must be the cursor of a list");
        return false;
    }
    *after = number;
    return true;
}

bool pawl_part_read(struct pawl_request *request, uint8_t *id, size_t size)
{
    if (pawl_hex_decode(request->part, id, size) == PAWL_OK)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "the path needs an id of %zu hex digits",
                        2 * size);
    return false;
}

bool pawl_member_id_read(struct pawl_request *request, const json_t *value, const char *name,
                         uint8_t *id, size_t size)
{
    const char *text = json_string_value(value);
    if (text != NULL && pawl_hex_decode(text, id, size) == PAWL_OK)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "%s must be %zu hex digits", name, 2 * size);
    return false;
}

bool pawl_group_read(struct pawl_request *request, const char *text, char group[PAWL_GROUP_SIZE])
{
    size_t size = text != NULL ? strlen(text) : 0;
    bool good = text != NULL && pawl_group_is_good(text, size);
    if (!good) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "a group's name has 1 to %u bytes of UTF-8 text", PAWL_GROUP_SIZE - 1u);
        return false;
    }
    memset(group, 0, PAWL_GROUP_SIZE);
    memcpy(group, text, size);
    return true;
}

bool pawl_class_read(struct pawl_request *request, const char *class, const char *vendor,
                     uint8_t class_id[PAWL_ID_SIZE])
{
    uint8_t vendor_id[PAWL_ID_SIZE];
    if (class != NULL && vendor == NULL &&
        pawl_hex_decode(class, class_id, PAWL_ID_SIZE) == PAWL_OK)
        return true;
    if (class == NULL || class[0] == '\0' || vendor == NULL || vendor[0] == '\0') {
        pawl_request_refuse(
            request, PAWL_MALFORMED,
            "a class is 32 hex digits, or a name together with its vendor's domain");
        return false;
    }
    pawl_vendor_id_make(vendor, vendor_id);
    pawl_class_id_make(vendor_id, class, class_id);
    return true;
}

bool pawl_target_read(struct pawl_request *request, const json_t *value, struct pawl_target *target)
{
    const json_t *class = json_object_get(value, "class"), *group = json_object_get(value, "group");
    const json_t *device = json_object_get(value, "device");
    if ((class != NULL) + (group != NULL) + (device != NULL) != 1) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "target must have one of \"class\", \"group\" and \"device\"");
        return false;
    }
    memset(target, 0, sizeof *target);
    if (group != NULL) {
        target->kind = PAWL_TARGET_GROUP;
        return pawl_group_read(request, json_string_value(group), target->group);
    }
    if (device != NULL) {
        target->kind = PAWL_TARGET_DEVICE;
        return pawl_member_id_read(request, device, "device", target->id, PAWL_ID_SIZE);
    }
    target->kind = PAWL_TARGET_CLASS;
    return pawl_class_read(request, json_string_value(class),
                           json_string_value(json_object_get(value, "vendor")), target->id);
}

json_t *pawl_target_json(const struct pawl_target *target)
{
    json_t *name = target->kind == PAWL_TARGET_GROUP ? json_string(target->group)
                                                     : pawl_hex_json(target->id, PAWL_ID_SIZE);
    return json_pack("{s:o}", pawl_target_kind_name(target->kind), name);
}

struct pawl_event pawl_operator_event(const struct pawl_request *request, const char *action,
                                      const uint8_t *device_id, const char *detail)
{
    return (struct pawl_event){
        .time = (int64_t)time(NULL),
        .actor = request->actor,
        .action = action,
        .device_id = device_id,
        .detail = detail,
        .request = request->id[0] != '\0' ? request->id : NULL,
    };
}
