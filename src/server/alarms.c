#include "server/alarms.h"

#include <string.h>

void pawl_alarms_init(struct pawl_alarms *alarms)
{
    memset(alarms->last, 0, sizeof alarms->last);
    pthread_mutex_init(&alarms->lock, NULL);
}

void pawl_alarms_release(struct pawl_alarms *alarms)
{
    pthread_mutex_destroy(&alarms->lock);
}

/* Attempts have the slot of the finding that is none. */
static bool is_due(struct pawl_alarms *alarms, uint64_t number, enum pawl_finding finding,
                   int64_t now, unsigned most)
{
    size_t slot = (number * PAWL_FINDING_COUNT + (size_t)finding) % PAWL_ALARM_COUNT;
    pthread_mutex_lock(&alarms->lock);
    if (alarms->last[slot].number != number || alarms->last[slot].finding != finding ||
        now - alarms->last[slot].time >= PAWL_ALARM_INTERVAL) {
        alarms->last[slot].number = number;
        alarms->last[slot].finding = finding;
        alarms->last[slot].time = now;
        alarms->last[slot].count = 0;
    }
    bool due = alarms->last[slot].count < most;
    alarms->last[slot].count += due;
    pthread_mutex_unlock(&alarms->lock);
    return due;
}

bool pawl_alarm_is_due(struct pawl_alarms *alarms, uint64_t number, enum pawl_finding finding,
                       int64_t now)
{
    return is_due(alarms, number, finding, now, 1);
}

bool pawl_alarm_attempt_is_due(struct pawl_alarms *alarms, uint64_t number, int64_t now)
{
    return is_due(alarms, number, PAWL_FINDING_NONE, now, PAWL_ALARM_ATTEMPTS);
}
