/* A process beside the engine, forked before there is a secret. */
#ifndef PAWL_LINUX_HELPER_H
#define PAWL_LINUX_HELPER_H

#include "pawl/result.h"

/* Forks a process that does `serve` with its end of a socket pair of packets, and ends when that
 * returns; `*socket` is the engine's end. `context` is the process's copy. PAWL_IO, printed. */
enum pawl_result pawl_helper_start(void (*serve)(const void *context, int socket),
                                   const void *context, int *socket);

#endif
