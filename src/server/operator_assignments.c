/* PUT, GET and DELETE of /v1/assignments. */
#include <stdlib.h>
#include <time.h>

#include "host/options.h"
#include "pawl/package.h"
#include "server/once.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

/* Makes a change of the plan known to the threads that answer reports. */
static void plan_refresh(struct pawl_server *server)
{
    /* When it fails, the next tick tries again. */
    (void)pawl_plan_cache_refresh(&server->plans, &server->readers);
}

/* A package of direct mode was made for one device: for any other it is a download that must fail.
 */
static bool target_fits(struct pawl_request *request, const struct pawl_target *target,
                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_package_row package;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, package_id, &package);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_OK && package.mode == PAWL_MODE_DIRECT &&
        target->kind != PAWL_TARGET_DEVICE) {
        pawl_request_refuse(request, PAWL_UNSUPPORTED,
                            "a package of direct mode is assigned to its one device");
        return false;
    }
    return true;
}

static enum MHD_Result assignment_add(struct pawl_request *request,
                                      const struct pawl_target *target,
                                      const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    uint64_t id = 0, devices = 0;
    json_t *about =
        json_pack("{s:o, s:o}", "package_id", pawl_hex_json(package_id, PAWL_PACKAGE_ID_SIZE),
                  "target", pawl_target_json(target));
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "assigned", NULL, detail);
    enum pawl_result result = pawl_store_assignment_add(server->store, target, package_id,
                                                        (int64_t)time(NULL), &event, &id);
    free(detail);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result,
                                   "the package is not published here, or has no content key yet");
    if (result == PAWL_OK) {
        plan_refresh(server);
        pawl_push_target(server->push, target);
        result = pawl_reader_borrow(&server->readers, &reader);
    }
    if (result == PAWL_OK)
        result = pawl_store_device_count(reader, target, &devices);
    pawl_reader_return(&server->readers, reader);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the assignment");
    return pawl_json_answer(
        request, MHD_HTTP_CREATED,
        json_pack("{s:I, s:I}", "id", (json_int_t)id, "devices", (json_int_t)devices));
}

static enum MHD_Result assignment_add_do(struct pawl_request *request)
{
    static const char *const members[] = {"package_id", "target", NULL};
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    struct pawl_target target;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    bool good = pawl_member_id_read(request, json_object_get(body, "package_id"), "package_id",
                                    package_id, sizeof package_id) &&
                pawl_target_read(request, json_object_get(body, "target"), &target);
    json_decref(body);
    good = good && target_fits(request, &target, package_id);
    return good ? assignment_add(request, &target, package_id) : MHD_YES;
}

static enum MHD_Result assignment_add_answer(struct pawl_request *request)
{
    return pawl_once_answer(request, assignment_add_do);
}

const struct pawl_handler pawl_assignment_add_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = assignment_add_answer,
};

static enum pawl_result item_add(void *context, const struct pawl_assignment_row *row)
{
    struct pawl_numbered_list *list = context;
    const struct pawl_plan_entry *entry = &row->entry;
    json_t *item = json_object();
    pawl_json_put(&item, "id", pawl_number_json(entry->assignment));
    pawl_json_put(&item, "target", pawl_target_json(&entry->target));
    pawl_json_put(&item, "package_id", pawl_hex_json(entry->package_id, PAWL_PACKAGE_ID_SIZE));
    pawl_json_put(&item, "created", json_integer((json_int_t)row->created));
    pawl_json_put(&item, "confirmed", pawl_number_json(row->confirmed));
    list->last = entry->assignment;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result assignment_list_gather(struct pawl_reader *reader, uint64_t after,
                                               size_t limit, struct pawl_numbered_list *list)
{
    return pawl_store_assignment_list(reader, after, limit, item_add, list);
}

static enum MHD_Result assignment_list_answer(struct pawl_request *request)
{
    return pawl_numbered_list_answer(request, assignment_list_gather,
                                     "cannot read the assignments");
}

const struct pawl_handler pawl_assignment_list_handler = {.answer = assignment_list_answer};

/* What an assignment is, for the audit: a new reference, or NULL when there is none. */
static json_t *assignment_about(struct pawl_server *server, uint64_t id)
{
    struct pawl_numbered_list list = {json_array(), 0};
    struct pawl_reader *reader = NULL;
    enum pawl_result result = id == 0 ? PAWL_STATE : pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_assignment_list(reader, id - 1, 1, item_add, &list);
    pawl_reader_return(&server->readers, reader);
    json_t *about =
        result == PAWL_OK && list.last == id ? json_incref(json_array_get(list.items, 0)) : NULL;
    json_decref(list.items);
    return about;
}

static enum MHD_Result assignment_delete_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    uint64_t id;
    if (pawl_number_parse(request->part, &id) != PAWL_OK || id > INT64_MAX)
        return pawl_request_refuse(request, PAWL_MALFORMED, "an assignment has a number");
    json_t *about = json_pack("{s:I, s:o?, s:n}", "assignment", (json_int_t)id, "before",
                              assignment_about(server, id), "after");
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "unassigned", NULL, detail);
    enum pawl_result result = pawl_store_assignment_delete(server->store, id, &event);
    free(detail);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such assignment");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot delete the assignment");
    plan_refresh(server);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

const struct pawl_handler pawl_assignment_delete_handler = {.answer = assignment_delete_answer};
