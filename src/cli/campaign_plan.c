/* The stages of a campaign's plan, from the words of the command line. */
#include <stdlib.h>
#include <string.h>

#include "cli/campaign.h"
#include "cli/cli.h"

/* "12.5", with or without a "%". */
static json_t *percent_make(const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || (strcmp(end, "") != 0 && strcmp(end, "%") != 0) ||
        !(value >= 0.0 && value <= 100.0))
        return NULL;
    return json_real(value);
}

/* "90", "90s", "15m", "2h", "1d": seconds. */
static json_t *duration_make(const char *text)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || text[0] == '-' || value > UINT32_MAX)
        return NULL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (end[0] == units[i].unit && (end[0] == '\0' || end[1] == '\0'))
            return json_integer((json_int_t)(value * units[i].seconds));
    return NULL;
}

static json_t *number_make(const char *text)
{
    uint64_t number;
    if (pawl_number_parse(text, &number) != PAWL_OK || number > INT64_MAX)
        return NULL;
    return json_integer((json_int_t)number);
}

static json_t *action_make(const char *text)
{
    return strcmp(text, "pause") == 0 || strcmp(text, "nextgroup") == 0 ? json_string(text) : NULL;
}

/* What a stage may say of itself, as "10:success=95:deadline=2h". */
static const struct word {
    const char *name;   /* here */
    const char *member; /* in the plan */
    json_t *(*make)(const char *text);
} words[] = {
    {"success", "success", percent_make}, {"error", "error", percent_make},
    {"minimum", "minimum", number_make},  {"deadline", "deadline", duration_make},
    {"soak", "soak", duration_make},      {"then", "action", action_make},
};

static const struct word *word_find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == size && strncmp(words[i].name, name, size) == 0)
            return &words[i];
    return NULL;
}

/* Sets a member; NULL text leaves it out. False: what was said is wrong. */
static bool member_set(json_t *stage, const struct word *word, const char *text)
{
    if (text == NULL)
        return true;
    json_t *value = word->make(text);
    return value != NULL && json_object_set_new(stage, word->member, value) == 0;
}

static bool defaults_set(json_t *stage, const struct pawl_campaign_request *request)
{
    const char *const texts[] = {
        request->success,  request->error, NULL,
        request->deadline, request->soak,  request->pause ? "pause" : NULL};
    bool good =
        json_object_set_new(stage, "minimum", json_integer((json_int_t)request->minimum)) == 0;
    for (size_t i = 0; good && i < sizeof texts / sizeof *texts; i++)
        good = member_set(stage, &words[i], texts[i]);
    return good;
}

/* The words behind the share, which are taken apart in `text`. */
static bool words_set(json_t *stage, char *text)
{
    char *rest = NULL;
    for (char *part = strtok_r(text, ":", &rest); part != NULL; part = strtok_r(NULL, ":", &rest)) {
        size_t size = strcspn(part, "=");
        const struct word *word = word_find(part, size);
        if (word == NULL || part[size] != '=' || !member_set(stage, word, part + size + 1))
            return false;
    }
    return true;
}

static json_t *stage_make(const char *text, const struct pawl_campaign_request *request)
{
    char *copy = strdup(text);
    json_t *stage = json_object();
    bool good = copy != NULL && defaults_set(stage, request);
    if (good) {
        char *behind = strchr(copy, ':');
        if (behind != NULL)
            *behind++ = '\0';
        json_t *share = percent_make(copy);
        good = share != NULL && json_object_set_new(stage, "share", share) == 0 &&
               (behind == NULL || words_set(stage, behind));
    }
    free(copy);
    if (good)
        return stage;
    json_decref(stage);
    return NULL;
}

enum pawl_result pawl_campaign_stages_make(const struct pawl_campaign_request *request,
                                           json_t **stages)
{
    static const char *const whole[] = {"100"};
    bool given = request->stages.count > 0;
    const char *const *items = given ? (const char *const *)request->stages.items : whole;
    json_t *array = json_array();
    for (size_t i = 0; i < (given ? request->stages.count : 1); i++) {
        json_t *stage = stage_make(items[i], request);
        if (stage != NULL && json_array_append_new(array, stage) == 0)
            continue;
        json_decref(array);
        pawl_error(PAWL_MALFORMED, given ? "--stage %s" : "a threshold or duration of the stages",
                   items[i]);
        pawl_hint("a stage is SHARE[:success=P][:error=P][:minimum=N][:deadline=2h][:soak=30m]"
                  "[:then=pause], percent without a sign");
        return PAWL_MALFORMED;
    }
    *stages = array;
    return PAWL_OK;
}
