#include "push/notification.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/hex.h"

static const char prefix[] = "pawl/notify/";

const char *pawl_topic_name_make(const uint8_t topic[PAWL_TOPIC_SIZE],
                                 char name[PAWL_TOPIC_NAME_SIZE])
{
    memcpy(name, prefix, sizeof prefix - 1);
    pawl_hex_encode(topic, PAWL_TOPIC_SIZE, name + sizeof prefix - 1);
    return name;
}

void pawl_notification_write(uint64_t counter, char payload[PAWL_NOTIFICATION_SIZE + 1])
{
    snprintf(payload, PAWL_NOTIFICATION_SIZE + 1, "%016" PRIx64, counter);
}

bool pawl_notification_read(const void *payload, size_t size, uint64_t *counter)
{
    char text[PAWL_NOTIFICATION_SIZE + 1] = "";
    uint8_t bytes[PAWL_NOTIFICATION_SIZE / 2];
    if (size != PAWL_NOTIFICATION_SIZE)
        return false;
    memcpy(text, payload, size);
    if (pawl_hex_decode(text, bytes, sizeof bytes) != PAWL_OK)
        return false;
    *counter = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *counter = *counter << 8 | bytes[i];
    return true;
}
