/*
 * Keeping secrets inside a process (I8). Wiping and constant-time comparison are in pawl/secret.h.
 */
#ifndef PAWL_HOST_SECRET_H
#define PAWL_HOST_SECRET_H

#include <stddef.h>

#include "pawl/result.h"

/* No core dumps, no attaching by other processes of the same user, and a umask of 077. To be called
 * first in main(). PAWL_IO when the system refuses. (Sanitized builds stay attachable: the leak
 * checker needs it.) */
enum pawl_result pawl_process_harden(void);

/* Locks all present and future memory of the process, so that none is written to swap.
 * PAWL_EXHAUSTED when RLIMIT_MEMLOCK does not allow it; the caller decides whether that is fatal.
 */
enum pawl_result pawl_memory_lock(void);

/* Zeroed memory of whole pages that is neither swapped (where the limit allows) nor dumped nor
 * inherited by a fork. NULL when there is none. */
void *pawl_secret_alloc(size_t size);

/* Wipes and gives back; `size` as it was asked for. Harmless on NULL. */
void pawl_secret_free(void *secret, size_t size);

#endif
