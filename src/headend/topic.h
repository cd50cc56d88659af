/*
 * Topics of notifications (SPEC 19.6): opaque, so that a broker and everybody who listens learns
 * that something is woken, and not what. Pure.
 */
#ifndef PAWL_HEADEND_TOPIC_H
#define PAWL_HEADEND_TOPIC_H

#include "headend/assign.h"
#include "pawl/crypto.h"
#include "pawl/report.h"

/* What a topic is for. A group and a class wake all that are in them. */
enum pawl_topic_kind {
    PAWL_TOPIC_DEVICE = 1,
    PAWL_TOPIC_GROUP = 2,
    PAWL_TOPIC_CLASS = 3,
    PAWL_TOPIC_CAMPAIGN = 4,
};

/* Whether the broker is to keep the last notification for those who subscribe later. */
bool pawl_topic_is_retained(enum pawl_topic_kind kind);

/* The first bytes of MAC(secret, "pawl/1 topic" || kind (1) || name); `secret` is keyed with the
 * server's push secret. A name is a device_id, a group's name, a class_id, or u64be of a campaign's
 * number. */
void pawl_topic_make(const struct pawl_hmac *secret, enum pawl_topic_kind kind, const void *name,
                     size_t size, uint8_t topic[PAWL_TOPIC_SIZE]);

/* The topics of a device, its own first, then group (if any), class, campaign (unless 0). Sets
 * topic_count and topics of `summons`. */
void pawl_topics_of(const struct pawl_hmac *secret, const struct pawl_subject *subject,
                    uint64_t campaign, struct pawl_summons *summons);

/* Seconds over which devices spread their polls that were woken together: what `devices` need when
 * `rate` of them a second are welcome; at most PAWL_WAKE_WINDOW_MAX. */
uint32_t pawl_wake_window(uint64_t devices, uint32_t rate);

#endif
