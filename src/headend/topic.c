#include "headend/topic.h"

#include <string.h>

#define NAME_MAX_SIZE 64u

bool pawl_topic_is_retained(enum pawl_topic_kind kind)
{
    return kind != PAWL_TOPIC_DEVICE;
}

void pawl_topic_make(const struct pawl_hmac *secret, enum pawl_topic_kind kind, const void *name,
                     size_t size, uint8_t topic[PAWL_TOPIC_SIZE])
{
    static const char label[] = "pawl/1 topic";
    uint8_t message[sizeof label + NAME_MAX_SIZE], mac[PAWL_MAC_SIZE];

    size = size < NAME_MAX_SIZE ? size : NAME_MAX_SIZE;
    memcpy(message, label, sizeof label - 1);
    message[sizeof label - 1] = (uint8_t)kind;
    memcpy(message + sizeof label, name, size);
    pawl_hmac_make(secret, message, sizeof label + size, NULL, 0, mac);
    memcpy(topic, mac, PAWL_TOPIC_SIZE);
}

void pawl_topics_of(const struct pawl_hmac *secret, const struct pawl_subject *subject,
                    uint64_t campaign, struct pawl_summons *summons)
{
    uint32_t count = 0;
    uint8_t number[8];

    pawl_topic_make(secret, PAWL_TOPIC_DEVICE, subject->device_id, PAWL_ID_SIZE,
                    summons->topics[count++]);
    if (subject->group[0] != '\0')
        pawl_topic_make(secret, PAWL_TOPIC_GROUP, subject->group, strlen(subject->group),
                        summons->topics[count++]);
    pawl_topic_make(secret, PAWL_TOPIC_CLASS, subject->class_id, PAWL_ID_SIZE,
                    summons->topics[count++]);
    for (unsigned i = 0; i < 8; i++)
        number[i] = (uint8_t)(campaign >> (56 - 8 * i));
    if (campaign != 0)
        pawl_topic_make(secret, PAWL_TOPIC_CAMPAIGN, number, sizeof number,
                        summons->topics[count++]);
    summons->topic_count = count;
}

uint32_t pawl_wake_window(uint64_t devices, uint32_t rate)
{
    uint64_t window = devices / (rate > 0 ? rate : 1);
    return window < PAWL_WAKE_WINDOW_MAX ? (uint32_t)window : PAWL_WAKE_WINDOW_MAX;
}
