/*
 * Findings that change nothing (an impossible report, a lost instance) are audited and logged, but
 * a device that repeats them at every poll must not fill the audit trail: each is said once an
 * hour.
 */
#ifndef PAWL_SERVER_ALARMS_H
#define PAWL_SERVER_ALARMS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "headend/reconcile.h"

#define PAWL_ALARM_COUNT 4096u   /* remembered; a power of two */
#define PAWL_ALARM_INTERVAL 3600 /* seconds */

struct pawl_alarms {
    pthread_mutex_t lock;
    struct {
        uint64_t number;
        int64_t time;
        unsigned count; /* attempts told since */
        enum pawl_finding finding;
    } last[PAWL_ALARM_COUNT]; /* by both numbers; a collision says one once too often */
};

void pawl_alarms_init(struct pawl_alarms *alarms);
void pawl_alarms_release(struct pawl_alarms *alarms);

/* Whether another failed attempt of the device is to be told now: not more than so many an hour,
 * whatever it says, so that one device that goes mad, or lies, cannot fill the trail. */
#define PAWL_ALARM_ATTEMPTS 20u
bool pawl_alarm_attempt_is_due(struct pawl_alarms *alarms, uint64_t number, int64_t now);

/* Whether this finding about the device with this number is to be told now. */
bool pawl_alarm_is_due(struct pawl_alarms *alarms, uint64_t number, enum pawl_finding finding,
                       int64_t now);

#endif
