/*
 * A connection to an MQTT broker, kept by a thread of its own: it connects, comes back with
 * back-off after whatever ends a session, and hands itself to its owner whenever there may be
 * something to do. Nobody ever waits for it.
 *
 * A broker is not trusted. With a budget, one that sends more than a device's notifications can
 * amount to, whether as many messages or as a large one, loses its session and is left alone for a
 * while.
 */
#ifndef PAWL_PUSH_BROKER_H
#define PAWL_PUSH_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"
#include "push/address.h"

struct pawl_broker;

struct pawl_broker_settings {
    struct pawl_broker_address address;
    const char *ca;   /* PEM file that the broker's certificate must lead to; NULL: the system's */
    const char *user; /* NULL: anonymous */
    const char *password; /* NULL: none */
    uint64_t budget;      /* bytes a second that may come, with 64 times as many at once; 0: any */
    uint32_t backoff_cap; /* seconds between two attempts at most */
    void *context;        /* handed to those below, which the thread calls */
    /* The session is open, or pawl_broker_wake was called: publish and subscribe now. `fresh`:
     * it was opened just now, and nothing is subscribed. */
    void (*tend)(void *context, struct pawl_broker *broker, bool fresh);
    /* A message came; NULL for who only publishes. */
    void (*take)(void *context, const char *topic, const void *payload, size_t size, bool retained);
};

/* Starts the thread; the settings' strings are copied. PAWL_EXHAUSTED, PAWL_IO (the CA file cannot
 * be used), with an error printed. Whether the broker is there does not matter. */
enum pawl_result pawl_broker_start(const struct pawl_broker_settings *settings,
                                   struct pawl_broker **broker);

/* Ends session and thread; harmless on NULL. False: the thread hangs in a name look-up and was left
 * behind after some seconds, with all that it has; it may still call its owner once. */
bool pawl_broker_stop(struct pawl_broker *broker);

/* Has `tend` called soon, if there is a session. Any thread may call this. */
void pawl_broker_wake(struct pawl_broker *broker);

bool pawl_broker_is_open(const struct pawl_broker *broker);

/* Within `tend`: false when the broker takes no more now; `tend` is called again when it does. */
bool pawl_broker_publish(struct pawl_broker *broker, const char *topic, const void *payload,
                         size_t size, bool retained);
bool pawl_broker_subscribe(struct pawl_broker *broker, const char *topic);
bool pawl_broker_unsubscribe(struct pawl_broker *broker, const char *topic);

#endif
