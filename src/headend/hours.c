/* Hours of the day. */
#include "headend/hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS ((int64_t)PAWL_DAY_MINUTES * 60)

/* Seconds since midnight in the zone. */
static int64_t second_of_day(const struct pawl_hours *hours, int64_t now)
{
    int64_t second = (now + (int64_t)hours->zone * 60) % DAY_SECONDS;
    return second < 0 ? second + DAY_SECONDS : second;
}

bool pawl_hours_are_open(const struct pawl_hours *hours, int64_t now)
{
    if (!hours->present)
        return true;
    int64_t minute = second_of_day(hours, now) / 60;
    if (hours->from < hours->until)
        return minute >= hours->from && minute < hours->until;
    return minute >= hours->from || minute < hours->until;
}

int64_t pawl_hours_opening(const struct pawl_hours *hours, int64_t now)
{
    if (pawl_hours_are_open(hours, now))
        return now;
    int64_t wait = (int64_t)hours->from * 60 - second_of_day(hours, now);
    return now + (wait < 0 ? wait + DAY_SECONDS : wait);
}

/* Reads two digits, a colon and two digits, and nothing behind them. */
static bool clock_parse(const char *text, int32_t *minutes)
{
    static const char form[] = "00:00";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == ':' ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    int32_t hour = (text[0] - '0') * 10 + text[1] - '0';
    int32_t minute = (text[3] - '0') * 10 + text[4] - '0';
    if (text[5] != '\0' || hour > 23 || minute > 59)
        return false;
    *minutes = hour * 60 + minute;
    return true;
}

enum pawl_result pawl_clock_read(const char *text, int32_t *minutes)
{
    return text != NULL && clock_parse(text, minutes) ? PAWL_OK : PAWL_MALFORMED;
}

enum pawl_result pawl_zone_read(const char *text, int32_t *minutes)
{
    int32_t distance = 0;
    if (text == NULL || (strcmp(text, "Z") != 0 && text[0] != '+' && text[0] != '-'))
        return PAWL_MALFORMED;
    if (text[0] != 'Z' && (!clock_parse(text + 1, &distance) || distance > PAWL_ZONE_MINUTES_MAX))
        return PAWL_MALFORMED;
    *minutes = text[0] == '-' ? -distance : distance;
    return PAWL_OK;
}

char *pawl_clock_format(int32_t minutes, char text[PAWL_CLOCK_SIZE])
{
    unsigned value = (unsigned)minutes % PAWL_DAY_MINUTES;
    snprintf(text, PAWL_CLOCK_SIZE, "%02u:%02u", value / 60, value % 60);
    return text;
}

char *pawl_zone_format(int32_t minutes, char text[PAWL_CLOCK_SIZE])
{
    unsigned value = (unsigned)abs(minutes) % PAWL_DAY_MINUTES;
    snprintf(text, PAWL_CLOCK_SIZE, "%c%02u:%02u", minutes < 0 ? '-' : '+', value / 60, value % 60);
    return text;
}
