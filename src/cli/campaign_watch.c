/* pawl campaign watch: bars that move on a terminal, lines elsewhere, JSON lines with --json. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/campaign.h"
#include "cli/cli.h"
#include "host/log.h"

/* What is remembered between two looks. */
struct watch {
    bool terminal, color, drawn;
    time_t began;    /* of the monotonic clock */
    long long first; /* devices that had finished then */
    json_t *last;    /* what was shown last */
};

static long long number_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static const char *state_of(const json_t *campaign)
{
    const char *state = json_string_value(json_object_get(campaign, "state"));
    return state != NULL ? state : "";
}

static time_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* "0.4 devices a second, about 1:20 h left" behind `before`; nothing while nothing can be said. */
static void estimate_print(FILE *out, const struct watch *watch, const json_t *campaign,
                           const char *before)
{
    long long done = number_of(campaign, "finished") - watch->first;
    long long left = number_of(campaign, "total") - number_of(campaign, "finished") -
                     number_of(campaign, "failed");
    double spent = (double)(clock_now() - watch->began);
    if (done <= 0 || spent < 1.0 || left <= 0 || strcmp(state_of(campaign), "running") != 0)
        return;
    double rate = (double)done / spent, seconds = (double)left / rate;
    fprintf(out, "%s%.1f devices a second", before, rate);
    if (seconds >= 360000.0)
        fputs(", more than 99 h left", out);
    else if (seconds >= 3600.0)
        fprintf(out, ", about %d:%02d h left", (int)(seconds / 3600), (int)(seconds / 60) % 60);
    else
        fprintf(out, ", about %d:%02d left", (int)(seconds / 60), (int)seconds % 60);
}

/* Where the cursor must go back to. A line that is wider than the terminal takes several rows. */
static unsigned rows_of(const char *text)
{
    struct winsize size = {.ws_col = 0};
    size_t columns =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    unsigned rows = 0;
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n"), width = 0;
        for (size_t i = 0; i < length; i++) {
            if (line[i] == '\033') /* a colour takes no room */
                i += strcspn(line + i, "m");
            else
                width += ((unsigned char)line[i] & 0xc0) != 0x80;
        }
        rows += width == 0 ? 1 : (unsigned)((width + columns - 1) / columns);
        line += length + (line[length] == '\n');
    }
    return rows;
}

static void screen_draw(struct watch *watch, json_t *campaign)
{
    static unsigned rows;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return;
    pawl_campaign_print(out, campaign, watch->color);
    estimate_print(out, watch, campaign, "left     ");
    fputc('\n', out);
    if (fclose(out) == 0) {
        if (watch->drawn)
            printf("\033[%uA\033[J", rows);
        fputs(text, stdout);
        fflush(stdout);
        rows = rows_of(text);
        watch->drawn = true;
    }
    free(text);
}

/* What tells one look from another: the clock moves the explanation alone. */
static bool is_news(const json_t *before, const json_t *after)
{
    static const char *const members[] = {"state", "counted", "finished", "failed", "stages"};
    for (size_t i = 0; before != NULL && i < sizeof members / sizeof *members; i++)
        if (!json_equal(json_object_get(before, members[i]), json_object_get(after, members[i])))
            return true;
    return before == NULL;
}

static void line_print(const struct watch *watch, json_t *campaign)
{
    unsigned stage = 0;
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(campaign, "stages"), index,
                       item) if (number_of(item, "opened") != 0) stage = (unsigned)index + 1;
    printf("%s: stage %u of %zu, %lld of %s%lld finished, %lld failed", state_of(campaign), stage,
           json_array_size(json_object_get(campaign, "stages")), number_of(campaign, "finished"),
           json_is_true(json_object_get(campaign, "counted")) ? "" : "about ",
           number_of(campaign, "total"), number_of(campaign, "failed"));
    estimate_print(stdout, watch, campaign, ", ");
    putchar('\n');
}

static void look_show(struct watch *watch, json_t *campaign)
{
    if (watch->terminal && !pawl_cli.json) {
        screen_draw(watch, campaign);
        return;
    }
    if (!is_news(watch->last, campaign))
        return;
    if (pawl_cli.json) {
        json_dumpf(campaign, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        line_print(watch, campaign);
    }
    fflush(stdout);
}

/* Whether nothing more is to be expected by itself. */
static bool is_over(const json_t *campaign)
{
    static const char *const states[] = {"finished", "stopped", "paused"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(state_of(campaign), states[i]) == 0)
            return true;
    return false;
}

static enum pawl_result campaign_get(struct pawl_client *client, const char *number,
                                     json_t **campaign)
{
    char path[64];
    snprintf(path, sizeof path, "/v1/campaigns/%s", number);
    return pawl_client_json(client, "GET", path, NULL, campaign);
}

static enum pawl_result watch_run(struct pawl_client *client, const char *number, uint64_t interval,
                                  struct watch *watch)
{
    const struct timespec pause = {.tv_sec = (time_t)interval};
    for (;;) {
        json_t *campaign = NULL;
        enum pawl_result result = campaign_get(client, number, &campaign);
        if (result != PAWL_OK)
            return result;
        if (watch->last == NULL) {
            watch->began = clock_now();
            watch->first = number_of(campaign, "finished");
        }
        look_show(watch, campaign);
        json_decref(watch->last);
        watch->last = campaign;
        if (is_over(campaign))
            return PAWL_OK;
        nanosleep(&pause, NULL);
    }
}

int pawl_campaign_watch(struct pawl_client *client, const char *number, uint64_t interval)
{
    const char *no_color = getenv("NO_COLOR");
    struct watch watch = {
        .terminal = isatty(STDOUT_FILENO) == 1,
        .color = no_color == NULL || no_color[0] == '\0',
    };
    enum pawl_result result = watch_run(client, number, interval, &watch);
    if (result == PAWL_OK && strcmp(state_of(watch.last), "finished") != 0)
        result = pawl_error(PAWL_STATE, "campaign %s: %s", number,
                            json_string_value(json_object_get(watch.last, "explanation")));
    json_decref(watch.last);
    return pawl_exit_code(result);
}
