/* The plan of a new campaign, read from JSON. */
#include <string.h>
#include <time.h>

#include "server/campaign_json.h"

static bool malformed(struct pawl_request *request, const char *what)
{
    pawl_request_refuse(request, PAWL_MALFORMED, "%s", what);
    return false;
}

/* Members other than these are unsupported, as in a body. */
static bool members_check(struct pawl_request *request, const json_t *object,
                          const char *const *members)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        const char *const *known = members;
        while (*known != NULL && strcmp(*known, name) != 0)
            known++;
        if (*known == NULL) {
            pawl_request_refuse(request, PAWL_UNSUPPORTED, "unknown member \"%.64s\"", name);
            return false;
        }
    }
    return true;
}

/* A percentage in millionths; `*millionths` stays as it is when there is none. */
static bool percent_read(struct pawl_request *request, const json_t *object, const char *name,
                         uint32_t *millionths)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return true;
    double percent = json_number_value(value);
    if (!json_is_number(value) || !(percent >= 0.0 && percent <= 100.0)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "%s must be 0 to 100 percent", name);
        return false;
    }
    *millionths = (uint32_t)(percent * 10000.0 + 0.5);
    return true;
}

static bool number_read(struct pawl_request *request, const json_t *object, const char *name,
                        uint64_t most, uint64_t *number)
{
    const json_t *value = json_object_get(object, name);
    json_int_t given = json_integer_value(value);
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || given < 0 || (uint64_t)given > most) {
        pawl_request_refuse(request, PAWL_MALFORMED, "%s must be a number, at most %llu", name,
                            (unsigned long long)most);
        return false;
    }
    *number = (uint64_t)given;
    return true;
}

static bool bool_read(struct pawl_request *request, const json_t *object, const char *name,
                      bool *flag)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL)
        return true;
    *flag = json_is_true(value);
    return json_is_boolean(value) || malformed(request, "approval must be true or false");
}

static bool action_read(struct pawl_request *request, const json_t *object,
                        enum pawl_success_action *action)
{
    const json_t *value = json_object_get(object, "action");
    const char *name = json_string_value(value);
    if (value == NULL)
        return true;
    for (int i = PAWL_SUCCESS_NEXTGROUP; name != NULL && i <= PAWL_SUCCESS_PAUSE; i++)
        if (strcmp(pawl_success_action_name((enum pawl_success_action)i), name) == 0) {
            *action = (enum pawl_success_action)i;
            return true;
        }
    return malformed(request, "action must be nextgroup or pause");
}

/* One stage; `*share` is its share of the campaign. What is not said is as hawkBit has it: all must
 * succeed, and a tenth may fail. */
static bool stage_read(struct pawl_request *request, const json_t *value, struct pawl_stage *stage,
                       uint32_t *share)
{
    static const char *const members[] = {"share",    "success", "error",  "minimum",
                                          "deadline", "soak",    "action", NULL};
    uint64_t deadline = 0, soak = 0;
    *stage = (struct pawl_stage){.success = PAWL_WHOLE,
                                 .error = PAWL_WHOLE / 10,
                                 .action = PAWL_SUCCESS_NEXTGROUP,
                                 .state = PAWL_STAGE_SCHEDULED};
    *share = 0;
    if (!json_is_object(value))
        return malformed(request, "a stage is an object");
    bool good = members_check(request, value, members) &&
                percent_read(request, value, "share", share) &&
                percent_read(request, value, "success", &stage->success) &&
                percent_read(request, value, "error", &stage->error) &&
                number_read(request, value, "minimum", INT64_MAX, &stage->minimum) &&
                number_read(request, value, "deadline", PAWL_STAGE_SECONDS_MAX, &deadline) &&
                number_read(request, value, "soak", PAWL_STAGE_SECONDS_MAX, &soak) &&
                action_read(request, value, &stage->action);
    stage->deadline = (uint32_t)deadline;
    stage->soak = (uint32_t)soak;
    return good;
}

static bool stages_read(struct pawl_request *request, const json_t *stages, uint32_t percent,
                        struct pawl_campaign *campaign)
{
    json_t *one = NULL;
    uint64_t sum = 0;
    if (stages == NULL)
        stages = one = json_pack("[{s:i}]", "share", 100);
    size_t count = json_array_size(stages);
    bool good = count >= 1 && count <= PAWL_STAGES_MAX;
    if (!good)
        malformed(request, "stages must be an array of 1 to 32");
    for (size_t i = 0; good && i < count; i++) {
        uint32_t share = 0;
        good = stage_read(request, json_array_get(stages, i), &campaign->stages[i], &share);
        sum += share;
        campaign->stages[i].limit = (uint32_t)((sum * percent + PAWL_WHOLE / 2) / PAWL_WHOLE);
    }
    json_decref(one);
    campaign->stage_count = (unsigned)count;
    if (good && sum != PAWL_WHOLE)
        return malformed(request, "the shares of the stages must be 100 percent together");
    return good;
}

static bool window_read(struct pawl_request *request, const json_t *window,
                        struct pawl_hours *hours)
{
    static const char *const members[] = {"from", "until", "zone", NULL};
    const json_t *zone = json_object_get(window, "zone");
    if (window == NULL || json_is_null(window))
        return true;
    hours->present = true;
    if (!json_is_object(window) || !members_check(request, window, members) ||
        pawl_clock_read(json_string_value(json_object_get(window, "from")), &hours->from) !=
            PAWL_OK ||
        pawl_clock_read(json_string_value(json_object_get(window, "until")), &hours->until) !=
            PAWL_OK ||
        (zone != NULL && pawl_zone_read(json_string_value(zone), &hours->zone) != PAWL_OK))
        return malformed(request, "window must be {\"from\": \"22:00\", \"until\": \"05:00\", "
                                  "\"zone\": \"+01:00\"}");
    return true;
}

static bool target_read(struct pawl_request *request, const json_t *value,
                        struct pawl_target *target)
{
    const json_t *list = json_object_get(value, "list");
    if (list == NULL)
        return pawl_target_read(request, value, target);
    *target = (struct pawl_target){.kind = PAWL_TARGET_LIST};
    return (json_is_true(list) && json_object_size(value) == 1) ||
           malformed(request, "a list is {\"list\": true}; its devices are handed in afterwards");
}

/* A name that a person can read in a table. */
static bool name_read(struct pawl_request *request, const json_t *value,
                      char name[PAWL_CAMPAIGN_TEXT_SIZE])
{
    return pawl_group_read(request, json_string_value(value), name);
}

bool pawl_campaign_read(struct pawl_request *request, const json_t *body,
                        struct pawl_campaign *campaign)
{
    uint32_t percent = PAWL_WHOLE;
    uint64_t rate = 0;
    const char *why = NULL;
    memset(campaign, 0, sizeof *campaign);
    campaign->created = campaign->since = (int64_t)time(NULL);
    memcpy(campaign->creator, request->actor,
           strnlen(request->actor, sizeof campaign->creator - 1));
    bool good = name_read(request, json_object_get(body, "name"), campaign->name) &&
                pawl_member_id_read(request, json_object_get(body, "package_id"), "package_id",
                                    campaign->package_id, PAWL_PACKAGE_ID_SIZE) &&
                target_read(request, json_object_get(body, "target"), &campaign->target) &&
                percent_read(request, body, "percent", &percent) &&
                stages_read(request, json_object_get(body, "stages"), percent, campaign) &&
                window_read(request, json_object_get(body, "window"), &campaign->hours) &&
                number_read(request, body, "rate", PAWL_PACE_MAX, &rate) &&
                bool_read(request, body, "approval", &campaign->needs_approval);
    campaign->rate = (uint32_t)rate;
    if (good && pawl_campaign_check(campaign, &why) != PAWL_OK)
        return malformed(request, why);
    campaign->state = campaign->target.kind == PAWL_TARGET_LIST
                          ? PAWL_CAMPAIGN_CREATING
                          : pawl_campaign_first_state(campaign);
    return good;
}
