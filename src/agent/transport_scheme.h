/* The schemes of transport.c that have a file of their own: each opens an address of its form. */
#ifndef PAWL_AGENT_TRANSPORT_SCHEME_H
#define PAWL_AGENT_TRANSPORT_SCHEME_H

#include "agent/transport.h"

enum pawl_result pawl_serial_open(const char *address, struct pawl_channel *channel);
enum pawl_result pawl_ethernet_open(const char *address, struct pawl_channel *channel);

#endif
