/* What the handlers of the operator API share: reading arguments, writing JSON (SPEC 16). */
#ifndef PAWL_SERVER_OPERATOR_JSON_H
#define PAWL_SERVER_OPERATOR_JSON_H

#include <jansson.h>

#include "server/http.h"
#include "server/server.h"

/* A value as compact text, to be freed. Takes its reference; NULL when `value` is NULL or memory
 * ran out. */
char *pawl_json_dump(json_t *value);

/* A response of JSON, kept by no cache. Takes the text; NULL when memory ran out. */
struct MHD_Response *pawl_json_response(char *text);

/* Answers with a JSON value, whose reference this takes; NULL means that memory ran out. */
enum MHD_Result pawl_json_answer(struct pawl_request *request, unsigned status, json_t *value);

/* A list's answer {"items", "next"}: takes both references; `next` NULL: there are no more. */
enum MHD_Result pawl_list_answer(struct pawl_request *request, json_t *items, json_t *next);

/* Answers with what of a list was gathered, `result` telling how that went: `items`, at most
 * `limit`; when there are as many, the list goes on behind `last`. Takes both references. `failure`
 * tells what could not be done. */
enum MHD_Result pawl_page_answer(struct pawl_request *request, enum pawl_result result,
                                 json_t *items, size_t limit, json_t *last, const char *failure);

/* A list by ascending numbers, being gathered. */
struct pawl_numbered_list {
    json_t *items;
    uint64_t last; /* the number of the newest item */
};

/* Gathers at most `limit` items with numbers above `after` into `list`. */
typedef enum pawl_result (*pawl_list_gather_fn)(struct pawl_reader *reader, uint64_t after,
                                                size_t limit, struct pawl_numbered_list *list);

/* Answers with such a list as the request's `after` and `limit` ask; `failure` tells what could not
 * be done. */
enum MHD_Result pawl_numbered_list_answer(struct pawl_request *request, pawl_list_gather_fn gather,
                                          const char *failure);

/* Puts a member into an object and takes the value's reference. Once memory ran out, `*object` is
 * NULL and stays so: to be looked at once, in the end. */
void pawl_json_put(json_t **object, const char *name, json_t *value);

/* A number: a new reference, or NULL. */
json_t *pawl_number_json(uint64_t number);

/* Unix seconds, null for 0: a new reference, or NULL. */
json_t *pawl_time_json(int64_t time);

/* Bytes as a string of hex digits: a new reference, or NULL. */
json_t *pawl_hex_json(const uint8_t *bytes, size_t size);
/* The ids of the vendor keys that a package revokes. */
json_t *pawl_revokes_json(const struct pawl_package_row *row);

/* Reads the request's body as a JSON object that has no members but `members` (NULL ends them).
 * NULL: the request was failed. Release with json_decref. */
json_t *pawl_json_body_read(struct pawl_request *request, const char *const *members);

/* The readers below return false when what they found was wrong: the request was then failed. */

/* ?limit= (100, at most 10000) of a list. */
bool pawl_limit_read(struct pawl_request *request, size_t *limit);

/* ?after= of a list whose cursor is a number; 0 when there is none. */
bool pawl_after_read(struct pawl_request *request, uint64_t *after);

/* The identifier in the path, `size` bytes in hex. */
bool pawl_part_read(struct pawl_request *request, uint8_t *id, size_t size);

/* An identifier of `size` bytes that a member of a body is to be. */
bool pawl_member_id_read(struct pawl_request *request, const json_t *value, const char *name,
                         uint8_t *id, size_t size);

/* A group's name: 1 to 64 bytes without control characters. */
bool pawl_group_read(struct pawl_request *request, const char *text, char group[PAWL_GROUP_SIZE]);

/* A class: 32 hex digits, or a name together with its vendor's domain (NULL: none given). */
bool pawl_class_read(struct pawl_request *request, const char *class, const char *vendor,
                     uint8_t class_id[PAWL_ID_SIZE]);

/* A target: {"class", "vendor"}, {"group"} or {"device"}. */
bool pawl_target_read(struct pawl_request *request, const json_t *value,
                      struct pawl_target *target);

/* The reverse, classes by their id: a new reference, or NULL. */
json_t *pawl_target_json(const struct pawl_target *target);

/* What the audit says of something that this operator does. `detail`: a JSON object, or NULL. It
 * points to what it was given. */
struct pawl_event pawl_operator_event(const struct pawl_request *request, const char *action,
                                      const uint8_t *device_id, const char *detail);

#endif
