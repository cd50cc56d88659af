/* Listening sockets. */
#ifndef PAWL_SERVER_LISTEN_H
#define PAWL_SERVER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/result.h"

/* Listens on "ADDR:PORT" ("127.0.0.1:8080", "[::1]:0", ":8080" for every address). `port` tells the
 * real one where 0 was asked for. PAWL_MALFORMED, PAWL_IO; an error was printed. */
enum pawl_result pawl_tcp_listen(const char *address, int *fd, uint16_t *port);

/* Whether such an address, as pawl_tcp_listen takes it, is of this machine alone. */
bool pawl_address_is_loopback(const char *address);

/* Listens on a Unix-domain socket at `path`, which replaces a socket that a dead server left there.
 * Only this user may connect, or, when `open` is true, everyone: the peer is then to be judged.
 * PAWL_MALFORMED for a path that is too long, PAWL_IO; an error was printed. */
enum pawl_result pawl_unix_listen(const char *path, bool open, int *fd);

#endif
