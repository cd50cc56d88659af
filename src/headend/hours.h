/*
 * Hours of the day in which something is allowed, in a zone with a fixed distance from UTC
 * (SPEC 18.7). They may span midnight. A fixed distance does not know summer time: who needs that
 * says so twice a year, and status says what holds.
 */
#ifndef PAWL_HEADEND_HOURS_H
#define PAWL_HEADEND_HOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_DAY_MINUTES 1440
#define PAWL_ZONE_MINUTES_MAX 840 /* UTC+14:00, the farthest there is */
#define PAWL_CLOCK_SIZE 7u        /* "+01:00" or "22:30" with its terminator */

struct pawl_hours {
    bool present;  /* else every hour is allowed, and the rest is zero */
    int32_t from;  /* minutes of the day, 0 to 1439 */
    int32_t until; /* the first minute that is not allowed any more; never equal to `from` */
    int32_t zone;  /* minutes east of UTC */
};

/* Whether they are open at `now`, Unix seconds. */
bool pawl_hours_are_open(const struct pawl_hours *hours, int64_t now);

/* When they open next, Unix seconds: `now` itself while they are open. */
int64_t pawl_hours_opening(const struct pawl_hours *hours, int64_t now);

/* Reads "22:30" and "+01:00" ("Z" is "+00:00"). PAWL_MALFORMED. */
enum pawl_result pawl_clock_read(const char *text, int32_t *minutes);
enum pawl_result pawl_zone_read(const char *text, int32_t *minutes);

/* The reverse. They return `text`. */
char *pawl_clock_format(int32_t minutes, char text[PAWL_CLOCK_SIZE]);
char *pawl_zone_format(int32_t minutes, char text[PAWL_CLOCK_SIZE]);

#endif
