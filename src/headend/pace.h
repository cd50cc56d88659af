/* At most so many a minute: a token bucket of one atomic number, for any number of threads. */
#ifndef PAWL_HEADEND_PACE_H
#define PAWL_HEADEND_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PAWL_PACE_MAX 1000000u /* a minute */

/* Zeroed: full. */
struct pawl_pace {
    _Atomic int64_t due; /* microseconds: when the next one would be due at an even rate */
};

/* Takes one of `rate` a minute (1 to PAWL_PACE_MAX) at `now`, microseconds of any clock that does
 * not run back by much; false when it is too early. After a pause a second's worth may come at
 * once, but at least one. */
bool pawl_pace_take(struct pawl_pace *pace, uint32_t rate, int64_t now);

#endif
