/*
 * The push notification server (SPEC 19.6): wakes devices through an MQTT broker. Handing in a
 * notification never blocks; a thread publishes what waits, as fast as the broker takes it, and
 * single devices at the rate at which their polls are welcome. Without a broker nothing is lost but
 * time: devices poll anyway.
 */
#ifndef PAWL_SERVER_PUSH_H
#define PAWL_SERVER_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "headend/topic.h"
#include "pawl/result.h"
#include "push/broker.h"

struct pawl_push;

/* Settings, from the command line. */
struct pawl_push_settings {
    const char *broker;        /* mqtts://host:port; NULL: no push */
    const char *user;          /* NULL: anonymous */
    const char *password_file; /* NULL: none */
    const char *ca;            /* NULL: the system's */
    uint32_t rate;             /* polls a second that are welcome after a push */
};

/* `secret` stays the caller's. PAWL_MALFORMED, PAWL_UNTRUSTED, PAWL_IO, PAWL_EXHAUSTED with an
 * error printed. */
enum pawl_result pawl_push_open(const struct pawl_push_settings *settings,
                                const struct pawl_hmac *secret, struct pawl_push **push);
void pawl_push_close(struct pawl_push *push); /* harmless on NULL */

/* All of these do nothing on a NULL push, and may be called by any thread. */

/* Wakes who listens to a topic. What the notification is about must be in force already. */
void pawl_push_notify(struct pawl_push *push, enum pawl_topic_kind kind, const void *name,
                      size_t size);
/* The same for a class, a group or a device; a list is for the caller to go through. */
void pawl_push_target(struct pawl_push *push, const struct pawl_target *target);

/* How many devices a class or group may wake at most. */
void pawl_push_devices_set(struct pawl_push *push, uint64_t devices);

/* The counter of the last notification: to be read before what it may be about is looked up. */
uint64_t pawl_push_counter(const struct pawl_push *push);
/* What wakes a device, for its directive; `counter` as read before. */
void pawl_push_summons(const struct pawl_push *push, const struct pawl_subject *subject,
                       uint64_t campaign, uint64_t counter, struct pawl_summons *summons);

struct pawl_push_status {
    bool connected;
    uint64_t published, dropped, waiting;
};
void pawl_push_status_get(struct pawl_push *push, struct pawl_push_status *status);

#endif
