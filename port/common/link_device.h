/*
 * The device's end of a link that loses frames, as lines and Ethernet do (SPEC 14.6 to 14.8): looks
 * for requests among the bytes that came, has each carried out once, and gives the same answer
 * again to one that was sent again.
 */
#ifndef PAWL_PORT_LINK_DEVICE_H
#define PAWL_PORT_LINK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/link.h"

/* The longest frame either way: one fits into an Ethernet frame. */
#define PAWL_LINK_DEVICE_FRAME_MAX (PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN)

/* Set `processor` and `pud`, or for a device that has no unit data yet `provision` and `context`;
 * the rest begins as zeros. Holds an answer, and so perhaps a content key, until the next request.
 */
struct pawl_link_device {
    struct pawl_processor *processor;
    const struct pawl_pud *pud;
    /* Takes the unit data (SPEC 14.8). What it returns is the answer. */
    enum pawl_result (*provision)(void *context, const uint8_t *pud, size_t size);
    void *context;

    bool answered; /* `answer` is that to the request with these */
    uint8_t type, id;
    uint32_t crc;
    size_t answer_size;
    uint8_t answer[PAWL_LINK_DEVICE_FRAME_MAX];
};

/* Takes what was received, from a frame's beginning on or from anywhere. Returns how many bytes
 * were dealt with (0: more must come); sets `answer_size`, 0 when there is nothing to send. */
size_t pawl_link_device_take(struct pawl_link_device *link, const uint8_t *bytes, size_t size,
                             size_t *answer_size);

#endif
