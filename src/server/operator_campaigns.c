/* /v1/campaigns: created, listed, shown, ordered, deleted (SPEC 18.11). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/options.h"
#include "pawl/package.h"
#include "server/campaign_json.h"
#include "server/campaign_push.h"
#include "server/once.h"
#include "server/operator_api.h"
#include "store/store_campaign.h"

#define ATTEMPTS 8 /* to write a change, when the clock was first each time */

static bool number_of(struct pawl_request *request, uint64_t *id)
{
    if (pawl_number_parse(request->part, id) == PAWL_OK && *id <= INT64_MAX)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "a campaign has a number");
    return false;
}

/* Reads a campaign, with estimates where it is not counted. False: the request was failed. */
static bool campaign_load(struct pawl_request *request, uint64_t id, struct pawl_campaign *campaign)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_campaign_get(reader, id, campaign);
    bool missing = result == PAWL_STATE;
    if (result == PAWL_OK)
        result = pawl_campaign_estimate_fill(reader, campaign);
    pawl_reader_return(&server->readers, reader);
    if (missing)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such campaign");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the campaign");
    return result == PAWL_OK;
}

static enum MHD_Result campaign_answer(struct pawl_request *request, unsigned status, uint64_t id)
{
    struct pawl_campaign campaign;
    if (!campaign_load(request, id, &campaign))
        return MHD_YES;
    return pawl_json_answer(request, status, pawl_campaign_json(&campaign, (int64_t)time(NULL)));
}

/* A package of direct mode was made for one device; that of another class opens on none. */
static bool package_fits(struct pawl_request *request, const struct pawl_campaign *campaign)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_package_row package;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_package_get(reader, campaign->package_id, &package);
    pawl_reader_return(&server->readers, reader);
    bool other_class =
        campaign->target.kind == PAWL_TARGET_CLASS &&
        (result != PAWL_OK || memcmp(campaign->target.id, package.class_id, PAWL_ID_SIZE) != 0);
    if (result == PAWL_OK && package.mode != PAWL_MODE_DIRECT && !other_class)
        return true;
    if (result == PAWL_OK && other_class)
        pawl_request_refuse(request, PAWL_WRONG_CLASS,
                            "the package is for devices of another class");
    else if (result == PAWL_OK)
        pawl_request_refuse(request, PAWL_UNSUPPORTED,
                            "a package of direct mode is assigned to its one device");
    else if (result == PAWL_STATE)
        pawl_request_refuse(request, result, "the package is not published here");
    else
        pawl_request_refuse(request, result, "cannot read the package");
    return false;
}

static enum MHD_Result create_do(struct pawl_request *request)
{
    static const char *const members[] = {"name",   "package_id", "target",   "percent", "stages",
                                          "window", "rate",       "approval", NULL};
    struct pawl_server *server = request->server;
    struct pawl_campaign campaign;
    uint64_t id = 0;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    if (!pawl_campaign_read(request, body, &campaign) || !package_fits(request, &campaign)) {
        json_decref(body);
        return MHD_YES;
    }
    char *detail = pawl_json_dump(body);
    const struct pawl_event event = pawl_operator_event(request, "campaign-created", NULL, detail);
    enum pawl_result result = pawl_store_campaign_add(server->store, &campaign, &event, &id);
    free(detail);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result,
                                   "the package is not published here, or has no content key yet");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the campaign");
    return campaign_answer(request, MHD_HTTP_CREATED, id);
}

static enum MHD_Result create_answer(struct pawl_request *request)
{
    return pawl_once_answer(request, create_do);
}

const struct pawl_handler pawl_campaign_create_handler = {
    .body_max = 32768,
    .answer = create_answer,
};

static enum MHD_Result show_answer(struct pawl_request *request)
{
    uint64_t id;
    return number_of(request, &id) ? campaign_answer(request, MHD_HTTP_OK, id) : MHD_YES;
}

const struct pawl_handler pawl_campaign_show_handler = {.answer = show_answer};

/* Campaigns of a page, read before their estimates are. */
struct page {
    struct pawl_reader *reader;
    struct pawl_numbered_list *list;
    struct pawl_campaign *items;
    size_t count, room;
};

static enum pawl_result page_add(void *context, const struct pawl_campaign *campaign)
{
    struct page *page = context;
    if (page->count == page->room) {
        size_t room = page->room == 0 ? 16 : 2 * page->room;
        void *items = realloc(page->items, room * sizeof *page->items);
        if (items == NULL)
            return PAWL_EXHAUSTED;
        page->items = items;
        page->room = room;
    }
    page->items[page->count++] = *campaign;
    return PAWL_OK;
}

static enum pawl_result list_gather(struct pawl_reader *reader, uint64_t after, size_t limit,
                                    struct pawl_numbered_list *list)
{
    struct page page = {.reader = reader};
    int64_t now = (int64_t)time(NULL);
    enum pawl_result result = pawl_store_campaign_list(reader, 0, after, limit, page_add, &page);
    for (size_t i = 0; result == PAWL_OK && i < page.count; i++) {
        result = pawl_campaign_estimate_fill(reader, &page.items[i]);
        list->last = page.items[i].id;
        if (result == PAWL_OK &&
            json_array_append_new(list->items, pawl_campaign_json(&page.items[i], now)) != 0)
            result = PAWL_EXHAUSTED;
    }
    free(page.items);
    return result;
}

static enum MHD_Result list_answer(struct pawl_request *request)
{
    return pawl_numbered_list_answer(request, list_gather, "cannot read the campaigns");
}

const struct pawl_handler pawl_campaign_list_handler = {.answer = list_answer};

/* Reads {"reason": TEXT}, or no body at all. False: the request was failed. */
static bool reason_read(struct pawl_request *request, char reason[PAWL_CAMPAIGN_REASON_SIZE])
{
    static const char *const members[] = {"reason", NULL};
    reason[0] = '\0';
    if (request->received == 0)
        return true;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return false;
    const json_t *value = json_object_get(body, "reason");
    const char *text = json_string_value(value);
    bool good = value == NULL || (text != NULL && strlen(text) < PAWL_CAMPAIGN_REASON_SIZE);
    if (good && text != NULL)
        strcpy(reason, text);
    if (!good)
        pawl_request_refuse(request, PAWL_MALFORMED, "reason must be a text of at most %u bytes",
                            PAWL_CAMPAIGN_REASON_SIZE - 1u);
    json_decref(body);
    return good;
}

static enum pawl_result order_write(struct pawl_request *request, enum pawl_campaign_order order,
                                    const char *reason, enum pawl_campaign_state before,
                                    const struct pawl_campaign *campaign)
{
    struct pawl_server *server = request->server;
    json_t *about = json_pack("{s:s, s:s, s:s}", "before", pawl_campaign_state_name(before),
                              "after", pawl_campaign_state_name(campaign->state), "reason", reason);
    char *detail = pawl_json_dump(about);
    const struct pawl_event event =
        pawl_operator_event(request, pawl_campaign_order_action(order), NULL, detail);
    enum pawl_result result = pawl_store_campaign_set(server->store, campaign, &event);
    free(detail);
    return result;
}

/* What an order brings about at once: stages are opened, devices hear of it. */
static void order_follow(struct pawl_server *server, uint64_t id)
{
    /* Counting begins when devices are credited to the campaign, or one might slip through. */
    (void)pawl_plan_cache_refresh(&server->plans, &server->readers);
    pawl_campaigns_tick(server->campaigns, (int64_t)time(NULL));
    (void)pawl_plan_cache_refresh(&server->plans, &server->readers); /* else the tick does it */
    pawl_campaigns_push(server);
    pawl_campaign_push(server, id);
}

static enum MHD_Result order_answer(struct pawl_request *request, enum pawl_campaign_order order)
{
    struct pawl_campaign campaign;
    char reason[PAWL_CAMPAIGN_REASON_SIZE];
    enum pawl_result result = PAWL_STATE;
    uint64_t id;
    if (!number_of(request, &id) || !reason_read(request, reason))
        return MHD_YES;
    for (unsigned i = 0; result == PAWL_STATE && i < ATTEMPTS; i++) {
        const char *why = NULL;
        if (!campaign_load(request, id, &campaign))
            return MHD_YES;
        enum pawl_campaign_state before = campaign.state;
        result = pawl_campaign_order(&campaign, order, request->actor, reason, (int64_t)time(NULL),
                                     &why);
        if (result != PAWL_OK)
            return pawl_request_refuse(request, result, "campaign %llu is %s: %s",
                                       (unsigned long long)id, pawl_campaign_state_name(before),
                                       why);
        result = order_write(request, order, reason, before, &campaign);
    }
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the campaign");
    order_follow(request->server, id);
    return campaign_answer(request, MHD_HTTP_OK, id);
}

/* A handler for each order: a path has one part that varies. */
#define ORDER_HANDLER(name, order)                                                               \
    static enum MHD_Result name##_answer(struct pawl_request *request)                           \
    {                                                                                            \
        return order_answer(request, order);                                                     \
    }                                                                                            \
    const struct pawl_handler pawl_campaign_##name##_handler = {.body_max = PAWL_SMALL_BODY_MAX, \
                                                                .answer = name##_answer}

ORDER_HANDLER(approve, PAWL_CAMPAIGN_APPROVE);
ORDER_HANDLER(start, PAWL_CAMPAIGN_START);
ORDER_HANDLER(pause, PAWL_CAMPAIGN_PAUSE);
ORDER_HANDLER(resume, PAWL_CAMPAIGN_RESUME);
ORDER_HANDLER(abort, PAWL_CAMPAIGN_ABORT);
ORDER_HANDLER(retry, PAWL_CAMPAIGN_RETRY);
ORDER_HANDLER(next, PAWL_CAMPAIGN_NEXT);

/* A campaign that holds devices at its package gives them to older assignments when it goes. */
static bool may_be_deleted(struct pawl_request *request, const struct pawl_campaign *campaign)
{
    const char *force = pawl_request_argument(request, "force");
    uint64_t finished = 0;
    for (unsigned i = 0; i < campaign->stage_count; i++)
        finished += campaign->stages[i].finished;
    if (campaign->state == PAWL_CAMPAIGN_RUNNING || campaign->state == PAWL_CAMPAIGN_PAUSED)
        pawl_request_refuse(request, PAWL_STATE, "campaign %llu is %s: abort it first",
                            (unsigned long long)campaign->id,
                            pawl_campaign_state_name(campaign->state));
    else if (finished > 0 && (force == NULL || strcmp(force, "true") != 0))
        pawl_request_refuse(request, PAWL_STATE,
                            "it keeps %llu devices at its package, which older assignments may "
                            "take back when it goes; say force=true if they may",
                            (unsigned long long)finished);
    return request->status == 0;
}

static enum MHD_Result delete_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_campaign campaign;
    uint64_t id;
    if (!number_of(request, &id) || !campaign_load(request, id, &campaign) ||
        !may_be_deleted(request, &campaign))
        return MHD_YES;
    json_t *about = json_pack("{s:s, s:s}", "name", campaign.name, "before",
                              pawl_campaign_state_name(campaign.state));
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "campaign-deleted", NULL, detail);
    enum pawl_result result =
        pawl_store_campaign_delete(server->store, id, campaign.version, &event);
    free(detail);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result, "the campaign was changed meanwhile");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot delete the campaign");
    (void)pawl_plan_cache_refresh(&server->plans, &server->readers);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

const struct pawl_handler pawl_campaign_delete_handler = {.answer = delete_answer};
