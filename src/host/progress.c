#include "host/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_MS 100
#define CELLS_MOST 20
#define OTHER_COLUMNS 80 /* what the line has beside the bar */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *pawl_size_format(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 16, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

static char *amount_format(const struct pawl_progress *progress, uint64_t amount, char text[16])
{
    if (progress->unit == PAWL_PROGRESS_BYTES)
        return pawl_size_format(amount, text);
    snprintf(text, 16, "%" PRIu64, amount > 9999999999 ? 9999999999 : amount);
    return text;
}

/* In a second, since the start; 0 while nothing can be said. */
static uint64_t rate_of(const struct pawl_progress *progress)
{
    int64_t spent = now_ms() - progress->started;

    if (spent <= 0 || progress->done <= progress->first)
        return 0;
    return (uint64_t)((double)(progress->done - progress->first) * 1000.0 / (double)spent);
}

/* 0 to 100; 0 when the total is not known. */
static unsigned percent_of(const struct pawl_progress *progress)
{
    if (progress->total == 0 || progress->done == 0)
        return 0;
    if (progress->done >= progress->total)
        return 100;
    return (unsigned)((double)progress->done * 100.0 / (double)progress->total);
}

static void left_format(const struct pawl_progress *progress, uint64_t rate, char text[24])
{
    uint64_t left = rate == 0 ? 0 : (progress->total - progress->done) / rate;

    text[0] = '\0';
    if (rate == 0 || progress->done >= progress->total)
        return;
    if (left >= 360000)
        snprintf(text, 24, "> 99 h left");
    else if (left >= 3600)
        snprintf(text, 24, "%u:%02u h left", (unsigned)(left / 3600), (unsigned)(left / 60 % 60));
    else
        snprintf(text, 24, "%u:%02u left", (unsigned)(left / 60), (unsigned)(left % 60));
}

static void bar_format(const struct pawl_progress *progress, char text[CELLS_MOST + 16])
{
    unsigned filled = percent_of(progress) * progress->cells / 100;
    char cells[CELLS_MOST + 1];

    memset(cells, '.', progress->cells);
    memset(cells, '#', filled);
    cells[progress->cells] = '\0';
    snprintf(text, CELLS_MOST + 16, progress->color ? "\033[32m%s\033[0m" : "%s", cells);
}

/* what 42% ######.... 12.3 MiB of 29.1 MiB, 4.5 MiB/s, 0:04 left */
static void bar_draw(const struct pawl_progress *progress)
{
    char bar[CELLS_MOST + 16], done[16], total[16], rate_text[16], left[24], line[192];
    uint64_t rate = rate_of(progress);
    int size;

    amount_format(progress, progress->done, done);
    amount_format(progress, rate, rate_text);
    if (progress->total == 0) {
        size = snprintf(line, sizeof line, "%.36s  %s  %s/s", progress->what, done, rate_text);
    } else {
        bar_format(progress, bar);
        left_format(progress, rate, left);
        amount_format(progress, progress->total, total);
        size = snprintf(line, sizeof line, "%.20s %3u%% %s %s of %s %s/s %s", progress->what,
                        percent_of(progress), bar, done, total, rate_text, left);
    }
    if (size > 0)
        fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

static void line_print(const struct pawl_progress *progress)
{
    char done[16], total[16], rate[16];

    amount_format(progress, progress->done, done);
    amount_format(progress, progress->total, total);
    amount_format(progress, rate_of(progress), rate);
    fprintf(stderr, "%.40s: %u%%, %s of %s, %s/s\n", progress->what, percent_of(progress), done,
            total, rate);
}

/* How wide a bar the terminal has room for. */
static unsigned cells_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return CELLS_MOST;
    if (size.ws_col <= OTHER_COLUMNS)
        return 0;
    unsigned room = size.ws_col - OTHER_COLUMNS;
    return room < CELLS_MOST ? room : CELLS_MOST;
}

void pawl_progress_start(struct pawl_progress *progress, const char *what, uint64_t first,
                         uint64_t total, enum pawl_progress_unit unit,
                         enum pawl_progress_style style)
{
    const char *no_color = getenv("NO_COLOR");

    if (style == PAWL_PROGRESS_AUTO)
        style = isatty(STDERR_FILENO) ? PAWL_PROGRESS_BAR : PAWL_PROGRESS_LINES;
    *progress = (struct pawl_progress){
        .what = what,
        .total = total,
        .done = first,
        .first = first,
        .unit = unit,
        .style = style,
        .started = now_ms(),
        .cells = cells_of_terminal(),
        .color = no_color == NULL || no_color[0] == '\0',
    };
    progress->tenth = percent_of(progress) / 10;
}

void pawl_progress_update(struct pawl_progress *progress, uint64_t done)
{
    progress->done = done;
    if (progress->style == PAWL_PROGRESS_LINES && percent_of(progress) / 10 > progress->tenth) {
        progress->tenth = percent_of(progress) / 10;
        line_print(progress);
    } else if (progress->style == PAWL_PROGRESS_BAR && now_ms() - progress->shown >= REDRAW_MS) {
        progress->shown = now_ms();
        bar_draw(progress);
    }
}

void pawl_progress_finish(struct pawl_progress *progress)
{
    if (progress->style != PAWL_PROGRESS_BAR)
        return;
    bar_draw(progress);
    fputc('\n', stderr);
}
