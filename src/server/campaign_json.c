#include "server/campaign_json.h"

#define MILLIONTHS_OF_PERCENT 10000.0

/* A percentage as it was given: at most four digits behind the point. */
static json_t *percent_json(uint64_t millionths)
{
    return millionths % 10000u == 0 ? json_integer((json_int_t)(millionths / 10000u))
                                    : json_real((double)millionths / MILLIONTHS_OF_PERCENT);
}

static json_t *window_json(const struct pawl_hours *hours, int64_t now)
{
    char text[PAWL_CLOCK_SIZE];
    if (!hours->present)
        return json_null();
    json_t *json = json_object();
    pawl_json_put(&json, "from", json_string(pawl_clock_format(hours->from, text)));
    pawl_json_put(&json, "until", json_string(pawl_clock_format(hours->until, text)));
    pawl_json_put(&json, "zone", json_string(pawl_zone_format(hours->zone, text)));
    pawl_json_put(&json, "open", json_boolean(pawl_hours_are_open(hours, now)));
    pawl_json_put(&json, "opens", json_integer((json_int_t)pawl_hours_opening(hours, now)));
    return json;
}

/* The share of the whole campaign, in millionths. */
static uint64_t share_of(const struct pawl_campaign *campaign, unsigned index)
{
    uint64_t whole = campaign->stages[campaign->stage_count - 1].limit;
    uint64_t first = index > 0 ? campaign->stages[index - 1].limit : 0;
    return ((campaign->stages[index].limit - first) * (uint64_t)PAWL_WHOLE + whole / 2) / whole;
}

static json_t *stage_json(const struct pawl_campaign *campaign, unsigned index, int64_t now)
{
    const struct pawl_stage *stage = &campaign->stages[index];
    struct pawl_stage_tally tally;
    pawl_stage_tally(stage, now, &tally);
    json_t *json = json_object();
    pawl_json_put(&json, "stage", json_integer(index + 1));
    pawl_json_put(&json, "share", percent_json(share_of(campaign, index)));
    pawl_json_put(&json, "success", percent_json(stage->success));
    pawl_json_put(&json, "error", percent_json(stage->error));
    pawl_json_put(&json, "minimum", pawl_number_json(stage->minimum));
    pawl_json_put(&json, "deadline", pawl_number_json(stage->deadline));
    pawl_json_put(&json, "soak", pawl_number_json(stage->soak));
    pawl_json_put(&json, "action", json_string(pawl_success_action_name(stage->action)));
    pawl_json_put(&json, "state", json_string(pawl_stage_state_name(stage->state)));
    pawl_json_put(&json, "opened", pawl_time_json(stage->opened));
    pawl_json_put(&json, "succeeded", pawl_time_json(stage->succeeded));
    pawl_json_put(&json, "total", pawl_number_json(stage->total));
    pawl_json_put(&json, "finished", pawl_number_json(stage->finished));
    pawl_json_put(&json, "failed", pawl_number_json(tally.failed));
    pawl_json_put(&json, "silent", pawl_number_json(tally.silent));
    pawl_json_put(&json, "excused", pawl_number_json(stage->excused));
    return json;
}

static void stages_put(json_t **json, const struct pawl_campaign *campaign, int64_t now)
{
    uint64_t total = 0, finished = 0, failed = 0;
    json_t *stages = json_array();
    for (unsigned i = 0; i < campaign->stage_count; i++) {
        const struct pawl_stage *stage = &campaign->stages[i];
        struct pawl_stage_tally tally;
        pawl_stage_tally(stage, now, &tally);
        total += stage->total;
        finished += stage->finished;
        failed += tally.failed;
        if (json_array_append_new(stages, stage_json(campaign, i, now)) != 0) {
            json_decref(stages);
            stages = NULL;
        }
    }
    pawl_json_put(json, "counted", json_boolean(campaign->counted));
    pawl_json_put(json, "total", pawl_number_json(total));
    pawl_json_put(json, "finished", pawl_number_json(finished));
    pawl_json_put(json, "failed", pawl_number_json(failed));
    pawl_json_put(json, "already", pawl_number_json(campaign->already));
    pawl_json_put(json, "stages", stages);
}

static json_t *target_json(const struct pawl_campaign *campaign)
{
    return campaign->target.kind == PAWL_TARGET_LIST
               ? json_pack("{s:I}", "list", (json_int_t)campaign->listed)
               : pawl_target_json(&campaign->target);
}

json_t *pawl_campaign_json(const struct pawl_campaign *campaign, int64_t now)
{
    char text[640];
    pawl_campaign_explain(campaign, now, text, sizeof text);
    json_t *json = json_object();
    pawl_json_put(&json, "id", pawl_number_json(campaign->id));
    pawl_json_put(&json, "name", json_string(campaign->name));
    pawl_json_put(&json, "package_id", pawl_hex_json(campaign->package_id, PAWL_PACKAGE_ID_SIZE));
    pawl_json_put(&json, "target", target_json(campaign));
    pawl_json_put(&json, "percent",
                  percent_json(campaign->stages[campaign->stage_count - 1].limit));
    pawl_json_put(&json, "state", json_string(pawl_campaign_state_name(campaign->state)));
    pawl_json_put(&json, "explanation", json_string(text));
    pawl_json_put(&json, "reason",
                  campaign->reason[0] != '\0' ? json_string(campaign->reason) : json_null());
    pawl_json_put(&json, "creator", json_string(campaign->creator));
    pawl_json_put(&json, "approval", json_boolean(campaign->needs_approval));
    pawl_json_put(&json, "approver",
                  campaign->approver[0] != '\0' ? json_string(campaign->approver) : json_null());
    pawl_json_put(&json, "created", pawl_time_json(campaign->created));
    pawl_json_put(&json, "started", pawl_time_json(campaign->started));
    pawl_json_put(&json, "since", pawl_time_json(campaign->since));
    pawl_json_put(&json, "retries", pawl_number_json(campaign->generation));
    pawl_json_put(&json, "window", window_json(&campaign->hours, now));
    pawl_json_put(&json, "rate", pawl_number_json(campaign->rate));
    stages_put(&json, campaign, now);
    return json;
}
