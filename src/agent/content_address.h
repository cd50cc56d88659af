/* Where players reach the agent: a loopback address or a Unix-domain socket, never a network. */
#ifndef PAWL_AGENT_CONTENT_ADDRESS_H
#define PAWL_AGENT_CONTENT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

/* True for "127.0.0.1:PORT", any other address in 127.0.0.0/8, "[::1]:PORT" and "unix:PATH". Port 0
 * lets the system choose. */
bool pawl_content_address_is_valid(const char *address);

/* "127.0.0.1:PORT, [::1]:PORT or unix:PATH", for messages. */
const char *pawl_content_address_forms(void);

/* Listens there. A socket path is for this user alone, and replaces one that nobody listens on.
 * `port` tells the real port, 0 for a path. PAWL_IO (errno). */
enum pawl_result pawl_content_listen(const char *address, int *fd, uint16_t *port);

/* Whether a request's Host is this machine by an address of its own: a page from elsewhere, whose
 * name was made to lead here, does not have that. */
bool pawl_content_host_is_local(const char *host);

#endif
