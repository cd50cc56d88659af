/* Campaigns in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "headend/campaign.h"

#define NAME_OF(names, value)                                                                     \
    ((size_t)(value) < sizeof(names) / sizeof *(names) && (names)[value] != NULL ? (names)[value] \
                                                                                 : "unknown")

const char *pawl_campaign_state_name(enum pawl_campaign_state state)
{
    static const char *const names[] = {
        [PAWL_CAMPAIGN_CREATING] = "creating",
        [PAWL_CAMPAIGN_READY] = "ready",
        [PAWL_CAMPAIGN_WAITING] = "waiting_for_approval",
        [PAWL_CAMPAIGN_RUNNING] = "running",
        [PAWL_CAMPAIGN_PAUSED] = "paused",
        [PAWL_CAMPAIGN_STOPPED] = "stopped",
        [PAWL_CAMPAIGN_FINISHED] = "finished",
    };
    return NAME_OF(names, state);
}

const char *pawl_stage_state_name(enum pawl_stage_state state)
{
    static const char *const names[] = {
        [PAWL_STAGE_SCHEDULED] = "scheduled",
        [PAWL_STAGE_RUNNING] = "running",
        [PAWL_STAGE_FINISHED] = "finished",
        [PAWL_STAGE_ERROR] = "error",
    };
    return NAME_OF(names, state);
}

const char *pawl_success_action_name(enum pawl_success_action action)
{
    static const char *const names[] = {
        [PAWL_SUCCESS_NEXTGROUP] = "nextgroup",
        [PAWL_SUCCESS_PAUSE] = "pause",
    };
    return NAME_OF(names, action);
}

/* Text being put together; what does not fit is cut. */
struct words {
    char *text;
    size_t size, used;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    va_list arguments;
    if (words->used + 1 >= words->size)
        return;
    va_start(arguments, format);
    int n = vsnprintf(words->text + words->used, words->size - words->used, format, arguments);
    va_end(arguments);
    if (n > 0)
        words->used +=
            (size_t)n < words->size - words->used ? (size_t)n : words->size - words->used - 1;
}

/* A time as the campaign's window counts it. */
static void say_time(struct words *words, const struct pawl_campaign *campaign, int64_t when)
{
    time_t local = (time_t)(when + (int64_t)campaign->hours.zone * 60);
    char date[24], zone[PAWL_CLOCK_SIZE];
    struct tm parts;
    if (gmtime_r(&local, &parts) == NULL || strftime(date, sizeof date, "%F %R", &parts) == 0)
        date[0] = '\0';
    say(words, "%s UTC%s", date, pawl_zone_format(campaign->hours.zone, zone));
}

static void say_percent(struct words *words, uint32_t millionths)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%u.%04u", millionths / 10000u, millionths % 10000u);
    char *end = digits + strlen(digits) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
    say(words, "%s %%", digits);
}

static void say_window(struct words *words, const struct pawl_campaign *campaign, int64_t now)
{
    if (pawl_hours_are_open(&campaign->hours, now))
        return;
    say(words, " The window is closed; it opens at ");
    say_time(words, campaign, pawl_hours_opening(&campaign->hours, now));
    say(words, ".");
}

/* How a stage stands: "stage 2 of 3: 40 of 100 devices finished, 3 failed, 57 to come". */
static void say_stage(struct words *words, const struct pawl_campaign *campaign, unsigned index,
                      int64_t now)
{
    const struct pawl_stage *stage = &campaign->stages[index];
    struct pawl_stage_tally tally;
    pawl_stage_tally(stage, now, &tally);
    say(words, "stage %u of %u: %" PRIu64 " of %s%" PRIu64 " devices finished, %" PRIu64 " failed",
        index + 1, campaign->stage_count, stage->finished, campaign->counted ? "" : "about ",
        stage->total, tally.failed);
    if (tally.silent > 0)
        say(words, " (%" PRIu64 " silent past the deadline)", tally.silent);
    say(words, ", %" PRIu64 " to come", tally.open);
}

static void say_running_stage(struct words *words, const struct pawl_campaign *campaign,
                              unsigned index, int64_t now)
{
    const struct pawl_stage *stage = &campaign->stages[index];
    struct pawl_stage_tally tally;
    pawl_stage_tally(stage, now, &tally);
    uint64_t told = stage->finished + tally.failed;
    say(words, "Running, ");
    say_stage(words, campaign, index, now);
    if (!campaign->counted) {
        say(words, ". Its devices are being counted; until then no threshold is judged.");
        return;
    }
    if (stage->minimum > told && stage->minimum <= stage->total)
        say(words, ". Percentages count from %" PRIu64 " devices on", stage->minimum);
    say(words, "; it succeeds at ");
    say_percent(words, stage->success);
    say(words, " and stops above ");
    say_percent(words, stage->error);
    say(words, " of failures");
    if (stage->deadline > 0 && tally.silent == 0) {
        say(words, ", silence is failure from ");
        say_time(words, campaign, stage->opened + (int64_t)stage->deadline);
    }
    say(words, ".");
}

static void say_sequel(struct words *words, const struct pawl_campaign *campaign, unsigned index,
                       int64_t now)
{
    const struct pawl_stage *stage = &campaign->stages[index];
    int64_t due = stage->succeeded + (int64_t)stage->soak;
    say(words, "Running, stage %u of %u succeeded", index + 1, campaign->stage_count);
    if (campaign->counted && stage->total == 0)
        say(words, ", because no device is in it");
    if (!stage->passed && due > now) {
        say(words, "; the next stage waits for the soak time until ");
        say_time(words, campaign, due);
    }
    say(words, ".");
}

static void say_running(struct words *words, const struct pawl_campaign *campaign, int64_t now)
{
    unsigned opened = pawl_campaign_opened(campaign);
    if (opened == 0)
        say(words, "Started; its first stage is about to be opened.");
    else if (campaign->stages[opened - 1].state == PAWL_STAGE_FINISHED)
        say_sequel(words, campaign, opened - 1, now);
    else
        say_running_stage(words, campaign, opened - 1, now);
    say_window(words, campaign, now);
    if (campaign->rate > 0)
        say(words, " At most %" PRIu32 " devices a minute begin.", campaign->rate);
}

/* The stage that stopped it, or the last one that was opened. */
static void say_paused(struct words *words, const struct pawl_campaign *campaign, int64_t now)
{
    unsigned opened = pawl_campaign_opened(campaign), at = opened;
    for (unsigned i = 0; i < opened; i++)
        if (campaign->stages[i].state == PAWL_STAGE_ERROR)
            at = i + 1;
    say(words, "Paused");
    if (campaign->reason[0] != '\0')
        say(words, ": %s", campaign->reason);
    if (at > 0) {
        say(words, " (");
        say_stage(words, campaign, at - 1, now);
        say(words, ")");
    }
    say(words, ". Nothing is offered until it is resumed.");
}

static void say_finished(struct words *words, const struct pawl_campaign *campaign)
{
    uint64_t total = 0, finished = 0;
    for (unsigned i = 0; i < campaign->stage_count; i++) {
        total += campaign->stages[i].total;
        finished += campaign->stages[i].finished;
    }
    if (total == 0) {
        say(words, "Finished at once: no device is in it.");
        return;
    }
    say(words, "Finished: %" PRIu64 " of %" PRIu64 " devices run the package.", finished, total);
    if (campaign->already > 0)
        say(words, " %" PRIu64 " of them ran it before.", campaign->already);
    if (finished < total)
        say(words, " The others are still offered it.");
}

void pawl_campaign_explain(const struct pawl_campaign *campaign, int64_t now, char *text,
                           size_t size)
{
    struct words words = {text, size, 0};
    text[0] = '\0';
    switch (campaign->state) {
    case PAWL_CAMPAIGN_CREATING:
        say(&words, "Its list of devices has not been handed in yet.");
        break;
    case PAWL_CAMPAIGN_READY:
        say(&words, "Ready: it waits to be started.");
        break;
    case PAWL_CAMPAIGN_WAITING:
        say(&words, "It waits for the approval of somebody other than %s.", campaign->creator);
        break;
    case PAWL_CAMPAIGN_RUNNING:
        say_running(&words, campaign, now);
        break;
    case PAWL_CAMPAIGN_PAUSED:
        say_paused(&words, campaign, now);
        break;
    case PAWL_CAMPAIGN_STOPPED:
        say(&words, "Stopped%s%s. What runs its package keeps it; nobody else is offered it.",
            campaign->reason[0] != '\0' ? ": " : "", campaign->reason);
        break;
    case PAWL_CAMPAIGN_FINISHED:
        say_finished(&words, campaign);
        break;
    }
}
