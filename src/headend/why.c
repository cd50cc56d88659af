#include "headend/why.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/hex.h"

#define DATE_SIZE 32u

/* The paragraph while it grows; what does not fit is left out. */
struct words {
    char *text;
    size_t used;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    size_t room = PAWL_WHY_SIZE - words->used;
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(words->text + words->used, room, format, arguments);
    va_end(arguments);
    if (written > 0)
        words->used += (size_t)written < room ? (size_t)written : room - 1;
}

static const char *date(int64_t moment, char text[DATE_SIZE])
{
    time_t seconds = (time_t)moment;
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, DATE_SIZE, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        snprintf(text, DATE_SIZE, "an unknown time");
    return text;
}

/* "90 seconds", "5 minutes", "3 hours", "12 days". */
static void say_span(struct words *words, int64_t seconds)
{
    static const struct {
        int64_t size;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    const size_t last = sizeof units / sizeof *units - 1;
    size_t i = 0;
    while (i < last && seconds < 2 * units[i].size)
        i++;
    int64_t count = seconds / units[i].size;
    say(words, "%" PRId64 " %s%s", count, units[i].name, count == 1 ? "" : "s");
}

static void say_package(struct words *words, const struct pawl_why_package *package)
{
    char id[PAWL_HEX_SIZE(4)];
    pawl_hex_encode(package->package_id, 4, id);
    if (package->name == NULL)
        say(words, "package %s..., which was never published here", id);
    else
        say(words, "%s %s (package %s...)", package->name, package->version, id);
}

const char *pawl_finding_words(enum pawl_finding finding)
{
    static const char *const words[PAWL_FINDING_COUNT] = {
        [PAWL_FINDING_CAUGHT_UP] = "it was several downloads ahead of what is recorded",
        [PAWL_FINDING_ADOPTED] = "an operator released it",
        [PAWL_FINDING_INSTANCE_LOST] = "it could not read the record of its last download",
        [PAWL_FINDING_INSTANCE_FOUND] = "it can read the record of its last download again",
        [PAWL_FINDING_BEHIND] =
            "it reported an earlier sequence number than it had reached: its memory was restored "
            "or copied",
        [PAWL_FINDING_OTHER_INSTANCE] =
            "the same download was committed twice: there are two devices with this identity",
        [PAWL_FINDING_OTHER_PACKAGE] =
            "it reported another package than it had committed: its memory was altered",
        [PAWL_FINDING_TOO_FAR] = "it reported a sequence number that it cannot have reached",
        [PAWL_FINDING_ABOVE_MAXIMUM] = "it reported a sequence number above its maximum",
    };
    const char *found = (size_t)finding < PAWL_FINDING_COUNT ? words[finding] : NULL;
    return found != NULL ? found : "of a cause that is not recorded";
}

static void say_running(struct words *words, const struct pawl_why_facts *facts)
{
    const struct pawl_device_record *record = facts->record;
    char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)], when[DATE_SIZE];
    say(words, "Device %s ", pawl_hex_encode(facts->device_id, PAWL_ID_SIZE, name));
    if (facts->running.present) {
        say(words, "runs ");
        say_package(words, &facts->running);
        say(words, " at sequence number %" PRIu64, record->sequence);
        if (facts->confirmed != 0)
            say(words, ", which it reported first at %s", date(facts->confirmed, when));
        say(words, ".");
    } else if (record->sequence > 0) {
        say(words, "is at sequence number %" PRIu64 " and reported no package with it.",
            record->sequence);
    } else {
        say(words, "has not confirmed any download yet: it runs what it was made with.");
    }
}

/* False when its standing is all there is to say. */
static bool say_standing(struct words *words, const struct pawl_why_facts *facts)
{
    char when[DATE_SIZE];
    if (facts->record->standing == PAWL_STANDING_QUARANTINED) {
        say(words, " It is in quarantine");
        if (facts->quarantined != 0)
            say(words, " since %s", date(facts->quarantined, when));
        say(words,
            ", because %s. It is told to hold, and gets nothing, until an operator who has looked "
            "at it releases it; its next report is then taken as its record, whatever it says.",
            pawl_finding_words(facts->quarantine));
        return false;
    }
    if (facts->record->standing == PAWL_STANDING_RELEASED)
        say(words, " An operator released it from quarantine: its next report is taken as its "
                   "record, whatever it says.");
    return true;
}

/* What an entry is, and for whom. */
static void say_entry(struct words *words, const struct pawl_plan_entry *entry, unsigned stage)
{
    const struct pawl_target *target = &entry->target;
    if (entry->campaign != NULL)
        say(words, "Campaign %" PRIu64 ", in whose stage %u of %u it is,", entry->assignment, stage,
            entry->campaign->stage_count);
    else
        say(words, "Assignment %" PRIu64, entry->assignment);
    if (target->kind == PAWL_TARGET_GROUP)
        say(words, " for its group '%s'", target->group);
    else if (target->kind == PAWL_TARGET_CLASS)
        say(words, " for its class");
    else
        say(words, target->kind == PAWL_TARGET_LIST ? " for a list that it is in"
                                                    : " for this one device");
}

static void say_failure(struct words *words, const struct pawl_why_facts *facts)
{
    const struct pawl_failure_note *note = facts->failure;
    char when[DATE_SIZE];
    say(words, " failed");
    if (facts->failed_at != 0)
        say(words, " at %s", date(facts->failed_at, when));
    say(words, ": %s (cause %" PRIu32 ")", pawl_failure_words(note->code), note->code);
}

static void say_window(struct words *words, const struct pawl_why_facts *facts)
{
    const struct pawl_hours *hours = &facts->offer->entry->campaign->hours;
    char from[PAWL_CLOCK_SIZE], until[PAWL_CLOCK_SIZE], zone[PAWL_CLOCK_SIZE], when[DATE_SIZE];
    say(words, "but the campaign's hours are %s to %s UTC%s, and closed now: they open at %s.",
        pawl_clock_format(hours->from, from), pawl_clock_format(hours->until, until),
        pawl_zone_format(hours->zone, zone), date(pawl_hours_opening(hours, facts->now), when));
}

static void say_offered(struct words *words, const struct pawl_why_facts *facts)
{
    const struct pawl_campaign_rule *rule = facts->offer->entry->campaign;
    say(words, "and it is offered that when it polls next");
    if (rule != NULL && rule->rate > 0)
        say(words, ", or as soon as the campaign's rate of %" PRIu32 " a minute lets it",
            rule->rate);
    say(words, ".");
}

/* What the offer comes to, behind "gives it PACKAGE, ". */
static void say_outcome(struct words *words, const struct pawl_why_facts *facts)
{
    switch (facts->offer->reason) {
    case PAWL_OFFER_CURRENT:
        say(words, "which it runs: it waits for nothing.");
        break;
    case PAWL_OFFER_FAILED:
        say(words, "but its attempt");
        say_failure(words, facts);
        say(words, ". It is offered again only when an operator asks for a retry, and waits for "
                   "that or for another package.");
        break;
    case PAWL_OFFER_MAXIMUM:
        say(words, "but it is at its maximum of %" PRIu64 " downloads and can take no more.",
            facts->record->maximum);
        break;
    case PAWL_OFFER_PAUSED:
        say(words, "but the campaign is paused: it waits until that is resumed.");
        break;
    case PAWL_OFFER_WINDOW:
        say_window(words, facts);
        break;
    case PAWL_OFFER_PACED:
        say(words, "but the campaign's rate of %" PRIu32 " a minute is used up at the moment.",
            facts->offer->entry->campaign->rate);
        break;
    default:
        say_offered(words, facts);
        break;
    }
}

static void say_plan(struct words *words, const struct pawl_why_facts *facts)
{
    const struct pawl_offer *offer = facts->offer;
    say(words, " ");
    if (offer->entry == NULL) {
        say(words,
            "Nothing holds for it: no assignment and no open campaign names it, its group "
            "or its class%s.",
            facts->running.present ? ", so it keeps what it runs" : "");
    } else {
        say_entry(words, offer->entry, offer->stage);
        say(words, " gives it ");
        say_package(words, &facts->wanted);
        say(words, ", ");
        say_outcome(words, facts);
    }
    if (facts->ahead != NULL && facts->ahead != offer->entry) {
        say(words, " ");
        say_entry(words, facts->ahead, facts->ahead_stage);
        say(words, " has not opened that stage yet%s.",
            facts->ahead->campaign->state == PAWL_CAMPAIGN_PAUSED ? ", and is paused" : "");
    }
}

/* A failure that the plan did not tell of already. */
static void say_last_failure(struct words *words, const struct pawl_why_facts *facts)
{
    if (!facts->failure->present || facts->offer->reason == PAWL_OFFER_FAILED ||
        facts->failure->code == PAWL_FAILURE_DONE)
        return;
    say(words, " Its last attempt, with ");
    say_package(words, &facts->failed);
    say(words, ",");
    say_failure(words, facts);
    say(words, facts->failure->retry_asked ? "; an operator asked for a retry." : ".");
}

static void say_seen(struct words *words, const struct pawl_why_facts *facts)
{
    int64_t due = facts->last_seen + (int64_t)facts->poll_after;
    char when[DATE_SIZE];
    if (facts->last_seen == 0) {
        say(words, " It has never been seen.");
        return;
    }
    say(words, " It was last seen at %s", date(facts->last_seen, when));
    if (facts->now > facts->last_seen) {
        say(words, ", ");
        say_span(words, facts->now - facts->last_seen);
        say(words, " ago");
    }
    /* Times are noted a minute apart. */
    if (facts->now <= due + 60) {
        say(words, ", and is due again by %s.", date(due, when));
        return;
    }
    say(words, ", and was due again at %s: it is overdue by ", date(due, when));
    say_span(words, facts->now - due);
    say(words, ".");
}

const char *pawl_why_reason(const struct pawl_why_facts *facts)
{
    enum pawl_standing standing = facts->record->standing;
    return standing == PAWL_STANDING_ACTIVE ? pawl_offer_reason_name(facts->offer->reason)
                                            : pawl_standing_name(standing);
}

size_t pawl_why_write(const struct pawl_why_facts *facts, char text[PAWL_WHY_SIZE])
{
    struct words words = {text, 0};
    char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    text[0] = '\0';
    if (facts->record->standing == PAWL_STANDING_DECOMMISSIONED) {
        say(&words,
            "Device %s is decommissioned, at sequence number %" PRIu64 ": its secret is destroyed, "
            "it is answered as a device that nobody knows, and it never comes back.",
            pawl_hex_encode(facts->device_id, PAWL_ID_SIZE, name), facts->record->sequence);
        return words.used;
    }
    say_running(&words, facts);
    if (say_standing(&words, facts)) {
        say_plan(&words, facts);
        say_last_failure(&words, facts);
    }
    say_seen(&words, facts);
    return words.used;
}
