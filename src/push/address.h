/* Where a broker is: mqtt://HOST[:PORT] or, by TLS, mqtts://HOST[:PORT]. Pure. */
#ifndef PAWL_PUSH_ADDRESS_H
#define PAWL_PUSH_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_PUSH_HOST_SIZE 254u

struct pawl_broker_address {
    char host[PAWL_PUSH_HOST_SIZE]; /* a name or an IP address, without brackets */
    uint16_t port;                  /* 1883, or 8883 by TLS, unless it was given */
    bool tls;
};

/* PAWL_MALFORMED for anything else. */
enum pawl_result pawl_broker_address_read(const char *text, struct pawl_broker_address *address);

#endif
