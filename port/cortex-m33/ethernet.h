/*
 * The LAN9118, polled: one link frame in each Ethernet frame (SPEC 14.7). Its interrupt only ends
 * an image's time slice early.
 */
#ifndef PAWL_ETHERNET_H
#define PAWL_ETHERNET_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_ETHERNET_PAYLOAD_MAX 1500u

/* `address` is a locally administered one, made of the device's id. PAWL_IO when no controller of
 * this kind answers. */
enum pawl_result pawl_ethernet_open(const uint8_t address[6]);

/* The payload of the next frame that was for us; 0 when there is none. Remembers who sent it. */
size_t pawl_ethernet_receive(uint8_t payload[PAWL_ETHERNET_PAYLOAD_MAX]);

/* To whom spoke last. */
void pawl_ethernet_send(const uint8_t *payload, size_t size);

/* Lets the next frame that comes interrupt. */
void pawl_ethernet_watch(void);

#endif
