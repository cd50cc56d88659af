/* GET, PUT and DELETE of /v1/groups. */
#include <stdlib.h>

#include "server/operator_api.h"
#include "server/operator_json.h"
#include "store/device_store.h"

static enum pawl_result group_item_add(void *context, const struct pawl_group_row *row)
{
    struct pawl_numbered_list *list = context;
    json_t *item = json_object();
    pawl_json_put(&item, "name", json_string(row->name));
    pawl_json_put(&item, "devices", pawl_number_json(row->devices));
    pawl_json_put(&item, "assignments", pawl_number_json(row->assignments));
    pawl_json_put(&item, "campaigns", pawl_number_json(row->campaigns));
    list->last = row->number;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result group_list_gather(struct pawl_reader *reader, uint64_t after, size_t limit,
                                          struct pawl_numbered_list *list)
{
    return pawl_store_group_list(reader, after, limit, group_item_add, list);
}

static enum MHD_Result group_list_answer(struct pawl_request *request)
{
    return pawl_numbered_list_answer(request, group_list_gather, "cannot read the groups");
}

const struct pawl_handler pawl_group_list_handler = {.answer = group_list_answer};

/* Makes the change known: names are in remembered devices and in the plan. */
static void groups_refresh(struct pawl_server *server)
{
    pawl_device_cache_clear(server->devices);
    /* When it fails, the next tick tries again. */
    (void)pawl_plan_cache_refresh(&server->plans, &server->readers);
}

/* Renames the group of ?group=, or deletes it where there is no new name. */
static enum MHD_Result group_edit(struct pawl_request *request, const char *new_name)
{
    static const char *const refusals[] = {
        [PAWL_GROUP_TAKEN] = "there is a group of that name already",
        [PAWL_GROUP_IN_USE] = "the group has devices",
    };
    struct pawl_server *server = request->server;
    enum pawl_group_outcome outcome = PAWL_GROUP_DONE;
    char name[PAWL_GROUP_SIZE];
    if (!pawl_group_read(request, pawl_request_argument(request, "group"), name))
        return MHD_YES;
    json_t *about = json_pack("{s:s, s:s?}", "before", name, "after", new_name);
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(
        request, new_name != NULL ? "group-renamed" : "group-deleted", NULL, detail);
    enum pawl_result result =
        pawl_store_group_edit(server->store, name, new_name, &event, &outcome);
    free(detail);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the group");
    if (outcome == PAWL_GROUP_MISSING)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such group");
    if (outcome != PAWL_GROUP_DONE)
        return pawl_request_refuse(request, PAWL_STATE, "%s",
                                   outcome == PAWL_GROUP_MISSING ? "" : refusals[outcome]);
    groups_refresh(server);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

static enum MHD_Result group_rename_answer(struct pawl_request *request)
{
    static const char *const members[] = {"name", NULL};
    char name[PAWL_GROUP_SIZE];
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    bool good = pawl_group_read(request, json_string_value(json_object_get(body, "name")), name);
    json_decref(body);
    return good ? group_edit(request, name) : MHD_YES;
}

const struct pawl_handler pawl_group_rename_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = group_rename_answer,
};

static enum MHD_Result group_delete_answer(struct pawl_request *request)
{
    return group_edit(request, NULL);
}

const struct pawl_handler pawl_group_delete_handler = {.answer = group_delete_answer};
