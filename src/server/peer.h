/* Whose address a connection comes from, as far as bounds go. */
#ifndef PAWL_SERVER_PEER_H
#define PAWL_SERVER_PEER_H

#include <stdint.h>
#include <sys/socket.h>

#define PAWL_PEER_REFUSED 0u /* no address: all who may not speak to us */

/* The address as a number that is never 0: an IPv4 address, however it comes, or an IPv6 network
 * (/64), whose hosts can have as many addresses as they like. 1: none that we know. */
uint64_t pawl_peer_of(const struct sockaddr *address);

#endif
