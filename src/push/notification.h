/* What is published (SPEC 19.6): a topic that tells nothing, and a counter. Pure. */
#ifndef PAWL_PUSH_NOTIFICATION_H
#define PAWL_PUSH_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/report.h"

#define PAWL_NOTIFICATION_SIZE 16u /* bytes of a payload: the counter in hex digits */
#define PAWL_TOPIC_NAME_SIZE (12u + 2u * PAWL_TOPIC_SIZE + 1u) /* with its terminator */

/* "pawl/notify/" and the topic in hex; returns `name`. */
const char *pawl_topic_name_make(const uint8_t topic[PAWL_TOPIC_SIZE],
                                 char name[PAWL_TOPIC_NAME_SIZE]);

/* The counter as a payload; its terminator is not part of it. */
void pawl_notification_write(uint64_t counter, char payload[PAWL_NOTIFICATION_SIZE + 1]);

/* False for anything that is no such payload. */
bool pawl_notification_read(const void *payload, size_t size, uint64_t *counter);

#endif
